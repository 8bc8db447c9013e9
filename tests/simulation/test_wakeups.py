"""What wakes a group: every row of the table in docs/architecture.md, as a scene.

Each is played as it should go; then with every call of whoever brings the news struck in every way; then with the
news falling between any two calls of a flush.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tests.simulation.baton import Actor, Order
from tests.simulation.scenes import (
    EXPLAINS,
    FATES,
    WORST,
    assert_due,
    befall,
    group_of,
    inhibited,
    of_a,
    one_rule,
    posted,
    standing,
)
from tests.simulation.system import System, config, rule
from tocsin.dispatch.config import Config
from tocsin.notification import Delivered, Failed, Failure

FIRES, ENDED = "A/a fires", "A/a ended"
BEGUN, OVER = "B/a fires", "B/a ended"
CREW = config(receiver="crew")


@dataclass(frozen=True)
class Row:
    """A scene until some news, who brings it, and what is told of A from then until all is quiet.

    `when` is at which second the last of it is told; `flush` is when a flush is under way that the news may fall
    into without changing what that flush would tell.
    """

    scene: Callable[[], System]
    at: float
    news: Callable[[System], Actor]
    told: Sequence[str]
    when: float
    before: Sequence[str] = field(default=())
    flush: float | None = None
    late: float = 150
    """How much later it may be told if somebody dies: a claim, a sweep and a slot."""


def fires_and_ends() -> System:
    return one_rule((5, True), (35, False))


def refires() -> System:
    return one_rule((5, True), (35, False), (65, True))


def silenced(seconds: float = 3600) -> System:
    system = one_rule((5, True))
    system.silence('alertname="A"', seconds)
    return system


def inhibited_by_what_is_posted(ends: float) -> System:
    system = one_rule((5, True))
    system.configure(config(inhibit_rules=[EXPLAINS]))
    system.post("B", ends).finish()
    return system


def busy_until(seconds: float) -> System:
    system = one_rule((5, True))
    busy = Failed(Failure.SERVER_ERROR, retry=True)
    system.ledger.answer = lambda name, told: busy if system.clock.seconds < seconds else Delivered()
    return system


def rerouted(wanted: Config = CREW) -> Callable[[System], Actor]:
    def news(system: System) -> Actor:
        system.configure(wanted)
        return system.tick()

    return news


def deleted(system: System) -> Actor:
    system.apply(deleted=[rule("A")])
    return system.tick()


def relabelled(system: System) -> Actor:
    system.relabel(rule("A"), severity="page")
    return system.tick()


def rerouted_and_swept(system: System) -> Actor:
    system.configure(CREW)
    return system.minute()


def lost(system: System) -> Actor:
    system.flushes.waiting.clear()
    return system.minute()


def tick(system: System) -> Actor:
    return system.tick()


def flush(system: System) -> Actor:
    return system.flush()


def flush_of_a(system: System) -> Actor:
    return system.flush(group_of(system, "A"))


def posted_as_a(ends: float) -> Callable[[], System]:
    return lambda: posted(("A", ends))


def one_rule_of(wanted: Config) -> System:
    system = one_rule((5, True))
    system.configure(wanted)
    return system


def armed() -> System:
    system = one_rule((5, True))
    system.tick(10).finish()
    system.flushes.waiting.clear()
    system.ticks.waiting.clear()
    return system


def people(system: System) -> Actor:
    return system.baton.start("people", lambda: system.silence('alertname="A"', 20))


ROWS: dict[str, Row] = {
    "an alert fires: after group_wait": Row(fires_and_ends, 10, tick, [FIRES, ENDED], 50),
    "an alert ends: at the next slot": Row(fires_and_ends, 40, tick, [ENDED], 50, [FIRES], 20),
    "an alert fires again: at the next slot": Row(refires, 70, tick, [FIRES], 80, [FIRES, ENDED]),
    "an alert is posted: after group_wait, at once if it is old": Row(
        posted, 30, lambda system: system.post("A", 4000), [FIRES], 30
    ),
    "a posted alert ends: at the next slot": Row(
        posted_as_a(4000), 65, lambda system: system.post("A", 64), [ENDED], 70, [FIRES], 40
    ),
    "the end of a posted alert comes: at the first slot": Row(
        posted_as_a(75), 100, flush, [ENDED], 100, [FIRES]
    ),
    "a silence ends by itself: at once": Row(lambda: silenced(47), 47, flush, [FIRES], 47),
    "repeat_interval passes": Row(
        lambda: one_rule_of(config(repeat_interval=150)), 200, flush, [FIRES], 200, [FIRES]
    ),
    "the time of the next try comes": Row(lambda: busy_until(40), 42, flush, [FIRES], 42),
    "a silence is expired: at once": Row(silenced, 47, lambda system: system.waker(), [FIRES], 47, (), 20),
    "the last inhibiting source ends: at the next slot": Row(
        lambda: inhibited((5, True), (35, False)), 40, tick, [FIRES], 50, (), 20
    ),
    "the end of an inhibiting source that was posted comes: at the first slot": Row(
        lambda: inhibited_by_what_is_posted(47), 50, flush_of_a, [FIRES], 50
    ),
    "the configuration changes: ended here, begun there": Row(
        lambda: one_rule((5, True)), 40, rerouted(), [ENDED, FIRES], 50, [FIRES], 20
    ),
    "the configuration changes, of what was posted: with the sweep": Row(
        posted_as_a(4000), 120, rerouted_and_swept, [ENDED, FIRES], 130, [FIRES]
    ),
    "a rule is deleted: its manifest": Row(
        lambda: one_rule((5, True)), 40, deleted, [ENDED], 50, [FIRES], 20
    ),
    "a rule is relabelled: its manifest": Row(
        lambda: one_rule((5, True)), 40, relabelled, ["A/a ended, A/a fires"], 50, [FIRES]
    ),
    "a silence starts: nothing": Row(
        lambda: one_rule((5, True)), 40, lambda system: people(system), [], 40, [FIRES], 20
    ),
    "a source fires: nothing": Row(lambda: inhibited((35, True), (4000, False)), 40, tick, [], 40, [FIRES]),
    "a message is lost: the sweep": Row(armed, 60, lost, [FIRES], 60),
}


EVERY_FATE = {
    "a posted alert ends: at the next slot",
    "the last inhibiting source ends: at the next slot",
}
"""Rows whose every call goes wrong in every way; in the others in the ways that leave most behind."""


def begun(row: Row, until: float) -> System:
    """Play a row's scene until shortly before a time."""
    system = row.scene()
    system.run(until - 0.5)
    system.go_to(until)
    return system


