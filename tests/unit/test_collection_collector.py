"""The collector: what is due runs once and is committed, whatever happens to who runs it."""

from datetime import timedelta
from random import Random

import pytest

from tests.unit.collecting import START, Desk, check, well
from tocsin.collection import catalogue, running
from tocsin.collection.gather import Gather
from tocsin.collection.health import Outcome, read_health
from tocsin.collection.input import Overrun
from tocsin.index import read_index, settle_layout
from tocsin.instants import instant
from tocsin.ports import Put
from tocsin.rules.rule import Pause
from tocsin.samples import log
from tocsin.samples.log import head_key
from tocsin.schedule.layout import Layout
from tocsin.schedule.ticks import floor_tick
from tocsin.shipping.output import Output


def test_what_is_due_runs_and_is_committed() -> None:
    desk = Desk()
    desk.add(check("a"), check("b", interval=60))
    report = desk.tick()
    assert (report.reason, report.ran, report.outcomes) == ("committed", 1, {Outcome.SUCCESS: 1})
    [entry] = desk.entries()
    assert entry.cursor == START + timedelta(seconds=7)
    assert [(m.name, dict(m.tags)) for m in entry.metrics] == [
        ("check", {"input": "a", "location": "here"}),
        ("tocsin_input", {"input": "a", "kind": "fake", "location": "here"}),
    ]


def test_each_runs_at_each_of_its_times() -> None:
    desk = Desk()
    desk.add(check("ten"), check("thirty", interval=30), check("minute", interval=60))
    for _ in range(12):
        desk.tick()
    ran = desk.ran()
    assert (ran.count("ten"), ran.count("thirty"), ran.count("minute")) == (12, 4, 2)


def test_a_tick_that_comes_twice_runs_once() -> None:
    desk = Desk()
    desk.add(check("a"))
    desk.tick()
    assert desk.again().reason == "nothing was due"
    assert desk.ran() == ["a"]


def test_what_was_missed_is_counted_and_run_once_now() -> None:
    desk = Desk()
    desk.add(check("a"))
    desk.tick()
    assert desk.tick(50).missed == 4
    assert desk.ran() == ["a", "a"]
    health = read_health(desk.database, Layout())["a"]
    assert (health.runs, health.missed, health.failures) == (2, 4, 0)


def test_what_was_added_resumed_or_changed_has_missed_nothing_before() -> None:
    desk = Desk()
    desk.add(check("a"))
    desk.tick()
    desk.change(lambda was: catalogue.paused(was, ["a"], Pause(), desk.clock.now()))
    desk.add(check("b"))
    assert desk.tick(300).missed == 29  # of b, which was there
    desk.change(lambda was: catalogue.paused(was, ["a"], None, desk.clock.now()))
    assert desk.tick().missed == 0
    desk.change(lambda was: catalogue.put(was, [check("a", interval=20)], desk.clock.now(), "me"))
    assert desk.tick(20).missed == 1  # of b
    assert desk.ran().count("a") == 3


def test_a_pause_that_ends_by_itself_has_missed_nothing() -> None:
    desk = Desk()
    desk.add(check("a"))
    desk.tick()
    until = desk.clock.now() + timedelta(seconds=60)
    desk.change(lambda was: catalogue.paused(was, ["a"], Pause(until), desk.clock.now()))
    assert desk.tick(30).ran == 0
    report = desk.tick(40)
    assert (report.ran, report.missed) == (1, 0)


def test_of_two_who_run_a_tick_one_has_gathered() -> None:
    desk = Desk()
    other = desk.another()

    def meanwhile(gather: Gather) -> None:
        desk.probes["a"] = well
        desk.again(other)
        gather.add("check", {"value": 2.0})

    desk.probes["a"] = meanwhile
    desk.add(check("a"))
    report = desk.tick()
    assert report.commits == 0
    [entry] = desk.entries()
    assert [metric.fields for metric in entry.metrics if metric.name == "check"] == [{"value": 1.0}]
    desk.tick()
    assert desk.ran() == ["a", "a"]


def test_one_that_breaks_or_fails_hurts_only_itself() -> None:
    desk = Desk()

    def broken(gather: Gather) -> None:
        raise RuntimeError("secret")

    desk.probes |= {"broken": broken, "failed": lambda gather: gather.fail("no answer")}
    desk.add(check("a"), check("broken"), check("failed"))
    report = desk.tick()
    assert report.outcomes == {Outcome.SUCCESS: 1, Outcome.CRASHED: 1, Outcome.FAILED: 1}
    assert "secret" not in str(report.failed)
    assert report.failed["failed"] == "no answer"
    up = {m.tags["input"]: m.fields["up"] for m in desk.entries()[0].metrics if m.name == "tocsin_input"}
    assert up == {"a": 1, "broken": 0, "failed": 0}


