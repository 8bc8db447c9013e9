"""What a group of firing alerts costs that has nothing new to say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from tests.benchmarks.costs import Cost, Counted
from tests.benchmarks.dispatch import HORIZON, PROMETHEUS_BATCH, alerts, posted
from tests.benchmarks.dispatch_world import Dispatch
from tests.simulation.system import config, rule

_SERIES = 100
_HOUR_SECONDS = 3600
_BEFORE, _MINUTES = 12, 60
"""After so many minutes all has been told; then it is measured."""


def of_rules() -> float:
    """Return how many requests an hour of a rule's firing group costs beyond the ticks where nothing fires."""
    return _hour(firing=True).total - _hour(firing=False).total


def _hour(*, firing: bool) -> Cost:
    counted = Counted()
    counted.system.apply(rule("Big"))
    counted.system.configure(config(group_by=("alertname",), repeat_interval=2 * _HOUR_SECONDS))
    for number in range(_SERIES):
        counted.system.present("Big", (5, firing), instance=f"host-{number}")
    begins, spent = 120, Cost({}, 0, 0)
    for seconds in range(0, begins + _HOUR_SECONDS, 10):
        cost = counted.tick(seconds) + counted.flush()
        if seconds >= begins:
            spent += cost
    assert len(counted.system.ledger.sent) == firing
    return spent


@dataclass(frozen=True)
class Repeated:
    """What it costs in the mean that somebody posts 64 alerts again every minute, idle flushes included."""

    a_post: Cost
    a_horizon: Cost

    def __str__(self) -> str:
        return f"a POST of {PROMETHEUS_BATCH} {self.a_post}; a horizon of 4 min {self.a_horizon}"


def of_posts(groups: int) -> Repeated:
    """Return what an hour of alerts in so many groups costs that Prometheus posts again every minute."""
    world = Dispatch()
    found = alerts(f"quiet-{groups}", groups, 1, PROMETHEUS_BATCH)
    spent = Cost({}, 0, 0)
    for minute in range(_BEFORE + _MINUTES):
        effort = world.measured(lambda: world.pushed.receive(posted(found, world)))
        cost = effort.cost + world.flush().cost
        if minute >= _BEFORE:
            spent += cost
        world.pass_seconds(60)
    assert len(world.inbox.bodies) == groups
    return Repeated(spent.over(_MINUTES), spent.over(_MINUTES * timedelta(minutes=1) / HORIZON))


def report() -> Iterator[str]:
    """Yield the figures in words."""
    requests = of_rules()
    assert requests == 0
    yield f"an hour of a firing group of a rule's, nothing new: {requests:g} requests"
    for groups in (1, PROMETHEUS_BATCH):
        yield f"posted again each minute, {PROMETHEUS_BATCH} alerts in {groups} groups: {of_posts(groups)}"
