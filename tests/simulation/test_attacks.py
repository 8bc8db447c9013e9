"""The attacks that the invariants of the design were written against, each as a scene: the evaluator's."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import cast
from unittest.mock import patch

import pytest

from tests.simulation.baton import Order
from tests.simulation.outside import START, VirtualClock
from tests.simulation.scenes import (
    believed,
    divide,
    flush_all,
    gaps,
    one_rule,
    outage,
    race,
    settle,
    stored,
)
from tests.simulation.system import System, config, rule
from tocsin.clock import SystemClock
from tocsin.ports import Database, Item, Key

COMMIT = "commit state/1.0/HEAD"
FIRES, ENDED = "A/a fires", "A/a ended"


def ticks(first: int, last: int) -> list[datetime]:
    """Return the ticks from one second to another, both included."""
    return [START + timedelta(seconds=second) for second in range(first, last + 1, 10)]


# -- 1: a clock that is wrong is set right --------------------------------------------------------------


@dataclass(frozen=True)
class Dated:
    """A database whose answers carry the true date, as AWS's do."""

    inner: Database
    true: VirtualClock
    clock: SystemClock

    def get(self, *keys: Key) -> list[Item | None]:
        date = format_datetime(self.true.now(), usegmt=True)
        self.clock.watch({"ResponseMetadata": {"HTTPHeaders": {"date": date}}})
        return self.inner.get(*keys)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


@pytest.mark.parametrize("skew_seconds", [40, -40])
def test_a_worker_whose_clock_is_wrong_goes_by_the_date_of_its_first_answer(skew_seconds: float) -> None:
    system = one_rule((5, True))
    system.run(15)
    clock = SystemClock()
    true, system.inner = system.inner, cast("Database", Dated(system.inner, system.clock, clock))
    with patch("tocsin.clock.datetime") as time:
        time.now = lambda zone: system.clock.now() + timedelta(seconds=skew_seconds)
        system.tick(20, on=system.container("evaluator", clock)).finish()
    system.inner = true
    assert system.head().cursor == START + timedelta(seconds=20)
    assert settle(system, 60) == [FIRES]


# -- 2: messages are only hints ---------------------------------------------------------------------------


def test_every_message_twice_and_in_any_order_changes_nothing() -> None:
    def run(doubling: random.Random | None) -> tuple[object, ...]:
        system = one_rule((5, True), (75, False), (95, True), group_by=("alertname",))
        system.present("A", (25, True), (130, False), instance="b")
        system.doubling = doubling
        return settle(system, 400), stored(system), system.head().cursor

    assert run(random.Random(1)) == run(random.Random(2)) == run(None)


def test_ticks_without_a_message_are_caught_up() -> None:
    system = one_rule((5, True), (115, False))
    system.run(15)
    outage(system, 60)
    assert settle(system, 300) == [FIRES, ENDED]
    assert [result.at for result in system.oracle.results] == ticks(0, 300)


# -- 3: the first commit of a tick is its result -----------------------------------------------------------


def test_a_zombies_stale_verdict_is_refused_though_only_quiet_ticks_came_after_it() -> None:
    system = one_rule((5, True))
    system.run(15)
    system.source.doubt = lambda: "late"
    zombie = system.tick(20).until(COMMIT)
    system.source.doubt = lambda: ""
    system.run(50)
    zombie.finish()
    assert settle(system, 120) == [FIRES]


def test_eight_workers_on_one_shard_at_once_page_once() -> None:
    for seed in range(6):
        system = one_rule((5, True), (15, False), (25, True))
        rng = random.Random(seed)
        system.source.doubt = partial(rng.choice, ("", "", "late"))
        for second in (10, 20, 30):
            race(rng, [system.tick(second) for _ in range(8)])
        system.source.doubt = lambda: ""
        system.go_to(40)
        for group in system.groups():
            race(rng, [system.flush(group) for _ in range(8)])
        told = settle(system, 200)
        assert len({page.id for _, _, page in system.ledger.sent}) == len(system.ledger.sent)
        assert told.count(FIRES) - told.count(ENDED) == 1, told


# -- 5: what comes late finds that others have gone on --------------------------------------------------------


