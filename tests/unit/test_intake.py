"""Intake: what it does when the time does not suffice; the rest of it is told in scenarios and by seeds."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from tests.unit.dispatching import alert, at, config
from tocsin.dispatch.group import UnfinishedError
from tocsin.dispatch.intake import Intake
from tocsin.local.clocks import VirtualClock
from tocsin.ports import Message, Parallel, one_by_one
from tocsin.stores.memory import MemoryDatabase

T = TypeVar("T")


class Hints:
    """A queue that remembers."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, messages: Sequence[Message]) -> None:
        self.sent += [str(message.body["group"]) for message in messages]


def impatient(jobs: Sequence[Callable[[], T]], timeout_seconds: float) -> Sequence[T | None]:
    """Do all jobs but the last."""
    return [*one_by_one(jobs[:-1], timeout_seconds), None]


def test_groups_that_are_not_done_in_time_are_done_by_who_comes_next() -> None:
    database, hints = MemoryDatabase(), Hints()
    routes = config("group_by: [job]")
    fires = [alert(job=str(number)) for number in range(3)]

    def intake(parallel: Parallel = one_by_one) -> Intake:
        return Intake(database, hints, VirtualClock(at(0)), lambda _: routes, parallel)

    with pytest.raises(UnfinishedError, match="1 of 3 groups"):
        intake(impatient).hand_over("rule.a", 1, fires)
    intake().hand_over("rule.a", 1, fires)
    assert len(set(hints.sent)) == 3
    held = [item for item in database.query("dispatch", hints.sent[0]) if str(item["sk"]).startswith("W#")]
    assert len(held) == 1
