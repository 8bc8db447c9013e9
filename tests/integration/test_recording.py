"""What rules write: into a real Prometheus, read back from it by people and by the rules that come after."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tests.integration.side_by_side.ours import Ours
from tests.integration.side_by_side.written import NOT_ENDED, Written, read
from tocsin.http import SOURCE_BODY_BYTES, HttpClient, Reply, Request
from tocsin.instants import instant, millis
from tocsin.labels import LabelSet, label_set
from tocsin.ports import Backend, Stored
from tocsin.ports import Written as Sample
from tocsin.rules.rulefile import parse_rule_file
from tocsin.schedule.ticks import floor_tick
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.sources.prometheus import PrometheusSource

pytestmark = [needs_prometheus, pytest.mark.prometheus]

STEPS = 40
STEP_MS = 10_000
HIGH = {"alertname": "High", "site": "a"}
STATES = ("pending", "firing")
LEVEL: Mapping[str, Sequence[float | None]] = {
    "a": [1, 1 / 3, -0.0, 7, 8, 9, math.nan, math.inf, 1e300, 6, 6, 6, None, None, 7, 7, None, 2],
    "b": [None, 9, 9, 9, 1, None, -math.inf, 8, 8, 8, 8, 8, 5, 5, math.nan, None, 9],
}
"""What the series `level` of each site is, step by step, and then for ever."""

HEAD = """
groups:
  - name: {group}
    interval: 10s
    labels: {{group: {group}}}
    rules:
      - {{record: copied, expr: level}}
      - {{record: twice, expr: "2 * copied{{group='{group}'}}"}}
      - {{record: nothing, expr: "twice{{group='{group}'}} / 2 - on (site) copied{{group='{group}'}}"}}
"""
FORWARD = (
    HEAD
    + """
      - {{alert: High, expr: "copied{{group='{group}'}} > 5", for: 20s, keep_firing_for: 10s}}
      - {{alert: One, expr: level, labels: {{site: any}}}}
      - {{record: product, expr: "level * on (job) level"}}
"""
)
"""Rules that read what is written in the same evaluation; the last two fail where there are two series."""
BACKWARD = (
    HEAD
    + """
      - {{alert: Before, expr: "later{{group='{group}'}} > 10"}}
      - {{record: later, expr: "twice{{group='{group}'}}"}}
      - {{record: evaluations, expr: "(sum(evaluations{{group='{group}'}}) or vector(0)) + 1"}}
      - {{record: alerts, expr: "count by (alertstate) (ALERTS{{group='{group}', alertname='After'}})"}}
      - {{alert: After, expr: "twice{{group='{group}'}} > 10", for: 20s}}
