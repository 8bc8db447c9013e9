"""The sweep: once a minute, what no message will wake.

It sends a message for every group that is due within the next minute or was due and is not flushed, and works
off the notes of silences that ended and of a configuration that has changed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.dispatch.controls import CONFIG_NOTE, forget_config_note
from tocsin.dispatch.group import DUE_SLOTS, delay_seconds
from tocsin.dispatch.intake import SWEEP
from tocsin.dispatch.pushed import Pushed
from tocsin.dispatch.waiting import wake_waiters
from tocsin.instants import instant, millis
from tocsin.ports import Clock, Database, Message, Queue

_MOST = 1000
"""Groups a slot and sweep; those beyond are next in order a minute later."""
_SETTLED = timedelta(seconds=30)
"""A note younger than this is left to its writer, who is probably still at it."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found."""

    due: int
    woken: int


class Sweep:
    """Sends hints for groups that are due; doubled or lost they change nothing."""

    def __init__(self, database: Database, queue: Queue, clock: Clock, pushed: Pushed) -> None:
        self._database, self._queue, self._clock, self._pushed = database, queue, clock, pushed

    def sweep(self) -> Swept:
        """Do one sweep."""
        now = self._clock.now()
        messages = [
            Message({"group": str(item["pk"])}, delay_seconds(_due(item["due"], now), now))
            for slot in range(DUE_SLOTS)
            for item in self._database.due(slot, millis(now + SWEEP), _MOST)
        ]
        if messages:
            self._queue.send(messages)
        return Swept(len(messages), self._wake(now))

    def _wake(self, now: datetime) -> int:
        notes = self._database.query("config", "wake")
        if any(note["sk"] == CONFIG_NOTE for note in notes):
            # The alerts of rules follow a configuration with their next tick; those that were posted do it here.
            self._pushed.reroute()
            forget_config_note(self._database, notes)
        return sum(
            len(wake_waiters(self._database, self._queue, str(note["sk"]), now))
            for note in notes
            if note["sk"] != CONFIG_NOTE and _due(note["at"], now) <= now - _SETTLED
        )


def _due(value: object, now: datetime) -> datetime:
    return instant(value) if isinstance(value, int) else now
