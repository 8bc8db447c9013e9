"""What people are shown: secrets masked."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tocsin.configfile.fields import MASK
from tocsin.views.secrets import masked, secret_keys

HIDDEN = f"https://{MASK}"


def auth(text: str) -> str:
    return f"global: {{http_config: {{basic_auth: {{{text}}}}}}}\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("# nothing\n", "# nothing\n", id="nothing but a comment"),
        pytest.param(auth("password: a # z"[:-4]), auth(f"password: {MASK}"), id="plain"),
        pytest.param(
            auth("password: \"it\", username: 'is'"), auth(f"password: {MASK}, username: 'is'"), id="flow"
        ),
        pytest.param(
            "global:\n  smtp_auth_password: |\n    a\n    b\n  smtp_from: x\n",
            f"global:\n  smtp_auth_password: {MASK}\n  smtp_from: x\n",
            id="block",
        ),
        pytest.param(
            "global:\n  smtp_from: &s x\n  smtp_auth_password: *s\n",
            f"global:\n  smtp_from: &s {MASK}\n  smtp_auth_password: *s\n",
            id="alias",
        ),
        pytest.param(
            "receivers:\n- webhook_configs:\n  - &w {url: http://x}\n  - <<: *w\n    max_alerts: 5\n",
            f"receivers:\n- webhook_configs:\n  - &w {{url: {HIDDEN}}}\n  - <<: *w\n    max_alerts: 5\n",
            id="merged",
        ),
        pytest.param(
            "global: {slack_api_url: !!str x}", f"global: {{slack_api_url: !!str {HIDDEN}}}", id="tag"
        ),
        pytest.param("global:\n  smtp_auth_password:\n", "global:\n  smtp_auth_password:\n", id="nothing"),
        pytest.param("global: {smtp_auth_password: ''}", "global: {smtp_auth_password: ''}", id="empty text"),
        pytest.param(
            "global: {smtp_auth_password: 'ssm:/mail', slack_api_url: 'ssm:/slack', opsgenie_api_key_file: 'ssm:/o'}",
            f"global: {{smtp_auth_password: 'ssm:/mail', slack_api_url: {HIDDEN}, opsgenie_api_key_file: 'ssm:/o'}}",
            id="references",
        ),
        pytest.param(
            "global: {http_config: {http_headers: {A: {values: [b], secrets: [c, d]}}, proxy_url: 'http://u:p@h'}}",
            f"global: {{http_config: {{http_headers: {{A: {{values: [b], secrets: [{MASK}, {MASK}]}}}},"
            f" proxy_url: {HIDDEN}}}}}",
            id="nested",
        ),
        pytest.param(
            "\ufeffé: 1\nglobal: {smtp_auth_password: x}\n",
            f"\ufeffé: 1\nglobal: {{smtp_auth_password: {MASK}}}\n",
            id="byte order mark",
        ),
        pytest.param(
            "route: {match: {url: x, password: y}}", "route: {match: {url: x, password: y}}", id="labels"
        ),
        pytest.param("a: 1\n#  url: http://x y\n", f"a: 1\n#  url: {MASK}\n", id="commented out"),
        pytest.param(
            "a: 1\n# 'url': x\nb: 2 # url: y\n", f"a: 1\n# 'url': {MASK}\nb: 2 # url: {MASK}\n", id="quoted"
        ),
        pytest.param(
            "# secrets:\n#  - a\n#  - b\n\n# c\n", f"# secrets:{MASK}\n\n# c\n", id="a list commented out"
        ),
        pytest.param(
            "# password: |\n#  a\nb: c\n", f"# password: {MASK}\nb: c\n", id="a block commented out"
        ),
        pytest.param(auth("password\t: a"), auth(f"password\t: {MASK}"), id="a tab"),
        pytest.param(
            auth("password: 😀, username: é"), auth(f"password: {MASK}, username: é"), id="far characters"
        ),
        pytest.param("a: 'url: x # y'", "a: 'url: x # y'", id="no key at all"),
        pytest.param("a: b\n---\nglobal: [", "a: b\n", id="more than one document"),
        pytest.param(
            "event_recorder: {kafka_outputs: [{x: y}]}",
            f"event_recorder: {{kafka_outputs: [{{x: {MASK}}}]}}",
            id="event recorder",
        ),
    ],
)
def test_masking(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_the_keys_of_secrets_are_those_of_the_blocks() -> None:
    assert {
        "url",
        "password",
        "credentials",
        "client_secret",
        "secrets",
        "slack_api_url",
        "key",
    } <= secret_keys()
    assert not {"username", "smtp_from", "name", "max_alerts", "url_file"} & secret_keys()


SECRETS = ("smtp_auth_password", "opsgenie_api_key", "slack_api_url", "victorops_api_key")
PLAIN = ("smtp_from", "smtp_hello", "wechat_api_corp_id")
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=200)


@given(st.dictionaries(st.sampled_from(SECRETS + PLAIN), texts), st.booleans())
def test_masking_changes_secrets_and_nothing_else(shared: dict[str, str], flow: bool) -> None:
    text = yaml.safe_dump({"global": shared}, default_flow_style=flow, allow_unicode=True)
    expected: dict[str, Any] = {
        key: value if key in PLAIN or not value else HIDDEN if key.endswith("url") else MASK
        for key, value in shared.items()
    }
    assert yaml.safe_load(masked(text)) == {"global": expected}
