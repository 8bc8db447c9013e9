"""http_config of alertmanager.yml: its one stored form, where it is taken from, and what is refused."""

from typing import Any

import pytest
import yaml

from tocsin.configfile.parse import parse_config
from tocsin.documents import DocumentError

LEAST = "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://x'}]}]\n"


def stored(http: str) -> Any:
    """Return what the global http_config of a file is stored as."""
    config = parse_config(f"{LEAST}global: {{http_config: {http}}}\n", "am.yml")
    [webhook] = config.receivers["a"].integrations
    return webhook.settings["http_config"]


STORED = {
    "nothing": ("{}", {}),
    "what is by default": ("{follow_redirects: true, enable_http2: true, tls_config: {}, proxy_url: ''}", {}),
    "no redirects": (
        "{follow_redirects: false, enable_http2: no}",
        {"follow_redirects": False, "enable_http2": False},
    ),
    "basic auth": (
        "{basic_auth: {username: a, password_file: 'secretsmanager:pass#word'}}",
        {"basic_auth": {"username": "a", "password": "secretsmanager:pass#word"}},
    ),
    "basic auth, nothing else said": ("{basic_auth: {}}", {"basic_auth": {"username": "", "password": ""}}),
    "authorization": (
        "{authorization: {credentials_ref: 'ssm:/a'}}",
        {"authorization": {"type": "Bearer", "credentials": "ssm:/a"}},
    ),
    "authorization of no type": (
        "{authorization: {type: ' ', credentials: a}}",
        {"authorization": {"type": "Bearer", "credentials": "a"}},
    ),
    "a bearer token": ("{bearer_token: a}", {"authorization": {"type": "Bearer", "credentials": "a"}}),
    "a bearer token elsewhere": (
        "{bearer_token_file: 'ssm:a'}",
        {"authorization": {"type": "Bearer", "credentials": "ssm:a"}},
    ),
    "oauth2": (
        """{oauth2: {client_id: a, client_secret_file: 'ssm:a', token_url: 'https://x', scopes: [b],
          endpoint_params: {c: d}, proxy_url: 'http://p', tls_config: {server_name: e}}}""",
        {
            "oauth2": {
                "client_id": "a",
                "client_secret": "ssm:a",
                "token_url": "https://x",
                "scopes": ["b"],
                "endpoint_params": {"c": "d"},
                "proxy_url": "http://p",
                "tls_config": {"server_name": "e"},
            }
        },
    ),
    "TLS": (
        """{tls_config: {ca: a, cert: b, key: c, server_name: d, insecure_skip_verify: true,
          min_version: TLS12, max_version: TLS13}}""",
        {
            "tls_config": {
                "ca": "a",
                "cert": "b",
                "key": "c",
                "server_name": "d",
                "insecure_skip_verify": True,
                "min_version": "TLS12",
                "max_version": "TLS13",
            }
        },
    ),
    "TLS elsewhere": (
        "{tls_config: {ca_file: 'ssm:a', cert_ref: 'ssm:b', key_file: 'ssm:c'}}",
        {"tls_config": {"ca": "ssm:a", "cert": "ssm:b", "key": "ssm:c"}},
    ),
    "a proxy": (
        "{proxy_url: 'http://u:p@x:3128', no_proxy: 'a,b', proxy_connect_header: {A: [b]}}",
        {"proxy_url": "http://u:p@x:3128", "no_proxy": "a,b", "proxy_connect_header": {"A": ["b"]}},
    ),
    "the proxy of the environment": ("{proxy_from_environment: true}", {"proxy_from_environment": True}),
    "headers": (
        "{http_headers: {X-A: {values: [b, ''], secrets: [c], files: ['ssm:d']}}}",
        {"http_headers": {"X-A": {"values": ["b", ""], "secrets": ["c", "ssm:d"]}}},
    ),
}


@pytest.mark.parametrize("name", STORED)
def test_an_http_config_is_stored_in_one_form(name: str) -> None:
    text, expected = STORED[name]
    assert stored(text) == expected


def test_an_own_http_config_replaces_the_global_one_whole() -> None:
    text = (
        "global: {http_config: {proxy_url: 'http://p'}}\nroute: {receiver: a}\nreceivers:\n- name: a\n"
        "  webhook_configs: [{url: 'http://x'}, {url: 'http://x', http_config: {bearer_token: a}}]\n"
    )
    inherited, own = parse_config(text, "am.yml").receivers["a"].integrations
    assert inherited.settings["http_config"] == {"proxy_url": "http://p"}
    assert own.settings["http_config"] == {"authorization": {"type": "Bearer", "credentials": "a"}}


