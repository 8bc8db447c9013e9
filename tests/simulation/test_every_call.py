"""Every call of a tick, a flush and the ticker, struck in every way: by death, a lost answer, a late arrival."""

from collections.abc import Callable

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.system import System, config, rule

ORDERS = [Order.CRASH, Order.LOSE, Order.AGAIN, Order.DELAY, Order.INTERRUPT]


def story() -> System:
    """Return a system whose only alert fires at 20 and is over at 170; its first two ticks are done."""
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_wait=10, group_interval=30))
    system.present("A", (15, True), (165, False))
    system.tick(0).finish()
    system.tick(10).finish()
    return system


def strike(actor: Actor, call: int, order: Order) -> bool:
    """Let a worker make so many calls, then give the next an order; tell whether there was a next."""
    actor.step()
    for _ in range(call):
        if actor.done:
            return False
        actor.step()
    if actor.done:
        return False
    if order is Order.CRASH:
        actor.crash()
    else:
        actor.step(order)
        while not actor.done:
            actor.step()
    return True


def everywhere(order: Order, start: Callable[[], tuple[System, Actor]]) -> int:
    """Strike a worker at each of its calls in turn, then let all be well; return how many calls there were."""
    for call in range(100):
        system, actor = start()
        if not strike(actor, call, order):
            return call
        at = f"{order.name} at call {call}, {actor.at}"
        for write in list(system.underway):
            system.underway.remove(write)
            write.arrive()
        system.run(500)
        assert system.told() == ["A/a fires", "A/a ended"], at
        assert len({told.id for told in system.ledger.to("web")}) == 2, at
        assert system.faults == [], at
        assert system.groups() == [], at
    raise AssertionError("a worker that never ends")


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name.lower())
def test_whatever_befalls_the_tick_that_fires_one_page_and_one_resolve_go_out(order: Order) -> None:
    def start() -> tuple[System, Actor]:
        system = story()
        return system, system.tick(20)

    assert everywhere(order, start) >= 12


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name.lower())
def test_whatever_befalls_the_tick_that_resolves_one_page_and_one_resolve_go_out(order: Order) -> None:
    def start() -> tuple[System, Actor]:
        system = story()
        system.tick(20).finish()
        system.go_to(31)
        system.flush().finish()
        return system, system.tick(170)

    assert everywhere(order, start) >= 12


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name.lower())
def test_whatever_befalls_the_flush_that_pages_one_page_and_one_resolve_go_out(order: Order) -> None:
    def start() -> tuple[System, Actor]:
        system = story()
        system.tick(20).finish()
        system.go_to(31)
        return system, system.flush()

    assert everywhere(order, start) >= 7


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name.lower())
def test_whatever_befalls_the_flush_that_resolves_one_page_and_one_resolve_go_out(order: Order) -> None:
    def start() -> tuple[System, Actor]:
        system = story()
        system.tick(20).finish()
        system.go_to(31)
        system.flush().finish()
        system.tick(170).finish()
        system.go_to(191)
        return system, system.flush()

    assert everywhere(order, start) >= 8


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name.lower())
def test_whatever_befalls_the_ticker_no_tick_is_lost(order: Order) -> None:
    for call in range(100):
        system = story()
        system.go_to(60)
        actor = system.minute()
        if not strike(actor, call, order):
            assert call >= 8
            return
        system.run(500)
        assert system.told() == ["A/a fires", "A/a ended"], f"{order.name} at call {call}, {actor.at}"
        assert system.faults == []
