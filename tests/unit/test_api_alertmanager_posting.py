"""POST /api/v2/alerts: what is taken, and what is refused in the words of Alertmanager (0.25, asked) and go-openapi."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.alerting import config
from tests.unit.asking_api import Api, document
from tocsin.api.alertmanager.times import ZERO, parse_time
from tocsin.api.alertmanager.uris import is_uri
from tocsin.api.bodies import from_json
from tocsin.dispatch.pushed import CrowdedError
from tocsin.local.applying import apply_config
from tocsin.views.groups import read_groups

PATH = "/api/v2/alerts"
DOWN: dict[str, Any] = {"labels": {"alertname": "Down"}}
UNPARSED = 'parsing alerts body from "" failed, because '


@pytest.fixture
def api() -> Api:
    api = Api()
    apply_config(api.database, config(), "alertmanager.yml", api.clock.at)
    return api


def stored(api: Api) -> list[Any]:
    """Return all alerts in groups."""
    return [alert for group in read_groups(api.database, api.world.parallel) for alert in group.alerts]


# -- what is taken ----------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["/api/v2", "/mimir/alertmanager/api/v2"])
def test_alerts_are_stored_and_the_answer_is_empty(api: Api, base: str) -> None:
    alert = {
        **DOWN,
        "annotations": {"summary": "it is down"},
        "startsAt": "2026-01-31T11:59:00.25Z",
        "endsAt": "2026-01-31T13:05:00+01:00",
        "generatorURL": "http://prometheus.example/graph?g0.expr=up",
    }
    answer = api.post(f"{base}/alerts", [alert])
    assert (answer.status, answer.body) == (200, b"")
    [found] = stored(api)
    assert (found.labels, found.annotations) == ({"alertname": "Down"}, {"summary": "it is down"})
    assert found.starts_at == datetime(2026, 1, 31, 11, 59, 0, 250_000, UTC)
    assert found.ends_at == datetime(2026, 1, 31, 12, 5, tzinfo=UTC)
    assert found.generator_url == "http://prometheus.example/graph?g0.expr=up"


TAKEN: dict[str, Any] = {
    "nothing": [],
    "null for nothing": None,
    "null where nothing is said": [{**DOWN, "annotations": None, "startsAt": None, "generatorURL": None}],
    "no generator": [{**DOWN, "generatorURL": ""}],
    "fields that nobody knows": [{**DOWN, "value": 5, "status": {"state": "active"}}],
    "capitals": [{"LABELS": {"alertname": "Down"}, "StartsAt": "2026-01-31T12:00:00Z"}],
    "null for an empty label": [{"labels": {"alertname": "Down", "team": None}}],
    "the year 9999": [{**DOWN, "endsAt": "9999-12-31T23:59:59Z"}],
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN)
def test_what_go_takes_is_taken(api: Api, body: Any) -> None:
    assert (api.post(PATH, body).status, api.post(PATH, body).body) == (200, b"")
    assert len(stored(api)) == len(body or [])


@pytest.mark.parametrize("nothing", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", ""])
def test_gos_zero_time_is_none(api: Api, nothing: str) -> None:
    api.post(PATH, [{**DOWN, "startsAt": nothing, "endsAt": nothing}])
    [found] = stored(api)
    assert (found.starts_at, found.ends_at) == (api.clock.at, api.clock.at + timedelta(minutes=5))


YAML = {
    "as the specification names it": """
- labels: {alertname: Down, code: 5, on: yes}
  annotations: {summary: it is down}
  endsAt: 2026-01-31T12:05:00Z
""",
    "as Grafana writes it": """
postablealerts:
    - annotations:
        summary: it is down
      endsat: 2026-01-31T12:05:00.000Z
      startsat: 0001-01-01T00:00:00.000Z
      alert:
        generatorurl: ""
        labels:
            alertname: Down
            code: "5"
            on: "yes"