"""
)
"""Rules that read what themselves or later ones wrote an evaluation before."""


class Counting:
    """A transport that counts the questions for a range and for one time, by expression."""

    def __init__(self) -> None:
        self.ranges, self.instants = Counter[str](), Counter[str]()
        self._send = HttpClient(SOURCE_BODY_BYTES, 8)

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        [expr] = parse_qs(request.body.decode())["query"]
        (self.ranges if request.url.endswith("_range") else self.instants)[expr] += 1
        return self._send(request, timeout_seconds)


@dataclass
class Recorder:
    """A Prometheus that holds the series `level`, and what evaluates groups of rules against it."""

    server: Prometheus
    times: Sequence[int]
    """In milliseconds, when the rules are evaluated."""
    asked: Counting = field(default_factory=Counting)

    def run(self, rules: str, group: str, passes: Sequence[range], *, lost: bool = False) -> Written:
        """Evaluate a group in passes, each at some of the times by number; return what there is of it when.

        With `lost` every pass is done twice, because its first worker dies before it commits.
        """
        self.asked = Counting()
        source = PrometheusSource(self.server.url, transport=self.asked)
        backend = Backend(source, RemoteWriteSink(f"{self.server.url}/api/v1/write"))
        ours = Ours(parse_rule_file(rules.format(group=group), "recording.yml"), backend, "")
        for numbers in passes:
            times = {group: [self.times[number] for number in numbers]}
            if lost:
                ours.evaluate(times, commit=False)
            ours.evaluate(times)
        found = read(self.server, group, self.times[0], self.times[-1], STEP_MS)
        return {
            ms: {_of_any_group(labels): value for labels, value in at.items()} for ms, at in found.items()
        }


def _of_any_group(labels: LabelSet) -> LabelSet:
    return tuple(pair for pair in labels if pair[0] != "group")


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    directory = tmp_path_factory.mktemp("prometheus")
    with running_prometheus(directory, scrape_interval="1h", remote_write=True) as server:
        begin = floor_tick(datetime.now(UTC) - timedelta(minutes=15))
        times = [millis(begin) + n * STEP_MS for n in range(STEPS)]
        level = [
            Sample({"__name__": "level", "site": site}, value, instant(times[0] + n * STEP_MS - 3000))
            for site, values in LEVEL.items()
            for n, value in enumerate(values)
        ]
        assert RemoteWriteSink(f"{server.url}/api/v1/write").write(level, 10) == Stored()
        yield Recorder(server, times)


LIVE = [range(n, n + 1) for n in range(STEPS)]
PASSES = {
    "live": LIVE,
    "a gap from the beginning to the end": [range(STEPS)],
    "gaps and live evaluations": [range(1), range(1, 8), *LIVE[8:10], range(10, 21), range(21, STEPS)],
}


def level_at(site: str, number: int) -> float | None:
    """Return what the series is at an evaluation."""
    values = LEVEL[site]
    return values[min(number, len(values) - 1)]


def series(name: str, **labels: str) -> LabelSet:
    return label_set({"__name__": name, **labels})


# -- live -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forward(recorder: Recorder) -> Written:
    return recorder.run(FORWARD, "forward", LIVE)


@pytest.fixture(scope="module")
def backward(recorder: Recorder) -> Written:
    return recorder.run(BACKWARD, "backward", LIVE)


@pytest.fixture
def live(recorder: Recorder, forward: Written) -> list[Mapping[LabelSet, str]]:
    """What there is at each evaluation of rules that read forward."""
    return [forward[ms] for ms in recorder.times]


@pytest.mark.parametrize("site", LEVEL)
def test_what_is_recorded_reads_back_as_it_was_and_is_stale_where_it_vanishes(
    live: Sequence[Mapping[LabelSet, str]], site: str
) -> None:
    found = [at.get(series("copied", site=site)) for at in live]
    expected = [level_at(site, number) for number in range(STEPS)]
    assert [None if text is None else repr(float(text)) for text in found] == [
        None if value is None else repr(float(value)) for value in expected
    ]


def test_a_rule_sees_what_one_before_it_recorded_in_the_same_evaluation(
    live: Sequence[Mapping[LabelSet, str]],
) -> None:
    for number, at in enumerate(live):
        for site in LEVEL:
            level = level_at(site, number)
            if level is None:
                assert series("nothing", site=site) not in at
            else:
                expected = "0" if math.isfinite(level) else "NaN"
                assert at[series("nothing", site=site)] == expected


def test_alerts_are_written_with_their_state_and_since_when_and_are_stale_once_they_end(
    recorder: Recorder, live: Sequence[Mapping[LabelSet, str]]
) -> None:
    states = ""
    for at in live[:17]:
        found = [state for state in STATES if at.get(series("ALERTS", **HIGH, alertstate=state)) == "1"]
        states += {(): ".", ("pending",): "p", ("firing",): "f"}[tuple(found)]
    assert states == "...ppffffffff.pp."
    since = [at.get(series("ALERTS_FOR_STATE", **HIGH)) for at in live[:17]]
    third, fourteenth = (str(recorder.times[n] // 1000) for n in (3, 14))
    assert since == [None] * 3 + [third] * 10 + [None] + [fourteenth] * 2 + [None]


def test_an_evaluation_that_fails_writes_nothing_and_ends_nothing(
    live: Sequence[Mapping[LabelSet, str]],
) -> None:
    for number, at in enumerate(live):
        present = [level for site in LEVEL if (level := level_at(site, number)) is not None]
        found = at[series("product")]
        assert (found == NOT_ENDED) == (len(present) > 1)
        if len(present) == 1:
            assert repr(float(found)) == repr(float(present[0] ** 2))


# -- replayed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [False, True], ids=["", "and done again"])
@pytest.mark.parametrize("passes", PASSES)
def test_what_is_replayed_is_what_would_have_been_written_live(
    recorder: Recorder, forward: Written, passes: str, lost: bool
) -> None:
    found = recorder.run(FORWARD, f"forward {passes} {lost}", PASSES[passes], lost=lost)
    assert found == forward


@pytest.mark.parametrize("passes", [name for name in PASSES if name != "live"])
def test_so_it_is_for_rules_that_read_what_later_ones_wrote(
    recorder: Recorder, backward: Written, passes: str
) -> None:
    assert recorder.run(BACKWARD, f"backward {passes}", PASSES[passes]) == backward


def test_a_gap_costs_one_range_query_a_rule(recorder: Recorder) -> None:
    rules = FORWARD.replace("on (job)", "on (site)")  # which never fails
    recorder.run(rules, "counted", [range(STEPS)])
    assert recorder.asked.ranges.total() == 6
    assert not recorder.asked.instants


def test_rules_that_read_back_are_asked_evaluation_by_evaluation(recorder: Recorder) -> None:
    found = recorder.run(BACKWARD, "stepped", [range(STEPS)])
    counts = [found[ms][series("evaluations")] for ms in recorder.times]
    assert counts == [str(number + 1) for number in range(STEPS)]
    assert not recorder.asked.ranges
