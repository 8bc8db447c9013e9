"""Named cases of inputs: what each safeguard is there for."""

from datetime import timedelta
from random import Random

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.collecting import WRITER, Collecting
from tests.simulation.outside import START
from tocsin.collection import catalogue
from tocsin.collection.gather import Gather
from tocsin.collection.health import claimed_health
from tocsin.collection.input import Input, Overrun
from tocsin.collection.schedule import Schedule
from tocsin.index import INDEX, read_index
from tocsin.ports import Update
from tocsin.rules.rule import Pause
from tocsin.samples import log
from tocsin.samples.log import SampleLog
from tocsin.samples.writers import RUNS
from tocsin.schedule.layout import Layout
from tocsin.schedule.ticks import TICK
from tocsin.shipping.output import Output

SECOND = timedelta(seconds=1)
ALWAYS = Input("always", "fake")
LONG = Input("long", "fake", schedule=Schedule(60 * SECOND), deadline=30 * SECOND)
OVER = 45 * SECOND
"""So long after it began a run has ended, whatever has become of who ran it."""
MINUTE = START + 60 * SECOND
APPEND = f"put samples/{WRITER}"
NOTE = f"commit samples/{WRITER}/HEAD"
CLAIM = "update samples/run.long/RUN"


def world(*inputs: Input, seconds: float = 10) -> Collecting:
    """Return collectors with some inputs, so many seconds later."""
    found = Collecting()
    found.add(*inputs)
    found.clock.time = START + seconds * SECOND
    return found


def tick(of: Collecting) -> Actor:
    """Return a worker with the message of the tick that is now."""
    return of.tick(of.clock.time)


def ticks(of: Collecting, number: int = 1) -> None:
    for _ in range(number):
        of.clock.time += TICK
        tick(of).finish()


def head(of: Collecting) -> log.Head:
    return SampleLog(of.inner).heads([WRITER])[0]


def missed(of: Collecting, name: str) -> list[int]:
    """Return how many times of an input went by unused, run by run."""
    return [
        int(metric.fields["missed"])
        for entry in of.entries()
        for metric in entry.metrics
        if metric.name == "tocsin_input" and metric.tags["input"] == name
    ]


# -- the commit -----------------------------------------------------------------------------------


def test_who_gathers_late_does_not_replace_what_was_read() -> None:
    of = world(ALWAYS)
    slow = tick(of).until(APPEND)
    tick(of).finish()
    before = of.entries()
    slow.finish()
    assert of.entries() == before
    assert slow.result.commits == 0


def test_who_has_gathered_and_not_heard_of_it_has_committed() -> None:
    of = world(ALWAYS)
    worker = tick(of).until(APPEND)
    worker.end(Order.AGAIN)
    assert worker.result.commits == 1
    assert len(of.entries()) == 1


def test_what_a_dead_worker_has_gathered_is_not_gathered_again() -> None:
    of = world(ALWAYS)
    ticks(of)
    of.clock.time += 10 * SECOND
    tick(of).until(NOTE).crash()
    tick(of).finish()
    assert len(of.entries()) == 2
    assert head(of).cursor == of.clock.time


def test_a_late_note_does_not_set_the_head_back() -> None:
    of = world(ALWAYS)
    ticks(of)
    of.clock.time += 10 * SECOND
    tick(of).until(NOTE).end(Order.DELAY)
    ticks(of, 3)
    newest = head(of)
    of.underway.pop().arrive()
    assert head(of) == newest
    assert newest.seq == 5


# -- what is due ----------------------------------------------------------------------------------


def test_an_input_that_is_added_has_missed_nothing_though_its_shard_is_behind() -> None:
    of = world(ALWAYS)
    tick(of).finish()
    of.clock.time += 200 * SECOND
    of.add(Input("new", "fake"))
    ticks(of)
    assert (missed(of, "new"), missed(of, "always")) == ([0], [0, 20])


def test_a_pause_that_ends_by_itself_leaves_nothing_missed() -> None:
    of = world(ALWAYS)
    tick(of).finish()
    until = of.clock.time + 60 * SECOND
    of.change(lambda was: catalogue.paused(was, ["always"], Pause(until), of.clock.now()))
    of.clock.time += 60 * SECOND
    ticks(of)
    assert missed(of, "always") == [0, 0]


def test_a_message_of_a_layout_that_has_passed_runs_nothing_beside_the_new_one() -> None:
    of = world(ALWAYS)
    layout(of, 2)
    report = tick(of).finish()
    assert report.reason == "layout has passed"
    assert of.entries() == []


