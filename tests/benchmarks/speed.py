"""How fast the evaluator is on a source that answers at once, and what its imports cost."""

import subprocess
import sys
from statistics import median
from time import perf_counter, process_time

from tests.benchmarks.costs import tick
from tests.direct import handler
from tests.simulation.system import System, rule
from tocsin.http import Reply, Request, Response
from tocsin.sources.prometheus import PrometheusSource

_EMPTY = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
_ONE = (
    b'{"status":"success","data":{"resultType":"vector","result":'
    b'[{"metric":{"instance":"a","job":"node"},"value":[1772366400,"1"]}]}}'
)


def rules_a_second(rules: int, *, firing: bool, ticks: int = 20) -> float:
    """Return how many rules one core evaluates a second: the whole handler, an in-process transport."""
    system = System()
    system.apply(*(rule(f"Rule{number}") for number in range(rules)))
    answer = _ONE if firing else _EMPTY

    def transport(request: Request, timeout_seconds: float) -> Reply:
        return Response(200, {}, answer)

    source = PrometheusSource("http://prometheus.invalid", transport=transport)
    evaluator = handler(system, "evaluator", system.inner, source)
    for number in range(3):
        tick(evaluator, system, 10 * number)
    began = process_time()
    for number in range(3, 3 + ticks):
        tick(evaluator, system, 10 * number)
    return rules * ticks / (process_time() - began)


def import_ms(statement: str, runs: int = 5) -> float:
    """Return how long a fresh interpreter takes for an import, less what it takes for none."""

    def once(code: str) -> float:
        began = perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return (perf_counter() - began) * 1000

    return median(once(statement) for _ in range(runs)) - median(once("pass") for _ in range(runs))
