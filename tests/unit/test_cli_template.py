"""tocsin template render."""

import json
from pathlib import Path

import pytest

from tests.unit.commandline import Stack

NOTIFICATION = {
    "version": "4",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
    "receiver": "oncall",
    "status": "firing",
    "notification_reason": "first notification",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "instance": "<a>"},
            "annotations": None,
            "startsAt": "2026-01-31T12:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "abc",
        },
        {"status": "resolved", "endsAt": "2026-01-31T13:00:00+02:00"},
    ],
    "commonLabels": {"alertname": "DiskFull"},
    "routeLabels": {"tier": "gold"},
    "externalURL": "https://t.example",
}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a command line; rendering needs no stack."""
    return Stack(tmp_path)


def render(stack: Stack, text: str, *options: str) -> str:
    """Return what a text comes to."""
    return stack.ok("template", "render", "--template.text", text, *options)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("plain", "plain"),
        ("{{ .Status }} {{ .Receiver }} {{ .ExternalURL }}", "alertstatus receiver https://example.com"),
        ("{{ .GroupLabels.grouplabelkey2 }} {{ .CommonLabels.none }}", "grouplabelvalue2 "),
        ("{{ range .Alerts }}{{ .Fingerprint }} {{ .Labels.Names }};{{ end }}", None),
        ("{{ len .Alerts.Firing }}", "0"),
        ('{{ template "__subject" . }}', "[ALERTSTATUS] grouplabelvalue1 grouplabelvalue2 "),
    ],
    ids=["no template", "fields", "labels", "alerts", "firing", "Alertmanager's own"],
)
def test_without_data_it_is_amtools_simple_notification(
    stack: Stack, text: str, rendered: str | None
) -> None:
    common = "commonlabelkey1 commonlabelkey2"
    alerts = f"fingerprint1 [{common} instance label1 label2];fingerprint2 [baz {common} foo];"
    assert render(stack, text) == (alerts if rendered is None else rendered)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{ .Receiver }} {{ .NotificationReason }}", "oncall first notification"),
        ("{{ range .Alerts }}{{ .Status }} {{ .Fingerprint }};{{ end }}", "firing abc;resolved ;"),
        ("{{ len .Alerts.Firing }} {{ len .Alerts.Resolved }}", "1 1"),
        ("{{ (index .Alerts 0).StartsAt.Unix }} {{ (index .Alerts 0).EndsAt.IsZero }}", "1769860800 true"),
        ("{{ (index .Alerts 1).EndsAt.UTC }}", "2026-01-31 11:00:00 +0000 UTC"),
        (
            "{{ .CommonLabels.alertname }} {{ .RouteLabels.tier }} {{ len .CommonAnnotations }}",
            "DiskFull gold 0",
        ),
    ],
)
def test_with_data_it_is_the_notification_of_a_webhook(stack: Stack, text: str, rendered: str) -> None:
    file = stack.file("webhook.json", json.dumps(NOTIFICATION))
    assert render(stack, text, "--template.data", file) == rendered


def test_html_is_escaped_for_where_it_stands(stack: Stack) -> None:
    file = stack.file("webhook.json", json.dumps(NOTIFICATION))
    text = "<b>{{ (index .Alerts 0).Labels.instance }}</b>"
    assert render(stack, text, "--template.data", file) == "<b><a></b>"
    assert render(stack, text, "--template.data", file, "--template.type", "html") == "<b>&lt;a&gt;</b>"


def test_files_define_templates_and_the_last_definition_counts(stack: Stack) -> None:
    stack.file("a.tmpl", '{{ define "words" }}a{{ end }}{{ define "__subject" }}mine{{ end }}')
    stack.file("b.tmpl", '{{ define "words" }}b{{ end }}')
    globs = [
        word
        for pattern in ("*.tmpl", "nothing*.tmpl")
        for word in ("--template.glob", str(stack.directory / pattern))
    ]
    assert render(stack, '{{ template "words" . }} {{ template "__subject" . }}', *globs) == "b mine"


def test_as_json_the_text_stands_in_a_field(stack: Stack) -> None:
    assert json.loads(render(stack, "{{ .Status }}\n", "-o", "json")) == {"rendered": "alertstatus\n"}


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        pytest.param(
            '{{ template "nosuch" . }}', None, 'template "nosuch" not defined', id="unknown template"
        ),
        pytest.param("{{ .Nope }}", None, "can't evaluate field Nope", id="unknown field"),
        pytest.param("{{ if }}", None, "missing value for if", id="syntax"),
        pytest.param("x", "nope", "data.json: Invalid JSON", id="no JSON"),
        pytest.param("x", '{"status": 1}', "data.json: status: Input should be a valid string", id="type"),
        pytest.param("x", '{"alerts": [{"startsAt": "noon"}]}', "data.json: alerts.0.startsAt", id="time"),
    ],
)
def test_what_cannot_be_rendered_is_one_line(stack: Stack, text: str, data: str | None, message: str) -> None:
    options = ["--template.data", stack.file("data.json", data)] if data is not None else []
    result = stack.run("template", "render", "--template.text", text, *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_a_file_that_is_no_template_or_no_text_is_refused(stack: Stack) -> None:
    stack.file("a.tmpl", '{{ define "words" }}')
    glob = ["--template.glob", str(stack.directory / "*.tmpl")]
    result = stack.run("template", "render", "--template.text", "x", *glob)
    assert (result.exit_code, "a.tmpl" in result.stderr) == (1, True)
    (stack.directory / "a.tmpl").write_bytes(b"\xff")
    result = stack.run("template", "render", "--template.text", "x", *glob)
    assert (result.exit_code, result.stderr) == (1, "Error: a.tmpl cannot be read: not UTF-8\n")
