"""Mimir's API: rule groups as mimirtool and Grafana set them, and Alertmanager's configuration."""

from typing import Any

import pytest
import yaml

from tests.unit.asking_api import Api, document
from tocsin.api.mimir.configuration import DELETED
from tocsin.api.responses import Response
from tocsin.bootstrap import World
from tocsin.dispatch.versions import read_versions
from tocsin.history import read_history
from tocsin.index import read_index
from tocsin.rules.book import RuleBook
from tocsin.rules.rule import Jitter, Rule
from tocsin.rules.rulefile import parse_rule_file
from tocsin.views.rules import read_stored

RULES = "/prometheus/config/v1/rules"
WEB = """\
name: web
rules:
  - alert: Down
    expr: |
      up == 0
    for: 5m
    labels: {severity: page}
    annotations: {summary: down}
  - record: job:up:sum
    expr: sum by (job) (up)
"""
MINE = """\
namespace: shop
groups:
  - name: bill
    source: cloudwatch
    interval: 5m
    jitter: rule
    gap_policy: hold
    evaluate_during: [{weekdays: ['monday:friday']}]
    rules:
      - {alert: Errors, expr: 'sum_over_time(Errors{namespace="AWS/Lambda"}[5m]) > 0'}
"""


@pytest.fixture
def api() -> Api:
    return Api()


def stored(world: World) -> list[Rule]:
    return [found.rule for found in read_stored(world.database, read_index(world.database))]


def store(api: Api, text: str) -> None:
    RuleBook(api.database).write(parse_rule_file(text, "test"), [], by="ada", at_ms=0)


def set_group(api: Api, text: str, namespace: str = "shop") -> Response:
    return api.ask("POST", f"{RULES}/{namespace}", text.encode())


def read(response: Response) -> Any:
    assert (response.status, response.headers["Content-Type"]) == (200, "application/yaml")
    return yaml.safe_load(response.body)


def text_of(response: Response) -> str:
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    return response.body.decode()


# -- groups -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", [RULES, "/config/v1/rules", "/mimir/prometheus/config/v1/rules"])
def test_a_group_is_set_read_and_deleted(api: Api, base: str) -> None:
    done = api.ask("POST", f"{base}/shop", WEB.encode())
    assert (done.status, document(done)) == (
        202,
        {"status": "success", "data": None, "errorType": "", "error": ""},
    )
    group = yaml.safe_load(WEB)
    assert read(api.get(base)) == read(api.get(f"{base}/shop")) == {"shop": [group]}
    assert read(api.get(f"{base}/shop/web")) == group
    assert api.ask("DELETE", f"{base}/shop/web").status == 202
    assert stored(api.world) == []


def test_names_may_hold_anything_that_a_url_can_escape(api: Api) -> None:
    assert set_group(api, WEB.replace("name: web", "name: 'a/b c%?'"), "my%20shop").status == 202
    path = f"{RULES}/my%20shop/a%2Fb%20c%25%3F"
    assert read(api.get(path))["name"] == "a/b c%?"
    assert api.ask("DELETE", path).status == 202


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "", "no rule groups found\n"),
        ("GET", "/shop", "no rule groups found\n"),
        ("GET", "/shop/web", "group does not exist\n"),
        ("DELETE", "/shop/web", "group does not exist\n"),
        ("DELETE", "/shop", "group namespace does not exist\n"),
    ],
)
def test_what_is_not_there_is_told_in_mimirs_words(api: Api, method: str, path: str, said: str) -> None:
    response = api.ask(method, f"{RULES}{path}")
    assert (response.status, text_of(response)) == (404, said)


def test_a_namespace_is_deleted_whole_and_alone(api: Api) -> None:
    for namespace in ("shop", "depot"):
        set_group(api, WEB, namespace)
        set_group(api, WEB.replace("name: web", "name: api"), namespace)
    assert api.ask("DELETE", f"{RULES}/shop").status == 202
    assert {(rule.namespace, rule.group) for rule in stored(api.world)} == {
        ("depot", "web"),
        ("depot", "api"),
    }


def test_a_group_takes_the_place_of_the_one_of_its_name_and_no_other(api: Api) -> None:
    set_group(api, WEB)
    set_group(api, WEB.replace("name: web", "name: api"))
    set_group(api, "name: web\nrules: [{alert: Gone, expr: up}]")
    assert sorted(rule.key for rule in stored(api.world)) == [
        'shop/api/Down{severity="page"}',
        "shop/api/record:job:up:sum",
        "shop/web/Gone",
    ]


