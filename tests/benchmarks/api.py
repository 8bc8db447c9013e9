"""What the API costs, and how fast it is beside a real Alertmanager in the same run."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import urllib3
from aws_lambda_powertools import Logger

from tests.benchmarks.api_world import ALERTS, CONFIG, GROUPS, api, batches
from tests.differential.theirs import ALERTMANAGER, running_alertmanager
from tocsin.api.requests import Request
from tocsin.stores.counting import CountingDatabase
from tocsin.stores.memory import MemoryDatabase

_ROUNDS = 5
_REPOSITORY = Path(__file__).parents[2]
_ASKED = (
    "/api/v2/alerts",
    "/api/v2/alerts/groups",
    "/api/v2/alerts?filter=alertname%3DAlert7",
    "/api/v2/alerts?limit=100",
)


def report() -> Iterator[str]:
    """Yield the figures as lines."""
    yield from _costs()
    if ALERTMANAGER is None:
        yield "API beside Alertmanager: left out, prometheus-alertmanager is not installed"
        return
    yield from _beside()


def _costs() -> Iterator[str]:
    for size in (64, 1_000):
        database = CountingDatabase(MemoryDatabase())
        app = api(database, CONFIG, Logger("benchmark", level="ERROR"))
        for again in ("first", "repeated"):
            database.reset()
            for batch in batches(size):
                body = json.dumps(batch).encode()
                answer = app.answer(Request("POST", "/api/v2/alerts", headers=_JSON, body=body))
                assert answer.status == 200, answer
            yield f"API, POST {ALERTS:,} alerts in batches of {size}, {again}: {_cost(database)}"
    for path in _ASKED:
        database.reset()
        path, _, query = path.partition("?")
        answer = app.answer(Request("GET", path, query))
        assert answer.status == 200, answer
        yield f"API, GET {path}{'?' * bool(query)}{query}: {_cost(database)}; {len(answer.body):,} B"


_JSON = {"content-type": "application/json"}


def _cost(database: CountingDatabase) -> str:
    requests = sum(database.requests.values())
    return f"{requests:,} requests, {database.read_units:,.0f} RRU, {database.write_units:,.0f} WRU"


def _beside() -> Iterator[str]:
    with ExitStack() as stack:
        directory = stack.enter_context(TemporaryDirectory())
        theirs = stack.enter_context(running_alertmanager(Path(directory) / "am", CONFIG))
        ours = stack.enter_context(_running_api())
        pool = stack.enter_context(urllib3.PoolManager(maxsize=1))
        for size in (64, 1_000):
            bodies = [json.dumps(batch).encode() for batch in batches(size)]
            for again in ("first", "repeated"):
                yield _ratio(
                    f"POST {ALERTS:,} alerts in batches of {size}, {again}",
                    *(_seconds(partial(_post, pool, url, bodies)) for url in (ours, theirs)),
                )
        for path in _ASKED:
            seconds = [
                median(_seconds(partial(_get, pool, url + path)) for _ in range(_ROUNDS))
                for url in (ours, theirs)
            ]
            yield _ratio(f"GET {path} with {ALERTS:,} alerts in {GROUPS} groups", *seconds)


def _ratio(what: str, ours: float, theirs: float) -> str:
    return (
        f"API, {what}: {ours * 1e3:,.0f} ms, Alertmanager {theirs * 1e3:,.0f} ms: {ours / theirs:.1f} times"
    )


def _seconds(do: Callable[[], None]) -> float:
    began = perf_counter()
    do()
    return perf_counter() - began


def _post(pool: urllib3.PoolManager, url: str, bodies: list[bytes]) -> None:
    for body in bodies:
        answer = pool.request("POST", f"{url}/api/v2/alerts", body=body, headers=_JSON)
        assert answer.status == 200, answer.data


def _get(pool: urllib3.PoolManager, url: str) -> None:
    answer = pool.request("GET", url, headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    assert json.loads(answer.data)


@contextmanager
def _running_api() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.api_child"]
    process = subprocess.Popen(command, cwd=_REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait(10)
