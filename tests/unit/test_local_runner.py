"""The runners: who is invoked when, with what, and what happens to a message that fails."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, current_thread
from typing import Any

import pytest

from tocsin.local.agenda import Agenda, every
from tocsin.local.blueprint import Blueprint, Schedule, Subscription
from tocsin.local.clocks import FastClock, VirtualClock
from tocsin.local.queues import LocalQueue, QueueSettings
from tocsin.local.runner import LiveRunner, VirtualRunner
from tocsin.ports import Clock, Message

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUEUE = QueueSettings(timedelta(seconds=30), timedelta(hours=1), 2)
BLUEPRINT = Blueprint(
    functions={},
    schedules=(
        Schedule("ticker", "arn:aws:scheduler:eu-west-1:1:schedule/default/tick", timedelta(minutes=1)),
    ),
    subscriptions=(
        Subscription("slow", "slow", "arn:aws:sqs:eu-west-1:1:slow", 2, 1),
        Subscription("quick", "quick", "arn:aws:sqs:eu-west-1:1:quick", 1, 2),
    ),
    queues={"slow": QUEUE, "quick": QUEUE},
    tables={},
    topics={},
)
Invoked = tuple[str, float, dict[str, Any]]


class Machine:
    """A blueprint's queues and agenda, with functions that answer what a test says."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.start = clock, clock.now()
        self.invoked: list[Invoked] = []
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.queues = {
            name: LocalQueue(name, held, clock, self.wake) for name, held in BLUEPRINT.queues.items()
        }
        fires = every(timedelta(minutes=1), self.start + timedelta(seconds=5))
        self.agenda = Agenda(BLUEPRINT, self.queues, fires, self.start, self.invoke)
        self.runner: LiveRunner | None = None

    def wake(self) -> None:
        if self.runner is not None:
            self.runner.wake()

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        passed = (self.clock.now() - self.start).total_seconds()
        self.invoked.append((function, passed, event))
        answer = self.answers.get(function)
        return answer(event) if answer else {"batchItemFailures": []}

    def calls(self, function: str) -> list[float]:
        return [at for name, at, _ in self.invoked if name == function]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def machine(clock: VirtualClock) -> Machine:
    return Machine(clock)


@pytest.fixture
def runner(machine: Machine, clock: VirtualClock) -> VirtualRunner:
    return VirtualRunner(machine.agenda, clock)


def test_the_schedule_fires_every_minute_at_its_second(machine: Machine, runner: VirtualRunner) -> None:
    runner.run_for(200)
    assert machine.calls("ticker") == [5, 65, 125, 185]
    assert machine.clock.now() == START + timedelta(seconds=200)


def test_the_schedule_sends_what_eventbridge_scheduler_sends(machine: Machine, runner: VirtualRunner) -> None:
    runner.run_for(10)
    [(_, _, event)] = machine.invoked
    assert event["source"] == "aws.scheduler"
    assert event["detail-type"] == "Scheduled Event"
    assert event["time"] == "2026-03-02T12:00:05Z"
    assert event["resources"] == ["arn:aws:scheduler:eu-west-1:1:schedule/default/tick"]


def test_a_message_is_delivered_as_lambda_delivers_it(machine: Machine, runner: VirtualRunner) -> None:
    machine.queues["quick"].send([Message({"group": "g"}, 3)])
    runner.run_for(4)
    [(function, at, event)] = machine.invoked
    [record] = event["Records"]
    assert (function, at, record["body"]) == ("quick", 3, '{"group": "g"}')
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:1:quick"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["SentTimestamp"] == str(int(START.timestamp() * 1000))


def test_batches_are_as_large_as_the_template_allows(machine: Machine, runner: VirtualRunner) -> None:
    machine.queues["slow"].send([Message({"n": n}) for n in range(3)])
    runner.run_for(1)
    assert [len(event["Records"]) for _, _, event in machine.invoked] == [2, 1]