REFUSED = {
    "two ways": (
        "{basic_auth: {}, bearer_token: a}",
        "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
    ),
    "two others": (
        "{basic_auth: {}, authorization: {}}",
        "at most one of basic_auth, oauth2 & authorization must be configured",
    ),
    "a token twice": (
        "{authorization: {}, bearer_token: a}",
        "authorization is not compatible with bearer_token & bearer_token_file",
    ),
    "two tokens": (
        "{bearer_token: a, bearer_token_file: 'ssm:a'}",
        "at most one of bearer_token & bearer_token_file must be configured",
    ),
    "two passwords": (
        "{basic_auth: {password: a, password_file: 'ssm:a'}}",
        "at most one of basic_auth password, password_file & password_ref must be configured",
    ),
    "oauth2 without a client": ("{oauth2: {}}", "oauth2 client_id must be configured"),
    "oauth2 without a URL": ("{oauth2: {client_id: a}}", "oauth2 token_url must be configured"),
    "oauth2 with two secrets": (
        "{oauth2: {client_id: a, token_url: 'http://x', client_secret: a, client_secret_ref: 'ssm:a'}}",
        "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured",
    ),
    "oauth2 by a signature": (
        "{oauth2: {client_id: a, token_url: 'http://x', client_certificate_key: a}}",
        "not supported yet",
    ),
    "another grant": (
        "{oauth2: {client_id: a, token_url: 'http://x', grant_type: password}}",
        "expected '' or 'client_credentials'",
    ),
    "a certificate without a key": (
        "{tls_config: {cert: a}}",
        "exactly one of key or key_file must be configured when a client certificate is configured",
    ),
    "a key without a certificate": (
        "{tls_config: {key: a}}",
        "exactly one of cert or cert_file must be configured when a client key is configured",
    ),
    "an unknown version": (
        "{tls_config: {min_version: TLS9}}",
        "expected '', 'TLS10', 'TLS11', 'TLS12' or 'TLS13'",
    ),
    "headers for no proxy": (
        "{proxy_connect_header: {A: [b]}}",
        "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
    ),
    "exceptions from no proxy": (
        "{no_proxy: a}",
        "if no_proxy is configured, proxy_url must also be configured",
    ),
    "two proxies": (
        "{proxy_from_environment: true, proxy_url: 'http://x'}",
        "if proxy_from_environment is configured, proxy_url must not be configured",
    ),
    "exceptions from the environment's": (
        "{proxy_from_environment: true, no_proxy: a}",
        "if proxy_from_environment is configured, no_proxy must not be configured",
    ),
    "another sort of proxy": (
        "{proxy_url: 'socks5://x'}",
        'unsupported scheme "socks5" for a proxy (expected http or https)',
    ),
    "a proxy nowhere": ("{proxy_url: 'http://'}", "missing host for URL"),
    "a reserved header": (
        "{http_headers: {user-agent: {values: [a]}}}",
        'setting header "User-Agent" is not allowed',
    ),
    "no header": ("{http_headers: {'a b': {values: [a]}}}", 'invalid header name "a b"'),
    "two lines": ('{http_headers: {a: {values: ["a\\nb"]}}}', "a header is one line"),
    "a file": (
        "{http_headers: {a: {files: [/etc/a]}}}",
        "a Lambda has no files: expected a secret (secretsmanager:NAME#KEY, ssm:NAME, or its ARN)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_http_config_is_refused_with_a_reason(name: str) -> None:
    text, expected = REFUSED[name]
    with pytest.raises(DocumentError) as refusal:
        stored(text)
    [problem] = refusal.value.problems
    assert problem.reason == expected
    assert (problem.line, problem.field.startswith("global.http_config")) == (3, True)


def test_no_refusal_shows_a_secret() -> None:
    wrong = {
        "proxy_url": "ftp://u:s3cr3t@x",
        "tls_config": {"key": "s3cr3t"},
        "oauth2": {"client_secret": ["s3cr3t"], "token_url": "x://s3cr3t"},
        "http_headers": {"a": {"secrets": ["s3cr3t\n"]}},
    }
    with pytest.raises(DocumentError) as refusal:
        stored(yaml.safe_dump(wrong, default_flow_style=True, width=1000).strip())
    assert len(refusal.value.problems) >= 4
    assert "s3cr3t" not in str(refusal.value)