def check(row: Row, system: System, until: float, at: str = "") -> None:
    """See that all was told by a time, each notification once."""
    system.run(until)
    assert_due(system)
    assert sorted(of_a(system)) == sorted([*row.before, *row.told]), at
    told = [page for _, _, page in system.ledger.sent if page.alerts[0].name == "A"]
    assert len({page.id for page in told}) == len(row.before) + len(row.told), at


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_news_is_told_in_time(row: Row) -> None:
    system = begun(row, row.at)
    assert of_a(system) == list(row.before)
    row.news(system).finish()
    check(row, system, row.when)
    seconds = [second for second, _, page in system.ledger.sent if page.alerts[0].name == "A"]
    assert not row.told or seconds[-1] == row.when


STRUCK = {
    f"{name}, {order.name.lower()}": (row, order)
    for name, row in ROWS.items()
    for order in (FATES if name in EVERY_FATE else WORST)
}


@pytest.mark.parametrize(("row", "order"), STRUCK.values(), ids=STRUCK)
def test_the_news_is_told_once_whatever_becomes_of_a_call_of_who_brings_it(row: Row, order: Order) -> None:
    def scene() -> tuple[System, Actor]:
        system = begun(row, row.at)
        return system, row.news(system)

    for system, worker in standing(scene):
        at = worker.at
        befall(system, worker, order)
        if worker.name in ("api", "people", "waker"):
            row.news(system).finish()  # Whoever got no answer asks again.
        check(row, system, row.when + row.late, f"{order.name} at {at}")


IN_A_FLUSH = {name: row for name, row in ROWS.items() if row.flush is not None}


def flushed(row: Row, at: float) -> Callable[[], tuple[System, Actor]]:
    def scene() -> tuple[System, Actor]:
        system = begun(row, at)
        return system, flush_of_a(system)

    return scene


@pytest.mark.parametrize("row", IN_A_FLUSH.values(), ids=IN_A_FLUSH)
def test_news_that_falls_into_a_flush_is_told(row: Row) -> None:
    for system, worker in standing(flushed(row, row.flush or 0), reads=True):
        at = worker.at
        system.clock.sleep(row.at - (row.flush or 0))
        row.news(system).finish()
        worker.finish()
        check(row, system, row.when + row.late, at)


@pytest.mark.parametrize("order", WORST, ids=lambda order: order.name.lower())
def test_an_inhibited_alert_is_heard_whatever_becomes_of_the_flush_that_fell_asleep(order: Order) -> None:
    row = ROWS["the last inhibiting source ends: at the next slot"]
    for system, worker in standing(flushed(row, 20)):
        at = worker.at
        befall(system, worker, order)
        check(row, system, row.when + row.late, at)
