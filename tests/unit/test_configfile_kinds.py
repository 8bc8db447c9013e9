"""Every kind of receiver in alertmanager.yml: its place, what is stored of it, and that nothing secret of it shows."""

import json

import pytest
import yaml

from tocsin.configfile.parse import parse_config, read_config
from tocsin.configfile.receivers import KINDS, blocks
from tocsin.dispatch.config import Config
from tocsin.dispatch.configcodec import from_document, to_document
from tocsin.documents import DocumentError
from tocsin.receivers import registry
from tocsin.views.secrets import masked

ORDER = [
    *(
        "webhook",
        "email",
        "pagerduty",
        "opsgenie",
        "wechat",
        "slack",
        "victorops",
        "pushover",
        "sns",
        "telegram",
    ),
    *("discord", "webex", "msteams", "msteamsv2", "jira", "incidentio", "rocketchat", "mattermost"),
    *("eventbridge", "sqs", "lambda", "apprise"),
]
"""As Alertmanager builds them, and then those that it has not."""

HOOK = "webhook_url: 'https://x/s3cr3t'"
LEAST = {
    "webhook": "{url: 'https://x/s3cr3t', http_config: {basic_auth: {username: u, password: s3cr3t}}}",
    "email": "{to: a@b, from: c@d, smarthost: 'mail:25', auth_username: u, auth_password: s3cr3t}",
    "pagerduty": "{routing_key: s3cr3t}",
    "opsgenie": "{api_key: s3cr3t}",
    "wechat": "{api_secret: s3cr3t, corp_id: c}",
    "slack": "{api_url: 'https://x/s3cr3t'}",
    "victorops": "{api_key: s3cr3t, routing_key: r}",
    "pushover": "{user_key: s3cr3t, token: s3cr3t}",
    "sns": (
        "{topic_arn: 'arn:aws:sns:eu-west-1:123456789012:pages',"
        " sigv4: {region: eu-west-1, access_key: AKIA, secret_key: s3cr3t}}"
    ),
    "telegram": "{bot_token: s3cr3t, chat_id: 5}",
    "discord": f"{{{HOOK}}}",
    "webex": "{room_id: r, http_config: {authorization: {credentials: s3cr3t}}}",
    "msteams": f"{{{HOOK}}}",
    "msteamsv2": f"{{{HOOK}}}",
    "jira": "{api_url: 'https://x', project: A, issue_type: Bug, http_config: {bearer_token: s3cr3t}}",
    "incidentio": "{url: 'https://x', alert_source_token: s3cr3t}",
    "rocketchat": "{token: s3cr3t, token_id: s3cr3t}",
    "mattermost": f"{{{HOOK}}}",
    "eventbridge": "{}",
    "sqs": "{queue_url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/q'}",
    "lambda": "{function_name: f}",
    "apprise": "{url: 'tgram://s3cr3t'}",
}
OPEN = {"eventbridge", "sqs", "lambda"}
"""Those that have no secret."""


def text(kind: str) -> str:
    return f"route: {{receiver: a}}\nreceivers:\n- name: a\n  {kind}_configs: [{LEAST[kind]}]\n"


def config(kind: str) -> Config:
    return parse_config(text(kind), "am.yml")


def test_the_kinds_are_alertmanagers_in_its_order_and_then_ours() -> None:
    assert list(KINDS) == ORDER
    assert {block.kind: kind for kind, block in blocks().items()} == {kind: kind for kind in ORDER}


def test_every_kind_has_a_sender() -> None:
    assert set(registry.KINDS) == set(ORDER)


@pytest.mark.parametrize("kind", ORDER)
def test_the_least_of_a_kind_is_stored_and_read_back(kind: str) -> None:
    found = config(kind)
    [one] = found.receivers["a"].integrations
    assert (one.kind, one.index) == (kind, 0)
    assert not [key for key in one.settings if key.endswith(("_file", "_ref"))]
    assert "send_resolved" not in one.settings
    assert from_document(json.loads(json.dumps(to_document(found)))) == found


@pytest.mark.parametrize("kind", ORDER)
def test_no_secret_of_a_kind_is_shown(kind: str) -> None:
    assert ("s3cr3t" not in text(kind)) is (kind in OPEN)
    assert "s3cr3t" not in repr(config(kind))
    shown = masked(text(kind))
    assert "s3cr3t" not in shown
    assert ("<secret>" in shown) is (kind not in OPEN)
    if kind not in OPEN:
        with pytest.raises(DocumentError, match="masked copy"):
            parse_config(shown, "am.yml")


@pytest.mark.parametrize("kind", ORDER)
def test_a_key_that_a_kind_has_not_is_refused_and_nothing_else(kind: str) -> None:
    wrong = text(kind).replace("[{", "[{nonsense: x, ").replace(", }", "}")
    with pytest.raises(DocumentError) as refusal:
        parse_config(wrong, "am.yml")
    [problem] = refusal.value.problems
    assert (problem.line, problem.field) == (4, f"receivers[0].{kind}_configs[0].nonsense")


def test_what_is_wrong_is_not_also_missing() -> None:
    wrong = text("slack").replace("https://x/s3cr3t", "s3cr3t")
    with pytest.raises(DocumentError) as refusal:
        parse_config(wrong, "am.yml")
    assert [problem.reason for problem in refusal.value.problems] == ['unsupported scheme "" for URL']


def test_the_default_templates_of_every_kind_are_there() -> None:
    for kind in ORDER:
        assert read_config(text(kind), "am.yml").warnings == (), kind


def test_a_template_that_is_nowhere_is_warned_about() -> None:
    receiver = {
        "name": "a",
        "discord_configs": [{"webhook_url": "https://x", "title": '{{ template "mine" . }}'}],
    }
    odd = yaml.safe_dump({"receivers": [receiver], "route": {"receiver": "a"}})
    [warning] = read_config(odd, "am.yml").warnings
    assert warning.field == "receivers[0].discord_configs[0]"
    assert '"mine" not defined' in warning.reason
