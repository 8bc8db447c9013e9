"""Mutated configurations: nothing crashes, nothing hangs, every refusal has its place, its field and its reason.

`TOCSIN_FUZZ=100000 pytest tests/fuzz` mutates as many; by default 10,000. Seeds are counted up from 0: what
fails can be run again by its number.
"""

import json
import os
from collections.abc import Mapping
from time import process_time

import pytest

from tests.fuzz.mutating import mutated_file
from tocsin.configfile.parse import read_config
from tocsin.dispatch.configcodec import from_document, to_document
from tocsin.documents import DocumentError
from tocsin.views.secrets import masked

COUNT = int(os.environ.get("TOCSIN_FUZZ", "10000"))
SLOWEST_SECONDS = 15.0

FILES = (
    """\
global:
  resolve_timeout: 10m
  http_config: {bearer_token: s3cr3t, tls_config: {server_name: x, min_version: TLS12}}
route:
  receiver: hook
  group_by: [alertname, job]
  group_wait: 30s
  routes:
    - matchers: [severity="critical", 'team=~"a|b"', '{"ü.x"!="y",z!~"[a-c]+"}']
      group_by: ['...']
      group_interval: 1m30s
      continue: true
      labels: {team: '{{ .GroupLabels.team | toUpper }}'}
      routes:
        - {match: {x: y}, match_re: {kind: re.*}, mute_time_intervals: [night], repeat_interval: 1d}
receivers:
  - name: hook
    labels: {team: web}
    webhook_configs:
      - &w
        url: http://localhost:8080/x?token=s3cr3t
        timeout: 1.5s
        max_alerts: 10
        payload: {text: ['{{ range .Alerts }}{{ .Labels.alertname }}{{ end }}'], n: 5}
      - <<: *w
        http_config: {basic_auth: {username: u, password_file: 'secretsmanager:hook#password'}}
time_intervals:
  - name: night
    time_intervals:
      - times: [{start_time: 17:00, end_time: 24:00}]
        weekdays: ['monday:friday', Saturday]
        days_of_month: ['1:5', '-3:-1']
        months: [january:march, 5]
        years: [2026]
        location: Europe/Berlin
""",
    """\
route: {receiver: chat}
inhibit_rules:
- {name: n, source_matchers: [a=b], target_matchers: ['c=~"d.*"'], equal: [e, f]}
- {source_match: {a: b}, source_match_re: {c: d}, target_match: {a: b}, target_match_re: {c: d}}
receivers:
- name: chat
  slack_configs:
  - api_url: https://hooks.slack.com/services/s3cr3t
    channel: '#a'
    fields: [{title: a, value: '{{ .CommonLabels.b }}', short: true}]
    actions: [{type: button, text: t, url: u, confirm: {text: c}}]
  pagerduty_configs: [{routing_key: s3cr3t, details: {a: {b: c}}, links: [{href: h}]}]
  opsgenie_configs: [{api_key: s3cr3t, responders: [{name: a, type: team}], tags: 'a,b'}]
  sns_configs: [{topic_arn: 'arn:aws:sns:eu-west-1:123456789012:pages', attributes: {a: b}}]
  email_configs: [{to: a@b, from: c@d, smarthost: 'mail:25', auth_password: s3cr3t, headers: {X: y}, tls_config: {}}]
  telegram_configs: [{bot_token: s3cr3t, chat_id: -5, parse_mode: HTML}]
""",
    """\
global: {jira_api_url: 'https://x.atlassian.net', slack_app_token: 'ssm:/slack', opsgenie_api_key: s3cr3t}
templates: ['*.tmpl']
tracing: {endpoint: x, sampling_fraction: 0.5}
route:
  receiver: r
  routes: [{active_time_intervals: [day], receiver: r, group_by: []}]
receivers:
- name: r
  jira_configs: [{project: A, issue_type: Bug, labels: [a], fields: {b: {c: [d]}}}]
  msteamsv2_configs: [{webhook_url: 'https://x/s3cr3t', title: a}]
  discord_configs: [{webhook_url: 'https://x/s3cr3t', message: '{{ template "x" . }}'}]
  pushover_configs: [{user_key: s3cr3t, token: s3cr3t, retry: 30s, expire: 1h30m, priority: '1'}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: s3cr3t}}}]
  webhook_configs:
  - url: 'https://x/{{ .Status }}'
    http_config:
      oauth2: {client_id: a, client_secret: s3cr3t, token_url: 'https://x', scopes: [b], endpoint_params: {c: d}}
      http_headers: {X-A: {values: [a], secrets: [s3cr3t], files: ['ssm:x']}}
      proxy_url: http://u:s3cr3t@p
      no_proxy: a,b
mute_time_intervals:
- {name: day, time_intervals: [{}]}
""",
)
SCRAPS = (
    *(
        "\n",
        "  ",
        "\t",
        ":",
        ": ",
        "- ",
        ",",
        "#",
        "'",
        '"',
        "|",
        ">",
        "&a ",
        "*a",
        "<<: *w\n",
        "!!int ",
        "? ",
        "%",
    ),
    *("[", "]", "{", "}", "[" * 300, "{a: " * 300, "- " * 300, "(" * 3000, "a{1000}" * 50, "(a*)*" * 50),
    *(
        "\0",
        "\ufeff",
        "\x85",
        "\u2028",
        "é",
        "😀",
        "\\",
        "\\x",
        "\\ud800",
        "null",
        "~",
        "yes",
        "0x10",
        "1e999",
        "-1",
    ),
    *("9" * 40, "99999999y", "=~", "!~", "`", '"', "{{", "}}", "{{ if", "{{ end }}", '{{ template "y" . }}'),
    *(
        "{{ range . }}" * 50,
        "{{ (((",
        "{{/*",
        "{{ nofunction }}",
        "<secret>",
        "ssm:x",
        "http://",
        "https://[",
        ":25",
    ),
    *("---\n", "...\n", "route:\n", "receivers:\n", "receivers: &a [*a]\n", "_file: x\n", "x" * 5000),
    *(
        "00:00",
        "24:01",
        "monday:",
        "-31:31",
        "feb:13",
        "Mars/Base",
        "\n  slack_configs: [{}]\n",
        "\n  email_configs: [{}]",
    ),
)


