"""How fast rules are evaluated against a real Prometheus, beside the raw HTTP client on the same server."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from urllib.parse import urlencode

import urllib3

from tests.benchmarks.costs import tick
from tests.direct import handler
from tests.integration.prometheus_server import running_prometheus
from tests.simulation.system import System, rule
from tests.unit.evaluating import at
from tests.unit.evaluating import rule as single
from tocsin.evaluation.fold import fold
from tocsin.ports import Samples
from tocsin.rules.rule import Rule
from tocsin.sources.prometheus import PrometheusSource
from tocsin.sources.prometheus_answer import read_answer

_RULES = 500
_ROUNDS = 7


@dataclass(frozen=True)
class Pace:
    """Work a second: of one core, and of the clock on the wall."""

    a_core: float
    a_second: float


def _rules() -> list[Rule]:
    """Return rules as people have them: most quiet, some with a series or two."""
    exprs = ('up{job="test"} == 0', 'up{job="test"} == 1', "vector(1) > 2", 'absent(up{job="test"})')
    return [rule(f"Rule{number}", expr=exprs[number % len(exprs)]) for number in range(_RULES)]


def _pace(work: Callable[[int], None], each: int) -> Pace:
    paces: list[Pace] = []
    for number in range(_ROUNDS):
        wall, cpu = perf_counter(), process_time()
        work(number)
        paces.append(Pace(each / (process_time() - cpu), each / (perf_counter() - wall)))
    return Pace(median(pace.a_core for pace in paces), median(pace.a_second for pace in paces))


def rules_and_requests() -> tuple[Pace, Pace]:
    """Return how many rules the whole handler evaluates, and how many bare requests urllib3 makes of them."""
    rules = _rules()
    with TemporaryDirectory() as directory, running_prometheus(Path(directory)) as server:
        server.wait_for("up")
        system = System()
        system.apply(*rules)
        evaluator = handler(system, "evaluator", system.inner, PrometheusSource(server.url))
        for number in range(3):
            tick(evaluator, system, 10 * number)
        ours = _pace(lambda number: tick(evaluator, system, 30 + 10 * number), _RULES)
        pool = urllib3.PoolManager(maxsize=1)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        bodies = [urlencode({"query": made.expr, "time": "1772366400.000"}) for made in rules]

        def bare(_: int) -> None:
            for body in bodies:
                answer = pool.request("POST", f"{server.url}/api/v1/query", body=body, headers=form)
                assert answer.status == 200

        bare(0)
        return ours, _pace(bare, _RULES)


def series_us(series: int = 1_000) -> tuple[float, float]:
    """Return the microseconds a firing series costs from an answer's bytes to its state, and its JSON alone."""
    labels = {"__name__": "up", "job": "node", "region": "eu-west-1", "cluster": "prod-7"}
    found = [
        {"metric": labels | {"instance": f"host-{n:04}.example.com:9100"}, "value": [1772366400, "1.5"]}
        for n in range(series)
    ]
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": found}}).encode()
    made = single(hold=60, labels={"severity": "page"}, annotations={"summary": "{{ $labels.instance }}"})

    def answered() -> Samples:
        answer = read_answer(200, body, [1772366400000])
        assert isinstance(answer, Samples)
        return answer

    firing = fold(made, {}, [at(0), at(60)], answered().at * 2).instances

    def whole() -> None:
        fold(made, firing, [at(70)], answered().at)

    return _best_us(whole, series), _best_us(lambda: json.loads(body), series)


def _best_us(work: Callable[[], object], each: int) -> float:
    def once() -> float:
        began = process_time()
        work()
        return process_time() - began

    return min(once() for _ in range(50)) * 1e6 / each
