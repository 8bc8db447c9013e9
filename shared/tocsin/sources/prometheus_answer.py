"""What Prometheus answers, read with no trust in it."""

import json
from collections.abc import Sequence
from typing import Any

from tocsin.labels import Labels
from tocsin.ports import Answer, Refused, Sample, Samples, Unanswered

DETAIL_CHARS = 300
_LATE = frozenset({"timeout", "canceled"})
_NOT_ASKED_FOR = (
    "a point at a time that was not asked for, or twice; a server that moves start and end to multiples of step "
    "needs align_queries_with_step: true in its definition"
)


class GarbageError(ValueError):
    """The answer is not what the HTTP API of Prometheus answers."""


def read_answer(status: int, body: bytes, at_ms: Sequence[int]) -> Answer:
    """Return the samples at `at_ms`, or why there are none.

    One timestamp is an instant query's answer (a vector or a scalar), several are a range query's (a matrix).
    Values come as they are, NaN included: an element of a vector counts by being there. Warnings and infos
    change nothing, as in Prometheus' own rules.
    """
    if status in (401, 403):
        return by_status(status)
    try:
        document = parse(body)
        if document["status"] != "success":
            return _refusal(status, document)
        if status // 100 == 2:
            return read_result(document["data"], at_ms)
    except NOT_AS_EXPECTED as error:
        if status // 100 == 2:
            return garbage(error)
    return by_status(status)


NOT_AS_EXPECTED = (LookupError, TypeError, AttributeError, ValueError, OverflowError, RuntimeError)
"""What reading an answer raises that has not the form it should have."""


def garbage(error: Exception) -> Refused:
    """Return what reading an answer that has not the form it should have comes to."""
    return Refused("garbage", f"not an answer to a query: {type(error).__name__}: {error}"[:DETAIL_CHARS])


def by_status(status: int, detail: str = "") -> Refused | Unanswered:
    """Return what a status means: something about the query (400, 413, 422), or about the source."""
    text = f"HTTP {status}: {detail}"[:DETAIL_CHARS] if detail else f"HTTP {status}"
    match status:
        case 400:
            return Refused("bad_data", text)
        case 413:
            return Refused("too_large", text)
        case 422:
            return Refused("execution", text)
        case 401 | 403:
            return Unanswered(f"HTTP {status}", "auth")  # what such an answer says may be secret
        case 408 | 499 | 504:
            return Unanswered(text)
        case 429:
            return Unanswered(text, "throttled")
    return Unanswered(text, f"http_{status // 100}xx")


def parse(body: bytes) -> Any:
    """Return the JSON document, all of it text that can be encoded again; raises one of `NOT_AS_EXPECTED`."""
    document = json.loads(body.decode())  # strictly: json itself would let half a surrogate pair pass
    if b"\\ud" in body or b"\\uD" in body:
        # Half a surrogate pair is valid JSON and no text: nothing that hashes or stores it could encode it.
        json.dumps(document, ensure_ascii=False).encode()
    return document


def _refusal(status: int, document: dict[str, Any]) -> Refused | Unanswered:
    if document["status"] != "error":
        raise GarbageError(f"status {document['status']!r}")
    kind, detail = document.get("errorType"), str(document.get("error", ""))
    if kind in ("bad_data", "execution"):
        return Refused(kind, (detail or f"HTTP {status}")[:DETAIL_CHARS])
    if kind in _LATE:
        return Unanswered(f"{kind}: {detail}"[:DETAIL_CHARS])
    return by_status(status if status // 100 != 2 else 500, f"{kind}: {detail}")


def read_result(data: dict[str, Any], at_ms: Sequence[int]) -> Answer:
    """Return the samples of a result at the timestamps asked for; raises one of `NOT_AS_EXPECTED`."""
    kind, result = data["resultType"], data["result"]
    if kind == "vector" and len(at_ms) == 1:
        return _vector(result)
    if kind == "scalar" and len(at_ms) == 1:
        return Samples(((Sample({}, _value(result)),),))
    if kind == "matrix" and len(at_ms) > 1:
        return _matrix(result, at_ms)
    if kind in ("string", "matrix"):
        return Refused("bad_data", f"the result is a {kind}: a rule needs a vector or a scalar")
    raise GarbageError(f"resultType {kind!r}")


def _vector(result: list[dict[str, Any]]) -> Answer:
    samples = []
    for element in result:
        if "histogram" in element:
            return _histogram(element)
        samples.append(Sample(_labels(element["metric"]), _value(element["value"])))
    return Samples((tuple(samples),))


def _matrix(result: list[dict[str, Any]], at_ms: Sequence[int]) -> Answer:
    position = {ms: index for index, ms in enumerate(at_ms)}
    at: list[list[Sample]] = [[] for _ in at_ms]
    for series in result:
        if series.get("histograms"):
            return _histogram(series)
        labels, last = _labels(series["metric"]), -1
        for point in series["values"]:
            index = position.get(round(point[0] * 1000), -1)
            if index <= last:
                raise GarbageError(_NOT_ASKED_FOR)
            at[index].append(Sample(labels, _value(point)))
            last = index
    return Samples(tuple(map(tuple, at)))


def _histogram(element: dict[str, Any]) -> Refused:
    name = _labels(element["metric"]).get("__name__", "")
    return Refused(
        "bad_data", f"{name[: DETAIL_CHARS // 2]}: the result is a native histogram: a rule needs numbers"
    )


def _labels(metric: Any) -> Labels:
    if type(metric) is not dict:
        raise GarbageError("labels are not an object")
    for value in metric.values():
        if type(value) is not str:
            raise GarbageError("a label's value is not a string")
    labels: Labels = metric
    return labels


def _value(point: Any) -> float:
    _, text = point
    if type(text) is not str:
        raise GarbageError("a value is not a string")
    return float(text)