def test_too_much_is_left_out_and_the_others_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 4_000)
    desk, noise = Desk(), Random(6)

    def flood(gather: Gather) -> None:
        for _ in range(100):
            gather.add("flood", {"text": noise.randbytes(600).hex()})

    desk.probes["flood"] = flood
    desk.add(check("a"), check("flood"))
    report = desk.tick()
    assert report.outcomes == {Outcome.SUCCESS: 1, Outcome.FAILED: 1}
    assert "bytes" in report.failed["flood"]
    assert {metric.name for metric in desk.entries()[0].metrics} == {"check", "tocsin_input"}


def test_a_layout_that_has_passed_runs_nothing() -> None:
    desk = Desk()
    desk.add(check("a"))
    desk.clock.sleep(10)
    assert desk.collector.tick(2, 0, START).reason == "layout has passed"
    assert desk.ran() == []


def test_outputs_are_told() -> None:
    desk = Desk()
    desk.add(check("a", interval=20))
    desk.change(lambda was: catalogue.with_outputs(was, [Output("influx", "influxdb")]))
    desk.tick(17)
    assert desk.shipments.taken() == [{"output": "influx"}]
    desk.tick()
    assert desk.shipments.taken() == []


def test_a_quiet_cursor_moves_after_a_while() -> None:
    desk = Desk()
    desk.add(check("a", interval=3600))
    desk.tick()
    desk.tick(600)
    assert desk.tick().behind_seconds == 0
    assert desk.entries() == []


# -- runs that may take long ---------------------------------------------------------------------------


def long(policy: Overrun = Overrun.SKIP) -> Desk:
    desk = Desk()
    desk.add(check("slow", deadline=30, overrun=policy))
    return desk


def due(desk: Desk) -> dict[str, int]:
    desk.tick()
    [body] = desk.runs.taken()
    return body


def test_a_long_run_is_sent_away_and_runs_once() -> None:
    desk = long()
    body = due(desk)
    assert desk.ran() == []
    for _ in range(2):
        desk.collector.run(str(body["input"]), instant(body["due"]), 0)
    assert desk.ran() == ["slow"]
    health = read_health(desk.database, Layout(), ["slow"])["slow"]
    assert (health.runs, health.outcome, health.overruns) == (1, Outcome.SUCCESS, 0)


@pytest.mark.parametrize(
    ("policy", "ran", "overruns"),
    [
        pytest.param(Overrun.SKIP, 1, 2, id="skip: two are left out"),
        pytest.param(Overrun.QUEUE, 2, 2, id="queue: one is made up for"),
        pytest.param(Overrun.COUNT, 3, 2, id="count: all run, beside each other"),
    ],
)
def test_an_overrun_is_treated_as_the_input_says(policy: Overrun, ran: int, overruns: int) -> None:
    desk = long(policy)
    others = [desk.another(), desk.another()]

    def slow(gather: Gather) -> None:
        desk.probes["slow"] = well
        for other in others:
            body = due(desk)
            other.run(str(body["input"]), instant(body["due"]), 0)
        well(gather)

    desk.probes["slow"] = slow
    body = due(desk)
    desk.collector.run(str(body["input"]), instant(body["due"]), 0)
    for waited in desk.runs.taken():
        desk.another().run(str(waited["input"]), instant(waited["due"]), 0)
    assert len(desk.ran()) == ran
    health = read_health(desk.database, Layout(), ["slow"])["slow"]
    assert (health.runs, health.overruns) == (ran, overruns)


def test_a_long_run_whose_worker_died_is_not_waited_for_longer_than_its_time() -> None:
    desk = long()

    def dies(gather: Gather) -> None:
        raise KeyboardInterrupt

    desk.probes["slow"] = dies
    body = due(desk)
    with pytest.raises(KeyboardInterrupt):
        desk.collector.run(str(body["input"]), instant(body["due"]), 0)
    desk.probes["slow"] = well
    body = due(desk)
    desk.collector.run(str(body["input"]), instant(body["due"]), 0)
    assert desk.ran() == []
    desk.clock.sleep(60)
    body = due(desk)
    desk.collector.run(str(body["input"]), instant(body["due"]), 0)
    assert desk.ran() == ["slow"]


