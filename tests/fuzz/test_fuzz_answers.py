"""Mutated answers of Prometheus, Loki and CloudWatch: nothing crashes, nothing hangs, every refusal has a reason.

`TOCSIN_FUZZ=100000 pytest tests/fuzz` mutates as many of each kind; by default 10,000. Seeds are counted up
from 0: what fails can be run again by its number.
"""

import json
import os
import random
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.unit.source_access import FakeAccess
from tocsin.instants import instant
from tocsin.ports import Answer, Query, Refused, Samples, Unanswered
from tocsin.sources import cloudwatch, cloudwatch_promql, loki, prometheus_answer
from tocsin.sources.definition import Definition

COUNT = int(os.environ.get("TOCSIN_FUZZ", "10000"))
SLOWEST_SECONDS = 10.0
AT = (1_772_366_400_000,)
RANGE = tuple(1_772_366_400_000 + 15_000 * n for n in range(4))
OF_THE_QUERY = {"bad_data", "execution", "too_large", "garbage"}
OF_THE_SOURCE = {"unanswered", "unreachable", "auth", "throttled"}

Reader = Callable[[int, bytes, Sequence[int]], Answer]
METRIC = {"__name__": "up", "instance": "db-1:9100", "job": "node", "ümlaut": "…"}


def success(kind: str, result: Any, **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more}).encode()


VECTOR = success("vector", [{"metric": METRIC, "value": [1772366400.25, "1e+03"]}] * 3, warnings=["w"])
MATRIX = success(
    "matrix", [{"metric": METRIC, "values": [[ms / 1000, "NaN"] for ms in RANGE]}] * 3, infos=["i"]
)
BODIES: Sequence[bytes] = (
    *(VECTOR, MATRIX) * 5,
    success("scalar", [1772366400, "3"]),
    success("streams", [{"stream": METRIC, "values": [["1772366400000000000", "line"]]}]),
    success(
        "vector",
        [{"metric": METRIC, "histogram": [1772366400, {"count": "1", "buckets": [[0, "1", "2", "3"]]}]}],
    ),
    success("vector", None),
    b'{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}',
    b'{"code":400,"message":"parse error at line 1","status":"error"}',
    b"parse error at line 1, col 1: syntax error",
)
STATUSES = (*(200,) * 60, 204, 301, 400, 401, 403, 404, 408, 413, 422, 429, 499, 500, 502, 503, 504)
ODD: Sequence[Any] = (
    "1",
    "a",
    1772366400,
    [1772366400, "1"],
    {"a": "b"},
    None,
    True,
    -1,
    0,
    2**70,
    1e308,
    "",
    "NaN",
    "\ud800",
    "x" * 5000,
    [],
    {},
    [[]],
    {"metric": {}},
)
SCRAPS = (b"\x00", b"\xff\xfe", b'"', b"{", b"}" * 3, b"[" * 2000, b"1e999", b"\\ud800", b"null", b"-", b",,")


def mangled(chance: random.Random, body: bytes) -> bytes:
    """Return the body with a few bytes changed, lost, doubled, moved or put in."""
    data = bytearray(body)
    for _ in range(chance.choice((1, 1, 1, 4))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randint(0, 20))
        match chance.randrange(5):
            case 0:
                data[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end] * chance.randint(1, 5)
            case 3:
                data[at:at] = chance.choice(SCRAPS)
            case 4:
                del data[at:]
    return bytes(data)


def twisted(chance: random.Random, body: bytes) -> bytes:
    """Return the body, well-formed, with something in its tree that does not belong there."""
    try:
        tree = [json.loads(body)]
    except ValueError:
        return mangled(chance, body)
    places = list(_places(tree))
    for _ in range(chance.choice((1, 1, 1, 3))):
        holder, key = chance.choice(places)
        if chance.random() < 0.2 and isinstance(holder, dict):
            holder.pop(key, None)
        elif key in holder if isinstance(holder, dict) else key < len(holder):
            holder[key] = chance.choice(ODD) if chance.random() < 0.7 else chance.choice(places)[0]
    try:
        return json.dumps(tree[0]).encode()
    except (ValueError, RecursionError):  # it holds itself by now
        return mangled(chance, body)


def _places(tree: Any) -> Any:
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in list(keys):
        yield tree, key
        yield from _places(tree[key])


def mutant(chance: random.Random, bodies: Sequence[bytes]) -> bytes:
    return chance.choice((mangled, twisted))(chance, chance.choice(bodies))


