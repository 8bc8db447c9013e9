"""alertmanager.yml: what is read, what is refused and where, and how it is stored."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.configfile.parse import parse_config, read_config
from tocsin.dispatch.config import Config, InhibitRule, Integration, ReceiverConfig, Route
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
        receivers={"a": ReceiverConfig("a", labels={"name": "a"})},
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
    bearer = {"url": "https://example.org", "max_alerts": 0, "timeout_ms": 0, "payload": None}
    assert CONFIG.receivers["hook"].integrations == (
        Integration(
            "webhook",
            0,
            {
                "url": "http://localhost:8080/x?token=s3cr3t",
                "max_alerts": 10,
                "timeout_ms": 1500,
                "payload": None,
                "http_config": {"basic_auth": {"username": "u", "password": "hunter2"}},
            },
            send_resolved=False,
        ),
        Integration(
            "webhook",
            1,
            {
                **bearer,
                "http_config": {"authorization": {"type": "Bearer", "credentials": "t0ken"}},
            },
        ),
        Integration(
            "webhook",
            2,
            {**bearer, "http_config": {"authorization": {"type": "Token", "credentials": "t0ken"}}},
        ),
    )
    assert CONFIG.receivers["nobody"].integrations == ()
    two = [(one.kind, one.index, one.send_resolved) for one in CONFIG.receivers["default"].integrations]
    assert two == [("sns", 0, True), ("sns", 1, False)]


def test_receivers_have_labels_and_their_name_is_one() -> None:
    config = parse_config(receiver("labels: {team: web, name: a}"), "am.yml")
    assert config.receivers["a"].labels == {"team": "web", "name": "a"}
    assert CONFIG.receivers["nobody"].labels == {"name": "nobody"}


def test_labels_of_routes_are_inherited_and_replaced_one_by_one() -> None:
    root = route("  - labels: {a: b, c: d}\n    routes: [{labels: {c: e}}]")
    (above,) = root.routes
    assert above.labels == {"a": "b", "c": "d"}
    assert above.routes[0].labels == {"a": "b", "c": "e"}


def test_inhibition_rules_are_read_under_both_sorts_of_keys() -> None:
    text = f"""\
{ROUTE}{RECEIVERS}inhibit_rules:
- name: page before warning
  source_matchers: [severity="critical", 'team=~"a|b"']
  target_matchers: ['{{severity="warning"}}']
  equal: [cluster, alertname, cluster]
- source_match: {{severity: critical}}
  source_match_re: {{team: a|b}}
  target_match: {{severity: warning}}
  target_match_re: {{team: a.*}}
