"""What Prometheus answers, read with no trust in it."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ports import Answer, Refused, Sample, Samples, Unanswered
from tocsin.sources.prometheus_answer import read_answer

AT = (1_700_000_000_000,)
RANGE = (1_700_000_000_123, 1_700_000_015_123, 1_700_000_030_123)


def success(kind: str, result: Any, **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more}).encode()


def vector(metric: Any, value: Any) -> bytes:
    return success("vector", [{"metric": metric, "value": value}])


def matrix(values: Any) -> bytes:
    return success("matrix", [{"metric": {}, "values": values}])


def read(body: bytes, at: tuple[int, ...] = AT, status: int = 200) -> Answer:
    return read_answer(status, body, at)


def test_a_vector_is_its_samples_in_order() -> None:
    body = success(
        "vector",
        [
            {"metric": {"__name__": "up", "job": "b"}, "value": [1700000000, "1"]},
            {"metric": {}, "value": [1700000000, "-0.5"]},
        ],
    )
    samples = (Sample({"__name__": "up", "job": "b"}, 1.0), Sample({}, -0.5))
    assert read(body) == Samples((samples,))


def test_an_empty_vector_is_an_answer() -> None:
    assert read(success("vector", [])) == Samples(((),))


@pytest.mark.parametrize(("text", "value"), [("+Inf", math.inf), ("-Inf", -math.inf), ("1e+03", 1000.0)])
def test_values_are_text(text: str, value: float) -> None:
    assert read(success("vector", [{"metric": {}, "value": [1, text]}])) == Samples(((Sample({}, value),),))


def test_not_a_number_is_there() -> None:
    answer = read(success("vector", [{"metric": {"a": "b"}, "value": [1, "NaN"]}]))
    assert isinstance(answer, Samples)
    [[sample]] = answer.at
    assert math.isnan(sample.value)


def test_a_scalar_is_a_sample_without_labels() -> None:
    assert read(success("scalar", [1700000000, "3"])) == Samples(((Sample({}, 3.0),),))


def test_warnings_change_nothing() -> None:
    assert read(success("vector", [], warnings=["w"], infos=["i"])) == Samples(((),))


def test_points_of_a_matrix_are_put_to_their_exact_times_and_missing_ones_are_absent() -> None:
    body = success(
        "matrix",
        [
            {"metric": {"i": "1"}, "values": [[1700000000.123, "1"], [1700000030.123, "3"]]},
            {"metric": {"i": "2"}, "values": [[1700000015.123, "2"]]},
        ],
    )
    one, two = {"i": "1"}, {"i": "2"}
    assert read(body, RANGE) == Samples(((Sample(one, 1.0),), (Sample(two, 2.0),), (Sample(one, 3.0),)))


@given(
    start=st.integers(0, 4_102_444_800_000),
    step=st.integers(1, 86_400_000),
    count=st.integers(2, 50),
    present=st.sets(st.integers(0, 49)),
)
def test_every_millisecond_survives_the_way_through_json(
    start: int, step: int, count: int, present: set[int]
) -> None:
    at = tuple(start + step * n for n in range(count))
    points = [[at[n] / 1000, str(n)] for n in sorted(present) if n < count]
    answer = read(success("matrix", [{"metric": {}, "values": points}]), at)
    assert isinstance(answer, Samples)
    assert [[s.value for s in samples] for samples in answer.at] == [
        [float(n)] if n in present else [] for n in range(count)
    ]


@pytest.mark.parametrize(
    ("body", "at"),
    [
        pytest.param(b"", AT, id="nothing"),
        pytest.param(b"<html>welcome</html>", AT, id="a web page"),
        pytest.param(b"\x1f\x8b\x08\x00\xff", AT, id="compressed"),
        pytest.param(b"[" * 100_000, AT, id="nested without end"),
        pytest.param(b"1" * 10_000, AT, id="a number without end"),
        pytest.param(b"null", AT, id="null"),
        pytest.param(b"[]", AT, id="a list"),
        pytest.param(b"{}", AT, id="an empty object"),
        pytest.param(b'{"status":"perhaps"}', AT, id="an unknown status"),
        pytest.param(b'{"status":"success"}', AT, id="no data"),
        pytest.param(b'{"status":"success","data":null}', AT, id="data is null"),
        pytest.param(success("vector", None), AT, id="no result"),
        pytest.param(success("vector", [None]), AT, id="an element is null"),
        pytest.param(success("vector", [{"metric": {}}]), AT, id="no value"),
        pytest.param(vector({}, [1, 2.0]), AT, id="a value is no text"),
        pytest.param(vector({}, [1, "x"]), AT, id="a value is no number"),
        pytest.param(vector({}, ["1"]), AT, id="half a point"),
        pytest.param(vector({"a": 1}, [1, "1"]), AT, id="a label is a number"),
        pytest.param(vector({"a": None}, [1, "1"]), AT, id="a label is null"),
        pytest.param(vector(["a"], [1, "1"]), AT, id="labels are a list"),
        pytest.param(vector({"a": "\ud800"}, [1, "1"]), AT, id="half a character"),
        pytest.param(success("vector", []), RANGE, id="a vector for a range"),
        pytest.param(success("graph", []), AT, id="an unknown type"),
        pytest.param(matrix([[1700000000.2, "1"]]), RANGE, id="between times"),
        pytest.param(matrix([[1e999, "1"]]), RANGE, id="at infinity"),
        pytest.param(matrix([["a", "1"]]), RANGE, id="at no time"),
        pytest.param(
            matrix([[1700000000.123, "1"]] * 2),
            RANGE,
            id="twice at one time",
        ),
    ],
)
def test_anything_else_is_garbage(body: bytes, at: tuple[int, ...]) -> None:
    answer = read(body, at)
    assert isinstance(answer, Refused)
    assert answer.reason == "garbage"
    assert len(answer.detail) <= 300


@given(st.binary(max_size=200), st.sampled_from([AT, RANGE]))
def test_no_bytes_raise(body: bytes, at: tuple[int, ...]) -> None:
    assert isinstance(read(body, at), Refused)


_KEYS = st.sampled_from(["metric", "value", "values", "histogram", "histograms"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["vector", "scalar", "matrix", "string"]), _JSON, st.sampled_from([AT, RANGE]))
def test_no_result_raises(kind: str, result: Any, at: tuple[int, ...]) -> None:
    assert isinstance(read(success(kind, result), at), Refused | Samples)


@pytest.mark.parametrize(
    ("kind", "result", "at", "word"),
    [
        pytest.param("string", [1700000000, "text"], AT, "string", id="a string"),
        pytest.param("matrix", [], AT, "matrix", id="a range vector"),
        pytest.param("vector", [{"metric": {}, "histogram": [1, {}]}], AT, "histogram", id="a histogram"),
        pytest.param(
            "matrix", [{"metric": {}, "histograms": [[1, {}]]}], RANGE, "histogram", id="histograms"
        ),
    ],
)
def test_what_no_rule_can_use_is_the_expressions_fault(
    kind: str, result: Any, at: tuple[int, ...], word: str
) -> None:
    answer = read(success(kind, result), at)
    assert isinstance(answer, Refused)
    assert answer.reason == "bad_data"
    assert word in answer.detail


def error(kind: str, text: str = "because") -> bytes:
    return json.dumps({"status": "error", "errorType": kind, "error": text}).encode()


OF_THE_QUERY: dict[str, tuple[int, bytes, Refused]] = {
    "bad data": (400, error("bad_data", "parse error"), Refused("bad_data", "parse error")),
    "execution": (422, error("execution", "many-to-many"), Refused("execution", "many-to-many")),
    "bad data with a good status": (200, error("bad_data"), Refused("bad_data", "because")),
    "a long reason": (400, error("bad_data", "x" * 9999), Refused("bad_data", "x" * 300)),
    "400 from something else": (400, b"null", Refused("bad_data", "HTTP 400")),
    "413": (413, b"", Refused("too_large", "HTTP 413")),
    "422 of another type": (422, error("limit"), Refused("execution", "HTTP 422: limit: because")),
}

OF_THE_SOURCE: dict[str, tuple[int, bytes, Unanswered]] = {
    "a query too slow": (503, error("timeout"), Unanswered("timeout: because")),
    "canceled": (503, error("canceled"), Unanswered("canceled: because")),
    "gateway timeout": (504, b"<html>", Unanswered("HTTP 504")),
    "unavailable": (503, error("unavailable"), Unanswered("HTTP 503: unavailable: because", "http_5xx")),
    "internal": (500, error("internal"), Unanswered("HTTP 500: internal: because", "http_5xx")),
    "internal with a good status": (
        200,
        error("internal"),
        Unanswered("HTTP 500: internal: because", "http_5xx"),
    ),
    "bad gateway": (502, b"<html>Bad Gateway</html>", Unanswered("HTTP 502", "http_5xx")),
    "a result with a bad status": (500, success("vector", []), Unanswered("HTTP 500", "http_5xx")),
    "not found": (404, error("not_found"), Unanswered("HTTP 404: not_found: because", "http_4xx")),
    "no such page": (404, b"not found", Unanswered("HTTP 404", "http_4xx")),
    "elsewhere": (302, b"", Unanswered("HTTP 302", "http_3xx")),
    "throttled": (429, b"slow down", Unanswered("HTTP 429", "throttled")),
    "throttled by Mimir": (
        429,
        error("too_many_requests"),
        Unanswered("HTTP 429: too_many_requests: because", "throttled"),
    ),
    "unknown": (401, b"", Unanswered("HTTP 401", "auth")),
    "forbidden": (403, b'{"message":"token s3cret"}', Unanswered("HTTP 403", "auth")),
}


@pytest.mark.parametrize(("status", "body", "answer"), OF_THE_QUERY.values(), ids=OF_THE_QUERY)
def test_what_is_wrong_with_the_query_refuses_it(status: int, body: bytes, answer: Answer) -> None:
    assert read(body, AT, status) == answer


@pytest.mark.parametrize(("status", "body", "answer"), OF_THE_SOURCE.values(), ids=OF_THE_SOURCE)
def test_what_is_wrong_with_the_source_leaves_the_query_unanswered(
    status: int, body: bytes, answer: Answer
) -> None:
    assert read(body, AT, status) == answer


def test_a_server_that_moves_the_times_of_a_range_is_told_how_to_say_so() -> None:
    answer = read(matrix([[1700000000.0, "1"]]), RANGE)
    assert isinstance(answer, Refused)
    assert "align_queries_with_step: true" in answer.detail
