"""What Alertmanager's API tells: status, receivers, alerts and groups, as its clients read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.unit.asking_api import Api, document
from tests.unit.commandline import NOON
from tocsin.alert import Alert
from tocsin.api.alertmanager.answering import paths, time_text
from tocsin.api.alertmanager.operations import ALERTMANAGER
from tocsin.dispatch import silencing
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.intake import Intake
from tocsin.dispatch.silence import Silence
from tocsin.local.applying import apply_config
from tocsin.matchers import parse_matchers

CONFIG = """\
global: {resolve_timeout: 7m}
route:
  receiver: ops
  group_by: [alertname]
  routes:
    - receiver: oncall
      matchers: [severity=page]
      group_by: [job]
      labels: {team: core}
      continue: true
    - receiver: archive
      matchers: [job=db]
      mute_time_intervals: [lunch]
    - receiver: oncall
      matchers: [job=web]
time_intervals:
  - {name: lunch, time_intervals: [{times: [{start_time: '13:00', end_time: '14:00'}]}]}
inhibit_rules:
  - {source_matchers: [alertname=Outage], target_matchers: [severity=warn], equal: [job]}
receivers:
  - name: ops
    labels: {team: core}
    webhook_configs: [{url: "http://hook.example/secret-path"}]
  - {name: oncall, labels: {team: infra}}
  - {name: archive}
"""


class World(Api):
    """An API on a stack with a configuration; alerts are posted to it or handed over by a rule."""

    def post_alert(self, name: str, **labels: str) -> None:
        """Post an alert that fires now."""
        body = [{"labels": {"alertname": name, **labels}, "annotations": {"summary": name.lower()}}]
        assert self.post("/api/v2/alerts", body).status == 200

    def rule(self, *alerts: Alert, seq: int = 1) -> None:
        """Let a rule hand over alerts."""
        controls = Controls(self.database)
        Intake(self.database, self.flushes, self.clock, controls.config).hand_over("rule", seq, alerts)

    def silence(self, matchers: str, id_: str = "quiet", until: timedelta = timedelta(hours=1)) -> None:
        """Silence what matches from now on."""
        now = self.clock.now()
        wanted = Silence("", parse_matchers(matchers), now, now + until, "me", "", now)
        silencing.set_silence(self.database, wanted, now, fresh_id=id_)

    def alerts(self, **parameters: str | Sequence[str]) -> list[dict[str, Any]]:
        """Ask for alerts."""
        return self._list("/api/v2/alerts", parameters)

    def groups(self, **parameters: str | Sequence[str]) -> list[dict[str, Any]]:
        """Ask for groups."""
        return self._list("/api/v2/alerts/groups", parameters)

    def _list(self, path: str, parameters: Mapping[str, str | Sequence[str]]) -> list[dict[str, Any]]:
        response = self.get(path, **parameters)
        assert response.status == 200, response.body
        assert response.headers["Cache-Control"] == "no-store"
        found: list[dict[str, Any]] = document(response)
        return found


@pytest.fixture
def empty() -> World:
    """Return a world in which nobody has stored a configuration."""
    return World()


@pytest.fixture
def configured(empty: World) -> World:
    """Return a world with a configuration, where nothing fires."""
    apply_config(empty.database, CONFIG, "alertmanager.yml", NOON)
    return empty


@pytest.fixture
def world(configured: World) -> World:
    """Return a world where five alerts fire: one is silenced, one is inhibited, one is told to two receivers."""
    configured.post_alert("Outage", job="db", severity="page")
    configured.post_alert("Slow", job="db", severity="warn")
    configured.post_alert("Slow", job="web")
    configured.post_alert("Full", disk="a/b")
    configured.post_alert("Full", disk="c", größe="x")
    configured.silence("disk=c")
    return configured


def names(alerts: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return alerts by their names and where they are."""
    return {_name(alert["labels"]) for alert in alerts}


def _name(labels: Mapping[str, str]) -> str:
    return f"{labels['alertname']} {labels.get('job', labels.get('disk', ''))}"


ALL = {"Outage db", "Slow db", "Slow web", "Full a/b", "Full c"}


# -- answers are what is documented ----------------------------------------------------------------


@pytest.mark.parametrize("path", ["/status", "/receivers", "/alerts", "/alerts/groups"])
def test_answers_are_of_the_documented_form_under_both_paths(world: World, path: str) -> None:
    [operation] = [one for one in ALERTMANAGER if one.paths == paths(path) and one.method == "GET"]
    answers = [world.get(where) for where in operation.paths]
    assert [answer.status for answer in answers] == [200, 200]
    for answer in answers:
        assert TypeAdapter(operation.answers[200].schema).validate_python(document(answer))
        assert answer.body.endswith(b"\n")
        assert answer.headers["Cache-Control"] == "no-store"