- {{}}
"""
    warning = Matcher("severity", MatchOp.EQUAL, "warning")
    critical = Matcher("severity", MatchOp.EQUAL, "critical")
    assert parse_config(text, "am.yml").inhibit_rules == (
        InhibitRule(
            source=(critical, Matcher("team", MatchOp.REGEX, "a|b")),
            target=(warning,),
            equal=("cluster", "alertname"),
            name="page before warning",
        ),
        InhibitRule(
            source=(critical, Matcher("team", MatchOp.REGEX, "^(?:a|b)$")),
            target=(warning, Matcher("team", MatchOp.REGEX, "^(?:a.*)$")),
        ),
        InhibitRule(source=(), target=()),
    )


def test_what_is_odd_and_no_mistake_is_warned_about() -> None:
    text = f"{child('repeat_interval: 1m')}tracing: {{endpoint: x}}\nevent_recorder: {{stdout_outputs: [{{}}]}}\n"
    assert [str(warning).split(": ")[:2] for warning in read_config(text, "am.yml").warnings] == [
        ["am.yml:6:1", "tracing"],
        ["am.yml:7:1", "event_recorder"],
        ["am.yml:4:5", "route.routes[0]"],
    ]
    assert read_config(FULL, "am.yml").warnings == ()


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
    (
        child("labels: {'': c}"),
        'am.yml:4:5: route.routes[0].labels: invalid label name "" in route labels',
    ),
    (
        f"{ROUTE}{RECEIVERS}inhibit_rules: [{{equal: ['']}}]",
        'am.yml:3:18: inhibit_rules[0].equal: invalid label name "" in equal list',
    ),
    (
        f"{ROUTE}{RECEIVERS}inhibit_rules: [{{target_match: {{a-b: c}}}}]",
        'am.yml:3:33: inhibit_rules[0].target_match.a-b: invalid label name "a-b"',
    ),
    (
        f"{ROUTE}{RECEIVERS}inhibit_rules: [{{source_matchers: ['!!']}}]",
        "am.yml:3:36: inhibit_rules[0].source_matchers[0]: bad matcher format: !!",
    ),
    (
        f"{ROUTE}{RECEIVERS}global: {{smtp_smarthost: mail}}",
        "am.yml:3:10: global.smtp_smarthost: address mail: missing port in address",
    ),
    (
        f"{ROUTE}{RECEIVERS}global: {{smtp_smarthost: 'mail:'}}",
        'am.yml:3:10: global.smtp_smarthost: address "mail:": port cannot be empty',
    ),
    (
        f"{ROUTE}{RECEIVERS}global: {{smtp_smarthost: 'a:b:25'}}",
        "am.yml:3:10: global.smtp_smarthost: address a:b:25: too many colons in address",
    ),
    (
        f"{ROUTE}{RECEIVERS}global: {{slack_api_url: ''}}",
        'am.yml:3:10: global.slack_api_url: unsupported scheme "" for URL',
    ),
    (
        f"{ROUTE}{RECEIVERS}global: {{opsgenie_api_key: a, opsgenie_api_key_file: 'ssm:a'}}",
        "am.yml:3:1: global: at most one of opsgenie_api_key & opsgenie_api_key_file must be configured",
    ),
    (
        receiver("webhook_configs: [{}]"),
        "am.yml:4:21: receivers[0].webhook_configs[0]: one of url or url_file must be configured",
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
        ("am.yml:4:16: route.routes[0].match_re.a: error parsing regexp: missing closing ): `^(?:()$`"),
    ),
    (
        child("matchers: ['a=~\"(?=b)\"']"),
        "am.yml:4:16: route.routes[0].matchers[0]: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
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
        receiver("labels: {name: b}"),
        "am.yml:4:12: receivers[0].labels.name: the label name is the receiver's name, and no other",
    ),
    (
        receiver("webhook_configs: [{url_file: /etc/url}]"),
        (
            "am.yml:4:22: receivers[0].webhook_configs[0].url_file: a Lambda has no files:"
            " expected a secret (secretsmanager:NAME#KEY, ssm:NAME, or its ARN)"
        ),
    ),
    (
        receiver("webhook_configs: [{url: 'https://<secret>'}]"),
        (
            "am.yml:4:22: receivers[0].webhook_configs[0].url:"
            " <secret> is what stands in place of a secret: this is a masked copy"
        ),
    ),
    (
        interval("weekdays: []"),
        "am.yml:6:5: time_intervals[0].time_intervals[0].weekdays: expected at least one entry",
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


@pytest.mark.parametrize(("text", "expected"), IN_ALERTMANAGERS_WORDS + IN_OUR_WORDS)
def test_a_mistake_is_refused_with_file_line_field_and_reason(text: str, expected: str) -> None:
    assert reasons(text) == [expected]


@pytest.mark.parametrize(("text", "expected"), UNKNOWN)
def test_an_unknown_key_is_refused_and_the_known_ones_told(text: str, expected: str) -> None:
    (reason,) = reasons(text)
    assert reason.startswith(f"{expected} (known here: ")


def test_a_key_without_a_value_is_one_that_is_left_out() -> None:
    empty = "global:\n  http_config:\n  smtp_from:\ninhibit_rules:\ntemplates:\ntime_intervals:\ntracing:\n"
    assert parse_config(f"{ROUTE}{RECEIVERS}{empty}", "am.yml") == parse_config(ROUTE + RECEIVERS, "am.yml")


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
- {name: a, slack_config: [{}], labels: {name: b}}
time_intervals:
- name: t
  time_intervals: [{years: [x]}]
templates: [x]
inhibit_rules: [{source_matchers: [x]}, {equal: ['']}]
tracing: {}
"""
    assert [reason.split(": ")[1] for reason in reasons(text)] == [
        "global.resolve_timeout",
        "route.receiver",
        "route.continue",
        "route.group_by",
        "route.routes[0].receiver",
        "route.routes[0].matchers[0]",
        "receivers[0].name",
        "receivers[0].webhook_configs[0]",
        "receivers[1].slack_config",
        "receivers[1].labels.name",
        "time_intervals[0].time_intervals[0].years[0]",
        "templates[0]",
        "inhibit_rules[0].source_matchers[0]",
        "inhibit_rules[1].equal",
        "tracing",
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


MATCHERS = st.lists(st.builds(Matcher, TEXT, st.sampled_from(MatchOp), st.just("a|b")), max_size=2).map(tuple)


def routes(below: st.SearchStrategy[tuple[Route, ...]]) -> st.SearchStrategy[Route]:
    return st.builds(
        Route,
        id=TEXT,
        key=TEXT,
        receiver=TEXT,
        matchers=MATCHERS,
        group_by=st.none() | st.frozensets(TEXT, max_size=2),
        group_wait=DURATIONS,
        group_interval=DURATIONS,
        repeat_interval=DURATIONS,
        continues=st.booleans(),
        mute_time_intervals=st.lists(TEXT, max_size=2).map(tuple),
        active_time_intervals=st.lists(TEXT, max_size=2).map(tuple),
        labels=st.dictionaries(TEXT, TEXT, max_size=2),
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
        st.builds(
            ReceiverConfig,
            TEXT,
            st.lists(INTEGRATIONS, max_size=2).map(tuple),
            st.dictionaries(TEXT, TEXT, max_size=2),
        ),
        max_size=2,
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
    inhibit_rules=st.lists(
        st.builds(InhibitRule, MATCHERS, MATCHERS, st.lists(TEXT, max_size=2).map(tuple), TEXT), max_size=2
    ).map(tuple),
    templates=st.dictionaries(TEXT, TEXT, max_size=2),
    resolve_timeout=DURATIONS,
    version=st.integers(0, 9),
)


@given(CONFIGS)
def test_any_configuration_survives_being_stored(config: Config) -> None:
    assert from_document(json.loads(json.dumps(to_document(config)))) == config


@pytest.mark.parametrize("key", ["opsgenie_api_key: 'secretsmanager:'", "slack_api_url: 'ssm:'"])
def test_what_only_begins_like_a_reference_is_refused(key: str) -> None:
    with pytest.raises(DocumentError, match="expected secretsmanager:NAME#KEY or ssm:NAME"):
        parse_config(f"global: {{{key}}}\n{ROUTE}{RECEIVERS}", "am.yml")