def test_a_late_creation_of_a_head_changes_nothing() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config())
    system.present("A", (5, True))
    late = system.tick(0).until("create state/1.0/HEAD")
    system.run(50)
    late.finish()
    assert system.head().cursor == START + timedelta(seconds=50)
    assert settle(system, 120) == [FIRES]


def test_a_late_mark_does_not_bring_back_who_lagged() -> None:
    system = one_rule((5, True))
    system.source.hanging = {"A"}
    system.run(15)
    system.source.hanging = set()
    outage(system, 60)
    late = system.tick(60).until("mark state/1.0/HEAD")
    assert system.head().lagging
    system.tick(60).finish()
    assert not system.head().lagging
    late.finish()
    assert settle(system, 200) == [FIRES]


# -- 8: quiet ticks write HEAD and nothing else --------------------------------------------------------------


def test_a_quiet_tick_of_a_warm_worker_is_one_read_and_one_write() -> None:
    system = one_rule((5, True))
    system.run(55)
    worker = system.warm("evaluator").on({"tick": 1772366460000, "layout": 1, "shard": 0})
    system.go_to(60)
    calls = []
    while not worker.step().done:
        calls.append(worker.at)
    assert calls == ["get rules/INDEX/INDEX", "get state/1.0/HEAD", "ask", "write samples", COMMIT]


# -- 9: replay does not page about the past; who is always late pages all the same --------------------------


def test_what_fired_and_ended_inside_an_outage_is_not_told_as_if_it_were_now() -> None:
    system = one_rule((100, True), (800, False))
    system.run(40)
    outage(system, 40 + 15 * 60)
    replay = system.tick().past(COMMIT).until(COMMIT)
    system.clock.sleep(30)
    flush_all(system)
    replay.finish()
    assert settle(system, 1200) == []
    assert sum(replayed for _, _, replayed, _ in gaps(system)) == len(ticks(50, 900))


def test_the_age_of_news_is_checked_again_before_the_commit() -> None:
    system = one_rule((5, True), (55, False))
    slow = system.tick(10).until("put state/1.0/REDO")
    system.go_to(130)
    slow.finish()
    flush_all(system)
    assert settle(system, 300) == []


def test_a_shard_that_is_always_late_pages_after_five_minutes() -> None:
    system = one_rule((5, True))

    def slowly() -> str:
        system.clock.sleep(90)
        return ""

    system.source.doubt = slowly
    while system.clock.seconds < 700:
        system.clock.sleep(10)
        system.tick().finish()
        flush_all(system)
    assert system.faults == []
    assert system.told() == [FIRES]
    [(second, _, _)] = system.ledger.sent
    assert 300 < second < 500


def test_an_evaluator_that_was_dead_for_ten_minutes_comes_to_what_would_have_been() -> None:
    """`for` and keep_firing_for run on through the outage; nothing is told that is over; the gap is on record."""

    def run(*, dead: bool) -> System:
        system = System()
        system.apply(
            rule("Held", hold=timedelta(seconds=30)),
            rule("Kept", keep_firing_for=timedelta(seconds=60)),
            rule("Passing"),
            rule("Pending", hold=timedelta(seconds=120)),
        )
        system.configure(config())
        system.present("Held", (100, True))
        system.present("Kept", (5, True), (200, False))
        system.present("Passing", (300, True), (400, False))
        system.present("Pending", (590, True))
        system.run(45)
        if dead:
            outage(system, 650)
        settle(system, 900)
        return system

    dead, alive = run(dead=True), run(dead=False)
    assert dead.oracle.activations == alive.oracle.activations
    assert stored(dead) == stored(alive)
    assert sorted(dead.told()) == ["Held/a fires", "Kept/a ended", "Kept/a fires", "Pending/a fires"]
    assert [result.at for result in dead.oracle.results if result.alert == "Held"] == ticks(0, 900)
    assert gaps(dead) == [(40, 600, 56, 0)]
    assert gaps(alive) == []


# -- 10: one writer per stored alert, a manifest that says where --------------------------------------------


def test_an_alert_fires_as_long_as_any_writer_says_so() -> None:
    system = one_rule((5, True), (35, False))
    system.apply(rule("A", group="h", expr="X"))
    system.present("X", (15, True), (95, False))
    assert settle(system, 90) == [FIRES]
    assert settle(system, 200) == [FIRES, ENDED]