def test_nobody_answers_where_grafana_looks_for_cortex(world: World) -> None:
    answer = world.get("/alertmanager/api/v2/status")
    assert (answer.status, document(answer)["code"]) == (404, 404)


# -- status, receivers ----------------------------------------------------------------------------


def test_status_shows_the_configuration_as_written_with_its_secrets_masked(configured: World) -> None:
    configured.clock.at += timedelta(hours=3)
    status = document(configured.get("/api/v2/status"))
    assert status["config"]["original"] == CONFIG.replace(
        "http://hook.example/secret-path", "https://<secret>", 1
    ).replace('"https://<secret>"', "https://<secret>")
    assert status["cluster"] == {"status": "ready", "peers": []}
    assert status["uptime"] == "2026-01-31T12:00:00.000Z"
    assert set(status["versionInfo"]) == {
        "version",
        "revision",
        "branch",
        "buildUser",
        "buildDate",
        "goVersion",
    }


def test_everything_is_empty_before_a_configuration_is_stored(empty: World) -> None:
    assert document(empty.get("/api/v2/status"))["config"] == {"original": ""}
    for path in ("/receivers", "/alerts", "/alerts/groups"):
        assert document(empty.get(f"/api/v2{path}")) == []


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        pytest.param([], ["ops", "oncall", "archive"], id="all, in the order of the configuration"),
        pytest.param(["team=core"], ["ops"], id="by a label"),
        pytest.param(["team!="], ["ops", "oncall"], id="with a label"),
        pytest.param(["name=~o.*", "team!=core"], ["oncall"], id="by several, the name among them"),
    ],
)
def test_receivers(configured: World, matchers: list[str], expected: list[str]) -> None:
    found = document(configured.get("/api/v2/receivers", receiver_matchers=matchers))
    assert [receiver["name"] for receiver in found] == expected
    assert all(receiver["labels"]["name"] == receiver["name"] for receiver in found)


# -- alerts ---------------------------------------------------------------------------------------


def test_an_alert_is_answered_whole(configured: World) -> None:
    fires = Alert(
        {"alertname": "Down", "job": "db", "severity": "page"}, {"a": "ü"}, NOON, None, "http://g/x"
    )
    configured.clock.at = NOON + timedelta(minutes=1, microseconds=2_345)
    configured.rule(fires)
    configured.clock.at += timedelta(minutes=1)
    assert configured.alerts() == [
        {
            "annotations": {"a": "ü"},
            "endsAt": "2026-01-31T12:09:00.002Z",  # the rule holds it: now and resolve_timeout
            "fingerprint": fires.fingerprint,
            "receivers": [{"name": "oncall"}, {"name": "archive"}],
            "startsAt": "2026-01-31T12:00:00.000Z",
            "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
            "updatedAt": "2026-01-31T12:01:00.002Z",
            "labels": dict(fires.labels),
            "generatorURL": "http://g/x",
        }
    ]


def test_an_alert_without_a_source_has_none(world: World) -> None:
    assert not any("generatorURL" in alert for alert in world.alerts())


def test_alerts_are_in_the_order_of_their_fingerprints(world: World) -> None:
    found = [alert["fingerprint"] for alert in world.alerts()]
    assert found == sorted(found)
    assert len(found) == len(ALL)


