"""One Prometheus and our core beside it: the same rule files, the same series, the same evaluations.

Prometheus evaluates as time goes by. Its inputs are written before, change by change, so that it does not
matter who looks a little earlier. A second Prometheus gets the same inputs and, from our core in virtual time
at exactly the first one's times, what our rules write. Then everything that was written has to be the same,
and what the API of the first said meanwhile of values, texts and since when.
"""

import random
import signal
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tests.integration.side_by_side.comparing import require_equal
from tests.integration.side_by_side.inputs import inputs
from tests.integration.side_by_side.ours import Ours
from tests.integration.side_by_side.rulefiles import AGAIN, BEAT, RuleFile, rule_file
from tests.integration.side_by_side.snapshots import Shown, Snapshot, snapshots
from tests.integration.side_by_side.written import NOT_ENDED, Written, read
from tocsin.labels import LabelSet
from tocsin.parallel import Threads
from tocsin.ports import Backend, Stored, one_by_one
from tocsin.rules.rule import Rule
from tocsin.rules.rulefile import parse_rule_file
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.sources.prometheus import PrometheusSource

pytestmark = [needs_prometheus, pytest.mark.prometheus]

SEEDS = [f"s{number:02}" for number in range(50)]
INTERVAL_MS = 200
EVALUATIONS = 200
INPUT_SECONDS = 75
MOST_SECONDS = 900
EXTERNAL_URL = "http://prometheus.test/prometheus"
PAUSES = (1, 1, 2, 3, 5, 15)
"""For how many intervals we let Prometheus go ahead; what lies between is one pass of ours."""


@dataclass
class Run:
    """What both did, by group: the times, what was written, and the alerts at the times of the snapshots."""

    files: Mapping[str, RuleFile]
    times: dict[str, list[int]] = field(default_factory=dict)
    theirs: dict[str, Written] = field(default_factory=dict)
    ours: dict[str, Written] = field(default_factory=dict)
    alerts: dict[str, list[tuple[Snapshot, dict[LabelSet, Shown]]]] = field(default_factory=dict)
    failures: set[str] = field(default_factory=set)


# -- the run --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Let Prometheus evaluate all files, and our core the same at the same times."""
    theirs_at, ours_at = (tmp_path_factory.mktemp(name) for name in ("theirs", "ours"))
    files = {seed: rule_file(seed) for seed in SEEDS}
    done = Run(files, {seed: [] for seed in files}, alerts={seed: [] for seed in files})
    with _server(theirs_at) as theirs, _server(ours_at) as ours:
        start = datetime.now(UTC) + timedelta(seconds=2)
        for server in (theirs, ours):
            _write_inputs(server, start)
        for seed, file in files.items():
            (theirs_at / "rules" / f"{seed}.yml").write_text(file.text)
        theirs.process.send_signal(signal.SIGHUP)  # Only now: the first evaluation finds all inputs.
        _follow(done, theirs, _core(ours, files))
        for seed, times in done.times.items():
            ends = (times[0], times[-1], INTERVAL_MS)
            done.theirs[seed], done.ours[seed] = read(theirs, seed, *ends), read(ours, seed, *ends)
    return done


def _server(directory: Path) -> AbstractContextManager[Prometheus]:
    rules = directory / "rules"
    rules.mkdir()
    return running_prometheus(
        directory,
        rule_files=[rules / "*.yml"],
        interval=f"{INTERVAL_MS}ms",
        scrape_interval="1h",
        arguments=[f"--web.external-url={EXTERNAL_URL}", "--web.route-prefix=/"],
        remote_write=True,
    )


def _sink(server: Prometheus) -> RemoteWriteSink:
    return RemoteWriteSink(f"{server.url}/api/v1/write", parallel=one_by_one)


def _write_inputs(server: Prometheus, start: datetime) -> None:
    changes = [change for seed in SEEDS for change in inputs(seed, start, INPUT_SECONDS)]
    assert _sink(server).write(changes, 60) == Stored()