def test_a_new_layout_goes_on_where_the_old_one_stopped() -> None:
    of = world(ALWAYS)
    tick(of).finish()
    now = layout(of, 2)
    of.clock.time += 5 * TICK
    reports = [of.container().tick(now.version, shard, of.clock.time) for shard in range(2)]
    assert [(report.ran, report.missed) for report in reports if report.ran] == [(1, 4)]


def layout(of: Collecting, shards: int) -> Layout:
    """Divide the inputs anew."""
    now = read_index(of.inner).layout.changed(shards)
    of.inner.write(Update(INDEX, set={"layout": now.to_document()}))
    return now


def test_what_may_take_long_is_sent_before_its_due_time_is_over() -> None:
    of = world(LONG, seconds=60)
    of.change(lambda was: catalogue.with_outputs(was, [Output("out", "shelf")]))
    tick(of).until("send shipments").crash()
    tick(of).finish()
    assert [waiting.body["input"] for waiting in of.runs.waiting] == ["long"]


class Flood:
    """A probe that gathers more than an entry may hold."""

    def __init__(self) -> None:
        self._noise = Random(6)

    def __call__(self, gather: Gather) -> None:
        for _ in range(60):
            gather.add("flood", {"text": self._noise.randbytes(1000).hex()})


def test_one_that_gathers_too_much_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 4_000)
    of = world(ALWAYS, Input("flood", "fake"))
    of.probes["flood"] = Flood()
    worker = tick(of).end()
    assert worker.failure is None
    [entry] = of.entries()
    up = {m.tags["input"]: m.fields["up"] for m in entry.metrics if m.name == "tocsin_input"}
    assert up == {"always": 1, "flood": 0}


# -- runs that may take long ----------------------------------------------------------------------


def running(of: Collecting) -> Actor:
    """Return a worker that stands in the run of the minute."""
    return of.run("long", MINUTE).until("probe long")


def test_of_two_who_claim_one_run_one_has_it() -> None:
    of = world(LONG, seconds=60)
    slow = of.run("long", MINUTE).until(CLAIM)
    of.run("long", MINUTE).finish()
    slow.finish()
    assert of.runs_of("long") == 1


def test_a_release_that_meets_itself_counts_once() -> None:
    of = world(LONG, seconds=60)
    running(of).past("probe").until(CLAIM).end(Order.AGAIN)
    assert claimed_health(of.inner, ["long"])["long"].runs == 1


def test_who_ends_after_its_time_does_not_free_who_has_taken_over() -> None:
    of = world(LONG, seconds=60)
    slow = running(of)
    of.clock.time += OVER
    other = of.run("long", MINUTE + 45 * SECOND).until("probe long")
    slow.finish()
    assert of.run("long", MINUTE + 50 * SECOND).finish().reason == "the one before still runs"
    other.finish()
    assert of.runs_of("long") == 2


def test_a_message_that_comes_after_its_run_runs_nothing() -> None:
    of = world(LONG, seconds=60)
    for _ in range(2):
        of.run("long", MINUTE).finish()
    assert of.runs_of("long") == 1


def test_a_message_that_comes_twice_runs_nothing_beside_itself() -> None:
    of = world(Input("long", "fake", deadline=30 * SECOND, overrun=Overrun.COUNT), seconds=60)
    first = running(of)
    of.run("long", MINUTE).finish()
    first.finish()
    assert of.runs_of("long") == 1
    assert claimed_health(of.inner, ["long"])["long"].overruns == 0


def test_what_runs_beside_another_is_not_run_again_by_its_message() -> None:
    of = world(Input("long", "fake", deadline=30 * SECOND, overrun=Overrun.COUNT), seconds=60)
    first = running(of)
    for _ in range(2):
        of.run("long", MINUTE + TICK).finish()
    first.finish()
    assert of.runs_of("long") == 2


def test_a_run_has_its_claim_until_its_deadline() -> None:
    of = world(LONG, seconds=60)
    first = running(of)
    of.clock.time += LONG.deadline
    of.run("long", MINUTE + 30 * SECOND).finish()
    first.finish()
    assert of.runs_of("long") == 1


def test_a_dead_workers_run_is_over_when_its_time_is() -> None:
    of = world(LONG, seconds=60)
    running(of).crash()
    of.clock.time += OVER
    of.run("long", MINUTE).finish()
    assert of.runs_of("long") == 1


def test_a_long_run_that_gathers_too_much_says_that_it_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 4_000)
    of = world(LONG, seconds=60)
    of.probes["long"] = Flood()
    worker = of.run("long", MINUTE).end()
    assert worker.failure is None
    said = [metric for writer in RUNS for entry in of.entries(writer) for metric in entry.metrics]
    assert [metric.fields["up"] for metric in said] == [0]
