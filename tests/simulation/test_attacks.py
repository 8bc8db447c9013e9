"""The attacks that the invariants answer: a death at every call, a lost answer at every call, and the named ones."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.outside import START
from tests.simulation.system import System, config, rule
from tocsin.dispatch.delivery import MAX_TRIES
from tocsin.evaluation import window, worker
from tocsin.notification import Delivered, Failed, Failure
from tocsin.schedule.ticks import TICK

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


# -- invariants 2 and 3: ticks, samples ----------------------------------------------------------------


def test_lost_messages_lose_no_timestamp() -> None:
    system = story()
    system.tick(50).finish()  # the messages of 20, 30 and 40 never came
    assert [timestamps for _, _, timestamps in system.source.asked] == [1, 1, 4]
    system.run(300)
    assert system.told() == ["A/a fires", "A/a ended"]
    assert system.faults == []


def test_the_first_commit_of_a_tick_is_its_result() -> None:
    system = story()
    slow = system.tick(20).until("commit")  # was told that A is there
    system.source.doubt = lambda: "late"
    system.tick(20).finish()  # is told, of the same tick, that it is not
    system.source.doubt = lambda: ""
    slow.finish()
    assert system.faults == []  # the oracle folds what was committed first
    system.run(300)
    assert system.told() == ["A/a fires", "A/a ended"]
    assert system.ledger.to("web")[0].alerts[0].starts_at == START + timedelta(seconds=30)


# -- invariant 9: hand-over ----------------------------------------------------------------------------


def test_what_fired_and_resolved_inside_an_outage_pages_nobody() -> None:
    system = story()
    system.go_to(600)
    system.run(900)
    assert system.told() == []
    [gap] = system.inner.query("state", "1.0", prefix="GAP#")
    assert (gap["replayed"], gap["dropped"]) == (53, 0)
    assert system.faults == []


def test_a_replay_does_not_page_about_the_past() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_wait=10, group_interval=30))
    system.present("A", (500, True), (900, False))  # where the first chunk of the replay ends it fires
    system.tick(0).finish()
    system.tick(1500).past("commit").until("commit").crash()  # and there the worker dies
    system.go_to(1500 + 15)
    for group in system.groups():
        system.flush(group).finish()
    system.run(1800)
    assert system.told() == []
    assert system.faults == []


def test_a_shard_that_is_always_late_pages_after_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_wait=10, group_interval=30))
    system.present("A", (15, True))
    system.tick(0).finish()
    # So slow that it makes one tick of progress in each, and stays two minutes behind for ever.
    monkeypatch.setattr(window, "CHUNK", TICK)
    monkeypatch.setattr(worker, "_ROUNDS", 1)
    handed: list[int] = []
    for tick in range(12, 60):
        system.tick(10 * tick).finish()
        if system.groups() and not handed:
            handed.append(10 * tick)
    assert handed
    assert 120 + 300 <= handed[0] <= 120 + 320


# -- invariants 10 and 12: alerts and intents ----------------------------------------------------------


def test_a_zombie_cannot_raise_an_alert_that_was_pruned() -> None:
    system = story()
    zombie = system.tick(20).until("put dispatch/group")
    system.tick(20).finish()
    system.run(200)
    assert system.told() == ["A/a fires", "A/a ended"]
    zombie.finish()
    system.run(500)
    assert system.told() == ["A/a fires", "A/a ended"]


def test_an_alert_that_refires_while_its_end_is_pruned_pages() -> None:
    system = story()
    system.present("A", (185, True))
    system.tick(20).finish()
    system.go_to(31)
    system.flush().finish()
    system.tick(170).finish()
    system.go_to(191)
    flush = system.flush().until("prune")
    system.tick(190).finish()
    flush.finish()
    system.run(300)
    assert system.told() == ["A/a fires", "A/a ended", "A/a fires"]
    assert system.faults == []


def test_a_zombie_whose_claim_has_ended_sends_nothing_of_the_past() -> None:
    system = story()
    system.tick(20).finish()
    system.go_to(31)
    zombie = system.flush().until("intend")
    system.go_to(31 + 80)
    system.flush().finish()
    system.tick(170).finish()
    system.run(300)
    assert system.told() == ["A/a fires", "A/a ended"]
    zombie.finish()
    assert system.told() == ["A/a fires", "A/a ended"]


def test_the_end_of_what_was_told_before_it_was_muted_is_told() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_by=("alertname",), group_wait=10, group_interval=30))
    system.present("A", (15, True), (95, False))
    system.present("A", (65, True), instance="b")
    system.run(61)
    assert system.told() == ["A/a fires"]
    system.silence('instance="a"')
    system.run(150)  # b is told while a is muted, and a ends
    assert system.told() == ["A/a fires", "A/b fires"]
    system.unsilence()
    system.run(300)
    assert system.told() == ["A/a fires", "A/b fires", "A/a ended, A/b fires"]
    assert system.faults == []


def test_an_intent_is_repeated_to_the_letter_and_then_it_is_decided_afresh() -> None:
    system = story()
    system.tick(20).finish()
    system.go_to(31)
    system.flush().past("intend").crash()
    system.tick(170).finish()  # meanwhile it is over
    system.run(300)
    assert system.told() == ["A/a fires", "A/a ended"]
    assert [told.id for told in system.ledger.to("web")] != []


def test_a_page_that_arrived_unacknowledged_is_repeated_under_the_same_id() -> None:
    system = story()
    system.tick(20).finish()
    system.go_to(31)
    system.flush().until("log").crash()  # delivered, not logged
    system.run(200)
    ids = [told.id for _, _, told in system.ledger.sent]
    assert len(ids) == 3
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("failure", "first_word"),
    [
        (Failed(Failure.CLIENT_ERROR, retry=False), "refused for good"),
        (Failed(Failure.SERVER_ERROR, retry=True), f"refused {MAX_TRIES} times"),
    ],
    ids=["a permanent refusal", "too many tries"],
)
def test_what_nobody_takes_blocks_nothing_after_it(failure: Failed, first_word: str) -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_wait=10, group_interval=30))
    system.present("A", (15, True))
    system.present("A", (9000, True), instance="b")
    system.configure(config(group_by=(), group_wait=10, group_interval=30))
    system.ledger.answer = lambda name: failure
    system.run(8500)
    system.ledger.answer = lambda name: Delivered()
    system.run(9200)
    assert system.told() == ["A/a fires, A/b fires"], first_word
    assert system.faults == []


# -- large units ---------------------------------------------------------------------------------------


def test_a_thousand_series_shrink_and_grow_again_across_containers() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_by=("alertname",), group_wait=10, group_interval=30))
    for number in range(1000):
        times = [(15.0, True), (75.0, number % 7 == 0), (135.0, number % 2 == 0), (195.0, False)]
        system.present("A", *times, instance=f"host-{number:04d}-{number * 7919 % 1000:03d}")
    for second in range(0, 260, 10):
        system.tick(second).finish()  # each in a cold container
        for message in system.flushes.due():
            system.flushes.waiting.remove(message)
            system.container("dispatcher").on(message.body).finish()
    system.run(500)
    assert system.faults == []
    sizes = [(len(told.firing), len(told.resolved)) for told in system.ledger.to("web")]
    assert sizes[0] == (1000, 0)
    assert sizes[-1][0] == 0
    assert system.groups() == []
