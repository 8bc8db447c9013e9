"""Every call of a tick, a flush and the ticker goes wrong in every way: a death, a lost answer, a late arrival."""

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.scenes import FATES, befall, ending, everywhere, one_rule, outage, settle
from tests.simulation.system import System, config, rule

FIRES, ENDED = "A/a fires", "A/a ended"


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_one_page_whatever_becomes_of_a_call_of_the_tick_that_fires(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = one_rule((5, True))
        return system, system.tick(10)

    assert everywhere(order, scene, 240, [FIRES]) >= 12


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_one_end_whatever_becomes_of_a_call_of_the_tick_that_ends(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = one_rule((5, True), (35, False))
        system.run(39)
        return system, system.tick(40)

    assert everywhere(order, scene, 290, [FIRES, ENDED]) >= 12


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_no_tick_is_lost_whatever_becomes_of_a_call_of_the_ticker(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = one_rule((215, True), (255, False))
        system.run(59)
        system.go_to(60)
        return system, system.minute()

    assert everywhere(order, scene, 500, [FIRES, ENDED]) >= 8


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_one_head_whatever_becomes_of_its_creation(order: Order) -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config())
    system.present("A", (5, True))
    befall(system, system.tick(10).until("create state/1.0/HEAD"), order)
    assert settle(system, 120) == [FIRES]


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_one_catching_up_whatever_becomes_of_its_mark(order: Order) -> None:
    system = one_rule((5, True))
    outage(system, 50)
    befall(system, system.tick(50).until("mark state/1.0/HEAD"), order)
    assert settle(system, 200) == [FIRES]


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_one_page_whatever_becomes_of_a_call_of_the_flush_that_pages(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = one_rule((5, True))
        system.tick(10).finish()
        system.go_to(20)
        return system, system.flush()

    assert everywhere(order, scene, 240, [FIRES]) >= 8


@pytest.mark.parametrize("order", FATES, ids=lambda order: order.name.lower())
def test_one_end_whatever_becomes_of_a_call_of_the_flush_that_tells_it(order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = ending()
        return system, system.flush()

    assert everywhere(order, scene, 290, [FIRES, ENDED]) >= 8
