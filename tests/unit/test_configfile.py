"""alertmanager.yml: what is read, what is refused and where, and how it is stored."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.configfile.parse import parse_config
from tocsin.dispatch.config import Config, Integration, ReceiverConfig, Route
from tocsin.dispatch.configcodec import from_document, to_document
from tocsin.documents import DocumentError
from tocsin.matchers import Matcher, MatchOp
from tocsin.timeintervals import TimeInterval

TOPIC = "arn:aws:sns:eu-west-1:123456789012:pages"
FULL = f"""\
global:
  resolve_timeout: 10m
route:
  receiver: default
  group_by: [alertname, job]
  routes:
    - matchers: [severity="critical", team=~"a|b"]
      receiver: hook
      group_by: ['...']
      group_wait: 0s
      continue: true
      routes:
        - match: {{x: y}}
          match_re: {{kind: re.*}}
          group_by: []
          mute_time_intervals: [night]
    - matchers: ['{{team=~"a|b",severity="critical"}}']
      group_interval: 1m
      repeat_interval: 1d
      active_time_intervals: [old]
receivers:
  - name: default
    sns_configs:
      - topic_arn: {TOPIC}
        sigv4: {{region: eu-west-1}}
        attributes: {{a: b}}
        message: '{{{{template "sns.default.message" .}}}}'
      - topic_arn: {TOPIC}.fifo
        subject: ''
        send_resolved: false
  - name: hook
    webhook_configs:
      - url: http://localhost:8080/x?token=s3cr3t
        timeout: 1.5s
        max_alerts: 10
        http_config: {{basic_auth: {{username: u, password: hunter2}}}}
        send_resolved: false
      - url: https://example.org
        http_config: {{bearer_token: t0ken}}
      - url: https://example.org
        http_config: {{authorization: {{type: Token, credentials: t0ken}}}}
  - name: nobody
time_intervals:
  - name: night
    time_intervals:
      - times: [{{start_time: 17:00, end_time: 24:00}}]
        weekdays: ['monday:friday', Saturday]
        days_of_month: ['1:5', '-3:-1']
        months: [january:march, 5]
        years: [2026]
        location: Europe/Berlin
      - weekdays: [sunday]
mute_time_intervals:
  - name: old
    time_intervals: [{{}}]
