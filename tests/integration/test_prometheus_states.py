"""Our evaluation against Prometheus': the same rule file, the same timestamps, the same states and since when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import sleep

import pytest

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tocsin.evaluation.fold import fold
from tocsin.evaluation.states import Instance, State
from tocsin.evaluation.unit import query
from tocsin.instants import instant, millis
from tocsin.labels import LabelSet
from tocsin.ports import Samples
from tocsin.rules.rule import Rule
from tocsin.rules.rulefile import parse_rule_file
from tocsin.sources.prometheus import PrometheusSource

pytestmark = [needs_prometheus, pytest.mark.prometheus]

RULES = """
groups:
  - name: states
    interval: 1s
    rules:
      - {alert: Heartbeat, expr: vector(1)}
      - {alert: Inactive, expr: level > 100}
      - {alert: AtOnce, expr: level > 5}
      - alert: Held
        expr: level > 5
        for: 3s
        labels: {severity: page, where: '{{ $labels.site }}'}
        annotations: {summary: 'level is {{ $value }}'}
      - {alert: Pending, expr: level > 5, for: 1h}
      - {alert: Kept, expr: level > 5, keep_firing_for: 4s}
      - {alert: HeldAndKept, expr: level > 5, for: 2s, keep_firing_for: 2s}
      - {alert: EachSite, expr: max by (site) (level) > 3, for: 2s}
      - {alert: Absent, expr: 'absent(level{site="north"})', for: 1s}
"""

STORY: list[tuple[float, dict[str, float | None]]] = [  # seconds to let pass, then what changes
    (4, {"north": 9.0}),
    (5, {"north": 1.0}),
    (2, {"south": 7.0}),
    (1, {"north": 6.0}),
    (1, {"north": 2.0}),
    (4, {"south": 4.0, "north": 8.0}),
    (3, {"north": None}),
    (5, {}),
]
"""Long and short enough for every rule to be pending, to fire, to be kept, to fall back before it fires."""
CLOSE_MS = 60
"""A scrape so near to an evaluation may or may not have been seen by it: another server, another phase."""


@dataclass(frozen=True)
class Seen:
    """What Prometheus wrote down: at each evaluation the state of each alert and since when it is active.

    It begins to write some evaluations after its first; `before` are those, told from the first alert's age.
    """

    before: list[datetime]
    at: list[datetime]
    states: Mapping[tuple[int, LabelSet], str]
    since: Mapping[tuple[int, LabelSet], int]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that evaluates the rules, far enough from its scrapes, through the whole story."""
    for attempt in range(8):
        directory = tmp_path_factory.mktemp(f"prometheus{attempt}")
        rules = directory / f"rules{attempt}.yml"
        rules.write_text(RULES)
        with running_prometheus(directory, rule_files=[rules]) as running:
            for site in ("north", "south"):
                running.exporter.set("level", 0.0, site=site)
            running.wait_for("ALERTS{alertname='Heartbeat'} and on() level")
            sleep(2)
            if near(running):
                continue
            for seconds, changes in STORY:
                sleep(seconds)
                for site, level in changes.items():
                    if level is None:
                        running.exporter.remove("level", site=site)
                    else:
                        running.exporter.set("level", level, site=site)
            yield running
            return
    pytest.fail("no server whose scrapes and evaluations lie apart")


def near(running: Prometheus) -> bool:
    """Tell whether scrapes and evaluations of a server are too close to tell who saw whom."""
    scrape, evaluation = (
        int(float(running.query(f"timestamp({series})")[0]["value"][1]) * 1000) % 1000
        for series in ('up{job="test"}', "ALERTS_FOR_STATE{alertname='Heartbeat'}")
    )
    apart = abs(scrape - evaluation)
    return min(apart, 1000 - apart) < CLOSE_MS


def seen(running: Prometheus) -> Seen:
    """Read back what Prometheus wrote of its alerts."""
    states: dict[tuple[int, LabelSet], str] = {}
    since: dict[tuple[int, LabelSet], int] = {}
    beats: list[int] = []
    for series in running.query("ALERTS[2m]"):
        labels = {n: v for n, v in series["metric"].items() if n not in ("__name__", "alertstate")}
        key = tuple(sorted(labels.items()))
        for at, _ in series["values"]:
            ms = round(float(at) * 1000)
            states[ms, key] = series["metric"]["alertstate"]
            if labels["alertname"] == "Heartbeat":
                beats.append(ms)
    for series in running.query("ALERTS_FOR_STATE[2m]"):
        labels = {n: v for n, v in series["metric"].items() if n != "__name__"}
        for at, value in series["values"]:
            since[round(float(at) * 1000), tuple(sorted(labels.items()))] = int(float(value))
    first, began = min((ms, began) for (ms, key), began in since.items() if ("alertname", "Heartbeat") in key)
    before = [instant(first - 1000 * back) for back in range(first // 1000 - began, 0, -1)]
    return Seen(before, [instant(ms) for ms in sorted(set(beats))], states, since)


def test_every_state_and_its_beginning_are_those_of_prometheus(server: Prometheus) -> None:
    rules = parse_rule_file(RULES, "rules.yml")
    theirs = seen(server)
    assert len(theirs.at) >= 25
    assert set(theirs.states.values()) == {"pending", "firing"}
    source = PrometheusSource(server.url)
    compared = sum(compare(rule, theirs, source) for rule in rules)
    assert compared >= 60
    for name in ("AtOnce", "Held", "Pending", "Kept", "HeldAndKept", "EachSite", "Absent"):
        assert any(dict(labels)["alertname"] == name for _, labels in theirs.states), (
            f"{name} was never active"
        )


def compare(rule: Rule, theirs: Seen, source: PrometheusSource) -> int:
    """Evaluate a rule at each of Prometheus' timestamps and compare; return how many states were equal."""
    instances: Mapping[LabelSet, Instance] = {}
    equal = 0
    for at in (*theirs.before, *theirs.at):
        [answer] = source.ask([query(rule, [at])], 5)
        assert isinstance(answer, Samples), answer
        instances = fold(rule, instances, [at], answer.at).instances
        if at in theirs.before:
            continue
        ours = {
            labels: (held.state.value, millis(held.active_at) // 1000)
            for labels, held in instances.items()
            if held.state is not State.INACTIVE
        }
        ms = millis(at)
        expected = {
            labels: (state, theirs.since[ms, labels])
            for (when, labels), state in theirs.states.items()
            if when == ms and dict(labels)["alertname"] == rule.name
        }
        assert ours == expected, f"{rule.name} at {at}"
        equal += len(ours)
    return equal


def test_one_range_query_gives_what_many_instant_ones_give(server: Prometheus) -> None:
    rules = parse_rule_file(RULES, "rules.yml")
    theirs = seen(server)
    first = theirs.at[0]
    grid = [at for at in theirs.at if (millis(at) - millis(first)) % 1000 == 0]
    source = PrometheusSource(server.url)
    for rule in rules:
        [whole] = source.ask([query(rule, grid)], 5)
        singly = source.ask([query(rule, [at]) for at in grid], 5)
        assert isinstance(whole, Samples)
        assert all(isinstance(one, Samples) for one in singly)
        step_by_step: Mapping[LabelSet, Instance] = {}
        for at, one in zip(grid, singly, strict=True):
            assert isinstance(one, Samples)
            step_by_step = fold(rule, step_by_step, [at], one.at).instances
        assert fold(rule, {}, grid, whole.at).instances == step_by_step, rule.name
