"""Clients that post alerts: each one alert, a word at a time, and again until it is answered."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.baton import Actor
from tests.simulation.outside import START
from tests.simulation.system import System
from tocsin.labels import LabelSet, label_set

FOR_EVER = 1e6
POSTED = "Q"
"""What all of them post, each of another instance."""


@dataclass(frozen=True)
class Word:
    """What is said of an alert: since when it fires and until when, in seconds; None until nobody repeats it."""

    starts: float
    ends: float | None

    @property
    def lasts(self) -> bool:
        """Whether the alert fires until its end is posted."""
        return self.ends == FOR_EVER

    @property
    def starts_at(self) -> datetime:
        """Since when the alert fires."""
        return START + timedelta(seconds=self.starts)


@dataclass
class Client:
    """One client: what it has said, and when that was answered."""

    system: System
    rng: random.Random
    instance: str
    words: list[Word] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    actor: Actor | None = None

    @property
    def labels(self) -> LabelSet:
        """Return the labels of its alert."""
        return label_set({"alertname": POSTED, "instance": self.instance})

    @property
    def fires(self) -> bool:
        """Whether its alert fires by its last word, if nobody has given it up."""
        return bool(self.words) and (self.words[-1].lasts or self.words[-1].ends is None)

    def lasted(self, since: datetime, until: datetime) -> bool:
        """Tell whether its alert fired all the time."""
        said = [word for word, at in zip(self.words, self.answered, strict=False) if at <= _second(since)]
        later = self.words[len(said) :]
        return (
            bool(said)
            and said[-1].lasts
            and all(word.lasts or _second(until) < (word.ends or 0) for word in later)
        )

    def says(self) -> Actor | None:
        """Start to say something, unless it waits for an answer: that it fires, still or anew, or has ended."""
        if self.actor is not None:
            return None
        now = self.system.clock.seconds
        if not self.fires:
            self.words.append(Word(now, self.rng.choice((FOR_EVER, FOR_EVER, None))))
        elif self.rng.random() < 0.5:
            self.words.append(self.words[-1])
        else:
            self.words.append(Word(self.words[-1].starts, now))
        return self._post()

    def insists(self) -> Actor | None:
        """Start to say it again if there was no answer."""
        if self.actor is None or not self.actor.done:
            return None
        if self.actor.crashed or self.actor.failure is not None:
            return self._post()
        self.actor = None
        self.answered.append(self.system.clock.seconds)
        return None

    def _post(self) -> Actor:
        word = self.words[-1]
        self.actor = self.system.post(POSTED, word.ends, starts=word.starts, instance=self.instance)
        return self.actor


def _second(at: datetime) -> float:
    return (at - START).total_seconds()