def no_such_templates(pattern: str) -> Mapping[str, str]:
    return {"x.tmpl": '{{ define "x" }}{{ .Status }}{{ end }}'} if pattern == "*.tmpl" else {}


def check(text: str) -> bool:
    """Read a file; tell whether it is taken. A refusal says where and why, what is taken can be stored and shown."""
    started = process_time()
    try:
        parsed = read_config(text, "am.yml", no_such_templates)
    except DocumentError as error:
        lines = len(text.splitlines()) + 1
        for problem in error.problems:
            assert problem.file == "am.yml"
            assert 1 <= problem.line <= lines + text.count("\x85")
            assert problem.column >= 1
            assert problem.reason
            assert problem.field or problem.reason.startswith(("not valid YAML: ", "expected a mapping"))
        return False
    finally:
        assert process_time() - started < SLOWEST_SECONDS
    config = parsed.config
    assert from_document(json.loads(json.dumps(to_document(config)))) == config
    assert json.dumps(to_document(config), ensure_ascii=False).encode()
    return True


def test_mutated_configurations_are_read_or_refused_with_place_and_reason() -> None:
    taken = 0
    for seed in range(COUNT):
        try:
            taken += check(mutated_file(seed, FILES, SCRAPS))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    assert COUNT * 0.02 < taken < COUNT * 0.9, "too many of one sort to tell anything"
    print(f"{COUNT} configurations, {taken} taken")


def test_what_is_taken_can_be_shown_and_is_no_secret_then() -> None:
    shown = 0
    for seed in range(0, COUNT, 10):
        text = mutated_file(seed, FILES, SCRAPS)
        if "s3cr3t" in text and check(text):
            copy = masked(text)
            assert "<secret>" in copy, seed
            assert not check(copy), seed
            shown += 1
    assert shown > 0


BOMBS = {
    "aliases in a payload": "route: {receiver: a}\n"
    "receivers:\n- name: a\n  webhook_configs:\n  - url: http://x\n    payload:\n"
    "      a0: &a0 ['{{ x }}']\n"
    + "".join(f"      a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
    "routes of routes": "route: " + "{receiver: a, routes: [" * 60 + "]}" * 60,
    "a route within itself": "route: &r {receiver: a, routes: [*r]}\n",
    "brackets": "[" * 200_000,
    "a regex of repetitions": "route: {receiver: a, routes: [{matchers: ['a=~\""
    + "(x{100}){100}" * 20
    + "\"']}]}",
    "brackets in a matcher": "route: {receiver: a, routes: [{matchers: ['" + "{" * 50_000 + "']}]}",
    "braces in a template": "route: {receiver: a, labels: {a: '" + "{{" * 30_000 + "'}}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(name: str) -> None:
    assert not check(BOMBS[name])


def test_thousands_of_mistakes_are_told_in_no_time() -> None:
    receivers = "".join(f"- {{name: r{n}, webhook_configs: [{{uri: x}}]}}\n" for n in range(2000))
    assert not check(f"route: {{receiver: r1}}\nreceivers:\n{receivers}")
