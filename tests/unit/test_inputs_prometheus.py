"""prometheus: what is exposed at URLs (telegraf `plugins/inputs/prometheus/prometheus.go`)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.gathering import NOW, gathered, stored
from tests.unit.misbehaving_server import Behaviour, hang, reply, serving
from tests.unit.source_access import FakeAccess
from tocsin.collection.gather import Gather
from tocsin.inputs.network import Network
from tocsin.inputs.prometheus import BODY_BYTES, KIND
from tocsin.inputs.reach import LOCAL
from tocsin.inputs.tools import Tools
from tocsin.metric import Metric

TEXT = b"""# TYPE requests_total counter
requests_total{code="200"} 7 1601830800000
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 3
wait_seconds_count 2
"""
AT = datetime(2020, 10, 4, 17, tzinfo=UTC)


def scrape(
    behaviour: Behaviour, given: Tools | None = None, **settings: Any
) -> tuple[Gather, str, list[Any]]:
    """Gather from one server; return that, its URL as it is scraped and what it was asked."""
    with serving(behaviour) as server:
        gather = gathered(KIND, {"urls": [server.url], **settings}, given)
        return gather, f"{server.url}/metrics", server.received


def test_version_1_is_what_telegraf_takes_if_nothing_is_said() -> None:
    gather, url, received = scrape(reply(200, TEXT))
    assert gather.metrics == [
        Metric("requests_total", {"counter": 7.0}, {"code": "200", "url": url}, at=AT),
        Metric("wait_seconds", {"0.5": 1.0, "+Inf": 2.0, "sum": 3.0, "count": 2.0}, {"url": url}, at=NOW),
    ]
    assert received[0].line == "GET /metrics HTTP/1.1"
    assert received[0].headers["accept"].startswith("text/plain;version=0.0.4")


def test_version_2_names_series_as_prometheus_does() -> None:
    gather, url, _ = scrape(reply(200, TEXT), metric_version=2, ignore_timestamp=True)
    assert gather.metrics == [
        Metric("prometheus", {"requests_total": 7.0}, {"code": "200", "url": url}, at=NOW),
        Metric("prometheus", {"wait_seconds_sum": 3.0, "wait_seconds_count": 2.0}, {"url": url}, at=NOW),
        Metric("prometheus", {"wait_seconds_bucket": 1.0}, {"le": "0.5", "url": url}, at=NOW),
        Metric("prometheus", {"wait_seconds_bucket": 2.0}, {"le": "+Inf", "url": url}, at=NOW),
    ]


@pytest.mark.parametrize(("tag", "tags"), [("scraped", {"scraped"}), ("", set())])
def test_the_tag_of_the_url_may_have_another_name_or_none(tag: str, tags: set[str]) -> None:
    gather, _, _ = scrape(reply(200, b"up 1"), url_tag=tag)
    assert set(gather.metrics[0].tags) == tags


def test_openmetrics_is_read_from_who_sends_it() -> None:
    content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    text = b'# TYPE a counter\na_total 1 1601830800.0 # {trace="x"} 1\n# EOF\n'
    gather, url, _ = scrape(reply(200, text, Content_Type=content_type), metric_version=2)
    assert gather.metrics == [Metric("prometheus", {"a_total": 1.0}, {"url": url}, at=AT)]


def test_what_is_asked_is_what_the_settings_say() -> None:
    access = FakeAccess(secrets={"token/": "t0ken", "key/": "k3y"})
    _, _, received = scrape(
        reply(200, b""),
        Tools(access, Network(LOCAL)),
        bearer_token={"secret": "token"},
        http_headers={"X-Key": {"secret": "key"}},
    )
    assert {"authorization": "Bearer t0ken", "x-key": "k3y"}.items() <= received[0].headers.items()


@pytest.mark.parametrize(
    ("behaviour", "settings", "failure"),
    [
        pytest.param(reply(503), {}, "status 503 (Service Unavailable), expected 200", id="status"),
        pytest.param(reply(200, b"<html>"), {}, "line 1: expected ", id="a page"),
        pytest.param(reply(200, b"\xff"), {}, "expected UTF-8", id="no text"),
        pytest.param(hang, {"timeout": "250ms"}, "no answer within", id="hangs"),
        pytest.param(reply(200, b"x" * (BODY_BYTES + 1)), {}, "larger than", id="huge"),
        pytest.param(
            reply(302, b"", Location="http://169.254.169.254/"), {}, "link-local", id="redirected to metadata"
        ),
    ],
)
def test_what_goes_wrong_is_a_failure_that_says_so(
    behaviour: Behaviour, settings: dict[str, Any], failure: str
) -> None:
    gather, _, _ = scrape(behaviour, **settings)
    assert gather.metrics == []
    (text,) = gather.failures
    assert failure in text


@pytest.mark.parametrize(
    ("url", "scraped"),
    [
        ("http://a", "http://a/metrics"),
        ("http://a:9100?x=1", "http://a:9100/metrics?x=1"),
        ("http://a/", "http://a/"),
        ("http://a/probe?target=b", "http://a/probe?target=b"),
    ],
)
def test_without_a_path_the_usual_one_is_taken(url: str, scraped: str) -> None:
    assert stored(KIND, {"urls": [url]})["urls"] == [scraped]


@pytest.mark.parametrize(
    "option",
    [
        "kubernetes_services",
        "monitor_kubernetes_pods",
        "consul",
        "bearer_token_string",
        "enable_request_metrics",
    ],
)
def test_discovery_is_named_as_unsupported(option: str) -> None:
    assert option in KIND.settings().unsupported
    with pytest.raises(ValidationError):
        stored(KIND, {"urls": ["http://a"], option: "x"})