def test_a_rule_whose_labels_were_edited_takes_over_the_alerts_of_the_old_one(api: Api) -> None:
    set_group(api, WEB)
    [before] = [rule for rule in stored(api.world) if rule.name == "Down"]
    set_group(api, WEB.replace("severity: page", "severity: ticket"))
    found = read_stored(api.database, read_index(api.database))
    [former] = [each.former for each in found if each.rule.name == "Down"]
    assert former is not None
    assert former.unit == before.id


def test_what_has_not_changed_is_not_written(api: Api) -> None:
    set_group(api, WEB)
    before = read_index(api.database)
    assert set_group(api, WEB).status == 202
    assert read_index(api.database) == before


def test_the_history_says_who_and_how(api: Api) -> None:
    set_group(api, WEB)
    [change], _ = read_history(api.database, api.clock.now(), 10)
    assert (change.by, change.via, change.what, len(change.targets)) == ("api", "api", "rules", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("rules: [", "rule group:2:1: not valid YAML", id="no YAML"),
        pytest.param("", "expected a mapping", id="nothing"),
        pytest.param("rules: [{alert: A, expr: up}]", "name: required, but missing", id="no name"),
        pytest.param("name: web", "rule group:1:1: rules: expected at least one rule", id="no rules"),
        pytest.param(
            "name: web\nrules:\n- alert: A\n  expr: up ==\n",
            "rule group:4:3: rules[0].expr: ",
            id="no PromQL",
        ),
        pytest.param(
            "name: web\nrules:\n- {alert: A, expr: up}\n- {alert: B, expr: up, for: soon}\n",
            "rule group:4:24: rules[1].for: ",
            id="no duration",
        ),
        pytest.param(
            f"{WEB}source_tenants: [a]", "rule group:11:1: source_tenants: not supported yet", id="tenants"
        ),
        pytest.param(
            f"{WEB}remote_write: [{{url: x}}]", "remote_write: not supported yet", id="remote write"
        ),
        pytest.param(f"{WEB}partial: true", "partial: unknown key (known here: ", id="an unknown key"),
        pytest.param(f"{WEB}query_offset: 1m\nevaluation_delay: 2m", "older name", id="two offsets"),
        pytest.param(
            f"{WEB}jitter: rule\nalign_evaluation_time_on_interval: true", "means jitter: never", id="aligned"
        ),
    ],
)
def test_a_bad_group_is_refused_whole_with_its_place(api: Api, text: str, said: str) -> None:
    set_group(api, WEB)
    before = stored(api.world)
    response = set_group(api, text)
    assert response.status == 400
    assert said in text_of(response)
    assert stored(api.world) == before


@pytest.mark.parametrize(
    ("namespace", "body", "said"),
    [
        pytest.param("a%2Fb", WEB.encode(), "a namespace has no slash", id="namespace"),
        pytest.param("shop", b"name: \xff", "not UTF-8", id="encoding"),
    ],
)
def test_a_bad_request_is_refused(api: Api, namespace: str, body: bytes, said: str) -> None:
    response = api.ask("POST", f"{RULES}/{namespace}", body)
    assert response.status == 400
    assert said in text_of(response)


# -- what only one of the two has -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "read_back"),
    [
        pytest.param("interval: 30s", {"interval": "30s"}, id="interval"),
        pytest.param("interval: 1m", {}, id="the default interval"),
        pytest.param("limit: 5", {"limit": 5}, id="limit"),
        pytest.param("query_offset: 1m", {"query_offset": "1m"}, id="query_offset"),
        pytest.param("evaluation_delay: 1m", {"query_offset": "1m"}, id="its older name"),
        pytest.param(
            "query_offset: 1m\nevaluation_delay: 60s", {"query_offset": "1m"}, id="both of its names"
        ),
        pytest.param(
            "align_evaluation_time_on_interval: true",
            {"align_evaluation_time_on_interval": True},
            id="aligned",
        ),
        pytest.param("source_tenants: []\nremote_write: []", {}, id="empty"),
    ],
)
def test_mimirs_settings_are_kept(api: Api, said: str, read_back: dict[str, Any]) -> None:
    assert set_group(api, f"{WEB}{said}").status == 202
    assert read(api.get(f"{RULES}/shop/web")) == yaml.safe_load(WEB) | read_back
    assert set_group(api, WEB).status == 202
    assert read(api.get(f"{RULES}/shop/web")) == yaml.safe_load(WEB)


