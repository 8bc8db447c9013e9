"""Fan-out: the ticks ahead, sent to every shard as delayed messages.

EventBridge's finest rate is one minute, at any second of it. So each firing sends every tick from where the
last one stopped up to 180 s ahead: a schedule that fires at :05 and then at :58 leaves no hole, and one
firing that fails is survived. A message is only a hint; what is late or lost is caught up from the cursor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from tocsin.instants import maybe_instant, millis
from tocsin.ports import Absent, AtMost, Clock, Database, Either, Key, Message, Queue, Update
from tocsin.schedule.layout import Layout
from tocsin.schedule.ticks import TICK, ticks_between

AHEAD = timedelta(seconds=180)
WATERMARK = Key("state", "TICKER", "WATERMARK")
INPUTS_WATERMARK = Key("state", "TICKER", "INPUTS")


@dataclass(frozen=True, slots=True)
class FanOut:
    """The messages to send now, and the last tick that they cover."""

    messages: tuple[Message, ...]
    watermark: datetime


def plan(now: datetime, watermark: datetime | None, layout: Layout) -> FanOut:
    """Return one message per tick and shard for every tick past the watermark, delayed to the tick.

    Shard i of n waits ⌊10·i/n⌋ s longer, so that load spreads inside the tick. Of ticks already past only
    the last is sent: a shard replays from its cursor whatever lies before.
    """
    after = max(watermark or now - TICK, now - TICK)
    ticks = ticks_between(after, now + AHEAD)
    messages = tuple(
        Message(
            {"tick": millis(tick), "layout": layout.version, "shard": index},
            max(0, ceil((tick - now).total_seconds())) + 10 * index // layout.shards,
        )
        for tick in ticks
        for index in range(layout.shards)
    )
    return FanOut(messages, ticks[-1] if ticks else after)


class Ticker:
    """Sends the ticks ahead; safe to run twice, late, or beside itself."""

    def __init__(self, database: Database, queue: Queue, clock: Clock, watermark: Key = WATERMARK) -> None:
        """`watermark` is where is kept up to when ticks were sent to this queue."""
        self._database, self._queue, self._clock, self._watermark = database, queue, clock, watermark

    def fan_out(self, layout: Layout) -> FanOut:
        """Send what is due to be sent, then move the watermark: in this order a crash repeats, never skips."""
        [item] = self._database.get(self._watermark)
        stored = item.get("at") if item and item.get("layout") == layout.version else None
        watermark = maybe_instant(stored if isinstance(stored, int) else None)
        planned = plan(self._clock.now(), watermark, layout)
        self._queue.send(planned.messages)
        at = millis(planned.watermark)
        self._database.write(
            Update(
                self._watermark,
                set={"at": at, "layout": layout.version},
                condition=Either((Absent("layout"), AtMost("layout", layout.version))),
            )
        )
        return planned
