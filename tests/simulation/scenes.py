"""Scenes that the named cases begin with."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tests.simulation.baton import Actor, Order
from tests.simulation.outside import START
from tests.simulation.recorded import Recorded
from tests.simulation.system import System, config, recording, rule
from tocsin.dispatch.config import InhibitRule
from tocsin.evaluation.records import load
from tocsin.index import read_index, settle_layout
from tocsin.instants import instant
from tocsin.labels import label_set
from tocsin.matchers import parse_matchers
from tocsin.notification import Failed, Failure
from tocsin.ports import Written
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets
from tocsin.schedule.ticks import TICK, ticks_between

FATES = [order for order in Order if order is not Order.GO]
"""What may become of a call besides its being made and answered."""
WORST = [Order.LOSE, Order.DELAY, Order.CRASH]
"""Those that leave more behind than the others; where every call of a long scene is struck."""
_READS = ("get ", "query ", "due")
MOST_CALLS = 100
"""Of a worker that comes to an end."""
BUSY = Failed(Failure.SERVER_ERROR, retry=True)
EXPLAINS = InhibitRule(parse_matchers('alertname="B"'), parse_matchers('alertname="A"'), ("instance",))
"""While B fires, nothing is told of A on the same instance."""


def one_rule(
    *changes: tuple[float, bool],
    group_by: Iterable[str] = ("alertname", "instance"),
    group_interval: float = 30,
    receivers: tuple[str, ...] = ("web",),
    digest: bool = False,
    **fields: Any,
) -> System:
    """Return a system with rule A, whose series `a` changes so, after its first tick; slots are 30 s apart."""
    system = System()
    system.digest = digest
    system.apply(rule("A", **fields))
    system.configure(config(group_by=group_by, group_interval=group_interval, receivers=receivers))
    system.present("A", *changes)
    system.run(0)
    return system


def settle(system: System, until: float) -> list[str]:
    """Let everything happen as it should; return what was told, once the oracle has nothing to object."""
    system.run(until)
    assert not system.faults, system.faults
    assert_due(system)
    return system.told()


def assert_due(system: System) -> None:
    """See that every group that holds an alert is due some time."""
    holding = {
        item["pk"]
        for item in system.items("dispatch")
        if str(item["pk"]).startswith("group.") and str(item["sk"]).startswith("W#") and "alerts" in item
    }
    assert holding <= set(system.groups()), f"{holding} hold alerts, only {system.groups()} are due"


def outage(system: System, until: float) -> None:
    """Let time pass with no evaluator at work."""
    system.ticks.waiting.clear()
    system.go_to(until)


def divide(system: System, shards: int) -> None:
    """Put another layout in force."""
    system.shards = shards
    settle_layout(system.inner, read_index(system.inner), shards)


def stored(system: System) -> dict[str, Any]:
    """Return every instance that is stored, by unit, but for its value."""
    records = load(system.inner, Buckets(0, BUCKETS))
    return {
        unit: {labels: replace(held, value=0) for labels, held in record.instances.items()}
        for unit, record in records.items()
        if record.instances
    }


def gaps(system: System) -> list[tuple[float, float, Any, Any]]:
    """Return the gaps on record: from when to when, in seconds, how many ticks replayed and dropped."""
    found = [item for item in system.items("state") if str(item["sk"]).startswith("GAP#")]
    return [
        (_second(item["start"]), _second(item["end"]), item["replayed"], item["dropped"]) for item in found
    ]


def _second(ms: Any) -> float:
    return (instant(ms) - START).total_seconds()


def believed(system: System, receiver: str = "web") -> dict[str, set[str]]:
    """Return what a receiver believes to fire: each alert with the groups whose last word says so."""
    last: dict[tuple[str, str], bool] = {}
    for notification in system.ledger.to(receiver):
        for alert in notification.alerts:
            name = f"{alert.name}/{alert.labels['instance']}"
            last[name, notification.group_key] = not alert.resolved(notification.at)
    found: dict[str, set[str]] = {}
    for (name, group), fires in last.items():
        if fires:
            found.setdefault(name, set()).add(group)
    return found


def flush_all(system: System) -> None:
    """Flush every group that is due."""
    for group in system.groups():
        system.flush(group).finish()


def race(rng: random.Random, workers: Sequence[Actor]) -> None:
    """Let the workers go on in turns until all have come to their end."""
    while running := [worker for worker in workers if not worker.done]:
        rng.choice(running).step()
    assert [worker.failure for worker in workers] == [None] * len(workers)


def befall(system: System, worker: Actor, order: Order) -> None:
    """Let a call go wrong, let its worker go on if it can, let what is late arrive."""
    worker.end(order)
    system.clock.sleep(5)
    for write in system.underway:
        write.arrive()


def standing(
    scene: Callable[[], tuple[System, Actor]], *, reads: bool = False
) -> Iterator[tuple[System, Actor]]:
    """Yield, each time in a new scene, a worker that stands at its next call.

    Those that only read are passed over if not asked for: to die there is to die after the write before.
    """
    call = 0
    while call < MOST_CALLS:
        system, worker = scene()
        worker.calls(call)
        while not (worker.done or reads) and worker.at.startswith((*_READS, "ask")):
            worker.step()
            call += 1
        if worker.done:
            return
        yield system, worker
        call += 1
    raise AssertionError("a worker that never ends")


def played_otherwise(order: Order, at: str) -> bool:
    """Tell whether a fate is the same as another: to a read a lost, late or repeated answer is an interruption."""
    return at.startswith(_READS) and order in (Order.LOSE, Order.AGAIN, Order.DELAY)


def everywhere(order: Order, scene: Callable[[], tuple[System, Actor]], until: float, told: list[str]) -> int:
    """Let each call of a worker go wrong in turn, and see what is told in the end; return how many there were."""
    for call in range(100):
        system, worker = scene()
        if worker.calls(call).done:
            return call
        if played_otherwise(order, worker.at):
            continue
        at = f"{order.name} at call {call}, {worker.at}"
        befall(system, worker, order)
        assert settle(system, until) == told, at
        assert len({page.id for _, _, page in system.ledger.sent}) == len(told), at
    raise AssertionError("a worker that never ends")


def ending() -> System:
    """Return a system in which a group is due that is to be told of an end."""
    system = one_rule((5, True), (35, False))
    system.run(49)
    system.go_to(50)
    return system


def inhibited(*source: tuple[float, bool], group_interval: float = 30) -> System:
    """Return a system in which A fires from 5 s on, B as it is said, and B explains A."""
    system = System()
    system.apply(rule("A"), rule("B"))
    system.configure(config(inhibit_rules=[EXPLAINS], group_interval=group_interval))
    system.present("A", (5, True))
    system.present("B", *source)
    system.run(0)
    return system


def posted(*alerts: tuple[str, float]) -> System:
    """Return a system to which alerts have been posted: each one's name and when it ends."""
    system = System()
    system.configure(config())
    for name, ends in alerts:
        system.post(name, ends).finish()
    return system