def test_a_long_run_that_gathers_too_much_has_failed_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 4_000)
    desk, noise = long(), Random(6)

    def flood(gather: Gather) -> None:
        for _ in range(100):
            gather.add("flood", {"text": noise.randbytes(600).hex()})

    desk.probes["slow"] = flood
    body = due(desk)
    report = desk.collector.run(str(body["input"]), instant(body["due"]), 0)
    assert (report.outcomes, report.dropped) == ({Outcome.FAILED: 1}, 100)
    [said] = [metric for entry in desk.entries() for metric in entry.metrics]
    assert (said.name, said.fields["up"]) == ("tocsin_input", 0)


def test_one_that_is_gone_by_its_time_does_not_run() -> None:
    desk = long()
    body = due(desk)
    desk.change(lambda was: catalogue.removed(was, ["slow"]))
    assert desk.collector.run("slow", instant(body["due"]), 0).reason == "gone or paused"
    assert desk.ran() == []


def test_health_that_is_too_much_for_an_item_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.add(check("a"))
    desk.tick()
    monkeypatch.setattr(log, "NOTES_BYTES", 100)
    desk.add(*(check(f"a check with quite a long name, number {number * 7919}") for number in range(40)))
    desk.tick()
    assert desk.ran().count("a") == 2
    assert read_health(desk.database, Layout())["a"].runs == 1


def test_of_long_runs_that_nobody_came_to_the_newest_runs() -> None:
    desk = long()
    bodies = [due(desk) for _ in range(4)]
    for body in bodies:
        desk.collector.run(str(body["input"]), instant(body["due"]), 0)
    health = read_health(desk.database, Layout(), ["slow"])["slow"]
    assert (desk.ran(), health.runs, health.missed) == (["slow"], 1, 3)


# -- shards --------------------------------------------------------------------------------------------


def reshard(desk: Desk, shards: int) -> None:
    settle_layout(desk.database, read_index(desk.database), shards)


def test_a_first_tick_that_is_late_runs_what_was_due_before_it() -> None:
    desk = Desk()
    desk.add(check("hourly", interval=3600))
    desk.clock.sleep(3600)
    desk.tick(50)
    assert desk.ran() == ["hourly"]


def test_a_shard_behind_shards_that_never_ran_begins_where_those_before_them_ended() -> None:
    desk = Desk()
    desk.add(*(check(f"check {number}", interval=60) for number in range(12)))
    desk.tick()
    reshard(desk, 3)
    desk.clock.sleep(60)
    reshard(desk, 2)
    desk.ticks()
    assert sorted(desk.ran()) == sorted(f"check {number}" for number in range(12))


def test_a_worker_of_a_layout_that_has_passed_commits_nothing() -> None:
    desk = Desk()

    def meanwhile(gather: Gather) -> None:
        desk.probes["a"] = well
        reshard(desk, 2)
        desk.ticks()
        gather.add("check", {"value": 2.0})

    desk.add(check("a"))
    desk.tick()
    desk.probes["a"] = meanwhile
    desk.clock.sleep(10)
    assert desk.another().tick(1, 0, floor_tick(desk.clock.now())).commits == 0
    assert desk.ran() == ["a", "a"]


def test_what_was_committed_by_who_died_is_not_run_again() -> None:
    desk, ran = Desk(), list[int]()

    def counted(gather: Gather) -> None:
        ran.append(1)
        well(gather)

    desk.probes["a"] = counted
    desk.add(check("a"))
    desk.tick()
    head = dict(desk.database.get(head_key("inputs.1.0"))[0] or {})
    desk.tick()
    desk.database.write(Put(head_key("inputs.1.0"), head))  # as if nobody had noted it
    desk.tick()
    assert len(ran) == len(desk.ran()) == 3


def test_the_largest_is_left_out_and_not_who_has_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 12_000)
    monkeypatch.setattr(log, "MOST_PARTS", 2)
    monkeypatch.setattr(running, "PART_BYTES", 12_000)
    monkeypatch.setattr(running, "MOST_PARTS", 2)
    desk, noise = Desk(), Random(7)

    def many(gather: Gather) -> None:
        for number in range(100):
            gather.add("many", {"value": number})

    texts = {f"text{number}": noise.randbytes(900).hex() for number in range(30)}
    desk.probes |= {"large": lambda gather: gather.add("large", texts), "many": many}
    desk.add(check("large"), check("many"), check("a"))
    report = desk.tick()
    assert list(report.failed) == ["large"]
    assert report.outcomes == {Outcome.SUCCESS: 2, Outcome.FAILED: 1}
