"""Receivers by kind: when they are made, and what a template that fails costs."""

import json
from importlib import import_module
from typing import Any

import pytest

from tests.unit.receiving import answer, documents, firing, integration, opened
from tests.unit.source_access import FakeAccess
from tocsin.configfile import receivers as configfile
from tocsin.dispatch.config import Integration
from tocsin.messages.writer import Writer
from tocsin.notification import Delivered, Failed, Failure
from tocsin.receivers import registry
from tocsin.receivers.tools import Tools

ALERTMANAGERS = """
webhook email pagerduty opsgenie wechat slack victorops pushover sns telegram discord webex msteams msteamsv2 jira
incidentio rocketchat mattermost
"""
HOOK = "https://hooks.example/s3cret"
BROKEN = "{{ index .Alerts 9 }}"


def test_every_kind_that_can_be_written_can_be_sent_and_in_alertmanagers_order() -> None:
    assert list(registry.KINDS) == list(configfile.KINDS)
    theirs = ALERTMANAGERS.split()
    assert [kind for kind in registry.KINDS if kind in theirs] == [
        kind for kind in theirs if kind in registry.KINDS
    ]


@pytest.mark.parametrize("kind", registry.KINDS)
def test_the_module_of_a_kind_holds_its_class(kind: str) -> None:
    receiver = getattr(
        import_module(f"tocsin.receivers.{registry.MODULES.get(kind, kind)}"), registry.KINDS[kind]
    )
    assert callable(receiver.send)


def test_nothing_is_imported_or_made_before_the_first_notification(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []

    def note(name: str) -> Any:
        imported.append(name)
        return import_module(name)

    monkeypatch.setattr(registry, "import_module", note)
    access = FakeAccess()
    receiver = registry.open_receiver(Integration("webhook", 0, {"url": HOOK}), Tools(access, Writer()))
    assert (imported, access.transports) == ([], [])
    for _ in range(2):
        assert receiver.send(firing(), 10) == Delivered("HTTP 200")
    assert (imported, len(access.transports)) == (["tocsin.receivers.webhook"], 1)


def test_a_template_that_fails_costs_its_text_only() -> None:
    receiver, access = opened(
        "discord", f"{{webhook_url: '{HOOK}', title: '{BROKEN}', message: 'It is fine'}}"
    )
    assert receiver.send(firing(), 10) == Delivered("HTTP 200")
    [embed] = documents(access)[0]["embeds"]
    assert embed["title"].startswith("[FIRING:2] Down  (error expanding template: ")
    assert embed["description"] == "It is fine"


def test_html_that_fails_is_replaced_by_html() -> None:
    receiver, access = opened("telegram", f"{{bot_token: t, chat_id: 1, message: '<b>{BROKEN}</b>'}}")
    receiver.send(firing(), 10)
    text = documents(access)[0]["text"]
    assert text.startswith("[FIRING:2] Down  (error expanding template: ")
    assert "<" not in text


def test_a_payload_that_fails_says_so() -> None:
    receiver, access = opened("webhook", json.dumps({"url": HOOK, "payload": {"a": {"b": BROKEN}}}))
    receiver.send(firing(), 10)
    [document] = documents(access)
    assert document["message"] == "[FIRING:2] Down "
    assert document["error"]


def test_the_next_notification_is_tried_with_all_its_templates() -> None:
    settings = f"{{webhook_url: '{HOOK}', title: '{{{{ if .GroupLabels.alertname }}}}{BROKEN}{{{{ end }}}}'}}"
    receiver, access = opened("discord", settings)
    receiver.send(firing(), 10)
    receiver.send(firing(), 10)
    assert documents(access)[0] == documents(access)[1]


def test_a_failure_of_the_service_stays_a_failure_where_a_template_failed_too() -> None:
    receiver, _ = opened("discord", f"{{webhook_url: '{HOOK}', title: '{BROKEN}'}}", answer(503))
    assert receiver.send(firing(), 10) == Failed(Failure.SERVER_ERROR, retry=True, detail="HTTP 503")


def test_a_secret_that_cannot_be_read_is_no_reason_to_give_up() -> None:
    receiver, access = opened("discord", "webhook_url_file: 'ssm:none'")
    assert receiver.send(firing(), 10) == Failed(Failure.AUTH_ERROR, True, "parameter none: AccessDenied")
    assert access.requests == []


def test_secrets_of_a_whole_tree_of_settings_are_renewed() -> None:
    settings = """
    url: https://hook.example
    http_config:
      basic_auth: {username: u, password_ref: 'secretsmanager:team#key'}
      http_headers: {X-A: {files: ['secretsmanager:team#a']}}
      tls_config: {ca_file: 'secretsmanager:team#ca'}
    """
    receiver, access = opened("webhook", settings, answer(403))
    access.secrets |= {"team/a": "a", "team/ca": "CA"}
    receiver.send(firing(), 10)
    assert sorted(reference.key for reference in access.renewed) == ["a", "ca", "key"]


def test_settings_are_in_no_repr() -> None:
    made = integration("webhook", f"{{url: '{HOOK}', http_config: {{bearer_token: s3cret}}}}")
    receiver = registry.open_receiver(made, Tools(FakeAccess(), Writer()))
    receiver.send(firing(), 10)
    assert "s3cret" not in f"{made!r} {receiver!r}"