def check(answer: Answer, at: Sequence[int]) -> None:
    """Check that an answer is whole, or says why it is none."""
    if isinstance(answer, Samples):
        assert len(answer.at) == len(at)
        for sample in (sample for samples in answer.at for sample in samples):
            assert type(sample.value) is float
            json.dumps(dict(sample.labels), ensure_ascii=False).encode()
        return
    known = OF_THE_QUERY if isinstance(answer, Refused) else OF_THE_SOURCE
    assert answer.reason in known or (isinstance(answer, Unanswered) and answer.reason.startswith("http_"))
    assert 0 < len(answer.detail) <= 300


READERS: dict[str, Reader] = {
    "prometheus": prometheus_answer.read_answer,
    "loki": loki.read_answer,
    "cloudwatch_promql": cloudwatch_promql.read_answer,
}


@pytest.mark.parametrize("name", READERS)
def test_a_mutated_answer_is_read_or_refused_with_a_reason(name: str) -> None:
    seen = {"read": 0, "refused": 0}
    slowest = 0.0
    for seed in range(COUNT):
        chance = random.Random(seed)
        body, status = mutant(chance, BODIES), chance.choice(STATUSES)
        fitting = RANGE if b'"matrix"' in body else AT
        at = fitting if chance.random() < 0.9 else chance.choice((AT, RANGE))
        began = perf_counter()
        try:
            answer = READERS[name](status, body, at)
            check(answer, at)
        except Exception as error:
            raise AssertionError(f"seed {seed}: HTTP {status} {body[:500]!r}") from error
        slowest = max(slowest, perf_counter() - began)
        seen["read" if isinstance(answer, Samples) else "refused"] += 1
    assert slowest < SLOWEST_SECONDS
    assert min(seen.values()) > COUNT // 50  # mutants that all die alike would test one line
    print(f"{name}: {seen}, slowest {slowest * 1000:.1f} ms")


# -- CloudWatch, through botocore ----------------------------------------------------------------------

RESULTS = json.dumps(
    {
        "MetricDataResults": [
            {
                "Id": "m0",
                "Label": "CPUUtilization",
                "Timestamps": [ms / 1000 for ms in RANGE],
                "Values": [1.0, 2.5, 3, 4],
                "StatusCode": "Complete",
            }
        ],
        "Messages": [],
    }
).encode()
ERRORS = (
    b'{"__type":"com.amazonaws.cloudwatch#ThrottlingException","message":"Rate exceeded"}',
    b'{"__type":"InvalidParameterValue","message":"bad metric"}',
)


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], tuple[int, bytes]]], FakeAccess]:
    """Return an access whose CloudWatch client is botocore's own, with answers as they come from the wire."""

    def make(answer: Callable[[], tuple[int, bytes]]) -> FakeAccess:
        session = boto3.Session("AKID", "s3cret", region_name="us-east-1")

        def respond(request: Any, **_: Any) -> AWSResponse:
            status, body = answer()
            headers = HTTPHeaders()
            headers["content-type"] = "application/x-amz-json-1.0"
            return AWSResponse(request.url, status, headers, _Raw(body))

        def client(service: str, config: Any = None, **_: Any) -> Any:
            untyped: Any = session
            made = untyped.client(service, config=config)
            made.meta.events.register("before-send", respond)
            return made

        access = FakeAccess()
        monkeypatch.setattr(access, "client", client)
        return access

    return make


def test_a_mutated_answer_of_cloudwatch_is_read_or_refused_with_a_reason(
    answering: Callable[[Callable[[], tuple[int, bytes]]], FakeAccess],
) -> None:
    current: list[tuple[int, bytes]] = [(200, RESULTS)]
    definition = Definition("cloudwatch", "cloudwatch", {"region": "us-east-1"}, retries=0)
    source = cloudwatch.KIND.open(definition, answering(lambda: current[0]))
    plan = cloudwatch.KIND.compile('avg_over_time(CPUUtilization{namespace="AWS/EC2"}[1m]) > 1')
    query = Query("", tuple(map(instant, RANGE)), 15.0, plan)
    answers: set[str] = set()
    for seed in range(max(1, COUNT // 10)):  # botocore takes most of the time
        chance = random.Random(seed)
        current[0] = chance.choice(STATUSES), mutant(chance, (RESULTS, RESULTS, RESULTS, *ERRORS))
        try:
            [answer] = source.ask([query], 5)
            check(answer, RANGE)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {current[0]!r}") from error
        answers.add(type(answer).__name__)
    assert answers == {"Samples", "Refused", "Unanswered"}
