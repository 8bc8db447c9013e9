"""tocsin template render beside Debian's amtool (0.25): the same texts of the same notification, letter by letter."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tests.unit.test_cli_template import NOTIFICATION

DEBIANS = Path("/usr/share/prometheus/alertmanager/default.tmpl")
"""Debian's amtool has no templates of its own: they are in a file."""

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the path"),
    pytest.mark.skipif(not DEBIANS.exists(), reason="Debian's prometheus-alertmanager is not installed"),
]

DEFAULTS = [
    *("__alertmanager", "__alertmanagerURL", "__subject", "slack.default.title", "slack.default.fallback"),
    *("pagerduty.default.description", "opsgenie.default.message"),
    *("opsgenie.default.description", "wechat.default.message", "victorops.default.state_message"),
    *("pushover.default.title", "pushover.default.message", "sns.default.subject", "sns.default.message"),
    *(
        "telegram.default.message",
        "discord.default.title",
        "discord.default.message",
        "webex.default.message",
    ),
]
TEXTS = [
    *(f'{{{{ template "{name}" . }}}}' for name in DEFAULTS),
    '{{ template "__text_alert_list" .Alerts }}{{ template "pagerduty.default.instances" .Alerts.Firing }}',
    "{{ range .Alerts }}{{ .Labels.SortedPairs.Names }} {{ .Annotations.Values }} {{ .GeneratorURL }}\n{{ end }}",
    "{{ range .CommonLabels.SortedPairs }}{{ .Name | toUpper }}={{ .Value | title }} {{ end }}",
    '{{ (.CommonLabels.Remove (stringSlice "alertname" "commonlabelkey1")).Names }}',
    '{{ .CommonLabels.Values | join ", " }}|{{ reReplaceAll "(l)" "<$1>" .Status }}|{{ match "^f" .Status }}',
    '{{ define "own" }}{{ len . }}{{ end }}{{ template "own" .Alerts }} {{ template "mine" . }}',
    '<a href="/?q={{ .Status }}" title={{ .Receiver }}>{{ index .CommonLabels "commonlabelkey1" }}</a>',
]


@pytest.mark.parametrize("kind", ["text", "html"])
@pytest.mark.parametrize("given", ["simple", "webhook"])
@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_amtools(text: str, given: str, kind: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.file("mine.tmpl", '{{ define "mine" }}<{{ .Status }}>{{ end }}')
    data = ["--template.data", stack.file("webhook.json", json.dumps(NOTIFICATION))]
    words = ["template", "render", "--template.glob", str(tmp_path / "*.tmpl"), "--template.text", text]
    words += ["--template.type", kind, *(data if given == "webhook" else [])]
    theirs = ["amtool", *words, "--template.glob", str(DEBIANS)]
    run = subprocess.run(theirs, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    assert stack.ok(*words) == run.stdout
