"""Remote write as an output: which series a metric is, and how requests are signed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.remote_write_receiver import STALE_BITS, decode
from tests.unit.source_access import FakeAccess
from tocsin.http import Response
from tocsin.metric import Metric
from tocsin.outputs import registry
from tocsin.ports import Refused, Stored
from tocsin.staleness import STALE

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MS = 1772366400000
ONE_BITS = 0x3FF0000000000000
URL = "https://prometheus.example/api/v1/write"


def written(metrics: list[Metric], *replies: Response, **given: Any) -> tuple[FakeAccess, Any]:
    """Write metrics to an output with these settings; return who was asked, and what came of it."""
    kind = registry.kind("remote_write")
    access = FakeAccess(replies or [Response(204, {}, b"")], {"s/password": "pa55"})
    stored = kind.settings().model_validate({"url": URL, **given}).model_dump(mode="json", by_alias=True)
    return access, kind.open(stored, access).write(metrics, 5.0)


def test_each_field_is_a_series_but_for_texts() -> None:
    metric = Metric("http-check", {"ok": True, "result": "success", "gone": STALE}, {"web.site": "a"}, at=AT)
    access, answer = written([metric])
    assert answer == Stored()
    [request] = access.requests
    assert request.url == URL
    assert sorted(decode(request.body)) == [
        ([("__name__", "http_check_gone"), ("web_site", "a")], [(MS, STALE_BITS)]),
        ([("__name__", "http_check_ok"), ("web_site", "a")], [(MS, ONE_BITS)]),
    ]


def test_metrics_of_texts_alone_are_as_good_as_written() -> None:
    access, answer = written([Metric("m", {"text": "x"}, at=AT)])
    assert (answer, access.requests) == (Stored(), [])


def test_what_the_server_refuses_is_refused() -> None:
    _, answer = written([Metric("m", {"v": 1}, at=AT)], Response(400, {}, b"label is bad"))
    assert answer == Refused("bad_data", "HTTP 400: label is bad")


def test_a_password_tenant_and_headers_go_along() -> None:
    basic = {"username": "u", "password": {"secret": "s", "key": "password"}}
    auth = {"auth": {"basic": basic}, "tenant": "team", "headers": {"X-A": "b"}}
    access, _ = written([Metric("m", {"v": 1}, at=AT)], **auth)
    sent = access.requests[0].headers
    assert sent["Authorization"] == "Basic dTpwYTU1"
    assert (sent["X-Scope-OrgID"], sent["X-A"]) == ("team", "b")


def test_another_stack_is_written_to_by_a_signature_for_its_function_url() -> None:
    signing = {"sigv4": {"service": "lambda", "region": "eu-west-1"}}
    url = "https://abc.lambda-url.eu-west-1.on.aws/api/v1/write"
    access, answer = written([Metric("m", {"v": 1}, at=AT)], url=url, auth=signing)
    assert answer == Stored()
    assert "/eu-west-1/lambda/aws4_request" in access.requests[0].headers["Authorization"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "prometheus"},
        {"url": "https://user:word@p.example"},
        {"auth": {"bearer": "word"}},
        {"urls": [URL]},
    ],
)
def test_settings_that_are_wrong_are_refused(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        written([], **wrong)
    assert "word'" not in str(refusal.value)
