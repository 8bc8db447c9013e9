"""Seeded stories: alerts that fire, change, end, flap and are given up, and people who silence them."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from tests.differential.kinds import Kind
from tests.differential.scenario import (
    ACTS,
    ENDS,
    OLD,
    RESOLVES,
    SLOT_SECONDS,
    Event,
    Expiry,
    Post,
    PostedAlert,
    Silencing,
)
from tests.differential.shapes import MATCHERS
from tocsin.labels import Labels

SLOTS = 11
"""In which something may happen."""
_STEP = 0.01
"""Between the requests of one slot."""
_LABELS: Mapping[str, Sequence[str]] = {
    "alertname": ("Down", "Slow", "Full"),
    "severity": ("page", "warn"),
    "job": ("web", "db", ""),
    "instance": ("1", "2", ""),
    "team": ("a", "b", 'é"q\\', ""),
}
_TEXTS = ("", "<b> & é", "line\none", "it is {{ $value }}")
_SILENCEABLE = tuple(matcher for matcher in MATCHERS if not matcher.matches({}))


@dataclass
class Story:
    """Makes what happens; each request is at a time of its own."""

    rng: random.Random
    kind: Kind
    pace: float
    """Every group ticks at least once in so many seconds: what happens is that far apart, or at once."""
    timeout: float
    silences: dict[str, Silencing] = field(default_factory=dict)
    fires_until: dict[str, float] = field(default_factory=dict)
    """By its labels until when an alert fires, as things are."""
    old_at: float | None = None
    """When an alert came that had fired for long: at most one does."""

    def events(self) -> Iterator[Event]:
        """Yield all of it in order."""
        rng = self.rng
        alerts = _alerts(rng)
        liveliness = rng.choice((0.15, 0.3, 0.5))
        silencing = rng.choice((0.1, 0.3)) if self.kind is Kind.MUTED else 0
        for beat in range(ceil(SLOTS * SLOT_SECONDS / self.pace)):
            begins = beat * self.pace
            if self.old_at is not None and begins - self.pace < self.old_at:
                continue  # If its group had been empty before, theirs tells of it only now, and ours has done so.
            for number, taken in enumerate(self._taken(alerts, liveliness), 1):
                yield Post(_after(begins, number), tuple(self._posted(labels, begins) for labels in taken))
            if rng.random() < silencing:
                yield self._silence(begins)
            if self.silences and rng.random() < silencing / 2:
                yield Expiry(_after(begins + ACTS, 2), rng.choice(list(self.silences)))
            if self.kind is not Kind.PATIENT and self.old_at is None and rng.random() < 0.05:
                yield self._old(rng.choice(alerts), begins)

    def _old(self, labels: Labels, begins: float) -> Post:
        self.old_at = begins + OLD
        starts, until = self.old_at - self.rng.randint(10, 90), self._some_end(begins, least=2)
        self.fires_until[str(labels)] = max(until, self.fires_until.get(str(labels), 0))
        return Post(self.old_at, (PostedAlert(labels, self._annotations(), starts, until),))

    def _some_end(self, begins: float, least: int = 1) -> float:
        return round(begins + self.rng.randint(least, 4) * self.pace + RESOLVES - 0.03, 3)

    def _taken(self, alerts: Sequence[Labels], liveliness: float) -> Iterator[Sequence[Labels]]:
        """Yield what is posted together, in one slot."""
        rng = self.rng
        chosen = [labels for labels in alerts if rng.random() < liveliness]
        rng.shuffle(chosen)
        while chosen:
            count = rng.randint(1, 3)
            taken, chosen = chosen[:count], chosen[count:]
            yield taken
            # A second sender, or the first again, has seen it another way.
            if self.kind not in (Kind.CUT, Kind.FORGETFUL) and rng.random() < 0.1:
                yield taken

    def _posted(self, labels: Labels, begins: float) -> PostedAlert:
        """Return an alert that fires, or has ended; its own times are none that a clock can come to."""
        rng, texts = self.rng, self._annotations()
        starts = round(begins - rng.choice((0.037, 0.111, 0.513)), 3)
        until = self.fires_until.get(str(labels), 0)
        choice = rng.random()
        if self.kind is Kind.PATIENT:
            return PostedAlert(labels, texts, starts, 1000)
        if choice < 0.35 and (until > begins or self.kind is Kind.FORGETFUL):
            self.fires_until[str(labels)] = begins
            return PostedAlert(labels, texts, None, round(begins - 0.029, 3))
        if choice < 0.55:  # until then, if nobody says otherwise
            ends = self._some_end(begins)
            self.fires_until[str(labels)] = max(ends, until)
            return PostedAlert(labels, texts, starts, ends)
        self.fires_until[str(labels)] = max(begins + self.timeout, until)
        return PostedAlert(labels, texts, rng.choice((None, starts)))

    def _annotations(self) -> dict[str, str]:
        text = self.rng.choice(_TEXTS)
        return {"summary": text} if text else {}

    def _silence(self, begins: float) -> Silencing:
        rng = self.rng
        name = rng.choice([f"silence {len(self.silences)}", *self.silences])
        matchers = tuple(rng.sample(_SILENCEABLE, rng.choice((1, 1, 2))))
        delay = 0 if rng.random() < 0.7 else rng.randint(1, 2) * self.pace
        starts: float | None = round(begins + (delay + ENDS if delay else -1.0), 3)
        if (edited := self.silences.get(name)) and rng.random() < 0.7:
            matchers, starts = edited.matchers, None
        ends = round(begins + delay + rng.randint(1, 4) * self.pace + ENDS, 3)
        at = _after(begins + ACTS, 1)
        self.silences[name] = Silencing(at, name, matchers, starts, ends, rng.choice(("", "why")))
        return self.silences[name]


def _after(begins: float, number: int) -> float:
    return round(begins + number * _STEP, 3)


def _alerts(rng: random.Random) -> list[Labels]:
    found: dict[str, Labels] = {}
    for _ in range(rng.randint(2, 7)):
        labels = {name: rng.choice(values) for name, values in _LABELS.items()}
        labels = {name: value for name, value in labels.items() if value}
        found[str(labels)] = labels
    return list(found.values())