def test_a_message_that_fails_returns_and_its_batch_mate_does_not(
    machine: Machine, runner: VirtualRunner
) -> None:
    machine.answers["slow"] = lambda event: {
        "batchItemFailures": [
            {"itemIdentifier": record["messageId"]}
            for record in event["Records"]
            if record["body"] == '{"n": 1}'
        ]
    }
    machine.queues["slow"].send([Message({"n": 0}), Message({"n": 1})])
    runner.run_for(120)
    assert machine.calls("slow") == [0, 30]
    batches = [event["Records"] for name, _, event in machine.invoked if name == "slow"]
    assert [[record["body"] for record in batch] for batch in batches] == [
        ['{"n": 0}', '{"n": 1}'],
        ['{"n": 1}'],
    ]
    assert [held.body for held in machine.queues["slow"].dead_letters] == ['{"n": 1}']


def test_a_function_that_raises_fails_its_whole_batch(machine: Machine, runner: VirtualRunner) -> None:
    machine.answers["slow"] = lambda _: None
    machine.queues["slow"].send([Message({"n": 0}), Message({"n": 1})])
    runner.run_for(120)
    assert len(machine.queues["slow"].dead_letters) == 2


def test_what_is_planned_happens_at_its_time_before_anything_else(
    machine: Machine, runner: VirtualRunner
) -> None:
    machine.queues["quick"].send([Message({"n": 1}, 7)])
    seen: list[int] = []
    machine.agenda.at(START + timedelta(seconds=7), lambda: seen.append(len(machine.calls("quick"))))
    runner.run_for(8)
    assert seen == [0]
    assert machine.calls("quick") == [7]


def test_time_that_a_function_takes_passes_for_all(
    machine: Machine, runner: VirtualRunner, clock: VirtualClock
) -> None:
    def slow(_: dict[str, Any]) -> Any:
        clock.sleep(20)
        return {"batchItemFailures": []}

    machine.answers["slow"] = slow
    machine.queues["slow"].send([Message({"n": 1})])
    machine.queues["quick"].send([Message({"n": 1}, 1)])
    runner.run_for(30)
    assert machine.calls("quick") == [20]
    assert machine.calls("ticker") == [20]


def test_a_function_that_is_stopped_gets_its_messages_later(machine: Machine, runner: VirtualRunner) -> None:
    runner.stopped.add("quick")
    machine.queues["quick"].send([Message({"n": 1})])
    runner.run_for(60)
    runner.stopped.clear()
    runner.run_for(60)
    assert machine.calls("quick") == [60]


# -- as time goes by ------------------------------------------------------------------------------


@pytest.fixture
def live() -> Machine:
    machine = Machine(FastClock(1000))
    concurrency = {held.function: held.concurrency for held in BLUEPRINT.subscriptions}
    assert isinstance(machine.clock, FastClock)
    machine.runner = LiveRunner(machine.agenda, machine.clock, concurrency)
    return machine


def in_background(machine: Machine) -> Thread:
    assert machine.runner is not None
    thread = Thread(target=machine.runner.run)
    thread.start()
    return thread


def test_a_slow_function_holds_no_other_and_is_not_invoked_beyond_its_concurrency(live: Machine) -> None:
    release, quick = Event(), Event()

    def slow(_: dict[str, Any]) -> Any:
        assert release.wait(10)
        return {"batchItemFailures": []}

    def answer(_: dict[str, Any]) -> Any:
        quick.set()
        return {"batchItemFailures": []}

    live.answers |= {"slow": slow, "quick": answer}
    live.queues["slow"].send([Message({"n": n}) for n in range(3)])
    thread = in_background(live)
    live.queues["quick"].send([Message({"n": 1}, 1)])
    assert quick.wait(10)
    assert len(live.calls("slow")) == 1
    release.set()
    assert live.runner is not None
    live.runner.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_time_goes_by_for_the_schedule(live: Machine) -> None:
    third = Event()
    threads: set[str] = set()

    def tick(_: dict[str, Any]) -> None:
        threads.add(current_thread().name)
        if len(live.calls("ticker")) == 3:
            third.set()

    live.answers["ticker"] = tick
    thread = in_background(live)
    assert third.wait(10)
    assert live.runner is not None
    live.runner.stop()
    thread.join(10)
    assert live.calls("ticker")[1] >= 65
    assert "MainThread" not in threads


def test_a_mistake_of_the_runners_own_ends_it_with_the_error(live: Machine) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    live.agenda.at(live.start, broken)
    assert live.runner is not None
    with pytest.raises(ZeroDivisionError):
        live.runner.run()
