"""Prometheus' API: rules with what they do, alerts, and what Grafana asks before it shows either."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.unit import api_ruler
from tests.unit.asking_api import OFF, Api, document
from tocsin.api.prometheus.models import Alerts, BuildInfo, Groups, QueryResult, Success
from tocsin.api.prometheus.numbers import plain, scientific
from tocsin.ports import Refused

RULES = """\
namespace: shop
groups:
  - name: web
    interval: 30s
    limit: 7
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {team: shop}
      - alert: Down
        expr: up == 0
        for: 1m
        keep_firing_for: 2m
        labels: {severity: page, of: "{{ $labels.job }}"}
        annotations: {summary: "{{ $labels.job }} is down"}
  - name: api
    rules:
      - {alert: Slow, expr: slow}
"""
OTHER = (
    "namespace: depot\ngroups: [{name: web, rules: [{alert: Full, expr: full, labels: {severity: info}}]}]\n"
)


class Ruler(api_ruler.Ruler):
    """One whose answers have the shape that they are documented to have."""

    def data(self, path: str, shape: Any, **parameters: str | Sequence[str]) -> Any:
        """Return the data of an answer that has the shape it is documented to have."""
        response = self.api.get(path, **parameters)
        assert response.status == 200, response.body
        found = document(response)
        TypeAdapter(Success[shape]).validate_python(found)
        return found["data"]

    def groups(self, **parameters: str | Sequence[str]) -> list[dict[str, Any]]:
        """Return the groups that the list of rules shows."""
        found: list[dict[str, Any]] = self.data("/api/v1/rules", Groups, **parameters)["groups"]
        return found

    def names(self, **parameters: str | Sequence[str]) -> list[str]:
        """Return `file/group/rule` of all that the list of rules shows."""
        return [
            f"{group['file']}/{group['name']}/{rule['name']}"
            for group in self.groups(**parameters)
            for rule in group["rules"]
        ]


@pytest.fixture
def ruler() -> Ruler:
    ruler = Ruler()
    ruler.store(RULES, OTHER)
    return ruler


# -- rules ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1", "/prometheus/api/v1", "/mimir/prometheus/api/v1"])
def test_no_rules_are_an_empty_list(path: str) -> None:
    assert Ruler().data(f"{path}/rules", Groups) == {"groups": []}
    if path != "/api/v1":
        assert Ruler().data(f"{path}/alerts", Alerts) == {"alerts": []}


def test_a_rule_that_was_never_evaluated_is_unknown(ruler: Ruler) -> None:
    [group] = ruler.groups(file="none", **{"file[]": "depot"})
    assert group == {
        "name": "web",
        "file": "depot",
        "rules": [
            {
                "name": "Full",
                "query": "full",
                "labels": {"severity": "info"},
                "health": "unknown",
                "evaluationTime": 0,
                "lastEvaluation": "0001-01-01T00:00:00Z",
                "type": "alerting",
                "state": "unknown",
                "duration": 0,
                "keepFiringFor": 0,
                "annotations": {},
                "alerts": [],
            }
        ],
        "interval": 60,
        "limit": 0,
        "evaluationTime": 0,
        "lastEvaluation": "0001-01-01T00:00:00Z",
    }


def test_rules_stand_in_their_order_with_what_they_do(ruler: Ruler) -> None:
    ruler.source.series = {"up == 0": [{"__name__": "up", "job": "web"}]}
    ruler.tick(steps=3)
    [_, _, group] = ruler.groups()
    record, alert = group["rules"]
    assert (group["name"], group["interval"], group["limit"]) == ("web", 30, 7)
    assert (record["type"], record["name"], record["query"]) == (
        "recording",
        "job:up:sum",
        "sum by (job) (up)",
    )
    assert (record["labels"], "alerts" in record, "state" in record) == ({"team": "shop"}, False, False)
    assert (alert["state"], alert["duration"], alert["keepFiringFor"], alert["health"]) == (
        "firing",
        60,
        120,
        "ok",
    )
    assert alert["annotations"] == {"summary": "{{ $labels.job }} is down"}
    assert "lastError" not in alert
    assert alert["lastEvaluation"] == group["lastEvaluation"] > "2026-01-31T12:01"
    [firing] = alert["alerts"]
    assert firing == {
        "labels": {"alertname": "Down", "job": "web", "severity": "page", "of": "web"},
        "annotations": {"summary": "web is down"},
        "state": "firing",
        "activeAt": firing["activeAt"],
        "value": "1e+00",
    }
    assert "2026-01-31T12:01" < firing["activeAt"] < "2026-01-31T12:02"


def test_what_is_absent_and_kept_firing_says_since_when(ruler: Ruler) -> None:
    ruler.source.series = {"up == 0": [{"job": "web"}]}
    ruler.tick(steps=3)
    ruler.source.series = {}
    ruler.tick()
    [alert] = ruler.data("/prometheus/api/v1/alerts", Alerts)["alerts"]
    assert (alert["state"], "keepFiringSince" in alert) == ("firing", True)
    ruler.tick(steps=3)
    assert ruler.data("/prometheus/api/v1/alerts", Alerts) == {"alerts": []}


def test_a_failing_rule_says_why(ruler: Ruler) -> None:
    ruler.source.series = {"slow": Refused("limit", "too many samples")}
    ruler.tick()
    [group] = ruler.groups(**{"rule_group[]": "api"})
    [slow] = group["rules"]
    assert (slow["health"], slow["state"]) == ("err", "inactive")
    assert "too many samples" in slow["lastError"]


ALL = ["depot/web/Full", "shop/api/Slow", "shop/web/job:up:sum", "shop/web/Down"]


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        pytest.param({}, ALL, id="all"),
        pytest.param({"type": "alert"}, [ALL[0], ALL[1], ALL[3]], id="alerting rules"),
        pytest.param({"type": "RECORD"}, [ALL[2]], id="recording rules"),
        pytest.param({"rule_name[]": ["Slow", "Full"]}, [ALL[0], ALL[1]], id="names"),
        pytest.param({"rule_group[]": "web", "file[]": "shop"}, ALL[2:], id="a group of a file"),
        pytest.param({"file[]": "none"}, [], id="no such file"),
        pytest.param({"match[]": '{severity="page"}'}, [ALL[3]], id="labels"),
        pytest.param({"match[]": ['{severity="page"}', '{severity="info"}']}, [ALL[0], ALL[3]], id="or"),
        pytest.param({"match[]": '{severity=~".+",team=""}'}, [ALL[0], ALL[3]], id="and"),
        pytest.param({"match[]": '{of=""}'}, ALL, id="a templated label counts as missing"),
        pytest.param({"dashboard_uid": "x"}, ALL, id="what is not known is ignored"),
    ],
)
def test_the_list_is_filtered(ruler: Ruler, parameters: Mapping[str, str], shown: list[str]) -> None:
    assert ruler.names(**parameters) == shown


def test_alerts_can_be_left_out(ruler: Ruler) -> None:
    ruler.source.series = {"slow": [{"job": "web"}]}
    ruler.tick()
    for said, listed in (("true", 0), ("false", 1)):
        [group] = ruler.groups(exclude_alerts=said, **{"rule_group[]": "api"})
        assert (group["rules"][0]["state"], len(group["rules"][0]["alerts"])) == ("firing", listed)


def test_groups_come_in_pages(ruler: Ruler) -> None:
    pages, token = [], ""
    while True:
        said = {"group_next_token": token} if token else {}
        data = ruler.data("/api/v1/rules", Groups, group_limit="2", **said)
        pages.append([f"{group['file']}/{group['name']}" for group in data["groups"]])
        if not (token := data.get("groupNextToken", "")):
            break
    assert pages == [["depot/web", "shop/api"], ["shop/web"]]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        pytest.param({"type": "both"}, "type", id="type"),
        pytest.param({"exclude_alerts": "maybe"}, "strconv.ParseBool", id="exclude_alerts"),
        pytest.param({"group_limit": "-1"}, "group_limit", id="group_limit"),
        pytest.param({"group_next_token": "x"}, "group_limit needs to be present", id="no group_limit"),
        pytest.param(
            {"group_next_token": "x", "group_limit": "1"}, "invalid group_next_token 'x'", id="no such page"
        ),
        pytest.param({"match[]": "{"}, 'invalid parameter "match[]"', id="match"),
    ],
)
def test_a_wrong_parameter_is_bad_data(parameters: Mapping[str, str], reason: str) -> None:
    response = Api().get("/api/v1/rules", **parameters)
    assert (response.status, document(response)["errorType"]) == (400, "bad_data")
    assert reason in document(response)["error"]


# -- what Grafana asks first ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api/v1", "/prometheus/api/v1", "/mimir/prometheus/api/v1", "/mimir/api/v1"]
)
def test_build_info_says_that_rules_can_be_edited(path: str) -> None:
    data = Ruler().data(f"{path}/status/buildinfo", BuildInfo)
    assert data["application"] == "Grafana Mimir"
    assert data["features"]["ruler_config_api"] == data["features"]["alertmanager_config_api"] == "true"


def test_there_are_no_flags_for_who_has_them_is_thanos() -> None:
    assert Api().get("/api/v1/status/flags").status == 404


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        pytest.param("1+1", {"resultType": "scalar", "result": [4.0, "2"]}, id="what Grafana asks"),
        pytest.param("(2 - 0.5) * 2", {"resultType": "scalar", "result": [4.0, "3"]}, id="a sum"),
        pytest.param("1 / 0", {"resultType": "scalar", "result": [4.0, "+Inf"]}, id="infinity"),
        pytest.param("0 / 0", {"resultType": "scalar", "result": [4.0, "NaN"]}, id="not a number"),
        pytest.param(
            "vector(1)",
            {"resultType": "vector", "result": [{"metric": {}, "value": [4.0, "1"]}]},
            id="vector",
        ),
    ],
)
def test_numbers_are_answered(asked: str, result: object) -> None:
    assert Ruler().data("/api/v1/query", QueryResult, query=asked, time="4") == result


def test_a_query_is_asked_as_a_form_too() -> None:
    response = Api().ask(
        "POST",
        "/api/v1/query",
        b"query=1%2B1&time=1970-01-01T00:00:04Z",
        content_type="application/x-www-form-urlencoded",
    )
    assert document(response)["data"] == {"resultType": "scalar", "result": [4.0, "2"]}


@pytest.mark.parametrize("asked", ["up", "sum(up)", "2 ^ 3", "1 + up", "time()"])
def test_what_needs_series_is_refused(asked: str) -> None:
    response = Api().get("/api/v1/query", query=asked)
    assert (response.status, document(response)["errorType"]) == (422, "execution")
    assert "keeps no series" in document(response)["error"]


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({}, id="none"),
        pytest.param({"query": "1 +"}, id="no expression"),
        pytest.param({"query": "1", "time": "yesterday"}, id="no time"),
        pytest.param({"query": "1", "time": "2026-01-31T12:00:00"}, id="a time without a zone"),
    ],
)
def test_a_wrong_query_is_bad_data(parameters: Mapping[str, str]) -> None:
    response = Api().get("/api/v1/query", **parameters)
    assert (response.status, document(response)["errorType"]) == (400, "bad_data")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_there_are_no_series(method: str) -> None:
    api = Api()
    assert document(api.ask(method, "/api/v1/labels"))["data"] == []
    assert document(api.ask(method, "/api/v1/series"))["data"] == []
    assert api.ask(method, "/api/v1/query_range").status == 422
    assert document(api.get("/api/v1/label/__name__/values"))["data"] == []
    assert document(api.get("/api/v1/metadata"))["data"] == {}


# -- links ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("external_url", "link"),
    [
        pytest.param("", None, id="none"),
        pytest.param(
            "https://alerts.example.com/",
            "https://alerts.example.com/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
            id="one",
        ),
    ],
)
def test_an_alert_links_to_its_rule_as_one_of_prometheus_does(external_url: str, link: str | None) -> None:
    ruler = Ruler(Api(replace(OFF, external_url=external_url)))
    config = {"alertmanager_config": "route: {receiver: a}\nreceivers: [{name: a}]"}
    assert ruler.api.post("/mimir/api/v1/alerts", config).status == 201
    ruler.store("groups: [{name: web, rules: [{alert: Down, expr: up == 0}]}]")
    ruler.source.series = {"up == 0": [{"job": "web"}]}
    ruler.tick(steps=3)
    [alert] = document(ruler.api.get("/api/v2/alerts"))
    assert alert.get("generatorURL") == link


def test_the_link_leads_to_the_rules_that_ask_its_expression() -> None:
    response = Api().get("/graph", **{"g0.expr": "up == 0 # ?", "g0.tab": "1"})
    assert (response.status, response.headers["Location"]) == (302, "/#/rules?search=up+%3D%3D+0+%23+%3F")


# -- numbers as Go writes them ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0e+00"),
        (1.0, "1e+00"),
        (-1.5, "-1.5e+00"),
        (1234.5, "1.2345e+03"),
        (1e-7, "1e-07"),
        (5e100, "5e+100"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Inf"),
    ],
)
def test_an_alerts_value_is_scientific(value: float, shown: str) -> None:
    assert scientific(value) == shown


@given(st.floats(allow_nan=False))
def test_numbers_are_read_back_as_they_were(value: float) -> None:
    assert float(scientific(value)) == float(plain(value)) == value