def test_aligned_means_no_jitter(api: Api) -> None:
    set_group(api, f"{WEB}align_evaluation_time_on_interval: true")
    assert {rule.jitter for rule in stored(api.world)} == {Jitter.NEVER}


def test_labels_of_a_group_become_its_rules(api: Api) -> None:
    set_group(api, "name: web\nlabels: {team: a, tier: b}\nrules: [{alert: A, expr: up, labels: {team: c}}]")
    [rule] = read(api.get(f"{RULES}/shop/web"))["rules"]
    assert rule["labels"] == {"team": "c", "tier": "b"}


def test_keys_that_mimir_has_not_are_hidden_from_who_does_not_ask_for_them(api: Api) -> None:
    store(api, MINE)
    shown = read(api.get(f"{RULES}/shop/bill"))
    assert sorted(shown) == ["interval", "name", "rules"]
    told = read(api.get(f"{RULES}/shop/bill", extensions="true"))
    assert told | {"jitter": "rule", "gap_policy": "hold", "source": "cloudwatch"} == told
    assert told["evaluate_during"] == [{"weekdays": ["monday:friday"]}]


@pytest.mark.parametrize("extensions", ["true", "false"])
def test_a_group_that_comes_back_as_it_was_shown_loses_nothing(api: Api, extensions: str) -> None:
    store(api, MINE)
    before = stored(api.world)
    shown = api.get(f"{RULES}/shop/bill", extensions=extensions)
    edited = shown.body.decode().replace("- alert: Errors", "- alert: Failures")
    assert set_group(api, edited).status == 202
    [rule], [old] = stored(api.world), before
    assert (rule.name, old.name) == ("Failures", "Errors")
    settings = ("source", "interval", "jitter", "gap", "windows", "plan", "expr")
    assert [getattr(rule, name) for name in settings] == [getattr(old, name) for name in settings]
    assert rule.plan


def test_an_export_sets_a_group_that_was_deleted(api: Api) -> None:
    store(api, MINE)
    before = stored(api.world)
    shown = api.get(f"{RULES}/shop/bill", extensions="true")
    assert api.ask("DELETE", f"{RULES}/shop").status == 202
    assert set_group(api, shown.body.decode()).status == 202
    assert stored(api.world) == before


def test_a_source_is_changed_by_naming_it(api: Api) -> None:
    store(api, MINE)
    text = "name: bill\nsource: prometheus\nrules: [{alert: Errors, expr: errors > 0}]"
    assert set_group(api, text).status == 202
    [rule] = stored(api.world)
    assert (rule.source, rule.plan) == ("prometheus", None)


# -- Alertmanager's configuration -----------------------------------------------------------------------

CONFIG = "/mimir/api/v1/alerts"
PLAIN = """\
route:
  receiver: team
receivers:
  - name: team
    slack_configs:
      - api_url: https://hooks.slack.com/services/T/B/secret
        channel: "#shop"
"""
TENANT = {"x_scope_orgid": "anonymous"}


def set_config(api: Api, text: str, files: dict[str, str] | None = None, path: str = CONFIG) -> Response:
    body = yaml.safe_dump({"template_files": files or {}, "alertmanager_config": text})
    return api.ask("POST", path, body.encode())


def get_config(api: Api, path: str = CONFIG) -> Any:
    return read(api.ask("GET", path, b"", **TENANT))


def texts(api: Api) -> list[str]:
    """Return the texts of all versions, the newest first."""
    return [version.text for version in read_versions(api.database)]


def test_a_configuration_is_a_version_with_its_author(api: Api) -> None:
    response = set_config(api, PLAIN)
    assert (response.status, response.body) == (201, b"")
    [version] = read_versions(api.database)
    assert (version.text, version.by) == (PLAIN, "api")
    assert set_config(api, PLAIN).status == 201
    assert len(texts(api)) == 1


def test_secrets_are_masked_and_come_back_as_they_are_stored(api: Api) -> None:
    set_config(api, PLAIN)
    shown = get_config(api)["alertmanager_config"]
    assert "secret>" in shown
    assert "T/B" not in shown
    assert set_config(api, shown.replace("#shop", "#web")).status == 201
    assert "https://hooks.slack.com/services/T/B/secret" in texts(api)[0]
    assert "#web" in texts(api)[0]


