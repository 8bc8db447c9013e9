"""Attacks on the API: what is too large, secrets that are to go elsewhere, headers and numbers that are none."""

import random
import string
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.alerting import Alerting, alert, config
from tests.unit.asking_api import Api, document
from tests.unit.commandline import Stack
from tocsin.configfile.fields import MASK
from tocsin.dispatch.versions import read_version
from tocsin.index import read_index
from tocsin.local.applying import apply_config
from tocsin.views.groups import read_groups
from tocsin.views.secrets import masked
from tocsin.views.unmasking import unmasked

ALERTS, CONFIGURATION = "/api/v2/alerts", "/mimir/api/v1/alerts"


def posted(name: str, **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, **labels}}


# -- bodies that are too large --------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ALERTS, CONFIGURATION, "/config/v1/rules/ns"])
def test_yaml_that_would_take_too_long_is_refused(path: str) -> None:
    body = b"a:\n" + b"- {b: c}\n" * 150_000
    answer = Api().ask("POST", path, body, content_type="application/yaml")
    assert (answer.status, b"at most 1048576" in answer.body) == (413, True)


def test_texts_that_pack_well_do_not_fill_the_memory_of_who_unpacks_them() -> None:
    api = Api()
    large = [posted("Down", n=str(n)) | {"annotations": {"text": "a" * 200_000}} for n in range(100)]
    for start in range(0, 80, 20):
        assert api.post(ALERTS, large[start : start + 20]).status == 200
    answer = api.post(ALERTS, large[80:])
    assert (answer.status, "no room" in document(answer)) == (400, True)
    assert api.post(ALERTS, [posted("Up")]).status == 200


# -- alerts that are too large ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("large", "said"),
    [
        pytest.param(posted("Down", text="a" * 500_000), "labels have 500017 bytes", id="a label"),
        pytest.param(posted("Down", **{f"l{n}": "value" * 6 for n in range(10_000)}), "labels", id="labels"),
        pytest.param(posted("Down", **{"l" * 70_000: "x"}), "labels have 70014 bytes", id="a name"),
        pytest.param(
            posted("Down") | {"annotations": {"text": "a" * 300_000}}, "an alert has", id="an annotation"
        ),
    ],
)
def test_an_alert_that_no_item_could_hold_is_refused_and_holds_up_no_other(
    large: dict[str, Any], said: str
) -> None:
    api = Api()
    apply_config(api.database, config({"group_by": ["..."]}), "alertmanager.yml", api.clock.at)
    answer = api.post(ALERTS, [large, posted("Down", instance="a")])
    assert (answer.status, said in document(answer)) == (400, True)
    assert api.post(ALERTS, [posted("Down", instance="b")]).status == 200
    found = [
        one.labels["instance"]
        for held in read_groups(api.database, api.world.parallel)
        for one in held.alerts
    ]
    assert sorted(found) == ["a", "b"]


@pytest.mark.parametrize("text", ["\0" * 65_000, "é" * 32_000], ids=["escaped", "not ASCII"])
def test_the_largest_labels_that_are_taken_are_told(text: str) -> None:
    tocsin = Alerting(config({"group_by": ["..."]}))
    assert tocsin.post(alert("Down", text=text)) == []
    assert [told.at for told in tocsin.at(60).notifications()] == [10]


def test_known_alerts_for_whose_new_words_there_is_no_room_go_on_in_their_old_ones() -> None:
    chance = random.Random(1)
    tocsin = Alerting(config())
    tocsin.post(*(alert("Down", instance=str(n), ends=300) for n in range(8)))
    words = ["".join(chance.choices(string.ascii_letters, k=90_000)) for _ in range(8)]
    wrong = tocsin.post(*(alert("Down", instance=str(n), ends=900, text=words[n]) for n in range(8)))
    assert {str(error) for error in wrong} == {"too many alerts like Down: no room for it"}
    assert [(at, said) for at, _, said in tocsin.at(800).told()] == [
        (10, ", ".join(f"Down/{n} fires" for n in range(8)))
    ]


@pytest.mark.parametrize(
    "label", ["a" * 500_000, "".join(random.Random(2).choices(string.printable, k=700_000))]
)
def test_a_rule_whose_alerts_no_item_could_hold_fails_alone(tmp_path: Path, label: str) -> None:
    stack = Stack(tmp_path)
    apply_config(stack.database, config({"group_by": ["..."]}), "alertmanager.yml", stack.clock.at)
    rules = (
        "namespace: n\ngroups: [{name: g, rules: [{alert: Down, expr: up == 0}, {alert: Late, expr: late}]}]"
    )
    stack.ok("rules", "apply", stack.file("rules.yml", rules))
    stack.source.series |= {"up == 0": [{"text": label}], "late": [{"job": "web"}]}
    stack.tick(steps=2)
    told = [one.name for held in read_groups(stack.database, stack.world.parallel) for one in held.alerts]
    assert told == ["Late"]


# -- secrets that are to go elsewhere -----------------------------------------------------------------

STORED = """\
global:
  smtp_smarthost: mail.example.com:587
  smtp_from: tocsin@example.com
  smtp_auth_username: tocsin
  smtp_auth_password: hunter2
  opsgenie_api_key: og-key
  slack_api_url: https://slack.example.com/hook
route: {receiver: team}
receivers:
  - name: team
    webhook_configs:
      - url: https://hooks.example.com/team
        http_config: {authorization: {type: Bearer, credentials: bearer}}
    pagerduty_configs: [{routing_key: pd-key, client_url: 'https://a.example.com/'}]
    opsgenie_configs: [{message: down}]
    email_configs: [{to: team@example.com}]
    slack_configs: [{channel: team}]
"""
SHOWN = masked(STORED)
HOOK, HTTP = f"url: https://{MASK}\n        http_config", "http_config: {authorization"
EVIL = "https://evil.example.com/"
NEW = "  - name: new\n    {}\n"


