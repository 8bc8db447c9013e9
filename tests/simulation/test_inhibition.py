"""Inhibition, by the interleavings that break what keeps it: who explains whom is looked up when a group is flushed."""

from collections.abc import Sequence

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.scenes import (
    EXPLAINS,
    assert_due,
    flush_all,
    group_of,
    inhibited,
    of_a,
    posted,
    standing,
)
from tests.simulation.system import System, config, rule
from tocsin.dispatch.chunks import from_item
from tocsin.dispatch.config import InhibitRule
from tocsin.matchers import parse_matchers

FIRES, ENDED = "A/a fires", "A/a ended"
Changes = Sequence[tuple[float, bool]]
TWINS = InhibitRule(parse_matchers('instance="a"'), parse_matchers('instance="b"'), ("alertname",))


def twins(group_wait: float, a: Changes, b: Changes) -> System:
    """Return a system of one rule whose alert `a` explains its alert `b`."""
    system = System()
    system.apply(rule("A"))
    system.configure(config(inhibit_rules=[TWINS], group_wait=group_wait))
    system.present("A", *a, instance="a")
    system.present("A", *b, instance="b")
    return system


def sources(system: System) -> list[str]:
    """Return the alerts that are kept because they inhibit others."""
    places = [item for item in system.items("dispatch") if str(item["pk"]).startswith("INH.")]
    found = [alert for item in places for alert in from_item(item).alerts.values()]
    return [f"{alert.name}/{alert.labels['instance']}" for alert in found]


def test_a_source_and_its_target_that_fire_together_page_nobody() -> None:
    system = twins(0, [(5, True)], [(5, True)])
    system.run(9)
    worker = system.tick(10)
    while not worker.done:
        flush_all(system)
        worker.step()
    system.run(60)
    assert system.told() == [FIRES]


def test_a_source_and_its_target_that_end_together_page_nobody() -> None:
    def scene() -> tuple[System, Actor]:
        system = twins(10, [(5, True), (35, False)], [(25, True), (35, False)])
        system.run(30)
        return system, system.tick(40)

    for system, worker in standing(scene, reads=True):
        flush_all(system)
        worker.finish()
        system.run(80)
        assert system.told() == [FIRES, ENDED]


def test_one_source_ends_as_another_begins() -> None:
    system = inhibited((5, True), (35, False))
    system.present("B", (35, True), instance="c")
    system.run(50)
    assert of_a(system) == [FIRES]
    assert sources(system) == ["B/c"]


def test_a_group_looks_for_its_sources_again_after_it_has_registered() -> None:
    system = inhibited((5, True), (35, False))
    system.run(19)
    system.ticks.waiting.clear()
    system.go_to(20)
    flush = system.flush(group_of(system, "A")).until("put dispatch/WAIT.INH.")
    system.tick(40).finish()
    flush.finish()
    system.run(70)
    assert of_a(system) == [FIRES]


def test_a_group_that_falls_asleep_while_its_source_ends_is_woken() -> None:
    system = inhibited((5, True), (35, False))
    system.run(19)
    system.ticks.waiting.clear()
    system.tick(20).finish()
    worker = system.tick(40).until("put dispatch/INH.")
    system.flush(group_of(system, "A")).finish()
    worker.finish()
    system.run(70)
    assert of_a(system) == [FIRES]


def test_a_group_that_is_claimed_when_its_source_ends_is_woken() -> None:
    system = inhibited((5, True), (35, False), group_interval=300)
    system.run(19)
    system.ticks.waiting.clear()
    system.go_to(20)
    flush = system.flush(group_of(system, "A")).until("finish")
    system.tick(40).finish()
    flush.finish()
    system.run(320)
    assert of_a(system) == [FIRES]


@pytest.mark.parametrize(
    "order", [Order.LOSE, Order.DELAY, Order.CRASH], ids=lambda order: order.name.lower()
)
def test_who_dies_before_waking_the_waiters_is_made_up_for(order: Order) -> None:
    system = inhibited((5, True), (35, False))
    system.run(39)
    worker = system.tick(40).past("put dispatch/INH.", order=order)
    while not worker.done:
        worker.step()
    system.run(81)
    assert of_a(system) == [FIRES]


def test_while_any_source_fires_nothing_is_told_and_a_source_that_is_told_of_does_not_matter() -> None:
    system = inhibited((5, True), (65, False))
    system.present("B", (35, True), (95, False), instance="a")
    system.silence('alertname="B"')
    system.run(99)
    assert system.told() == []
    system.run(141)
    assert of_a(system) == [FIRES]


def test_the_end_of_what_was_told_is_told_when_its_source_has_ended() -> None:
    system = System()
    system.apply(rule("A"), rule("B"))
    system.configure(config(inhibit_rules=[EXPLAINS]))
    system.present("A", (5, True), (45, False))
    system.present("B", (35, True), (95, False))
    system.run(99)
    assert of_a(system) == [FIRES]
    system.run(141)
    assert of_a(system) == [FIRES, ENDED]


def test_with_muted_ends_the_end_of_what_was_told_is_told_while_its_source_fires() -> None:
    system = System()
    system.muted_ends = True
    system.apply(rule("A"), rule("B"))
    system.configure(config(inhibit_rules=[EXPLAINS]))
    system.present("A", (5, True), (45, False))
    system.present("B", (35, True))
    system.run(99)
    assert of_a(system) == [FIRES, ENDED]


def test_a_rule_that_is_gone_inhibits_nobody() -> None:
    system = inhibited((5, True))
    system.run(35)
    assert of_a(system) == []
    system.configure(config())
    system.run(80)
    assert of_a(system) == [FIRES]
    assert sources(system) == []


def test_a_rule_that_is_new_inhibits_by_what_fires_already() -> None:
    system = System()
    system.apply(rule("A"), rule("B"))
    system.configure(config())
    system.present("A", (35, True))
    system.present("B", (5, True))
    system.run(25)
    system.configure(config(inhibit_rules=[EXPLAINS]))
    system.run(140)
    assert of_a(system) == []


def test_the_sources_of_a_rule_that_is_deleted_go_with_it() -> None:
    system = inhibited((5, True))
    system.run(35)
    system.apply(deleted=[rule("B")])
    system.run(50)
    assert of_a(system) == [FIRES]
    assert sources(system) == []


def test_a_posted_source_that_was_given_up_is_removed_by_who_posts_next() -> None:
    system = posted()
    system.configure(config(inhibit_rules=[EXPLAINS]))
    system.post("B", 47).finish()
    assert sources(system) == ["B/a"]
    system.go_to(47 + 30 * 60)
    system.post("B", 4000, starts=1847, instance="c").past("put dispatch/api", order=Order.AGAIN).finish()
    assert sources(system) == ["B/c"]
    assert_due(system)
