"""How fast the evaluator is on a source that answers at once, and what its imports cost."""

import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

from tests.benchmarks.costs import tick
from tests.direct import handler
from tests.simulation.system import System, rule
from tocsin.http import Reply, Request, Response
from tocsin.sources.prometheus import PrometheusSource

_PEAK = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
"""Prints the most memory that the process has held, in KB; what `getrusage` says is inherited from who started it."""
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


@dataclass(frozen=True)
class Import:
    """What an import costs a fresh interpreter beyond its own start."""

    ms: float
    mb: float

    def __str__(self) -> str:
        return f"{self.ms:.0f} ms, {self.mb:.0f} MB"


def import_cost(statement: str, runs: int = 5) -> Import:
    """Return what an import costs a fresh interpreter, less what it takes for none."""
    some, none = ([_run(code) for _ in range(runs)] for code in (statement, "pass"))
    return Import(
        median(run.ms for run in some) - median(run.ms for run in none),
        median(run.mb for run in some) - median(run.mb for run in none),
    )


def _run(code: str) -> Import:
    told = f"{code}\n{_PEAK}"
    began = perf_counter()
    ended = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return Import((perf_counter() - began) * 1000, float(ended.stdout) / 1024)
