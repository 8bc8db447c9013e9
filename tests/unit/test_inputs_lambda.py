"""The input `lambda`: what a function of the user's answers, and what is said of the call itself."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody
from pydantic import ValidationError

from tests.unit.aws_answering import Answering, refusal
from tests.unit.input_running import NOON, gathered, stored
from tocsin.collection.gather import Gather
from tocsin.inputs.lambda_ import MOST_BYTES

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:check:live"


def body(answer: bytes, **more: Any) -> Mapping[str, Any]:
    """Return what an invocation answers."""
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(answer), len(answer)), **more}


def ran(answer: Any, **settings: Any) -> tuple[Gather, Answering]:
    """Run the function once."""
    access = Answering(answers={"Invoke": [answer]})
    return gathered("lambda", {"function_name": "check", **settings}, access), access


def document(*metrics: Any) -> bytes:
    """Return the metrics in our own form."""
    return json.dumps({"metrics": metrics}).encode()


def test_what_the_function_answers_are_samples() -> None:
    given = {
        "name": "queue",
        "fields": {"depth": 7, "up": True},
        "tags": {"of": "mail"},
        "time": "2026-03-01T11:00:00Z",
    }
    found, access = ran(
        body(document(given, {"name": "b", "fields": {"a": 1.5}})), payload={"a": [1]}, qualifier="live"
    )
    call, first, second = found.metrics
    assert (first.name, first.fields, first.tags) == ("queue", {"depth": 7, "up": True}, {"of": "mail"})
    assert (first.at, second.at) == (datetime(2026, 3, 1, 11, tzinfo=UTC), NOON)
    assert (call.name, call.tags) == (
        "lambda_invoke",
        {"function": "check", "qualifier": "live", "region": "us-east-1"},
    )
    assert (call.fields["result_code"], call.fields["result_type"]) == (0, "success")
    assert 0 <= float(call.fields["duration_ms"]) < 5000
    assert access.calls == [
        (
            "Invoke",
            {
                "FunctionName": "check",
                "InvocationType": "RequestResponse",
                "Payload": b'{"a": [1]}',
                "Qualifier": "live",
            },
        )
    ]


@pytest.mark.parametrize(
    ("data_format", "answer", "fields"),
    [
        ("influx", b"jobs,queue=mail waiting=7i\n", {"waiting": 7}),
        ("influx", b'"jobs waiting=7i\\njobs,bad\\n"', {"waiting": 7}),
        ("json", b'{"waiting": 7, "name": "x"}', {"waiting": 7.0}),
        ("value", b"7", {"value": 7}),
    ],
)
def test_the_answer_may_be_of_telegrafs_formats(
    data_format: str, answer: bytes, fields: dict[str, Any]
) -> None:
    found, _ = ran(body(answer), data_format=data_format)
    assert [metric.fields for metric in found.metrics[1:]] == [fields]
    assert [text.partition("line")[0] for text in found.failures] == ["check: the answer: "] * answer.count(
        b"bad"
    )


def test_a_function_is_called_in_the_region_of_its_arn_and_only_once() -> None:
    access = Answering(answers={"Invoke": [body(document())]})
    found = gathered("lambda", {"function_names": [ARN]}, access)
    assert found.metrics[0].tags == {"function": "check:live", "region": "eu-west-1"}
    [(service, region, _, config)] = access.made
    limits: Any = config
    assert (service, region, limits.retries["total_max_attempts"]) == ("lambda", "eu-west-1", 1)


FAILURE = b'{"errorMessage": "no\\nroom", "errorType": "ValueError", "stackTrace": ["s3cret"]}'


@pytest.mark.parametrize(
    ("answer", "code", "kind", "said"),
    [
        (
            body(FAILURE, FunctionError="Unhandled"),
            1,
            "function_error",
            "check: the function failed: ValueError: no room",
        ),
        (body(b"", FunctionError="Unhandled"), 1, "function_error", "check: the function failed: Unhandled"),
        (body(b"[1]", FunctionError="Handled"), 1, "function_error", "check: the function failed: Handled"),
        (
            refusal("ResourceNotFoundException", "gone"),
            2,
            "invoke_failed",
            "check: lambda: ResourceNotFoundException: gone",
        ),
        (
            EndpointConnectionError(endpoint_url="x"),
            2,
            "invoke_failed",
            "check: lambda: EndpointConnectionError",
        ),
        (ReadTimeoutError(endpoint_url="x"), 3, "timeout", "check: lambda: ReadTimeoutError"),
    ],
    ids=[
        "it raises",
        "it says nothing",
        "it says something else",
        "it is not there",
        "nobody answers",
        "it takes too long",
    ],
)
def test_a_call_that_fails_is_a_sample_too(answer: Any, code: int, kind: str, said: str) -> None:
    found, _ = ran(answer)
    [metric] = found.metrics
    assert (metric.fields["result_code"], metric.fields["result_type"]) == (code, kind)
    assert found.failures == [said]


def test_what_a_function_says_of_its_failure_is_bounded() -> None:
    long = json.dumps({"errorMessage": "x" * 5000}).encode()
    [said] = ran(body(long, FunctionError="Unhandled"))[0].failures
    assert len(said) < 250


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"null", 'expected {"metrics": [...]}'),
        (document("s3cret"), "metrics[0]: expected an object with name and fields"),
        (document({"fields": {"a": 1}}), "metrics[0].name: expected text"),
        (
            document({"name": "a", "fields": {}}),
            "metrics[0].fields: expected names with numbers, true, false or text",
        ),
        (
            document({"name": "a", "fields": {"a": None}}),
            "metrics[0].fields: expected names with numbers, true, false or text",
        ),
        (
            document({"name": "a", "fields": {"a": 1}, "tags": {"b": 1}}),
            "metrics[0].tags: expected names with text",
        ),
        (document({"name": "a", "fields": {"a": 1}, "time": "s3cret"}), "metrics[0].time: not a time"),
        (document({"name": "a", "fields": {"a": 1}, "time": 1e30}), "metrics[0].time: not a time"),
        (
            document({"name": "a", "fields": {"a": 1}, "time": True}),
            "metrics[0].time: expected RFC 3339, or seconds since 1970",
        ),
        (b" " * (MOST_BYTES + 1), f"is longer than {MOST_BYTES} bytes"),
    ],
)
def test_an_answer_that_holds_no_metrics_is_said_to(answer: bytes, said: str) -> None:
    found, _ = ran(body(answer))
    assert [metric.name for metric in found.metrics] == ["lambda_invoke"]
    assert len(found.failures) == 1
    assert said in found.failures[0]
    assert "s3cret" not in found.failures[0]


@pytest.mark.parametrize(
    ("given", "sent"), [(None, b"null"), ("[1]", b"[1]"), ({"a": "b"}, b'{"a": "b"}'), ([1, 2], b"[1, 2]")]
)
def test_a_payload_is_sent_as_json(given: Any, sent: bytes) -> None:
    _, access = ran(body(document()), payload=given)
    assert access.calls[0][1]["Payload"] == sent


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "expected function_name or function_names"),
        ({"function_name": "a", "function_names": ["b"]}, "expected function_name or function_names"),
        ({"function_name": "a b"}, "expected the name or the ARN of a function"),
        ({"function_name": "a", "payload": "s3cret"}, "expected JSON in payload"),
        ({"function_name": "a", "data_format": "xml"}, "expected one of influx, json, metrics"),
    ],
)
def test_settings_that_are_wrong_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        stored("lambda", settings)
    assert "s3cret" not in str(caught.value)
