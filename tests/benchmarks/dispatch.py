"""Ten thousand alerts at once: a hundred notifications, each alert told once, and what that costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tests.benchmarks.dispatch_world import Dispatch, Effort
from tests.simulation.outside import START
from tocsin.alert import Alert
from tocsin.dispatch.posted import Posted

ALERTS, GROUPS, RULES = 10_000, 100, 10
HORIZON = timedelta(minutes=4)
"""After what time Prometheus lets an alert end that it does not repeat: four times its resend delay."""
PROMETHEUS_BATCH = 64
"""The alerts that Prometheus posts at once."""


@dataclass(frozen=True)
class Storm:
    """What taking the alerts cost, and what telling of them."""

    intake: Effort
    flushes: Effort

    def __str__(self) -> str:
        each = 1e6 / ALERTS
        return (
            f"{(self.intake + self.flushes).cost} in all; intake {self.intake.cost}; "
            f"our CPU an alert {self.intake.cpu_seconds * each:.0f} µs to take it in, "
            f"{self.flushes.cpu_seconds * each:.0f} µs to tell it"
        )


def alerts(
    region: str, rules: int = RULES, clusters: int = GROUPS // RULES, number: int = ALERTS
) -> list[Alert]:
    """Return alerts rule by rule, cluster by cluster; no two regions share a label set, nor so what is remembered."""
    each = number // (rules * clusters)
    return [
        Alert(
            {
                "alertname": f"Rule{rule}",
                "cluster": f"cluster-{cluster}",
                "instance": f"host-{host:04}.example.com:9100",
                "job": "node",
                "region": region,
                "severity": "page",
            },
            {"summary": f"host-{host:04} is down", "runbook_url": "https://runbooks.example.com/down"},
            START,
            generator_url="http://prometheus.example.com/graph?g0.expr=up",
        )
        for rule in range(rules)
        for cluster in range(clusters)
        for host in range(each)
    ]


def posted(found: Sequence[Alert], world: Dispatch) -> list[Posted]:
    """Return alerts as Prometheus posts them now."""
    ends_at = world.clock.now() + HORIZON
    return [Posted(one.labels, one.annotations, one.starts_at, ends_at, one.generator_url) for one in found]


def handed_over() -> Storm:
    """Let ten rules hand over a thousand alerts each."""
    world, found = Dispatch(), alerts("rules")
    each = ALERTS // RULES

    def work() -> None:
        for rule in range(RULES):
            world.intake.hand_over(f"unit-{rule}", 1, found[each * rule : each * (rule + 1)])

    return _told(world, world.measured(work))


def posted_by(size: int) -> Storm:
    """Let somebody post the alerts, so many at once."""
    world = Dispatch()
    found = posted(alerts(f"posts-{size}"), world)

    def work() -> None:
        for start in range(0, ALERTS, size):
            world.pushed.receive(found[start : start + size])

    return _told(world, world.measured(work))


def _told(world: Dispatch, intake: Effort) -> Storm:
    world.pass_seconds(30)
    storm = Storm(intake, world.flush())
    told = world.told()
    assert len(world.inbox.bodies) == len(dict(world.inbox.bodies)) == GROUPS
    assert len(told) == told.total() == ALERTS
    return storm


def report() -> Iterator[str]:
    """Yield the figures in words."""
    yield f"10,000 alerts in 100 groups, handed over by {RULES} rules: {handed_over()}"
    for size in (ALERTS, PROMETHEUS_BATCH):
        yield f"10,000 alerts in 100 groups, posted {size} at once: {posted_by(size)}"