def test_a_relabelled_rule_ends_under_its_old_labels() -> None:
    system = one_rule((5, True))
    system.run(25)
    system.apply(rule("A", labels={"severity": "page"}), deleted=[rule("A")])
    assert settle(system, 120) == [FIRES, "A/a ended, A/a fires"]
    [ended, fires] = system.ledger.to("web")[-1].alerts
    assert [alert.labels.get("severity") for alert in (ended, fires)] == [None, "page"]


def test_a_changed_route_moves_what_fires() -> None:
    system = one_rule((5, True))
    system.run(25)
    system.configure(config(group_by=()))
    told = settle(system, 120)
    assert sorted(told) == [ENDED, FIRES, FIRES]
    assert believed(system) == {"A/a": {"{}:{}"}}


def test_a_zombie_puts_nothing_where_the_routes_lead_no_more() -> None:
    system = one_rule((5, True))
    zombie = system.tick(10).until("put dispatch/rule")
    system.configure(config(group_by=()))
    system.tick(20).finish()
    zombie.finish()
    settle(system, 120)
    assert believed(system) == {"A/a": {"{}:{}"}}


def test_a_worker_that_dies_while_it_places_alerts_leaves_none_unaccounted_for() -> None:
    system = one_rule((5, True))
    system.tick(10).past("arm dispatch/group").crash()
    system.configure(config(group_by=()))
    settle(system, 200)
    assert believed(system) == {"A/a": {"{}:{}"}}


def test_an_end_reaches_the_group_that_its_route_has_left() -> None:
    system = one_rule((5, True), (25, False))
    system.run(25)
    slow = system.tick(30).past(COMMIT)
    system.configure(config(group_by=()))
    slow.finish()
    settle(system, 120)
    assert believed(system) == {}


def test_a_group_that_was_never_armed_is_left_empty_when_its_route_goes() -> None:
    """Found by seed 933: its alert would have stayed there for ever."""
    system = one_rule((5, True))
    system.tick(10).until("arm dispatch/group").crash()
    system.configure(config(group_by=()))
    settle(system, 200)
    assert believed(system) == {"A/a": {"{}:{}"}}


def test_a_put_that_is_under_way_when_its_route_goes_is_refused() -> None:
    """Found by seed 264: nobody would have looked for it in the group that was left."""
    system = one_rule((5, True))
    assert _put_under_way(system, 10) == {"A/a": {"{}:{}"}}


def test_a_refire_that_is_under_way_when_its_route_goes_is_refused_too() -> None:
    """Found by seed 2230: what was in the group that was left, an end, had not changed and was not written."""
    system = one_rule((5, True), (15, False), (25, True))
    system.run(25)
    assert _put_under_way(system, 30) == {"A/a": {"{}:{}"}}


def _put_under_way(system: System, second: float) -> dict[str, set[str]]:
    """Let a worker die while its put is under way, and the put come when its route is gone."""
    system.tick(second).until("put dispatch/group").step(Order.DELAY)
    system.configure(config(group_by=()))
    system.run(second + 15)
    [late] = [write for write in system.underway if "put dispatch/group" in write.label]
    late.arrive()
    settle(system, 200)
    return believed(system)


# -- layouts --------------------------------------------------------------------------------------------------


def test_old_and_new_layouts_run_side_by_side() -> None:
    system = System()
    names = "ABCDEFGH"
    system.apply(*map(rule, names))
    system.configure(config())
    for name in names:
        system.present(name, (5, True), (65, False), (85, True))
    system.run(15)
    rng = random.Random(7)
    shards = [1]
    for second in range(20, 110, 10):
        if second % 20 == 0:
            shards.append(rng.choice([number for number in (1, 2, 3) if number != shards[-1]]))
            divide(system, shards[-1])
        workers = [
            system.tick(second, layout=version, shard=index)
            for version, number in enumerate(shards, start=1)
            for index in range(number)
        ]
        race(rng, workers)
        flush_all(system)
    told = settle(system, 400)
    assert sorted(told) == sorted(
        text for name in names for text in (f"{name}/a fires", f"{name}/a ended", f"{name}/a fires")
    )
