"""alertmanager.yml beside Debian's amtool (0.25): the same files are taken and refused, but for what is named here."""

import json
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.unit import test_configfile as unit
from tocsin.configfile.parse import parse_config
from tocsin.configfile.templates import beside
from tocsin.documents import DocumentError
from tocsin.views.secrets import masked

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the path"),
]

SEEDS = 800
LEAST = unit.ROUTE + unit.RECEIVERS
TOPIC = unit.TOPIC
child, receiver, interval = unit.child, unit.receiver, unit.interval

DIFFERENCES = {
    "either oauth2 client_secret": "0.34 takes a client without a secret",
    "invalid label name": "0.25 knows classic label names only; 0.34 takes any in UTF-8",
    "is not a valid label name": "likewise, in `equal`",
    "not found in type": "a key that came after 0.25",
    "into string": "0.34 takes whole trees as PagerDuty's details",
    "cannot unmarshal !!": "a scalar is what its text says, whether it is quoted or not",
    "a Lambda has no files": "a secret comes from Secrets Manager or SSM, not from a file of the function",
    "masked copy": "what amtool reads again has lost its secrets, and must not be put in force",
    "expected at least one entry": "in Alertmanager a list of no times never matches, and no list always does",
    "template: :": "templates are looked at before they are needed",
    "not the ARN of an SNS topic": "no such topic can be; Alertmanager leaves that to AWS",
    "the topic is in": "likewise, in another region than its own",
    "token_url: unsupported scheme": "a token comes by HTTP",
    "for a proxy": "a proxy is reached by HTTP",
    "expected a mapping": "Alertmanager takes an item that is nothing, and falls over it later",
    "expected text": "likewise, in a list of texts",
    "a client certificate is configured": "0.25 misses half a certificate only when it connects",
    "a client key is configured": "likewise",
}
"""What a refusal says that only one of the two makes, and why."""


def takes(text: str, directory: Path) -> str:
    """Return why Tocsin refuses a file, nothing if it does not."""
    try:
        parse_config(text, "am.yml", beside(str(directory / "am.yml")))
    except DocumentError as error:
        return str(error)
    return ""


