"""An hour without evaluations, for a thousand rules, and how they come back: in virtual time, against Prometheus."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tests.integration.shop import Asked, Known, Line, Shop, rules, write_inputs
from tocsin.evaluation.states import Instance, State
from tocsin.evaluation.unit import spread, unit_of
from tocsin.labels import LabelSet
from tocsin.rules.rule import Rule
from tocsin.schedule.ticks import TICK, due_between, floor_tick, ticks_between

pytestmark = [needs_prometheus, pytest.mark.prometheus]

BEFORE, OUTAGE, AFTER = timedelta(minutes=2), timedelta(hours=1), timedelta(minutes=3)
MINUTE = timedelta(minutes=1)
CHUNK = 100
SLOW = rules(range(1000), 10, MINUTE)
FAST = rules(range(1000, 1020), 1, TICK, plan={"chunk": CHUNK})
OTHER = rules(range(1000, 1005), 1, TICK, source="other")
NEW = rules(range(1010, 1020), 5, MINUTE)


@dataclass(frozen=True)
class Day:
    """A Prometheus that knows what happens, and when ticks go missing: after `gone`, until `back`."""

    server: Prometheus
    start: datetime

    @property
    def gone(self) -> datetime:
        return self.start + BEFORE

    @property
    def back(self) -> datetime:
        return self.gone + OUTAGE

    @property
    def end(self) -> datetime:
        return self.back + AFTER

    def undisturbed(self, known: Sequence[Rule], added: Sequence[Rule] = ()) -> Shop:
        """Evaluate every tick when it is due; `added` are rules that are new at the end of what is an outage else."""
        source = Known(self.server, [*known, *added], ticks_between(self.start - TICK, self.end))
        shop = Shop(self.start)
        shop.open({"prometheus": source, "other": source})
        shop.apply(known)
        shop.run(self.back - TICK)
        shop.apply(added)
        shop.run(self.end)
        return shop


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    directory = tmp_path_factory.mktemp("prometheus")
    with running_prometheus(directory, scrape_interval="1h", remote_write=True) as server:
        found = Day(server, floor_tick(datetime.now(UTC)) - BEFORE - OUTAGE - AFTER - MINUTE)
        write_inputs(server, len(SLOW) + len(FAST), found.start - MINUTE, found.end)
        yield found


# -- what must hold -------------------------------------------------------------------------------


def require_each_time_asked_once(asked: Sequence[Asked], known: Sequence[Rule], day: Day) -> None:
    """Require that every rule was asked for each time that it was due after the beginning of the outage."""
    for rule in known:
        due = due_between(day.gone, day.end, rule.interval, spread(unit_of(rule.id, rule)))
        assert [at for query in asked if query.expr == rule.expr for at in query.times] == list(due), (
            rule.name
        )


def require_on_time(asked: Sequence[Asked], day: Day) -> None:
    """Require that what was due after the outage, and was asked for one time, was asked before the next tick."""
    assert max(query.late for query in asked if query.times[0] >= day.back and len(query.times) == 1) < TICK


def require_same(shop: Shop, undisturbed: Shop) -> None:
    ours, theirs = shop.instances(), undisturbed.instances()
    unlike = {labels: (ours.get(labels), theirs.get(labels)) for labels in ours.keys() | theirs.keys()}
    assert not {labels: both for labels, both in unlike.items() if both[0] != both[1]}
    assert shop.firing() == undisturbed.firing()
    assert {held.state for held in ours.values()} >= {State.PENDING, State.FIRING}


def ranges(asked: Sequence[Asked]) -> Counter[str]:
    """Return how many range queries there were of each expression."""
    return Counter(query.expr for query in asked if len(query.times) > 1)


# -- the outages ----------------------------------------------------------------------------------


def test_a_shard_that_was_gone_for_an_hour(day: Day) -> None:
    shop = Shop(day.start)
    line = Line(shop.clock)
    source = {"prometheus": shop.source(day.server, line)}
    shop.open(source)
    shop.apply([*SLOW, *FAST])
    shop.run(day.gone)
    known, before = len(line.asked), shop.instances()
    shop.clock.advance_to(day.back - TICK)
    shop.open(source)

    shop.run(day.back + TICK)
    caught_up = ranges(line.asked[known:])
    assert 100 < len(caught_up) < 900
    require_current(shop.instances(), before, caught_up)

    shop.run(day.end)
    asked = line.asked[known:]
    assert all(ranges(asked)[rule.expr] == 1 for rule in SLOW)
    assert all(ranges(asked)[rule.expr] == OUTAGE / TICK // CHUNK + 1 for rule in FAST)
    require_each_time_asked_once(asked, [*SLOW, *FAST], day)
    require_on_time(asked, day)
    require_same(shop, day.undisturbed([*SLOW, *FAST]))


def require_current(
    now: Mapping[LabelSet, Instance], before: Mapping[LabelSet, Instance], caught_up: Mapping[str, int]
) -> None:
    """Require that dispatch knows all of the rules that have caught up, and that the others are as they were."""
    for rule in SLOW:
        own, was = ({k: v for k, v in of.items() if ("alertname", rule.name) in k} for of in (now, before))
        if rule.expr in caught_up:
            assert not any(held.outstanding for held in own.values())
        else:
            assert own == was


def test_a_source_that_was_gone_for_an_hour_holds_nobody_else(day: Day) -> None:
    shop = Shop(day.start)
    line, other = Line(shop.clock), Line(shop.clock)
    shop.open({"prometheus": shop.source(day.server, line), "other": shop.source(day.server, other)})
    some = SLOW[:200]
    shop.apply([*some, *OTHER])
    shop.run(day.gone)
    known, known_others = len(line.asked), len(other.asked)
    line.cut = True
    shop.run(day.back - TICK)
    assert ("alertname", "SourceDown") in {pair for labels in shop.firing() for pair in labels}
    shop.apply(NEW)
    line.cut = False
    shop.run(day.end)

    asked = line.asked[known:]
    assert all(ranges(asked)[rule.expr] == 1 for rule in some)
    assert not any(ranges(asked)[rule.expr] for rule in NEW)
    assert not ranges(other.asked)
    require_each_time_asked_once(asked, some, day)
    require_each_time_asked_once(other.asked[known_others:], OTHER, day)
    require_on_time(asked, day)
    assert max(query.late for query in other.asked) < TICK
    require_same(shop, day.undisturbed([*some, *OTHER], NEW))