def test_an_alert_that_has_ended_is_shown_no_more(configured: World) -> None:
    configured.post_alert("Full", disk="a/b")
    configured.rule(Alert({"alertname": "Slow", "job": "web"}, {}, NOON))
    assert names(configured.alerts()) == {"Full a/b", "Slow web"}
    configured.clock.at += timedelta(minutes=7)
    assert names(configured.alerts()) == {"Slow web"}
    configured.rule(Alert({"alertname": "Slow", "job": "web"}, {}, NOON, configured.clock.at), seq=2)
    assert configured.alerts() == []
    assert configured.groups() == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param({}, ALL, id="all by default"),
        pytest.param({"filter": "alertname=Slow"}, {"Slow db", "Slow web"}, id="a matcher"),
        pytest.param({"filter": ["alertname=Slow", 'job="db"']}, {"Slow db"}, id="all of several matchers"),
        pytest.param({"filter": "alertname=~Sl|O.*"}, {"Outage db"}, id="a regex for the whole value"),
        pytest.param({"filter": 'größe="x"'}, {"Full c"}, id="a name in UTF-8"),
        pytest.param({"filter": "job="}, {"Full a/b", "Full c"}, id="empty: missing"),
        pytest.param({"filter": "job=~"}, {"Full a/b", "Full c"}, id="an empty regex: missing"),
        pytest.param({"filter": "job!="}, {"Outage db", "Slow db", "Slow web"}, id="not empty: there"),
        pytest.param({"filter": "job!~"}, {"Outage db", "Slow db", "Slow web"}, id="no empty regex: there"),
        pytest.param({"filter": "job!=db"}, {"Slow web", "Full a/b", "Full c"}, id="not: missing as well"),
        pytest.param({"receiver": "ops"}, {"Full a/b", "Full c"}, id="a receiver"),
        pytest.param({"receiver": "on"}, set(), id="the whole of its name"),
        pytest.param({"receiver": "on.*|arch.*"}, {"Outage db", "Slow db", "Slow web"}, id="a regex"),
        pytest.param({"receiver": ""}, ALL, id="an empty receiver is none"),
        pytest.param({"receiver_matchers": "team=infra"}, {"Outage db", "Slow web"}, id="a receiver's label"),
        pytest.param({"active": "false"}, {"Slow db", "Full c"}, id="not the active ones"),
        pytest.param({"silenced": "false"}, ALL - {"Full c"}, id="not the silenced ones"),
        pytest.param({"inhibited": "false"}, ALL - {"Slow db"}, id="not the inhibited ones"),
        pytest.param({"active": "0", "silenced": "0", "inhibited": "0"}, set(), id="none"),
        pytest.param({"unprocessed": "false"}, ALL, id="unprocessed is ignored"),
        pytest.param({"what": "ever"}, ALL, id="so is what nobody knows"),
    ],
)
def test_what_is_asked_for(world: World, parameters: dict[str, str], expected: set[str]) -> None:
    assert names(world.alerts(**parameters)) == expected
    assert {name for group in world.groups(**parameters) for name in names(group["alerts"])} == expected


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(
            (text, True)
            for text in ("true", "1", "yes", "y", "on", "t", "ok", "checked", "selected", "enabled")
        ),
        *((text, True) for text in ("TRUE", "Yes", "")),
        *((text, False) for text in ("false", "0", "no", "2", "null", " true", "wahr")),
    ],
)
def test_booleans_are_gos(world: World, text: str, meant: bool) -> None:
    assert (len(world.alerts(silenced=text)) == len(ALL)) is meant