def of_a(system: System) -> list[str]:
    """Return what was told, but of alerts that are there to inhibit."""
    return [text for text in system.told() if text.startswith("A/")]


def group_of(system: System, name: str) -> str:
    """Return the one group that is due and whose key has a name in it."""
    keys = {str(i["pk"]): str(i["key"]) for i in system.items("dispatch") if i["sk"] == "META" and "key" in i}
    [found] = [group for group in system.groups() if f'"{name}"' in keys[group]]
    return found


# -- rules that record ------------------------------------------------------------------------------

COUNTED = recording("counted", "counted counted of X", 0, "counted")
COPIED = recording("copied", "recorded counted", 1, "counted")
READS = rule("R", expr="recorded copied", group="recording", position=2, reads=("copied",))
ELSEWHERE = rule("S", expr="recorded copied too", reads=("copied",))
CHAIN = (COUNTED, COPIED, READS, ELSEWHERE)
"""One counts its own evaluations, the next copies it, one of its group and one elsewhere alert on the copy."""


def chained(*changes: tuple[float, bool]) -> System:
    """Return a system of the chain, whose first series `a` changes so, after its first tick."""
    system = System()
    system.apply(*CHAIN)
    system.configure(config())
    system.present("X", *changes)
    system.run(0)
    return system


def undisturbed(system: System) -> dict[Any, Any]:
    """Return what the chain records if every tick comes on time, each rule after those that it reads."""
    store = Recorded()
    known: dict[str, set[Any]] = {}
    first = min(found.at for found in system.oracle.results if found.alert == COUNTED.name)
    for at in ticks_between(first - TICK, system.oracle.cursors[COUNTED.id]):
        for wanted in (COUNTED, COPIED):
            samples = system.source.true(wanted.expr, at, store)
            series = {
                label_set({**sample.labels, "__name__": wanted.name}): sample.value for sample in samples
            }
            ended = dict.fromkeys(known.get(wanted.name, set()) - series.keys(), None)
            store.put([Written(dict(labels), value, at) for labels, value in {**series, **ended}.items()])
            known[wanted.name] = set(series)
    return _meant(store)


def recorded(system: System) -> dict[Any, Any]:
    """Return what the chain has recorded."""
    return _meant(system.recorded)


def _meant(store: Recorded) -> dict[Any, Any]:
    """Return the samples of the chain's series but for ends of what has ended.

    A worker whose state is newer than its HEAD may write such an end, before its commit is refused.
    """
    found: dict[Any, Any] = {}
    for labels, points in store.of(COUNTED.name, COPIED.name).items():
        values = [None, *points.values()]
        meant = [
            (at, value)
            for (at, value), before in zip(points.items(), values, strict=False)
            if not value is before is None
        ]
        found |= {labels: dict(meant)} if meant else {}
    return found