"""
ROUTE = "route: {receiver: a}\n"
RECEIVERS = "receivers: [{name: a}]\n"
CONFIG = parse_config(FULL, "alertmanager.yml")


def reasons(text: str) -> list[str]:
    with pytest.raises(DocumentError) as refusal:
        parse_config(text, "am.yml")
    return str(refusal.value).splitlines()


def route(text: str) -> Route:
    return parse_config(f"route:\n  receiver: a\n  routes:\n{text}\n{RECEIVERS}", "am.yml").route


# -- what is read -------------------------------------------------------------------------------------


def test_the_root_has_alertmanagers_defaults() -> None:
    assert parse_config(ROUTE + RECEIVERS, "am.yml") == Config(
        route=Route(
            id="{}",
            key="{}",
            receiver="a",
            matchers=(),
            group_by=frozenset(),
            group_wait=timedelta(seconds=30),
            group_interval=timedelta(minutes=5),
            repeat_interval=timedelta(hours=4),
        ),
        receivers={"a": ReceiverConfig("a")},
    )


def test_routes_inherit_all_but_matchers_time_intervals_and_continue() -> None:
    root = CONFIG.route
    critical, again = root.routes
    (kind,) = critical.routes
    assert (root.group_by, critical.group_by, kind.group_by, again.group_by) == (
        frozenset({"alertname", "job"}),
        None,
        frozenset(),
        frozenset({"alertname", "job"}),
    )
    assert [route.receiver for route in root.walk()] == ["default", "hook", "hook", "default"]
    assert [route.continues for route in root.walk()] == [False, True, False, False]
    assert [route.group_wait.seconds for route in root.walk()] == [30, 0, 0, 30]
    assert (again.group_interval, again.repeat_interval) == (timedelta(minutes=1), timedelta(days=1))
    assert (kind.mute_time_intervals, again.active_time_intervals) == (("night",), ("old",))
    assert critical.mute_time_intervals == ()


def test_keys_are_alertmanagers_and_ids_are_unique() -> None:
    critical = '{}/{severity="critical",team=~"a|b"}'
    kind = '{kind=~"^(?:re.*)$",x="y"}'
    assert [route.key for route in CONFIG.route.walk()] == ["{}", critical, f"{critical}/{kind}", critical]
    assert [route.id for route in CONFIG.route.walk()] == [
        "{}",
        critical,
        f"{critical}/{kind}",
        f"{critical}#2",
    ]


def test_an_id_survives_the_coming_of_another_sibling() -> None:
    before = route("  - matchers: [a=b]")
    after = route("  - matchers: [c=d]\n  - matchers: [a=b]")
    assert before.routes[0].id == after.routes[1].id


def test_match_re_matches_the_whole_value() -> None:
    (child,) = route("  - match_re: {kind: a|b}").routes
    (matcher,) = child.matchers
    assert [matcher.matches({"kind": kind}) for kind in ("a", "b", "ab", "")] == [True, True, False, False]


def test_receivers_are_plain_json_with_defaults_filled_in() -> None:
    assert CONFIG.receivers["default"].integrations == (
        Integration(
            "sns",
            0,
            {
                "topic_arn": TOPIC,
                "subject": '{{ template "sns.default.subject" . }}',
                "message": '{{ template "sns.default.message" . }}',
                "attributes": {"a": "b"},
                "sigv4": {"region": "eu-west-1"},
            },
        ),
        Integration(
            "sns",
            1,
            {
                "topic_arn": f"{TOPIC}.fifo",
                "subject": "",
                "message": '{{ template "sns.default.message" . }}',
                "attributes": {},
                "sigv4": {"region": "eu-west-1"},
            },
            send_resolved=False,
        ),
    )
    bearer = {"url": "https://example.org", "max_alerts": 0, "timeout_ms": 0}
    assert CONFIG.receivers["hook"].integrations == (
        Integration(
            "webhook",
            0,
            {
                "url": "http://localhost:8080/x?token=s3cr3t",
                "max_alerts": 10,
                "timeout_ms": 1500,
                "http_config": {"basic_auth": {"username": "u", "password": "hunter2"}},
            },
            send_resolved=False,
        ),
        Integration(
            "webhook",
            1,
            bearer | {"http_config": {"authorization": {"type": "Bearer", "credentials": "t0ken"}}},
        ),
        Integration(
            "webhook",
            2,
            bearer | {"http_config": {"authorization": {"type": "Token", "credentials": "t0ken"}}},
        ),
    )
    assert CONFIG.receivers["nobody"].integrations == ()


def test_time_intervals_are_read_from_both_keys() -> None:
    assert CONFIG.time_intervals == {
        "night": (
            TimeInterval(
                times=((1020, 1440),),
                weekdays=((1, 5), (6, 6)),
                days_of_month=((1, 5), (-3, -1)),
                months=((1, 3), (5, 5)),
                years=((2026, 2026),),
                location="Europe/Berlin",
            ),
            TimeInterval(weekdays=((0, 0),)),
        ),
        "old": (TimeInterval(),),
    }


def test_the_resolve_timeout_is_read() -> None:
    assert CONFIG.resolve_timeout == timedelta(minutes=10)


def test_a_configuration_shows_no_secret() -> None:
    for secret in ("s3cr3t", "hunter2", "t0ken"):
        assert secret not in repr(CONFIG)


# -- what is refused ----------------------------------------------------------------------------------


def child(text: str) -> str:
    return f"route:\n  receiver: a\n  routes:\n  - {text}\n{RECEIVERS}"


def receiver(text: str) -> str:
    return f"{ROUTE}receivers:\n- name: a\n  {text}\n"


def interval(text: str) -> str:
    return f"{ROUTE}{RECEIVERS}time_intervals:\n- name: t\n  time_intervals:\n  - {text}\n"


IN_ALERTMANAGERS_WORDS = [
    ("", "am.yml:1:1: route: no route provided in config"),
    (RECEIVERS, "am.yml:1:1: route: no route provided in config"),
    (f"route: {{}}\n{RECEIVERS}", "am.yml:1:1: route.receiver: root route must specify a default receiver"),
    (
        f"route: {{receiver: a, continue: true}}\n{RECEIVERS}",
        "am.yml:1:22: route.continue: cannot have continue in root route",
    ),
    (
        f"route: {{receiver: a, matchers: [a=b]}}\n{RECEIVERS}",
        "am.yml:1:22: route.matchers: root route must not have any matchers",
    ),
    (
        f"route: {{receiver: a, match: {{a: b}}}}\n{RECEIVERS}",
        "am.yml:1:22: route.match: root route must not have any matchers",
    ),
    (
        f"route: {{receiver: a, mute_time_intervals: [t]}}\n{RECEIVERS}time_intervals: [{{name: t}}]",
        "am.yml:1:22: route.mute_time_intervals: root route must not have any mute time intervals",
    ),
    (
        f"route: {{receiver: a, active_time_intervals: [t]}}\n{RECEIVERS}time_intervals: [{{name: t}}]",
        "am.yml:1:22: route.active_time_intervals: root route must not have any active time intervals",
    ),
    (ROUTE, 'am.yml:1:9: route.receiver: undefined receiver "a" used in route'),
    (child("receiver: b"), 'am.yml:4:5: route.routes[0].receiver: undefined receiver "b" used in route'),
    (
        child("mute_time_intervals: [t]"),
        'am.yml:4:27: route.routes[0].mute_time_intervals[0]: undefined time interval "t" used in route',
    ),
    (
        f"{ROUTE}receivers:\n- name: a\n- name: a\n",
        'am.yml:4:3: receivers[1].name: notification config name "a" is not unique',
    ),
    (f"{ROUTE}{RECEIVERS[:-2]}, {{}}]\n", "am.yml:2:24: receivers[1].name: missing name in receiver"),
    (
        f"{ROUTE}{RECEIVERS}time_intervals: [{{name: t}}, {{name: t}}]",
        'am.yml:3:30: time_intervals[1].name: time interval "t" is not unique',
    ),
    (
        f"{ROUTE}{RECEIVERS}mute_time_intervals: [{{name: t}}, {{name: t}}]",
        'am.yml:3:35: mute_time_intervals[1].name: mute time interval "t" is not unique',
    ),
    (
        f"{ROUTE}{RECEIVERS}mute_time_intervals: [{{name: t}}]\ntime_intervals: [{{name: t}}]",
        'am.yml:4:19: time_intervals[0].name: time interval "t" is not unique',
    ),
    (
        f"{ROUTE}{RECEIVERS}time_intervals: [{{time_intervals: []}}]",
        "am.yml:3:18: time_intervals[0].name: missing name in time interval",
    ),
    (child("group_by: [b, b]"), 'am.yml:4:5: route.routes[0].group_by: duplicated label "b" in group_by'),
    (
        child("group_by: [b, '...']"),
        (
            "am.yml:4:5: route.routes[0].group_by:"
            " cannot have wildcard group_by (`...`) and other labels at the same time"
        ),
    ),
    (child("group_by: ['']"), 'am.yml:4:5: route.routes[0].group_by: invalid label name "" in group_by list'),
    (
        child("group_interval: 0s"),
        "am.yml:4:5: route.routes[0].group_interval: group_interval cannot be zero",
    ),
    (
        child("repeat_interval: 0s"),
        "am.yml:4:5: route.routes[0].repeat_interval: repeat_interval cannot be zero",
    ),
    (child("match: {a-b: c}"), 'am.yml:4:13: route.routes[0].match.a-b: invalid label name "a-b"'),
    (child("matchers: ['!!']"), "am.yml:4:16: route.routes[0].matchers[0]: bad matcher format: !!"),
    (
        interval("times: [{start_time: '09:00'}]"),
        (
            "am.yml:6:13: time_intervals[0].time_intervals[0].times[0]: both start and end times must be provided"
            " (start_time and end_time, nothing else)"
        ),
    ),
    (
        receiver("webhook_configs: [{url: 'ftp://x'}]"),
        'am.yml:4:22: receivers[0].webhook_configs[0].url: unsupported scheme "ftp" for URL',
    ),
    (
        receiver("webhook_configs: [{url: 'http://'}]"),
        "am.yml:4:22: receivers[0].webhook_configs[0].url: missing host for URL",
    ),
    (
        receiver("webhook_configs: [{url: 'http://x', http_config: {authorization: {type: Basic}}}]"),
        (
            "am.yml:4:69: receivers[0].webhook_configs[0].http_config.authorization.type:"
            ' authorization type cannot be set to "basic", use "basic_auth" instead'
        ),
    ),
]
IN_OUR_WORDS = [
    (
        child("group_wait: 5x"),
        'am.yml:4:5: route.routes[0].group_wait: not a valid duration: "5x" (expected e.g. 30s, 5m, 1h30m)',
    ),
    (
        child("match_re: {a: '('}"),
        (
            "am.yml:4:16: route.routes[0].match_re.a: error parsing regexp:"
            " missing ), unterminated subpattern at position 1: `^(?:()$`"
        ),
    ),
    (
        child("matchers: ['a=~\"(?=b)\"']"),
        "am.yml:4:16: route.routes[0].matchers[0]: error parsing regexp: lookahead is not RE2: `(?=b)`",
    ),
    (
        receiver("webhook_configs: [{url: 'http://[x'}]"),
        "am.yml:4:22: receivers[0].webhook_configs[0].url: not a valid URL (expected https://… or http://…)",
    ),
    (
        receiver("webhook_configs: [{url: 'http://x', timeout: 1d}]"),
        (
            'am.yml:4:39: receivers[0].webhook_configs[0].timeout: not a valid duration: "1d"'
            " (expected e.g. 10s, 500ms, 1m30s)"
        ),
    ),
    (
        receiver("webhook_configs: [{url: 'http://x', max_alerts: -1}]"),
        "am.yml:4:39: receivers[0].webhook_configs[0].max_alerts: expected greater than or equal to 0",
    ),
    (
        receiver(
            "webhook_configs: [{url: 'http://x', http_config: {basic_auth: {username: a}, bearer_token: b}}]"
        ),
        (
            "am.yml:4:39: receivers[0].webhook_configs[0].http_config:"
            " at most one of basic_auth, authorization and bearer_token may be there"
        ),
    ),
    (
        receiver("sns_configs: [{topic_arn: pages}]"),
        (
            "am.yml:4:18: receivers[0].sns_configs[0].topic_arn: not the ARN of an SNS topic"
            " (expected arn:aws:sns:REGION:ACCOUNT:NAME)"
        ),
    ),
    (
        receiver(f"sns_configs: [{{topic_arn: '{TOPIC}', sigv4: {{region: us-east-1}}}}]"),
        "am.yml:4:81: receivers[0].sns_configs[0].sigv4.region: the topic is in eu-west-1",
    ),
    (
        interval("weekdays: []"),
        "am.yml:6:5: time_intervals[0].time_intervals[0].weekdays: expected at least one entry",
    ),
]
NOT_YET = [
    (f"{ROUTE}{RECEIVERS}inhibit_rules: [{{}}]", "am.yml:3:1: inhibit_rules: not supported yet"),
    (f"{ROUTE}{RECEIVERS}templates: [x.tmpl]", "am.yml:3:1: templates: not supported yet"),
    (f"{ROUTE}{RECEIVERS}tracing: {{a: b}}", "am.yml:3:1: tracing: not supported yet"),
    (
        f"{ROUTE}{RECEIVERS}global: {{http_config: {{follow_redirects: true}}}}",
        "am.yml:3:10: global.http_config: not supported yet",
    ),
    (
        f"{ROUTE}{RECEIVERS}global: {{slack_api_url: x}}",
        "am.yml:3:10: global.slack_api_url: not supported yet",
    ),
    (child("labels: {a: b}"), "am.yml:4:5: route.routes[0].labels: not supported yet"),
    (receiver("slack_configs: [{}]"), "am.yml:4:3: receivers[0].slack_configs: not supported yet"),
    (
        receiver("webhook_configs: [{url: 'http://x', payload: {a: b}}]"),
        "am.yml:4:39: receivers[0].webhook_configs[0].payload: not supported yet",
    ),
    (
        receiver("webhook_configs: [{url: 'http://x/{{ .GroupKey }}'}]"),
        "am.yml:4:22: receivers[0].webhook_configs[0].url: templates are not supported yet here",
    ),
    (
        receiver("webhook_configs: [{url: 'http://x', http_config: {tls_config: {a: b}}}]"),
        "am.yml:4:53: receivers[0].webhook_configs[0].http_config.tls_config: not supported yet",
    ),
    (
        receiver(f"sns_configs: [{{topic_arn: '{TOPIC}', subject: hello}}]"),
        (
            "am.yml:4:73: receivers[0].sns_configs[0].subject: not supported yet, but for the default:"
            ' {{ template "sns.default.subject" . }}'
        ),
    ),
    (
        receiver(f"sns_configs: [{{topic_arn: '{TOPIC}', attributes: {{a: '{{{{ .x }}}}'}}}}]"),
        "am.yml:4:86: receivers[0].sns_configs[0].attributes.a: templates are not supported yet here",
    ),
    (
        receiver(f"sns_configs: [{{topic_arn: '{TOPIC}', sigv4: {{role_arn: x}}}}]"),
        "am.yml:4:81: receivers[0].sns_configs[0].sigv4.role_arn: not supported yet",
    ),
]
UNKNOWN = [
    (f"{ROUTE}{RECEIVERS}rout: {{}}", "am.yml:3:1: rout: unknown key"),
    (f"{ROUTE}{RECEIVERS}global: {{x: y}}", "am.yml:3:10: global.x: unknown key"),
    (child("group_bye: [a]"), "am.yml:4:5: route.routes[0].group_bye: unknown key"),
    (receiver("webhook_config: []"), "am.yml:4:3: receivers[0].webhook_config: unknown key"),
    (
        receiver("webhook_configs: [{url: 'http://x', uri: x}]"),
        "am.yml:4:39: receivers[0].webhook_configs[0].uri: unknown key",
    ),
    (interval("hours: []"), "am.yml:6:5: time_intervals[0].time_intervals[0].hours: unknown key"),
]


@pytest.mark.parametrize(("text", "expected"), IN_ALERTMANAGERS_WORDS + IN_OUR_WORDS + NOT_YET)
def test_a_mistake_is_refused_with_file_line_field_and_reason(text: str, expected: str) -> None:
    assert reasons(text) == [expected]


@pytest.mark.parametrize(("text", "expected"), UNKNOWN)
def test_an_unknown_key_is_refused_and_the_known_ones_told(text: str, expected: str) -> None:
    (reason,) = reasons(text)
    assert reason.startswith(f"{expected} (known here: ")


def test_what_is_not_supported_may_be_empty() -> None:
    parse_config(f"{ROUTE}{RECEIVERS}inhibit_rules: []\ntemplates:\nglobal:\n  http_config: {{}}\n", "am.yml")


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    text = """\
global: {resolve_timeout: 5x}
route:
  continue: true
  group_by: [a, a]
  routes:
  - receiver: b
    matchers: ['!!']
