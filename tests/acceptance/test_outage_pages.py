"""When a page comes if nothing is evaluated for a while: as late as the outage makes it, and not a second later.

Prometheus forgets since when an alert is pending when it is restarted, unless its `for` is 10 minutes or more:
a rule with `for: 60s` that misses 40 s pages 80 s late. tests/integration/test_restart.py measures that.
"""

import pytest

from tests.acceptance.harness import World, alert, rule_file

DOWN = alert("Down")
RULE = 'alert: Down, expr: "up == 0", for: 60s'
FIRES, PAGES = 70, 80
"""The series is bad from second 5 on, so pending at 10; its group waits for 10 s, as long as that is not over."""


def world_with(*outages: tuple[int, int]) -> World:
    """Return a world whose evaluators do nothing from one second to another."""
    world = World(rule_file(RULE))
    world.at(0).series("up", 1)
    world.at(5).series("up", 0)
    for begins, ends in outages:
        world.at(begins).stop("evaluator")
        world.at(ends).start("evaluator")
    return world


@pytest.mark.parametrize("begins", range(11, 131, 7))
@pytest.mark.parametrize("seconds", [10, 40, 300, 1500, 3000])
def test_a_page_is_late_by_nothing_but_the_outage(begins: int, seconds: int) -> None:
    ends = begins + seconds
    world = world_with((begins, ends))
    world.run(until=ends + 200)
    told = FIRES if begins > FIRES else max(FIRES, ends)
    page = told if told > PAGES else told + PAGES - FIRES
    world.expect((page, page + 1), firing=[DOWN])
    world.expect_no_other_page()
    assert world.states() == {DOWN: "firing"}


def test_an_evaluator_that_comes_and_goes_delays_a_page_until_it_comes() -> None:
    world = world_with(*((second, second + 25) for second in range(11, 191, 30)))
    world.run(until=300)
    world.expect((PAGES, 97), firing=[DOWN])
    world.expect_no_other_page()


@pytest.mark.parametrize("recovers", [105, 180, 299])
def test_what_ends_in_an_outage_is_told_when_its_group_is_next_once_that_is_over(recovers: int) -> None:
    world = world_with((101, 301))
    world.at(recovers).series("up", 1)
    world.run(until=500)
    world.expect((PAGES, PAGES + 1), firing=[DOWN])
    world.expect((320, 321), resolved=[DOWN])
    world.expect_no_other_page()


def test_what_was_pending_and_recovered_in_an_outage_pages_nobody() -> None:
    world = world_with((31, 331))
    world.at(65).series("up", 1)
    world.run(until=600)
    world.expect_no_other_page()
    assert world.states() == {}


def test_what_was_interrupted_in_an_outage_is_pending_since_then() -> None:
    world = world_with((31, 131))
    world.at(65).series("up", 1)
    world.at(95).series("up", 0)
    world.run(until=400)
    world.expect((170, 171), firing=[DOWN])
    world.expect_no_other_page()
