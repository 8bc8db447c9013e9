"""Answers as small as the client takes them, and never larger than what carries them."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.api.compressing import MOST_BYTES, compressed, passes
from tocsin.api.events import to_answer
from tocsin.api.requests import Request
from tocsin.api.responses import Response, json_response, text_response

GZIP = Request("GET", "/", headers={"accept-encoding": "gzip, deflate"})
PLAIN = Request("GET", "/")
MANY = 10_000


def carried(response: Response) -> int:
    """Return how many bytes Lambda passes on for a response."""
    return len(json.dumps(to_answer(response), ensure_ascii=False).encode())


@given(st.text(min_size=400).map(lambda text: 3 * text))
def test_what_is_compressed_is_the_same_again(text: str) -> None:
    plain = text_response(text)
    packed = compressed(GZIP, plain)
    body = gzip.decompress(packed.body) if "Content-Encoding" in packed.headers else packed.body
    assert body == plain.body
    assert packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("br;q=1.0, *;q=0.1", True),
        ("*;q=0, gzip", True),
        ("gzip, *;q=0", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("gzip;q=nonsense", False),
        ("gzipped", False),
    ],
)
def test_it_is_compressed_for_who_takes_gzip(accepted: str, takes: bool) -> None:
    request = Request("GET", "/", headers={"accept-encoding": accepted})
    answer = compressed(request, text_response("a" * 2000))
    assert answer.headers.get("Content-Encoding") == ("gzip" if takes else None)


@pytest.mark.parametrize(
    ("size", "media_type", "packed"),
    [
        (1023, "application/json", False),
        (1024, "application/json", True),
        (1024, "application/problem+json", True),
        (1024, "text/css; charset=utf-8", True),
        (1024, "image/png", False),
    ],
)
def test_only_texts_that_are_worth_it_are_compressed(size: int, media_type: str, packed: bool) -> None:
    answer = compressed(GZIP, Response(200, b"a" * size, {"Content-Type": media_type}))
    assert ("Content-Encoding" in answer.headers) is packed


def test_the_same_is_compressed_to_the_same() -> None:
    assert compressed(GZIP, text_response("a" * 2000)) == compressed(GZIP, text_response("a" * 2000))


@pytest.mark.parametrize(
    ("unit", "grown"),
    [("a", 1), ('"', 2), ("\n", 2), ("\x01", 6), ("é", 2), ("€", 3), ("😀", 4)],
    ids=["letter", "quote", "line", "control", "two bytes", "three bytes", "four bytes"],
)
def test_what_passes_is_what_lambda_can_carry(unit: str, grown: int) -> None:
    envelope = carried(text_response(""))
    most = (MOST_BYTES - envelope) // grown
    for count, does in ((most, True), (most + 1, False)):
        response = text_response(unit * count)
        assert passes(response) is does
        assert (carried(response) <= MOST_BYTES) is does


@pytest.mark.parametrize("encoding", [{"Content-Encoding": "gzip"}, {}], ids=["compressed", "bytes"])
def test_bytes_pass_as_base64(encoding: dict[str, str]) -> None:
    envelope = carried(Response(200, b"\xff", encoding)) - 4
    most = (MOST_BYTES - envelope) // 4 * 3
    assert passes(Response(200, b"\xff" * most, encoding))
    assert not passes(Response(200, b"\xff" * (most + 1), encoding))


@given(st.text(), st.integers(1, 400_000))
def test_passing_is_told_of_any_text(text: str, times: int) -> None:
    response = text_response((text * times)[: 2 * MOST_BYTES])
    assert passes(response) is (carried(response) <= MOST_BYTES)


def test_ten_thousand_alerts_pass_compressed_and_are_refused_in_words_if_they_are_too_many() -> None:
    alerts = [_alert(number) for number in range(MANY)]
    plain = json_response(alerts)
    packed = compressed(GZIP, plain)
    assert passes(packed)
    assert carried(packed) < MOST_BYTES / 4
    assert passes(compressed(PLAIN, plain)) is (carried(plain) <= MOST_BYTES)
    assert not passes(json_response([*alerts, *alerts]))


def _alert(number: int) -> dict[str, object]:
    """Return an alert as GET /alerts tells of one, with as many labels as a Kubernetes pod's has."""
    labels = {"alertname": "PodDown", "namespace": "shop", "pod": f"web-{number}", "severity": "warning"}
    return {
        "annotations": {
            "summary": f'Pod "web-{number}" of the shop is down',
            "runbook": "https://runbooks/pod",
        },
        "endsAt": "2026-03-02T12:04:00.000Z",
        "fingerprint": f"{number:016x}",
        "receivers": [{"name": "team"}],
        "startsAt": "2026-03-02T12:00:00.000Z",
        "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
        "updatedAt": "2026-03-02T12:00:00.000Z",
        "generatorURL": "http://prometheus/graph?g0.expr=up",
        "labels": labels,
    }
