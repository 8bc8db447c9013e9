"""The queue of this machine keeps SQS' promises."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.local.clocks import VirtualClock
from tocsin.local.queues import LocalQueue, QueueSettings
from tocsin.ports import Message

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SETTINGS = QueueSettings(
    visibility=timedelta(seconds=30), retention=timedelta(minutes=10), max_receive_count=2
)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def queue(clock: VirtualClock) -> LocalQueue:
    return LocalQueue("q", SETTINGS, clock)


def received(queue: LocalQueue, most: int = 10) -> list[int]:
    return [json.loads(held.body)["n"] for held in queue.receive(most)]


def test_a_message_arrives_after_its_delay(queue: LocalQueue, clock: VirtualClock) -> None:
    queue.send([Message({"n": 1}, 10)])
    assert queue.next_at() == START + timedelta(seconds=10)
    clock.sleep(9.9)
    assert received(queue) == []
    clock.sleep(0.1)
    assert received(queue) == [1]


def test_messages_arrive_in_the_order_of_their_time_and_of_sending(
    queue: LocalQueue, clock: VirtualClock
) -> None:
    queue.send([Message({"n": 3}, 5), Message({"n": 1}), Message({"n": 4}, 5), Message({"n": 2})])
    clock.sleep(5)
    assert received(queue) == [1, 2, 3, 4]


def test_no_more_are_received_than_asked_for(queue: LocalQueue) -> None:
    queue.send([Message({"n": n}) for n in range(3)])
    assert received(queue, 2) == [0, 1]
    assert received(queue, 2) == [2]


def test_what_is_deleted_never_returns(queue: LocalQueue, clock: VirtualClock) -> None:
    queue.send([Message({"n": 1})])
    [held] = queue.receive(1)
    queue.delete([held.id])
    assert queue.next_at() is None
    clock.sleep(1000)
    assert received(queue) == []
    assert len(queue) == 0


def test_what_is_not_deleted_returns_after_the_visibility_timeout(
    queue: LocalQueue, clock: VirtualClock
) -> None:
    queue.send([Message({"n": 1})])
    [first] = queue.receive(1)
    receipt = first.receipt
    assert received(queue) == []
    assert queue.next_at() == START + SETTINGS.visibility
    clock.sleep(30)
    [again] = queue.receive(1)
    assert (again.id, again.receive_count, again.first_received_at) == (first.id, 2, START)
    assert again.receipt != receipt


def test_what_is_received_too_often_is_a_dead_letter(queue: LocalQueue, clock: VirtualClock) -> None:
    queue.send([Message({"n": 1})])
    for _ in range(SETTINGS.max_receive_count):
        assert received(queue) == [1]
        clock.sleep(30)
    assert received(queue) == []
    assert [held.body for held in queue.dead_letters] == ['{"n": 1}']
    assert queue.next_at() is None


def test_what_is_too_old_is_dropped(queue: LocalQueue, clock: VirtualClock) -> None:
    queue.send([Message({"n": 1})])
    clock.sleep(600)
    assert received(queue) == []
    assert (len(queue), queue.dead_letters) == (0, [])


def test_who_sends_wakes_who_waits(clock: VirtualClock) -> None:
    woken: list[str] = []
    queue = LocalQueue("q", SETTINGS, clock, lambda: woken.append("yes"))
    queue.send([Message({"n": 1})])
    assert woken == ["yes"]
