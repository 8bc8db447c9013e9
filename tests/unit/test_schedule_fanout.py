"""The fan-out: whatever second it fires at, and though one firing fails, every tick is sent to every shard."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.instants import instant, millis
from tocsin.local.clocks import VirtualClock
from tocsin.ports import Message
from tocsin.schedule.fanout import AHEAD, WATERMARK, Ticker, plan
from tocsin.schedule.layout import Layout
from tocsin.schedule.ticks import TICK, floor_tick, ticks_between
from tocsin.stores.memory import MemoryDatabase

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SQS_MAX_DELAY_SECONDS = 900


class Sent:
    """A queue that remembers what was sent, and fails on demand."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.broken = False

    def send(self, messages: Sequence[Message]) -> None:
        """Take the messages."""
        if self.broken:
            raise ConnectionError("no queue")
        self.messages += messages

    def ticks(self, shard: int = 0) -> list[datetime]:
        """Return the ticks that a shard was sent."""
        return [instant(int(found.body["tick"])) for found in self.messages if found.body["shard"] == shard]


# EventBridge fires once in each minute, at any second of it.
seconds = st.floats(0, 59.999)


@given(st.lists(seconds, min_size=3, max_size=6), st.data())
def test_firings_at_any_second_leave_no_hole_and_one_that_fails_is_survived(
    at: list[float], data: st.DataObject
) -> None:
    failing = data.draw(st.integers(1, len(at) - 2))
    database, queue, clock = MemoryDatabase(), Sent(), VirtualClock(NOON)
    ticker = Ticker(database, queue, clock)
    fired: list[datetime] = []
    for minute, second in enumerate(at):
        clock.advance_to(NOON + timedelta(minutes=minute, seconds=second))
        queue.broken = minute == failing
        if queue.broken:
            with pytest.raises(ConnectionError):
                ticker.fan_out(Layout())
            continue
        ticker.fan_out(Layout())
        fired.append(clock.now())
    assert queue.ticks() == ticks_between(fired[0] - TICK, fired[-1] + AHEAD)


@given(seconds, st.integers(1, 60), st.none() | st.floats(-600, 179))
def test_a_message_arrives_in_its_tick_and_within_what_sqs_can_delay(
    second: float, shards: int, watermark: float | None
) -> None:
    now = NOON + timedelta(seconds=second)
    mark = None if watermark is None else floor_tick(now + timedelta(seconds=watermark))
    for message in plan(now, mark, Layout(1, shards)).messages:
        tick, index = instant(int(message.body["tick"])), int(message.body["shard"])
        assert 0 <= message.delay_seconds <= SQS_MAX_DELAY_SECONDS
        assert message.delay_seconds == max(0, ceil((tick - now).total_seconds())) + 10 * index // shards
        arrives = now + timedelta(seconds=message.delay_seconds)
        assert max(now, tick) <= arrives < max(now, tick) + timedelta(seconds=11)


def test_shards_are_spread_over_the_tick() -> None:
    messages = plan(NOON, NOON, Layout(7, 4)).messages
    first = [message for message in messages if message.body["tick"] == millis(NOON + TICK)]
    assert [message.delay_seconds for message in first] == [10, 12, 15, 17]
    assert [message.body["shard"] for message in first] == [0, 1, 2, 3]
    assert {message.body["layout"] for message in messages} == {7}


def test_of_ticks_that_are_past_only_the_last_is_sent() -> None:
    now = NOON + timedelta(seconds=3)
    planned = plan(now, NOON - timedelta(hours=1), Layout())
    assert [instant(int(message.body["tick"])) for message in planned.messages] == ticks_between(
        NOON - TICK, now + AHEAD
    )


def test_what_was_sent_is_not_sent_again() -> None:
    planned = plan(NOON, NOON + AHEAD, Layout())
    assert planned.messages == ()
    assert planned.watermark == NOON + AHEAD


def test_a_ticker_that_dies_between_sending_and_the_watermark_repeats_and_skips_nothing() -> None:
    database, queue, clock = MemoryDatabase(), Sent(), VirtualClock(NOON)
    queue.send(plan(NOON, None, Layout()).messages)  # The one that died.
    Ticker(database, queue, clock).fan_out(Layout())
    assert sorted(set(queue.ticks())) == ticks_between(NOON - TICK, NOON + AHEAD)
    assert len(queue.ticks()) == 2 * len(set(queue.ticks()))


def test_the_watermark_is_kept_and_a_second_ticker_beside_us_sends_nothing() -> None:
    database, queue, clock = MemoryDatabase(), Sent(), VirtualClock(NOON)
    Ticker(database, queue, clock).fan_out(Layout())
    [item] = database.get(WATERMARK)
    assert item is not None
    assert item["at"] == millis(NOON + AHEAD)
    sent = len(queue.messages)
    assert Ticker(database, queue, clock).fan_out(Layout()).messages == ()
    assert len(queue.messages) == sent


def test_a_new_layout_is_sent_its_own_ticks_and_an_old_ticker_does_not_take_the_watermark_back() -> None:
    database, queue, clock = MemoryDatabase(), Sent(), VirtualClock(NOON)
    old, new = Layout(1, 1), Layout(1, 1).changed(2)
    ticker = Ticker(database, queue, clock)
    ticker.fan_out(old)
    queue.messages.clear()
    ticker.fan_out(new)
    assert queue.ticks(0) == queue.ticks(1) == ticks_between(NOON - TICK, NOON + AHEAD)
    ticker.fan_out(old)
    [item] = database.get(WATERMARK)
    assert item is not None
    assert item["layout"] == new.version