""",
}


@pytest.mark.parametrize("media_type", ["", "application/yaml", "application/x-yaml", "text/yaml"])
@pytest.mark.parametrize("body", YAML.values(), ids=YAML)
def test_yaml_is_taken_and_every_value_is_a_text(api: Api, body: str, media_type: str) -> None:
    assert api.ask("POST", PATH, body.encode(), content_type=media_type).status == 200
    [found] = stored(api)
    assert found.labels == {"alertname": "Down", "code": "5", "on": "yes"}
    assert found.annotations == {"summary": "it is down"}
    assert found.ends_at == datetime(2026, 1, 31, 12, 5, tzinfo=UTC)


def test_what_is_no_utf8_is_replaced_before_it_is_stored(api: Api) -> None:
    body = b'[{"labels": {"alertname": "\\ud800 \xff \\ud83d\\udd14"}}]'
    assert api.ask("POST", PATH, body, content_type="application/json").status == 200
    [found] = stored(api)
    assert found.labels == {"alertname": "\ufffd \ufffd \U0001f514"}


def test_a_backslash_before_what_looks_like_half_a_pair_is_one() -> None:
    assert from_json(rb'["\\ud800", "\ud800", "\ud83d\udd14"]') == [r"\ud800", "\ufffd", "\U0001f514"]


# -- what is refused --------------------------------------------------------------------------------

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "an object": (b"{}", "json: cannot unmarshal object into the body of type array"),
    "a text": (b'"x"', "json: cannot unmarshal string into the body of type array"),
    "a number as alert": (b"[1]", "json: cannot unmarshal number into 0 of type object"),
    "a number as label": (
        b'[{"labels": {"a": 1}}]',
        "json: cannot unmarshal number into 0.labels.a of type string",
    ),
    "an array as labels": (b'[{"labels": []}]', "json: cannot unmarshal array into 0.labels of type object"),
    "a number as time": (
        b'[{"labels": {}, "endsAt": 5}]',
        "json: cannot unmarshal number into 0.endsAt of type string",
    ),
    "no time": (
        b'[{"labels": {}, "endsAt": "nope"}]',
        'parsing time "nope": expected a time of RFC 3339, as 2006-01-02T15:04:05Z',
    ),
    "before what is missing": (
        b'[{}, {"labels": {"a": 1}}]',
        "json: cannot unmarshal number into 1.labels.a of type string",
    ),
    "not the end": (b'[{"labels"', "Expecting ':' delimiter: line 1 column 11 (char 10)"),
    "too deep": (b"[" * 100_000, "nested too deeply"),
    "no YAML": (b"- {", "did not find expected node content"),
}


@pytest.mark.parametrize(("body", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_parsed_is_said(api: Api, body: bytes, reason: str) -> None:
    answer = api.ask("POST", PATH, body, content_type="application/json")
    assert (answer.status, document(answer)) == (400, {"code": 400, "message": UNPARSED + reason})


INVALID: dict[str, tuple[bytes, int, str]] = {
    "no body": (b"", 602, "alerts in body is required"),
    "no labels": (b"[{}]", 602, "0.labels in body is required"),
    "null for labels": (b'[{"labels": null}]', 602, "0.labels in body is required"),
    "null for an alert": (b"[null]", 602, "0 in body is required"),
    "no URI": (
        b'[{"labels": {}, "generatorURL": "::nope"}]',
        601,
        '0.generatorURL in body must be of type uri: "::nope"',
    ),
    "the first of all": (
        b'[{"generatorURL": "foo"}, {}]',
        601,
        '0.generatorURL in body must be of type uri: "foo"',
    ),
}


@pytest.mark.parametrize(("body", "code", "message"), INVALID.values(), ids=INVALID)
def test_what_is_missing_or_none_is_said_with_go_openapis_codes(
    api: Api, body: bytes, code: int, message: str
) -> None:
    answer = api.ask("POST", PATH, body, content_type="application/json")
    assert (answer.status, document(answer)) == (422, {"code": code, "message": message})


def test_valid_alerts_are_stored_though_others_are_not(api: Api) -> None:
    ends_first = {**DOWN, "startsAt": "2026-01-31T12:00:00Z", "endsAt": "2025-01-31T12:00:00Z"}
    answer = api.post(PATH, [{"labels": {"": "x"}}, DOWN, {"labels": {"a": ""}}, ends_first])
    assert answer.status == 400
    assert document(answer).splitlines() == [
        'invalid label set: invalid name ""',
        "at least one label pair required",
        "start time must be before end time",
    ]
    assert [alert.labels for alert in stored(api)] == [{"alertname": "Down"}]


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "garbage"])
def test_other_media_types_are_refused(api: Api, media_type: str) -> None:
    answer = api.ask("POST", PATH, json.dumps([DOWN]).encode(), content_type=media_type)
    assert answer.status == 415
    assert document(answer)["message"].startswith(
        f'unsupported media type "{media_type}", only [application/json'
    )


def test_who_was_not_heard_is_told_to_try_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def crowded(*_: object) -> None:
        raise CrowdedError("others change it all the time")

    monkeypatch.setattr(type(api.app._services.pushed), "receive", crowded)
    answer = api.post(PATH, [DOWN])
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


# -- times and URIs ---------------------------------------------------------------------------------

TIMES: dict[str, datetime | None] = {
    "2026-03-02T12:00:00Z": datetime(2026, 3, 2, 12, tzinfo=UTC),
    "2026-03-02T12:00:00.5Z": datetime(2026, 3, 2, 12, 0, 0, 500_000, UTC),
    "2026-03-02T12:00:00,5Z": datetime(2026, 3, 2, 12, 0, 0, 500_000, UTC),
    "2026-03-02T12:00:00.123456789Z": datetime(2026, 3, 2, 12, 0, 0, 123_456, UTC),
    "2026-03-02T12:00:00+01:00": datetime(2026, 3, 2, 11, tzinfo=UTC),
    "2026-03-02T12:00:00-08:30": datetime(2026, 3, 2, 20, 30, tzinfo=UTC),
    "2026-03-02T12:00:00.000+0100": datetime(2026, 3, 2, 11, tzinfo=UTC),
    "2026-03-02T12:00:00": datetime(2026, 3, 2, 12, tzinfo=UTC),
    "2026-03-02T12:00": datetime(2026, 3, 2, 12, tzinfo=UTC),
    "2026-03-02T12:00Z": datetime(2026, 3, 2, 12, tzinfo=UTC),
    "2026-03-02T1:00:00Z": datetime(2026, 3, 2, 1, tzinfo=UTC),
    "2026-03-02 12:00:00": datetime(2026, 3, 2, 12, tzinfo=UTC),
    "0001-01-01T00:00:00Z": ZERO,
    "0001-01-01T00:00:00+02:00": ZERO,
    "9999-12-31T23:59:59-01:00": datetime.max.replace(tzinfo=UTC),
    "": ZERO,
    "2026-03-02": None,
    "2026-03-02 12:00:00Z": None,
    "2026-03-02t12:00:00z": None,
    "2026-03-02T12:00:00+0100": None,
    "2026-03-02T12:00:00.Z": None,
    "2026-13-02T12:00:00Z": None,
    "2026-03-02T24:00:00Z": None,
    "2026-03-02T12:00:60Z": None,
    "10000-01-01T00:00:00Z": None,
    "20260302T120000Z": None,
    "٢026-03-02T12:00:00Z": None,
    "nope": None,
}


@pytest.mark.parametrize(("text", "time"), TIMES.items(), ids=TIMES)
def test_times_are_read_as_go_openapi_reads_them(text: str, time: datetime | None) -> None:
    if time is None:
        with pytest.raises(ValueError, match=r'^parsing time "'):
            parse_time(text)
    else:
        assert parse_time(text) == time


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1": True,
        "http://a/b?c=d e": True,
        "http://[::1]:9090/x": True,
        "http://user:pass@host:80": True,
        "/graph": True,
        "//a/b": True,
        "mailto:me@example": True,
        "http:": True,
        "*": True,
        "": False,
        "foo": False,
        "::nope": False,
        "1http://x": False,
        "http://x y/": False,
        "http://x:port/": False,
        "http://a/%zz": False,
        "http://a/\n": False,
    }.items(),
)
def test_a_uri_is_what_go_takes_for_one(text: str, expected: bool) -> None:
    assert is_uri(text) is expected
