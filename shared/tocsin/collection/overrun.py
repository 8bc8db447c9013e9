"""Overrun: what becomes of a run that is due while the one before it may still be at work."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.collection.input import Overrun


class Action(StrEnum):
    """What is done about a due time."""

    RUN = "run"
    """It runs, in the place of whatever the claim says."""
    SKIP = "skip"
    """It does not run."""
    QUEUE = "queue"
    """It runs once the other one has ended: the claim notes it."""
    BESIDE = "beside"
    """It runs, and the claim of the other one stays."""


class Reason(StrEnum):
    """Why."""

    FREE = "nothing runs"
    RAN_OUT = "the one before has had its time: whoever ran it is gone"
    TAKEN = "this time, or a later one, has been taken: the message is late or doubled"
    RUNNING = "the one before still runs"
    WAITING = "it waits for the one before to end"
    FULL = "the one before still runs, and one waits already"
    BESIDE = "the one before still runs, beside which it may run"


@dataclass(frozen=True, slots=True)
class Running:
    """The claim of a run: over by `until` whatever happens; one more may be `queued` behind it.

    `at` is the newest due time that has been taken: its own, or that of one that runs beside it.
    """

    at: datetime
    until: datetime
    token: str
    queued: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done, and why."""

    action: Action
    reason: Reason

    @property
    def overran(self) -> bool:
        """True if it counts as an overrun, as Telegraf's `gather_timeouts` does: a time came before a run had ended."""
        return self.reason in (Reason.RUNNING, Reason.WAITING, Reason.FULL, Reason.BESIDE)


def decide(policy: Overrun, due: datetime, running: Running | None, now: datetime) -> Decision:
    """Return what becomes of the run that is due at `due`.

    The queue holds one, and who waits is not replaced, as in the channel of Telegraf's ticker.
    """
    if running is None:
        return Decision(Action.RUN, Reason.FREE)
    if _taken(due, running, now):
        return Decision(Action.SKIP, Reason.TAKEN)
    if running.until <= now:
        return Decision(Action.RUN, Reason.RAN_OUT)
    if policy is Overrun.SKIP:
        return Decision(Action.SKIP, Reason.RUNNING)
    if policy is Overrun.COUNT:
        return Decision(Action.BESIDE, Reason.BESIDE)
    if running.queued is not None:
        return Decision(Action.SKIP, Reason.FULL)
    return Decision(Action.QUEUE, Reason.WAITING)


def _taken(due: datetime, running: Running, now: datetime) -> bool:
    """Tell whether `due` runs, waits or is past; if the worker is gone, what it ran and what waited may run again."""
    if running.until <= now:
        return due < running.at
    return due <= (running.queued or running.at)