def test_a_mask_that_stands_for_nothing_is_refused_with_its_place(api: Api) -> None:
    set_config(api, PLAIN)
    shown = get_config(api)["alertmanager_config"]
    response = set_config(api, shown.replace("slack_configs", "discord_configs"))
    assert response.status == 400
    assert "alertmanager.yml:6:9: receivers[0].discord_configs[0]" in text_of(response)
    assert len(texts(api)) == 1


def test_template_files_come_and_go_with_it(api: Api) -> None:
    files = {"a.tmpl": '{{ define "a" }}A{{ end }}', "b.tmpl": '{{ define "b" }}B{{ end }}'}
    text = f"{PLAIN}templates: ['*.tmpl']\n"
    assert set_config(api, text, files).status == 201
    assert get_config(api)["template_files"] == files


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        pytest.param("", {}, "configuration provided is empty", id="empty"),
        pytest.param("route: {receiver: x}", {}, "error validating Alertmanager config: ", id="invalid"),
        pytest.param("route: [", {}, "alertmanager.yml:2:1: not valid YAML", id="no YAML"),
        pytest.param(PLAIN, {"a.tmpl": "x"}, "no pattern under `templates` names a.tmpl", id="unnamed file"),
        pytest.param(
            f"{PLAIN}templates: ['*.tmpl']",
            {"a.tmpl": "{{ if }}"},
            "alertmanager.yml:8:13: templates[0]: ",
            id="bad template",
        ),
    ],
)
def test_a_bad_configuration_is_refused_whole(api: Api, text: str, files: dict[str, str], said: str) -> None:
    response = set_config(api, text, files)
    assert response.status == 400
    assert said in text_of(response)
    assert texts(api) == []


def test_an_unknown_key_beside_it_is_refused(api: Api) -> None:
    response = api.ask("POST", CONFIG, b"alertmanager_config: x\nother: y\n")
    assert response.status == 400
    assert "body:2:1: other: unknown key" in text_of(response)


def test_no_configuration_is_told_in_mimirs_words(api: Api) -> None:
    response = api.get(CONFIG)
    assert (response.status, text_of(response)) == (404, "alertmanager storage object not found\n")


def test_deleted_means_that_nobody_is_told_and_there_is_a_way_back(api: Api) -> None:
    assert api.ask("DELETE", CONFIG).status == 200
    assert texts(api) == []
    set_config(api, PLAIN)
    assert api.ask("DELETE", CONFIG).status == 200
    assert api.ask("DELETE", CONFIG).status == 200
    assert texts(api) == [DELETED, PLAIN]


# -- one path, three meanings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "configuration"),
    [
        pytest.param({}, False, id="anybody"),
        pytest.param({"user_agent": "Grafana/12.0.0"}, False, id="Grafana"),
        pytest.param({"user_agent": "mimirtool/2.16.0 (linux)"}, True, id="mimirtool"),
        pytest.param(TENANT, True, id="who names a tenant"),
    ],
)
def test_who_speaks_with_mimir_gets_the_configuration(
    api: Api, headers: dict[str, str], configuration: bool
) -> None:
    set_config(api, PLAIN, path="/api/v1/alerts")
    response = api.ask("GET", "/api/v1/alerts", b"", **headers)
    if configuration:
        assert "receiver: team" in read(response)["alertmanager_config"]
    else:
        assert document(response) == {"status": "success", "data": {"alerts": []}}


def test_alerts_posted_as_to_v1_are_told_that_it_is_gone(api: Api) -> None:
    response = api.post("/api/v1/alerts", [{"labels": {"alertname": "A"}}])
    assert (response.status, document(response)["status"]) == (410, "deprecated")
    assert texts(api) == []


def test_it_is_deleted_on_the_shared_path_too(api: Api) -> None:
    set_config(api, PLAIN, path="/api/v1/alerts")
    assert api.ask("DELETE", "/api/v1/alerts", b"", **TENANT).status == 200
    assert texts(api)[0] == DELETED


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a\n",
        "a\nb",
        "a \n b\n",
        "\n",
        "\ta",
        "🔥 down",
        "a\x85b",
        "a\u2028b",
        "# no",
        "- a",
        "~",
        "yes",
        "0x1",
    ],
)
def test_any_text_comes_back_as_it_was(api: Api, text: str) -> None:
    group = {"name": "web", "rules": [{"alert": "A", "expr": "up", "annotations": {"summary": text}}]}
    assert set_group(api, yaml.safe_dump(group)).status == 202
    assert read(api.get(f"{RULES}/shop/web")) == group
