"""CloudWatch's Prometheus-compatible API as a source."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

from tests.unit.source_access import FakeAccess
from tocsin.expressions import ExpressionError
from tocsin.http import Response
from tocsin.ports import Answer, Query, Refused, Samples, Unanswered
from tocsin.sources.cloudwatch_promql import KIND, read_answer
from tocsin.sources.definition import Definition

AT = (1_772_366_400_000,)
RANGE = (1_772_366_400_000, 1_772_366_460_000)
CUT = ["result truncated to the maximum of 500 series; refine the query or use the limit parameter"]


def vector(series: int, **more: Any) -> bytes:
    result = [{"metric": {"i": str(i)}, "value": [1772366400.0, "42"]} for i in range(series)]
    return json.dumps(
        {"status": "success", "data": {"resultType": "vector", "result": result}, **more}
    ).encode()


def matrix(series: int, **more: Any) -> bytes:
    result = [{"metric": {"i": str(i)}, "values": [[1772366400.0, "42"]]} for i in range(series)]
    return json.dumps(
        {"status": "success", "data": {"resultType": "matrix", "result": result}, **more}
    ).encode()


def test_a_request_is_signed_for_monitoring_in_its_region_and_has_what_cloudwatch_knows() -> None:
    access = FakeAccess([Response(200, {}, vector(1)), Response(200, {}, matrix(1))])
    definition = Definition(
        "aws", "cloudwatch_promql", {"region": "eu-west-1", "role_arn": "", "external_id": ""}
    )
    source = KIND.open(definition, access)
    now = access.clock.now()
    two = Query("{a}", (now, now + timedelta(minutes=1)), 60.0)
    answers = source.ask([Query("{a}", (now,), 60.0), two], 5)
    assert [type(answer) for answer in answers] == [Samples, Samples]
    first, second = access.requests
    assert first.url == "https://monitoring.eu-west-1.amazonaws.com/api/v1/query"
    assert second.url == "https://monitoring.eu-west-1.amazonaws.com/api/v1/query_range"
    assert "/eu-west-1/monitoring/aws4_request" in first.headers["Authorization"]
    assert b"timeout" not in first.body
    assert b"nocache" not in second.body


def test_it_signs_as_the_role_that_is_named() -> None:
    access = FakeAccess([Response(200, {}, vector(0))], credentials=Credentials("ROLE", "s", "t"))
    role = "arn:aws:iam::123456789012:role/reader"
    settings = {"region": "us-east-1", "role_arn": role, "external_id": "x"}
    KIND.open(Definition("aws", "cloudwatch_promql", settings), access).ask(
        [Query("{a}", (access.clock.now(),), 60.0)], 5
    )
    assert (role, "x", "us-east-1") in access.sessions
    assert "Credential=ROLE/" in access.requests[0].headers["Authorization"]


@pytest.mark.parametrize(
    ("body", "at"),
    [(vector(500, warnings=CUT), AT), (matrix(500, warnings=CUT), RANGE)],
    ids=["vector", "matrix"],
)
def test_part_of_an_answer_is_none(body: bytes, at: tuple[int, ...]) -> None:
    answer = read_answer(200, body, at)
    assert isinstance(answer, Refused)
    assert answer.reason == "too_large"


@pytest.mark.parametrize(
    "body", [vector(500), vector(3, warnings=["deprecated"])], ids=["all there are", "another warning"]
)
def test_a_whole_answer_is_one_whatever_else_it_says(body: bytes) -> None:
    assert isinstance(read_answer(200, body, AT), Samples)


def error(kind: str, text: str) -> bytes:
    return json.dumps({"status": "error", "errorType": kind, "error": text}).encode()


ANSWERS: dict[str, tuple[int, bytes, Answer]] = {
    "more than 300 a second": (
        422,
        error("execution", "Rate exceeded"),
        Unanswered("Rate exceeded", "throttled"),
    ),
    "more than 30 at once": (429, b"", Unanswered("HTTP 429", "throttled")),
    "too long a range": (
        422,
        error("execution", "more than 7 days"),
        Refused("execution", "more than 7 days"),
    ),
    "no right to": (403, b'{"message":"not authorized"}', Unanswered("HTTP 403", "auth")),
}


@pytest.mark.parametrize(("status", "body", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_a_refusal_has_one_of_a_few_reasons(status: int, body: bytes, answer: Answer) -> None:
    assert read_answer(status, body, AT) == answer


def test_names_in_opentelemetrys_style_are_promql() -> None:
    KIND.compile('sum by ("@resource.service.name") ({"http.server.active_requests"}) > 10')
    with pytest.raises(ExpressionError, match="could not parse"):
        KIND.compile("http.server.active_requests > 10")
