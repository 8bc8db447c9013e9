"""Loki as a source: what is asked, and what its answers mean."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from tocsin.expressions import ExpressionError
from tocsin.http import Reply, Request, Response
from tocsin.ports import Answer, Query, Refused, Sample, Samples, Unanswered
from tocsin.sources.loki import KIND, dialect, read_answer
from tocsin.sources.prometheus import PrometheusSource

T0 = datetime(2026, 3, 1, 12, 0, 17, tzinfo=UTC)
AT = (1_772_366_417_000,)
RANGE = (1_772_366_417_000, 1_772_366_477_000)
EXPR = 'sum by (app) (count_over_time({env="prod"} |= "panic" [1m])) > 3'


def success(kind: str, result: Any) -> bytes:
    data = {"resultType": kind, "result": result, "stats": {"summary": {"bytesProcessedPerSecond": 1}}}
    return json.dumps({"status": "success", "data": data}).encode()


class Loki:
    """A transport that answers with nothing and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.asked.append((request.url, form))
        return Response(200, {}, success("matrix" if "start" in form else "vector", None))


def test_an_instant_query_is_asked_in_nanoseconds_and_without_a_timeout() -> None:
    loki = Loki()
    source = PrometheusSource("http://loki:3100/", transport=loki, dialect=dialect(aligns=True))
    assert source.ask([Query(EXPR, (T0,), 60.0)], 5) == [Samples(((),))]
    assert loki.asked == [
        ("http://loki:3100/loki/api/v1/query", {"query": EXPR, "time": "1772366417000000000"})
    ]


def test_a_range_query_is_one_only_if_loki_does_not_move_its_times() -> None:
    query = Query(EXPR, tuple(T0 + timedelta(minutes=n) for n in range(3)), 60.0)
    asked = {}
    for aligns in (True, False):
        loki = Loki()
        PrometheusSource("http://loki", transport=loki, dialect=dialect(aligns=aligns)).ask([query], 5)
        asked[aligns] = [(url.rsplit("/", 1)[1], form.get("step")) for url, form in loki.asked]
    assert asked == {True: [("query", None)] * 3, False: [("query_range", "60.000")]}


def test_answers_have_the_form_of_prometheus() -> None:
    one, two = {"app": "a"}, {"app": "b"}
    body = success("vector", [{"metric": one, "value": [1772366417, "4"]}])
    assert read_answer(200, body, AT) == Samples(((Sample(one, 4.0),),))
    points = [{"metric": two, "values": [[1772366417, "1"], [1772366477.0, "2"]]}]
    assert read_answer(200, success("matrix", points), RANGE) == Samples(
        ((Sample(two, 1.0),), (Sample(two, 2.0),))
    )


@pytest.mark.parametrize(("kind", "at"), [("vector", AT), ("matrix", RANGE)])
def test_null_is_an_empty_result(kind: str, at: tuple[int, ...]) -> None:
    assert read_answer(200, success(kind, None), at) == Samples(tuple(() for _ in at))


ANSWERS: dict[str, tuple[int, bytes, Answer]] = {
    "log lines": (
        200,
        success("streams", [{"stream": {"app": "a"}, "values": [["1772366417000000000", "panic!"]]}]),
        Refused(
            "bad_data", "the query yields log lines: a rule needs numbers, e.g. count_over_time({…}[5m])"
        ),
    ),
    "a bad query, in plain text": (
        400,
        b"parse error at line 1, col 3:\n syntax error",
        Refused("bad_data", "HTTP 400: parse error at line 1, col 3: syntax error"),
    ),
    "a bad query, in JSON": (
        400,
        b'{"code":400,"message":"parse error","status":"error"}',
        Refused("bad_data", "HTTP 400: parse error"),
    ),
    "too many series": (
        400,
        b"maximum of series (500) reached for a single query",
        Refused("bad_data", "HTTP 400: maximum of series (500) reached for a single query"),
    ),
    "too many queries": (
        429,
        b"too many outstanding requests",
        Unanswered("HTTP 429: too many outstanding requests", "throttled"),
    ),
    "no tenant": (401, b"no org id", Unanswered("HTTP 401", "auth")),
    "down": (500, b"rpc error", Unanswered("HTTP 500: rpc error", "http_5xx")),
    "too slow": (504, b"context deadline exceeded", Unanswered("HTTP 504: context deadline exceeded")),
    "an error with a good status": (
        200,
        b'{"status":"error","message":"ring is empty"}',
        Unanswered("ring is empty", "http_5xx"),
    ),
    "not found": (404, b"404 page not found", Unanswered("HTTP 404: 404 page not found", "http_4xx")),
}


@pytest.mark.parametrize(("status", "body", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_what_loki_says_besides_has_one_of_a_few_reasons(status: int, body: bytes, answer: Answer) -> None:
    assert read_answer(status, body, AT) == answer


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"status":"success"}', b"{" * 100_000, b"\xff"])
def test_anything_else_is_garbage(body: bytes) -> None:
    answer = read_answer(200, body, AT)
    assert isinstance(answer, Refused)
    assert answer.reason == "garbage"


@pytest.mark.parametrize("expr", ['{app="a"}', ' ( {app="a"} |= "x" )', '{app="a"} | json'])
def test_a_query_of_logs_is_refused_when_its_rule_is_stored(expr: str) -> None:
    with pytest.raises(ExpressionError, match="yields log lines"):
        KIND.compile(expr)


@pytest.mark.parametrize("expr", [EXPR, "vector(1)", '(rate({app="a"}[1m])) > 0'])
def test_a_metric_query_is_left_to_loki(expr: str) -> None:
    KIND.compile(expr)