@pytest.mark.parametrize("path", ["/alerts", "/alerts/groups", "/receivers"])
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        pytest.param({"filter": "bad"}, "bad matcher format: bad", id="a matcher"),
        pytest.param({"filter": ""}, "bad matcher format: ", id="no matcher"),
        pytest.param(
            {"receiver": "on("},
            "failed to parse receiver param: error parsing regexp: missing closing ): `^(?:on()$`",
            id="a regex",
        ),
        pytest.param(
            {"receiver_matchers": "bad"},
            "failed to parse receiver_matchers param: bad matcher format: bad",
            id="a receiver's matcher",
        ),
        pytest.param({"limit": "0"}, "query: limit: Input should be greater than or equal to 1", id="limit"),
        pytest.param(
            {"offset": "-1"}, "query: offset: Input should be greater than or equal to 0", id="offset"
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_text(
    world: World, path: str, parameters: dict[str, str], said: str
) -> None:
    if path == "/receivers" and not {"receiver_matchers", "limit", "offset"} & parameters.keys():
        assert world.get(f"/api/v2{path}", **parameters).status == 200
        return
    answer = world.get(f"/api/v2{path}", **parameters)
    assert (answer.status, document(answer)) == (400, said)
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_mutes_an_alert_is_told_as_of_now(world: World) -> None:
    def status(name: str) -> Any:
        [alert] = [one for one in world.alerts() if _name(one["labels"]) == name]
        return alert["status"]

    outage = next(one["fingerprint"] for one in world.alerts() if one["labels"]["alertname"] == "Outage")
    none: dict[str, Any] = {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"}
    assert status("Full c") == {**none, "silencedBy": ["quiet"], "state": "suppressed"}
    assert status("Slow db") == {**none, "inhibitedBy": [outage], "state": "suppressed"}
    assert status("Slow web") == none
    world.silence("alertname=Slow", "more")
    assert status("Slow web") == {**none, "silencedBy": ["more"], "state": "suppressed"}
    silencing.end(world.database, world.flushes, "more", world.clock.now())
    assert status("Slow web") == none


# -- groups ---------------------------------------------------------------------------------------


def test_groups_are_sorted_and_so_are_their_alerts(world: World) -> None:
    world.post_alert("Full", job="x", disk="z")
    found = [(group["receiver"]["name"], group["labels"], group["routeLabels"]) for group in world.groups()]
    assert found == [
        ("oncall", {"job": "db"}, {"team": "core"}),  # who lacks the first name is first
        ("ops", {"alertname": "Full"}, {}),
        ("archive", {"alertname": "Outage"}, {}),
        ("archive", {"alertname": "Slow"}, {}),
        ("oncall", {"alertname": "Slow"}, {}),
    ]
    assert [_name(alert["labels"]) for alert in world.groups()[1]["alerts"]] == [
        "Full x",
        "Full a/b",
        "Full c",
    ]


def test_what_time_intervals_mute_is_told_in_groups_only(configured: World) -> None:
    def told(**parameters: str) -> dict[str, tuple[list[str], str]]:
        groups = {one["receiver"]["name"]: one["alerts"] for one in configured.groups(**parameters)}
        return {
            name: (found["status"]["mutedBy"], found["status"]["state"]) for name, [found] in groups.items()
        }

    configured.rule(Alert({"alertname": "Down", "job": "db", "severity": "page"}, {}, NOON))
    assert told() == {"oncall": ([], "active"), "archive": ([], "active")}
    assert told(active="false") == {}
    configured.clock.at += timedelta(hours=1)
    assert told() == {"oncall": ([], "active"), "archive": (["lunch"], "suppressed")}
    assert told(muted="false") == {"oncall": ([], "active")}
    assert told(active="false") == {"archive": (["lunch"], "suppressed")}
    assert [one["status"]["mutedBy"] for one in configured.alerts()] == [[]]
    assert configured.alerts(active="false") == []


def test_an_alert_of_several_groups_names_the_receivers_of_those_that_are_asked_for(world: World) -> None:
    def receivers(**parameters: str) -> list[list[str]]:
        groups = world.groups(filter="alertname=Outage", **parameters)
        return [[one["name"] for one in group["alerts"][0]["receivers"]] for group in groups]

    assert receivers() == [["archive", "oncall"], ["archive", "oncall"]]
    assert receivers(receiver="oncall") == [["oncall"]]
    [alert] = world.alerts(filter="alertname=Outage", receiver="oncall")
    assert [one["name"] for one in alert["receivers"]] == ["oncall", "archive"]


def test_alerts_of_a_route_that_is_gone_are_told_until_they_have_moved(world: World) -> None:
    apply_config(
        world.database, "route: {receiver: new}\nreceivers: [{name: new}]\n", "a.yml", world.clock.at
    )
    assert names(world.alerts()) == ALL
    assert {group["receiver"]["name"] for group in world.groups()} == {"ops", "oncall", "archive"}
    assert names(world.alerts(receiver_matchers="name=ops")) == {"Full a/b", "Full c"}


# -- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/alerts", "/alerts/groups", "/receivers"])
def test_the_parts_are_the_whole(world: World, path: str) -> None:
    whole = document(world.get(f"/api/v2{path}"))
    query, found = "limit=2&active=true", []
    while query:
        answer = world.ask("GET", f"/api/v2{path}", query=query)
        found.append(document(answer))
        assert answer.headers["X-Total-Count"] == str(len(whole))
        query = answer.headers.get("Link", "").removeprefix("<?").removesuffix('>; rel="next"')
    assert [one for part in found for one in part] == whole
    assert [len(part) for part in found] == [2] * (len(whole) // 2) + [1] * (len(whole) % 2)


def test_behind_the_end_there_is_nothing(world: World) -> None:
    answer = world.get("/api/v2/alerts", offset="5", limit="1")
    assert (document(answer), answer.headers["X-Total-Count"]) == ([], "5")
    assert "Link" not in answer.headers


# -- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/receivers"),
        ("GET", "/api/v1/alerts/groups"),
        ("GET", "/api/v1/silences"),
        ("POST", "/api/v1/silences"),
        ("GET", "/api/v1/silence/x"),
        ("DELETE", "/api/v1/silence/x"),
    ],
)
def test_version_1_is_gone(world: World, method: str, path: str) -> None:
    answer = world.ask(method, path, b"{}")
    assert answer.status == 410
    said = document(answer)
    assert said["status"] == "deprecated"
    assert "please use the equivalent route in the v2 API" in said["error"]


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
@pytest.mark.parametrize(("method", "body"), [("GET", b"OK"), ("HEAD", b"")])
def test_it_is_healthy_and_ready(empty: World, path: str, method: str, body: bytes) -> None:
    answer = empty.ask(method, path)
    assert (answer.status, answer.body) == (200, body)


def test_there_is_nothing_to_reload(empty: World) -> None:
    answer = empty.ask("POST", "/-/reload")
    assert (answer.status, answer.body) == (200, b"")
    assert empty.get("/-/reload").status == 405


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOON, "2026-01-31T12:00:00.000Z"),
        (NOON + timedelta(microseconds=1_999), "2026-01-31T12:00:00.001Z"),
        (datetime.fromisoformat("0001-01-01T00:00:00+00:00"), "0001-01-01T00:00:00.000Z"),
        (datetime.fromisoformat("2026-01-31T12:00:00+02:00"), "2026-01-31T10:00:00.000Z"),
    ],
)
def test_times_have_milliseconds(at: datetime, text: str) -> None:
    assert time_text(at) == text