def _core(server: Prometheus, files: Mapping[str, RuleFile]) -> Ours:
    source = PrometheusSource(server.url, parallel=Threads(4))  # More would only get into each other's way.
    backend = Backend(source, _sink(server))
    return Ours((rule for seed, file in files.items() for rule in _rules(seed, file)), backend, EXTERNAL_URL)


def _rules(seed: str, file: RuleFile) -> Iterator[Rule]:
    for rule in parse_rule_file(file.text, f"{seed}.yml"):
        if rule.name != AGAIN:
            yield replace(rule, interval=timedelta(milliseconds=INTERVAL_MS))  # as is the server's default


def _follow(run: Run, theirs: Prometheus, core: Ours) -> None:
    """Evaluate what Prometheus has evaluated, up to where its API shows it, and keep what both think then."""
    rng = random.Random(0)
    deadline = monotonic() + MOST_SECONDS
    while min(map(len, run.times.values())) < EVALUATIONS:
        if monotonic() > deadline:
            raise TimeoutError(f"not {EVALUATIONS} evaluations of each file in {MOST_SECONDS} s")
        sleep(rng.choice(PAUSES) * INTERVAL_MS / 1000)
        shown = snapshots(theirs)
        times = _times(theirs)
        while parts := {seed: part for seed in run.files if (part := _next(run, times, shown, seed))}:
            core.evaluate(parts)
            for seed, part in parts.items():
                run.times[seed] += part
        for seed, snapshot in shown.items():
            if run.times[seed][-1:] == [snapshot.at_ms]:
                run.alerts[seed].append((snapshot, core.alerts(seed)))
    run.failures = core.failures


def _times(server: Prometheus) -> dict[str, list[int]]:
    """Return when each group was evaluated; twice the same if it was evaluated again then."""
    times: dict[str, list[int]] = {}
    for series in server.query(f"ALERTS{{alertname=~'{BEAT}|{AGAIN}'}}[1h]"):
        times.setdefault(series["metric"]["group"], []).extend(round(at * 1000) for at, _ in series["values"])
    return {seed: sorted(found) for seed, found in times.items()}


def _next(run: Run, times: Mapping[str, list[int]], shown: Mapping[str, Snapshot], seed: str) -> list[int]:
    """Return what comes next: times an interval apart, so that one query can ask for all.

    It ends where the API shows the group, else before the last time, which may not be over.
    """
    done, known = len(run.times[seed]), times.get(seed, [])
    until = shown[seed].at_ms if seed in shown else max(known[:-1], default=0)
    left = [ms for ms in known[done:EVALUATIONS] if ms <= until]
    in_step = takewhile(lambda found: found[1] == left[0] + found[0] * INTERVAL_MS, enumerate(left))
    return [ms for _, ms in in_step]


# -- the comparison -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_written_is_the_same_at_every_evaluation(run: Run, seed: str) -> None:
    for at_ms in run.times[seed]:
        theirs, ours = run.theirs[seed].get(at_ms, {}), run.ours[seed].get(at_ms, {})
        require_equal(run.files[seed], at_ms, theirs, ours)


@pytest.mark.parametrize("seed", SEEDS)
def test_states_since_when_values_and_texts_are_the_same_whenever_the_api_was_asked(
    run: Run, seed: str
) -> None:
    for snapshot, ours in run.alerts[seed]:
        require_equal(run.files[seed], snapshot.at_ms, snapshot.alerts, ours)


def test_there_was_everything_to_compare(run: Run) -> None:
    assert {len(times) for times in run.times.values()} == {EVALUATIONS}
    assert run.failures == {"duplicate", "limit", "execution"}
    written = [found for of in run.theirs.values() for at in of.values() for found in at.items()]
    assert len(written) > 100_000
    assert {dict(labels).get("alertstate") for labels, _ in written} >= {"pending", "firing", None}
    assert {value for _, value in written} >= {"NaN", "+Inf", "-0", NOT_ENDED}
    snapshots_of = [snapshot for taken in run.alerts.values() for snapshot, _ in taken]
    shown = [alert for snapshot in snapshots_of for alert in snapshot.alerts.values()]
    assert len(shown) > 100
    assert {alert.state for alert in shown} == {"pending", "firing"}
    assert len({alert.value for alert in shown}) > 10
