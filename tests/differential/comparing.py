"""The comparison: what was told to whom in which order, up to the named differences."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tests.differential.scenario import SLOT_SECONDS, Post, Scenario, Told
from tocsin.configfile.parse import parse_config
from tocsin.dispatch.config import Config
from tocsin.instants import rfc3339
from tocsin.notification import common

_SLOT = timedelta(seconds=SLOT_SECONDS)


@dataclass(frozen=True)
class Entry:
    """One alert in a notification."""

    labels: Mapping[str, str]
    status: str
    starts: str
    document: Mapping[str, Any] = field(compare=False)

    @property
    def firing(self) -> bool:
        """Whether it fires."""
        return self.status == "firing"

    @property
    def ends(self) -> str:
        """When it ends or has ended."""
        return str(self.document["endsAt"])


@dataclass(frozen=True)
class Heard:
    """A notification as it is compared: times are those of the scenario."""

    at: float
    body: Mapping[str, Any]

    def __str__(self) -> str:
        """Return in a line when it was told and what of."""
        alerts = (
            f"{'+' if entry.firing else '-'}{','.join(entry.labels.values())} ({entry.starts}, {entry.ends})"
            for entry in self.entries
        )
        return f"{self.at:6.2f} {' '.join(alerts)} and {self.body['truncatedAlerts']} more"

    @cached_property
    def text(self) -> str:
        """The body as JSON, its keys in their order."""
        return json.dumps(self.body, ensure_ascii=False)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Its alerts."""
        return tuple(
            Entry(alert["labels"], alert["status"], alert["startsAt"], alert) for alert in self.body["alerts"]
        )

    @property
    def slot(self) -> int:
        """The slot of the scenario in which it was told."""
        return int(self.at // SLOT_SECONDS)

    @property
    def firing(self) -> list[Entry]:
        """The alerts that it says fire."""
        return [entry for entry in self.entries if entry.firing]

    @property
    def resolved(self) -> list[Entry]:
        """The alerts that it says have ended."""
        return [entry for entry in self.entries if not entry.firing]

    def find(self, entry: Entry) -> Entry | None:
        """Return what it says of an alert."""
        return next((found for found in self.entries if found.labels == entry.labels), None)

    def without(self, gone: Sequence[Entry]) -> "Heard":
        """Return the notification as it would be without some of its alerts."""
        kept = [entry.document for entry in self.entries if entry not in gone]
        body = {
            **self.body,
            "status": "firing" if any(alert["status"] == "firing" for alert in kept) else "resolved",
            "alerts": kept,
            "commonLabels": common(tuple(alert["labels"] for alert in kept)),
            "commonAnnotations": common(tuple(alert["annotations"] for alert in kept)),
        }
        return Heard(self.at, body)


@dataclass(frozen=True)
class Channel:
    """What one integration heard of one group, from them and from us, up to a place in both."""

    scenario: Scenario
    config: Config
    name: tuple[str, str, int]
    theirs: tuple[Heard, ...]
    ours: tuple[Heard, ...]
    told_by_them: int = 0
    told_by_us: int = 0

    def __str__(self) -> str:
        """Return both sides, a line for each notification."""
        sides = [("theirs", heard) for heard in self.theirs] + [("ours  ", heard) for heard in self.ours]
        return "\n".join([f"{self.name}:", *(f"  {side} {heard}" for side, heard in sides)])

    @property
    def their_past(self) -> Sequence[Heard]:
        """What they have told before, latest first."""
        return self.theirs[: self.told_by_them][::-1]

    @property
    def our_past(self) -> Sequence[Heard]:
        """What we have told before, latest first."""
        return self.ours[: self.told_by_us][::-1]


def last_said(past: Sequence[Heard], entry: Entry) -> Entry | None:
    """Return the latest that was said of an alert, if ever."""
    return next((found for heard in past if (found := heard.find(entry))), None)


def news(past: Sequence[Heard], heard: Heard) -> list[Entry]:
    """Return what a notification says of its alerts that was not said last."""
    return [entry for entry in heard.entries if last_said(past, entry) != entry]


def channels(
    scenario: Scenario,
    start: datetime,
    they_told: Sequence[Told],
    we_told: Sequence[Told],
    only_ours: Collection[str] = (),
) -> list[Channel]:
    """Return what each integration heard of each group; keys of bodies that are `only_ours` are left out."""
    given = dict(_given(scenario, start))
    found: dict[tuple[str, str, int], tuple[list[Heard], list[Heard]]] = defaultdict(lambda: ([], []))
    for side, told in ((0, they_told), (1, we_told)):
        for one in told:
            body = {key: value for key, value in one.body.items() if side == 0 or key not in only_ours}
            found[one.channel][side].append(Heard(one.at, _masked(body, given, start)))
    config = parse_config(scenario.config("http://both.example", start), "alertmanager.yml")
    return [
        Channel(scenario, config, name, tuple(theirs), tuple(ours))
        for name, (theirs, ours) in sorted(found.items())
    ]


def _given(scenario: Scenario, start: datetime) -> Iterator[tuple[str, str]]:
    """Yield the times that senders give, as they are posted and what is to stand for them."""
    yield "0001-01-01T00:00:00Z", "never"
    for event in scenario.events:
        if isinstance(event, Post):
            for seconds in (at for posted in event.alerts for at in (posted.starts, posted.ends)):
                if seconds is not None:
                    yield rfc3339(start + timedelta(milliseconds=round(seconds * 1000))), f"{seconds:+g} s"


def _masked(body: Mapping[str, Any], given: Mapping[str, str], start: datetime) -> Mapping[str, Any]:
    def masked(time: str) -> str:
        """Return in which slot a time is that some server's clock has made: that far they agree."""
        return given.get(time) or f"slot {(datetime.fromisoformat(time) - start) // _SLOT}"

    alerts = [
        {**alert, **{key: masked(alert[key]) for key in ("startsAt", "endsAt")}} for alert in body["alerts"]
    ]
    return {**body, "alerts": alerts}