def copied(http_config: str) -> tuple[str, str]:
    """Return the edit that names the bearer token, for a webhook of somebody else's."""
    known = f"credentials: {MASK}}}}}\n"
    theirs = f"      - {{url: {EVIL}, http_config: {{{http_config}}}}}\n"
    return known, known.replace(MASK, f"&it {MASK}") + theirs


@pytest.mark.parametrize(
    ("edit", "kept"),
    [
        pytest.param(
            (HOOK, f"url: {EVIL}\n        http_config"), "bearer", id="another URL beside a bearer token"
        ),
        pytest.param((HTTP, f"http_config: {{proxy_url: '{EVIL}', authorization"), "hooks", id="a proxy"),
        pytest.param(
            (HTTP, "http_config: {tls_config: {insecure_skip_verify: true}, authorization"),
            "bearer",
            id="no certificates",
        ),
        pytest.param(("routing_key:", f"url: '{EVIL}', routing_key:"), "pd-key", id="a URL of its own"),
        pytest.param(("global:", f"global:\n  pagerduty_url: {EVIL}"), "pd-key", id="a URL for all"),
        pytest.param(("mail.example.com", "evil.example.com"), "hunter2", id="another mail server"),
        pytest.param(("global:", "global:\n  smtp_require_tls: false"), "hunter2", id="mail in the clear"),
        pytest.param(
            ("to: team@example.com", "to: team@example.com, smarthost: 'evil.example.com:25'"),
            "hunter2",
            id="another mail server for one",
        ),
        pytest.param(
            ("global:", f"global:\n  opsgenie_api_url: {EVIL}"), "og-key", id="another service for all"
        ),
        pytest.param(
            ("message: down", f"message: down, api_url: '{EVIL}'"), "og-key", id="another service for one"
        ),
        pytest.param(
            ("receivers:\n", "receivers:\n" + NEW.format(f"opsgenie_configs: [{{api_url: '{EVIL}'}}]")),
            "og-key",
            id="another service for a new receiver",
        ),
        pytest.param(
            ("global:", f"global:\n  http_config: {{proxy_url: '{EVIL}'}}"), "og-key", id="a proxy for all"
        ),
        pytest.param(copied("authorization: {credentials: *it}"), "bearer", id="an alias elsewhere"),
        pytest.param(copied("http_headers: {*it : {values: [x]}}"), "bearer", id="an alias as a key"),
    ],
)
def test_a_mask_stands_for_nothing_once_its_secret_would_go_elsewhere(
    edit: tuple[str, str], kept: str
) -> None:
    assert kept in unmasked(SHOWN, STORED)
    assert SHOWN.count(edit[0]) == 1
    assert kept not in unmasked(SHOWN.replace(*edit), STORED)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(("message: down", "message: up"), id="a text"),
        pytest.param(("https://a.example.com/", "https://b.example.com/"), id="a link for people"),
        pytest.param(
            ("receivers:\n", "receivers:\n" + NEW.format("opsgenie_configs: [{}]")), id="a new receiver"
        ),
        pytest.param(
            ("receivers:\n", "receivers:\n" + NEW.format(f"slack_configs: [{{api_url: '{EVIL}'}}]")),
            id="a new receiver with a secret URL of its own",
        ),
        pytest.param((f"credentials: {MASK}", "credentials: new"), id="another secret that is written again"),
        pytest.param(
            (f"slack_api_url: https://{MASK}", "slack_api_url: https://slack.example.com/new"),
            id="another secret URL that is written again",
        ),
    ],
)
def test_a_mask_stands_for_its_secret_while_that_goes_where_it_went(edit: tuple[str, str]) -> None:
    assert SHOWN.count(edit[0]) == 1
    left = unmasked(SHOWN.replace(*edit), STORED)
    assert (MASK in left, yaml.safe_load(left)["global"]["smtp_auth_password"]) == (False, "hunter2")


def test_a_secret_that_is_merged_is_written_again() -> None:
    stored = (
        "receivers: [{name: a, webhook_configs: [{<<: &all {http_config: {bearer_token: secret}}, url: u}]}]"
    )
    assert unmasked(masked(stored), stored).count(MASK) == 1


def test_who_sends_a_secret_elsewhere_is_told_where_it_stands() -> None:
    api = Api()
    apply_config(api.database, STORED, "alertmanager.yml", api.clock.at)
    text = SHOWN.replace(HOOK, f"url: {EVIL}\n        http_config")
    answer = api.ask("POST", CONFIGURATION, yaml.safe_dump({"alertmanager_config": text}).encode())
    assert answer.status == 400
    assert b"webhook_configs[0].http_config.authorization.credentials" in answer.body
    in_force = read_version(api.database, read_index(api.database).config)
    assert in_force is not None
    assert in_force.text == STORED


# -- headers and numbers that are none ----------------------------------------------------------------


def test_an_origin_that_is_none_is_foreign() -> None:
    assert Api().ask("POST", ALERTS, b"[]", origin="http://[", host="example.com").status == 403


@pytest.mark.parametrize("time", ["nan", "inf", "1e999"])
def test_a_time_that_json_cannot_say_is_no_time(time: str) -> None:
    assert Api().get("/api/v1/query", query="1", time=time).status == 400
