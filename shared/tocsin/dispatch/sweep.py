"""The sweep: once a minute, what no message will wake.

It sends a message for every group that is due within the next minute or was due and is not flushed, and works
off the notes of silences that began or ended and of a configuration that has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.dispatch.controls import BEGIN_NOTE, CONFIG_NOTE, forget_config_note
from tocsin.dispatch.group import DUE_SLOTS, UnfinishedError, delay_seconds
from tocsin.dispatch.intake import SWEEP
from tocsin.dispatch.pushed import CrowdedError, Pushed
from tocsin.dispatch.waiting import wake_concerned, wake_waiters
from tocsin.instants import instant, millis
from tocsin.ports import Clock, Database, Item, Message, Parallel, Queue, one_by_one

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

    def __init__(
        self,
        database: Database,
        queue: Queue,
        clock: Clock,
        pushed: Pushed,
        parallel: Parallel = one_by_one,
    ) -> None:
        self._database, self._queue, self._clock, self._pushed = database, queue, clock, pushed
        self._parallel = parallel

    def sweep(self) -> Swept:
        """Do one sweep; raises UnfinishedError or CrowdedError if a part of it will have to be done again."""
        now = self._clock.now()
        due = {
            str(item["pk"]): _due(item["due"], now)
            for slot in range(DUE_SLOTS)
            for item in self._database.due(slot, millis(now + SWEEP), _MOST)
        }
        self._hint(due, now)
        return Swept(len(due), self._work_off(self._database.query("config", "wake"), now))

    def _hint(self, dues: Mapping[str, datetime], now: datetime) -> None:
        messages = [Message({"group": group}, delay_seconds(due, now)) for group, due in dues.items()]
        if messages:
            self._queue.send(messages)

    def _work_off(self, notes: Sequence[Item], now: datetime) -> int:
        """Work off the notes, each kind whatever becomes of the others; return how many groups that has woken."""
        woken = 0
        failed: UnfinishedError | CrowdedError | None = None
        for work in (self._ended, self._begun, self._configured):
            try:
                woken += work(notes, now)
            except (UnfinishedError, CrowdedError) as error:
                failed = error
        if failed is not None:
            raise failed
        return woken

    def _ended(self, notes: Sequence[Item], now: datetime) -> int:
        names = [str(note["sk"]) for note in notes if _due(note["at"], now) <= now - _SETTLED]
        silences = [name for name in names if name != CONFIG_NOTE and not name.startswith(BEGIN_NOTE)]
        return sum(
            len(wake_waiters(self._database, self._queue, silence, now, self._parallel))
            for silence in silences
        )

    def _begun(self, notes: Sequence[Item], now: datetime) -> int:
        names = [str(note["sk"]) for note in notes if _due(note["at"], now) <= now]
        begun = [name.removeprefix(BEGIN_NOTE) for name in names if name.startswith(BEGIN_NOTE)]
        woken = wake_concerned(self._database, begun, now, self._parallel) if begun else {}
        self._hint({group: due for group, due in woken.items() if due - now <= SWEEP}, now)
        return len(woken)

    def _configured(self, notes: Sequence[Item], now: datetime) -> int:  # noqa: ARG002
        """Follow a new configuration with what was posted; the alerts of rules follow it with their next tick."""
        if any(note["sk"] == CONFIG_NOTE for note in notes):
            self._pushed.reroute()
            forget_config_note(self._database, notes)
        return 0


def _due(value: object, now: datetime) -> datetime:
    return instant(value) if isinstance(value, int) else now