receivers:
- webhook_configs: [{}]
- {name: a, slack_configs: [{}]}
time_intervals:
- name: t
  time_intervals: [{years: [x]}]
templates: [x]
"""
    assert [reason.split(": ")[1] for reason in reasons(text)] == [
        "global.resolve_timeout",
        "route.receiver",
        "route.continue",
        "route.group_by",
        "route.routes[0].receiver",
        "route.routes[0].matchers[0]",
        "receivers[0].name",
        "receivers[0].webhook_configs[0].url",
        "receivers[1].slack_configs",
        "time_intervals[0].time_intervals[0].years[0]",
        "templates",
    ]


def test_no_refusal_shows_a_secret() -> None:
    text = receiver(
        "webhook_configs: [{url: 's3cr3t', http_config: {bearer_token: [s3cr3t],"
        " basic_auth: {username: s3cr3t, password: {s3cr3t: 1}}, authorization: s3cr3t}}]"
    )
    with pytest.raises(DocumentError) as refusal:
        parse_config(text, "am.yml")
    assert "s3cr3t" not in str(refusal.value)
    assert refusal.value.__context__ is None


# -- how it is stored ---------------------------------------------------------------------------------


def test_a_configuration_survives_being_stored() -> None:
    assert from_document(json.loads(json.dumps(to_document(CONFIG)))) == CONFIG


TEXT = st.text(max_size=5)
DURATIONS = st.integers(0, 10**9).map(lambda ms: timedelta(milliseconds=ms))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


def routes(below: st.SearchStrategy[tuple[Route, ...]]) -> st.SearchStrategy[Route]:
    return st.builds(
        Route,
        id=TEXT,
        key=TEXT,
        receiver=TEXT,
        matchers=st.lists(st.builds(Matcher, TEXT, st.sampled_from(MatchOp), st.just("a|b")), max_size=2).map(
            tuple
        ),
        group_by=st.none() | st.frozensets(TEXT, max_size=2),
        group_wait=DURATIONS,
        group_interval=DURATIONS,
        repeat_interval=DURATIONS,
        continues=st.booleans(),
        mute_time_intervals=st.lists(TEXT, max_size=2).map(tuple),
        active_time_intervals=st.lists(TEXT, max_size=2).map(tuple),
        routes=below,
    )


LEAVES = routes(st.just(()))
INTEGRATIONS = st.builds(
    Integration, TEXT, st.integers(0, 9), st.dictionaries(TEXT, JSON, max_size=2), st.booleans()
)
CONFIGS = st.builds(
    Config,
    route=routes(st.lists(LEAVES, max_size=2).map(tuple)),
    receivers=st.lists(
        st.builds(ReceiverConfig, TEXT, st.lists(INTEGRATIONS, max_size=2).map(tuple)), max_size=2
    ).map(lambda receivers: {receiver.name: receiver for receiver in receivers}),
    time_intervals=st.dictionaries(
        TEXT,
        st.lists(
            st.builds(
                TimeInterval, times=st.just(((1, 2),)), location=st.sampled_from(["UTC", "Asia/Tokyo"])
            ),
            max_size=2,
        ).map(tuple),
        max_size=2,
    ),
    resolve_timeout=DURATIONS,
    version=st.integers(0, 9),
)


@given(CONFIGS)
def test_any_configuration_survives_being_stored(config: Config) -> None:
    assert from_document(json.loads(json.dumps(to_document(config)))) == config


# -- amtool -------------------------------------------------------------------------------------------

GOOD = {
    "least": ROUTE + RECEIVERS,
    "routes": child(
        "matchers: ['a=~\"b|c\"', 'd!=e']\n    match: {f: g}\n    match_re: {h: 'i.*'}\n    group_wait: 0s"
        "\n    continue: true\n    group_by: ['...']"
    ),
    "empty group_by": child("group_by: []"),
    "global": f"global: {{resolve_timeout: 1h30m}}\n{ROUTE}{RECEIVERS}",
    "webhook": receiver("webhook_configs: [{url: 'http://x:1/y', max_alerts: 3, send_resolved: false}]"),
    "basic auth": receiver("webhook_configs: [{url: 'http://x', http_config: {basic_auth: {username: a}}}]"),
    "bearer": receiver("webhook_configs: [{url: 'http://x', http_config: {bearer_token: a}}]"),
    "sns": receiver(f"sns_configs: [{{topic_arn: '{TOPIC}', sigv4: {{region: eu-west-1}}}}]"),
    "interval": interval(
        "{times: [{start_time: '09:00', end_time: '24:00'}], weekdays: ['monday:friday'],"
        " days_of_month: ['-3:-1', '15:-1'], months: ['may:8'], years: ['2026:2030'], location: Asia/Tokyo}"
    ),
    "interval unquoted": interval("times: [{start_time: 17:00, end_time: 18:30}]"),
    "muted": f"{child('mute_time_intervals: [t]')}time_intervals: [{{name: t, time_intervals: [{{}}]}}]\n",
    "matchers in braces": child("matchers: ['{a=b,c=d}']"),
    "no value of a key": f"global:\n{ROUTE}{RECEIVERS}templates:\n",
}
# What 0.25 does not refuse: durations and names in match that newer ones refuse are left out here.
BAD = {
    **{f"words {number}": text for number, (text, _) in enumerate(IN_ALERTMANAGERS_WORDS)},
    **{f"key {number}": text for number, (text, _) in enumerate(UNKNOWN)},
    "duration": child("group_wait: 5x"),
    "regex": child("match_re: {a: '('}"),
    "lookahead": child("matchers: ['a=~\"(?=b)\"']"),
    "negative": receiver("webhook_configs: [{url: 'http://x', max_alerts: -1}]"),
    "two ways to say who asks": receiver(
        "webhook_configs: [{url: 'http://x', http_config: {basic_auth: {username: a}, bearer_token: b}}]"
    ),
    "time": interval("times: [{start_time: '9:00', end_time: '10:00'}]"),
    "times": interval("times: [{start_time: '10:00', end_time: '09:00'}]"),
    "weekdays": interval("weekdays: ['friday:monday']"),
    "days": interval("days_of_month: ['0']"),
    "months": interval("months: ['march:january']"),
    "years": interval("years: ['2027:2026']"),
    "location": interval("location: Mars/Base"),
    "a key twice": ROUTE + ROUTE + RECEIVERS,
    "no yaml": "route: [",
}


@pytest.mark.prometheus
@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the path")
@pytest.mark.parametrize(
    ("text", "good"),
    [(text, True) for text in GOOD.values()] + [(text, False) for text in BAD.values()],
    ids=[*GOOD, *BAD],
)
def test_amtool_takes_and_refuses_the_same_files(text: str, good: bool, tmp_path: Path) -> None:
    (tmp_path / "am.yml").write_text(text)
    run = subprocess.run(["amtool", "check-config", "am.yml"], cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode == 0) is good, run.stdout + run.stderr
    if good:
        parse_config(text, "am.yml")
    else:
        assert reasons(text)