def amtool_takes(texts: Sequence[str], directory: Path) -> list[str]:
    """Return why amtool refuses each file, nothing if it does not; a process checks all up to one that ends it."""
    names = [f"{number}.yml" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (directory / name).write_text(text, encoding="utf-8")
    reasons: list[list[str]] = []
    while rest := names[len(reasons) :]:
        command = ["amtool", "check-config", *rest]
        run = subprocess.run(
            command, cwd=directory, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said = re.split(r"^Checking '\S+'", run.stdout, flags=re.MULTILINE)[1:]
        assert said, run.stdout[-2000:]
        reasons += [re.split(r"(?:FAILED|panic): ", text, maxsplit=1)[1:] for text in said]
    return ["".join(reason).strip() for reason in reasons]


# -- a table ------------------------------------------------------------------------------------------


def of(kind: str, settings: str, shared: str = "") -> str:
    return f"{shared and f'global: {{{shared}}}'}\n" + receiver(f"{kind}_configs: [{{{settings}}}]")


def http(settings: str) -> str:
    return of("webhook", f"url: 'http://x', http_config: {{{settings}}}")


MAIL = "smtp_smarthost: 'mail:25', smtp_from: a@b"
SAME: Mapping[str, str] = {
    **{f"words {number}": text for number, (text, _) in enumerate(unit.IN_ALERTMANAGERS_WORDS)},
    **{f"key {number}": text for number, (text, _) in enumerate(unit.UNKNOWN)},
    "least": LEAST,
    "names that are numbers": "route: {receiver: 5}\nreceivers: [{name: 5}]\n",
    "more than one document": f"{LEAST}---\nfoo: bar\n",
    "a list for a mapping": "route: {receiver: a}\nreceivers: {name: a}\n",
    "text for a list": f"{LEAST}templates: x.tmpl\n",
    "a list for global": f"{LEAST}global: []\n",
    "an empty global": f"{LEAST}global:\n",
    "routes": child(
        "matchers: ['a=~\"b|c\"', 'd!=e']\n    match: {f: g}\n    match_re: {h: 'i.*'}\n    group_wait: 0s"
        "\n    continue: true\n    group_by: ['...']"
    ),
    "empty group_by": child("group_by: []"),
    "a text for group_by": child("group_by: a"),
    "a text for matchers": child("matchers: a=b"),
    "a number in match": child("match: {a: 5}"),
    "group_wait without a unit": child("group_wait: 30"),
    "no group_wait": child("group_wait: 0"),
    "a duration": child("group_wait: 5x"),
    "matchers in braces": child("matchers: ['{a=b,c=d}']"),
    "a regex": child("match_re: {a: '('}"),
    "a lookahead": child("matchers: ['a=~\"(?=b)\"']"),
    "yes": child("continue: yes"),
    "global": f"global: {{resolve_timeout: 1h30m}}\n{LEAST}",
    "no resolve_timeout": f"global: {{resolve_timeout: 0}}\n{LEAST}",
    "no smarthost": f"global: {{smtp_smarthost: ''}}\n{LEAST}",
    "smarthost in IPv6": f"global: {{smtp_smarthost: '[::1]:25'}}\n{LEAST}",
    "smarthost by service": f"global: {{smtp_smarthost: 'a:smtp'}}\n{LEAST}",
    "smarthost without a port": f"global: {{smtp_smarthost: 25}}\n{LEAST}",
    "no URL": f"global: {{pagerduty_url: ''}}\n{LEAST}",
    "webhook": of("webhook", "url: 'http://x:1/y', max_alerts: 3, send_resolved: false"),
    "webhook nowhere": of("webhook", "max_alerts: 3"),
    "less than none": of("webhook", "url: 'http://x', max_alerts: -1"),
    "basic auth": http("basic_auth: {username: a}"),
    "bearer": http("bearer_token: a"),
    "two ways": http("basic_auth: {username: a}, bearer_token: b"),
    "two other ways": http("basic_auth: {}, authorization: {}"),
    "oauth2": http(
        "oauth2: {client_id: a, client_secret: b, token_url: 'http://x', scopes: [c], proxy_url: 'http://p'}"
    ),
    "oauth2 without a URL": http("oauth2: {client_id: a, client_secret: b}"),
    "TLS": http("tls_config: {server_name: a, insecure_skip_verify: true, min_version: TLS12}"),
    "an unknown TLS": http("tls_config: {min_version: TLS9}"),
    "a proxy": http("proxy_url: 'http://u:p@x', proxy_connect_header: {a: [b]}"),
    "headers for no proxy": http("proxy_connect_header: {a: [b]}"),
    "email": of("email", "to: a@b", MAIL),
    "email by nobody": of("email", "to: a@b", "smtp_from: a@b"),
    "email to nobody": of("email", "", MAIL),
    "email of all sorts": of(
        "email",
        "to: a, from: b, smarthost: 'c:25', hello: d, auth_username: e, auth_password: f, auth_identity: g,"
        " headers: {Subject: h}, html: i, text: j, require_tls: false, tls_config: {}",
    ),
    "two headers": of("email", "to: a, headers: {subject: a, Subject: b}", MAIL),
    "pagerduty": of(
        "pagerduty", "routing_key: a, links: [{href: 'http://x', text: y}], images: [{src: 'http://x'}]"
    ),
    "pagerduty for nobody": of("pagerduty", "severity: error"),
    "opsgenie": of(
        "opsgenie", "api_key: a, responders: [{name: b, type: team}], details: {c: d}, update_alerts: true"
    ),
    "opsgenie without a key": of("opsgenie", "message: a"),
    "opsgenie to whom?": of("opsgenie", "api_key: a, responders: [{type: team}]"),
    "opsgenie to what?": of("opsgenie", "api_key: a, responders: [{name: b, type: robot}]"),
    "wechat": of("wechat", "api_secret: a, corp_id: b, message_type: markdown"),
    "wechat without a secret": of("wechat", "corp_id: b"),
    "wechat of another type": of("wechat", "api_secret: a, corp_id: b, message_type: html"),
    "slack": of(
        "slack",
        "channel: a, fields: [{title: b, value: c, short: true}], actions: [{type: button, text: d, url: 'http://x'}]",
        "slack_api_url: 'https://s'",
    ),
    "slack nowhere": of("slack", "channel: a"),
    "slack's field without a value": of("slack", "api_url: 'http://x', fields: [{title: a}]"),
    "slack's action without a text": of("slack", "api_url: 'http://x', actions: [{type: button, url: x}]"),
    "victorops": of("victorops", "api_key: a, routing_key: b, custom_fields: {c: d}"),
    "victorops to nobody": of("victorops", "api_key: a"),
    "victorops' own field": of("victorops", "api_key: a, routing_key: b, custom_fields: {entity_state: d}"),
    "pushover": of("pushover", "user_key: a, token: b, retry: 30s, expire: 1h"),
    "pushover without a token": of("pushover", "user_key: a"),
    "sns": of("sns", f"topic_arn: '{TOPIC}', sigv4: {{region: eu-west-1}}, attributes: {{a: b}}"),
    "sns to nobody": of("sns", "sigv4: {region: eu-west-1}"),
    "sns by half a key": of("sns", f"topic_arn: '{TOPIC}', sigv4: {{region: eu-west-1, access_key: a}}"),
    "telegram": of("telegram", "bot_token: a, chat_id: -5, parse_mode: MarkdownV2"),
    "telegram without a chat": of("telegram", "bot_token: a"),
    "telegram without a token": of("telegram", "chat_id: 5"),
    "telegram in another mode": of("telegram", "bot_token: a, chat_id: 5, parse_mode: RTF"),
    "discord": of("discord", "webhook_url: 'http://x', title: a, message: b"),
    "discord nowhere": of("discord", "title: a"),
    "webex": of("webex", "room_id: a, http_config: {authorization: {credentials: b}}"),
    "webex without a room": of("webex", "http_config: {authorization: {credentials: b}}"),
    "webex by nobody": of("webex", "room_id: a"),
    "inhibition": f"{LEAST}inhibit_rules: [{{source_matchers: [a=b], target_match_re: {{c: d}}, equal: [e]}}, {{}}]\n",
    "inhibition by no mapping": f"{LEAST}inhibit_rules: {{}}\n",
    "inhibition by no name": f"{LEAST}inhibit_rules: [{{source_match: {{a-b: c}}}}]\n",
    "interval": interval(
        "{times: [{start_time: '09:00', end_time: '24:00'}], weekdays: ['monday:friday'],"
        " days_of_month: ['-3:-1', '15:-1'], months: ['may:8'], years: ['2026:2030'], location: Asia/Tokyo}"
    ),
    "interval unquoted": interval("times: [{start_time: 17:00, end_time: 18:30}]"),
    "muted": f"{child('mute_time_intervals: [t]')}time_intervals: [{{name: t, time_intervals: [{{}}]}}]\n",
    "time": interval("times: [{start_time: '9:00', end_time: '10:00'}]"),
    "times": interval("times: [{start_time: '10:00', end_time: '09:00'}]"),
    "weekdays": interval("weekdays: ['friday:monday']"),
    "days": interval("days_of_month: ['0']"),
    "months": interval("months: ['march:january']"),
    "years": interval("years: ['2027:2026']"),
    "location": interval("location: Mars/Base"),
    "templates": f"{LEAST}templates: ['good*.tmpl', 'nowhere/*']\n",
    "a template that is none": f"{LEAST}templates: [bad.tmpl]\n",
    "a template of unknown functions": f"{LEAST}templates: [unknown.tmpl]\n",
    "a directory of templates": f"{LEAST}templates: [sub]\n",
    "a key twice": unit.ROUTE + LEAST,
    "no yaml": "route: [",
}
TEMPLATES = {
    "good.tmpl": '{{ define "x" }}{{ template "nowhere" . }}{{ toUpper .Status }}{{ end }}',
    "bad.tmpl": '{{ define "x" }',
    "unknown.tmpl": "{{ nofunction . }}",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, text in TEMPLATES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "sub").mkdir()
    return tmp_path


def test_amtool_takes_and_refuses_the_same_files(directory: Path) -> None:
    theirs = dict(zip(SAME, amtool_takes(list(SAME.values()), directory), strict=True))
    ours = {name: takes(text, directory) for name, text in SAME.items()}
    different = {name for name in SAME if bool(ours[name]) != bool(theirs[name])}
    assert {name: (ours[name], theirs[name]) for name in different} == {}
    assert 35 < sum(not reason for reason in ours.values()) < len(SAME) - 35


# -- mutated files ------------------------------------------------------------------------------------

FULL: Mapping[str, Any] = {
    "global": {
        "resolve_timeout": "5m",
        "http_config": {"follow_redirects": True, "tls_config": {"server_name": "x"}},
        "smtp_from": "a@b",
        "smtp_smarthost": "mail:25",
        "smtp_auth_password": "p",
        "slack_api_url": "https://hooks.slack.com/services/x",
        "opsgenie_api_key": "k",
        "victorops_api_key": "k",
        "wechat_api_secret": "s",
        "wechat_api_corp_id": "c",
    },
    "route": {
        "receiver": "ops",
        "group_by": ["alertname", "job"],
        "group_wait": "10s",
        "routes": [
            {
                "receiver": "web",
                "matchers": ['team="web"', 'severity=~"a|b"'],
                "continue": True,
                "mute_time_intervals": ["night"],
                "routes": [{"match": {"a": "b"}, "match_re": {"c": "d.*"}, "group_by": ["..."]}],
            },
            {"active_time_intervals": ["day"], "repeat_interval": "1h", "group_interval": "1m"},
        ],
    },
    "inhibit_rules": [
        {"source_matchers": ["severity=critical"], "target_matchers": ["severity=warning"], "equal": ["job"]},
        {"source_match": {"a": "b"}, "target_match_re": {"a": "c|d"}},
    ],
    "receivers": [
        {
            "name": "ops",
            "webhook_configs": [
                {"url": "http://x/y", "send_resolved": False, "max_alerts": 5},
                {"url": "https://x", "http_config": {"basic_auth": {"username": "a", "password": "b"}}},
                {
                    "url": "https://x",
                    "http_config": {
                        "oauth2": {"client_id": "a", "client_secret": "b", "token_url": "https://x"},
                        "proxy_url": "http://p",
                        "proxy_connect_header": {"A": ["b"]},
                    },
                },
            ],
            "slack_configs": [
                {
                    "channel": "#a",
                    "title": '{{ template "slack.default.title" . }}',
                    "fields": [{"title": "a", "value": "b", "short": True}],
                    "actions": [{"type": "button", "text": "t", "url": "u", "confirm": {"text": "c"}}],
                }
            ],
        },
        {
            "name": "web",
            "email_configs": [{"to": "a@b", "headers": {"Subject": "s"}, "require_tls": False, "text": "t"}],
            "pagerduty_configs": [{"routing_key": "r", "details": {"a": "b"}, "links": [{"href": "h"}]}],
            "opsgenie_configs": [{"responders": [{"name": "a", "type": "team"}], "tags": "a,b"}],
            "victorops_configs": [{"routing_key": "r", "custom_fields": {"a": "b"}}],
            "pushover_configs": [{"user_key": "u", "token": "t", "retry": "1m", "expire": "1h"}],
            "sns_configs": [{"topic_arn": TOPIC, "sigv4": {"region": "eu-west-1"}, "attributes": {"a": "b"}}],
            "telegram_configs": [{"bot_token": "t", "chat_id": 1, "parse_mode": "HTML"}],
            "discord_configs": [{"webhook_url": "https://x", "title": "t"}],
            "webex_configs": [{"room_id": "r", "http_config": {"authorization": {"credentials": "c"}}}],
            "wechat_configs": [{"message_type": "text", "to_user": "u"}],
        },
    ],
    "time_intervals": [
        {
            "name": "night",
            "time_intervals": [
                {"times": [{"start_time": "17:00", "end_time": "24:00"}], "weekdays": ["monday:friday"]}
            ],
        }
    ],
    "mute_time_intervals": [
        {"name": "day", "time_intervals": [{"months": ["1:3"], "years": ["2026"], "days_of_month": ["-1"]}]}
    ],
    "templates": ["good.tmpl"],
}
ODD: Sequence[Any] = ("", "x", 5, -1, 0, True, [], {}, [""], ["x", "x"], {"x": "y"}, "1h", "http://x", None)


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every mapping and list with each of its keys."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from places(tree[key])


def mutated(seed: int) -> str:
    """Return the file with one or two of its values gone, odd, moved, or under another key."""
    chance = random.Random(seed)
    tree = deepcopy(dict(FULL))
    for _ in range(chance.choice((1, 1, 2))):
        here = list(places(tree))
        holder, key = chance.choice(here)
        other, another = chance.choice(here)
        match chance.randrange(4):
            case 0:
                del holder[key]
            case 1:
                holder[key] = chance.choice(ODD)
            case 2:
                holder[key] = deepcopy(other[another])
            case 3 if isinstance(holder, dict):
                holder[str(another)] = holder.pop(key)
    return json.dumps(tree, indent=1)


DIFFERENT: Mapping[str, str] = {
    "oauth2 without a secret": http("oauth2: {client_id: a, token_url: 'http://x'}"),
    "a name in UTF-8": child("group_by: [a-b]"),
    "a name in UTF-8 in equal": f"{LEAST}inhibit_rules: [{{equal: [a-b]}}]\n",
    "a newer key": child("labels: {a: b}"),
    "another newer key": http("http_headers: {A: {values: [b]}}"),
    "a newer receiver": of("msteamsv2", "webhook_url: 'http://x'"),
    "quoted": child("continue: 'true'"),
    "a file": http("bearer_token_file: /etc/token"),
    "a masked copy": http("bearer_token: <secret>"),
    "an empty list of times": interval("weekdays: []"),
    "an inline template that is none": of("discord", "webhook_url: 'http://x', title: '{{ nofunction }}'"),
    "no topic": of("sns", "topic_arn: pages, sigv4: {region: eu-west-1}"),
    "a topic elsewhere": of("sns", f"topic_arn: '{TOPIC}', sigv4: {{region: us-east-1}}"),
    "a token from nowhere": http("oauth2: {client_id: a, client_secret: b, token_url: x}"),
    "a proxy of another sort": http("proxy_url: 'socks5://x'"),
    "a rule that is none": f"{LEAST}inhibit_rules: [null]\n",
    "matchers that are none": child("matchers: [null]"),
    "half a certificate": http("tls_config: {cert_file: 'ssm:a'}"),
    "the other half": http("tls_config: {key_file: 'ssm:a'}"),
}


def test_the_differences_are_those_that_have_a_name(directory: Path) -> None:
    for text, theirs in zip(
        DIFFERENT.values(), amtool_takes(list(DIFFERENT.values()), directory), strict=True
    ):
        ours = takes(text, directory)
        assert bool(ours) != bool(theirs), text
        assert any(name in (ours or theirs) for name in DIFFERENCES), ours or theirs


def test_amtool_takes_and_refuses_the_same_mutated_files(directory: Path) -> None:
    texts = [mutated(seed) for seed in range(SEEDS)]
    named: Counter[str] = Counter()
    taken = 0
    for seed, (text, theirs) in enumerate(zip(texts, amtool_takes(texts, directory), strict=True)):
        ours = takes(text, directory)
        taken += not ours
        if bool(ours) != bool(theirs):
            names = [name for name in DIFFERENCES if name in (ours or theirs)]
            assert names, f"seed {seed}: ours: {ours}\ntheirs: {theirs}\n{text}"
            named.update(names[:1])
    assert SEEDS * 0.1 < taken < SEEDS * 0.6
    print(f"{SEEDS} files, {taken} taken, differences: {dict(named)}")


# -- masked files -------------------------------------------------------------------------------------


def test_amtool_reads_a_masked_file_and_tocsin_refuses_it(directory: Path) -> None:
    taken = [text for text in (*SAME.values(), json.dumps(FULL)) if not takes(text, directory)]
    shown = [masked(text) for text in taken]
    theirs = amtool_takes(shown, directory)
    assert dict(zip(shown, theirs, strict=True)) == dict.fromkeys(shown, "")
    for after in shown:
        assert ("masked copy" in takes(after, directory)) is ("<secret>" in after)
    assert sum("<secret>" in text for text in shown) > 15
