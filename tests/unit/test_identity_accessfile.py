"""The access file: a web configuration of Prometheus as it is, and what is ours in it."""

import pytest

from tocsin.documents import DocumentError
from tocsin.identity.accessfile import parse_access
from tocsin.identity.scope import EVERYTHING, Scope

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
ARN = "arn:aws:sts::111122223333:assumed-role/oncall/*"


def test_users_may_do_everything_as_in_alertmanager_unless_the_file_says_less() -> None:
    text = f"""
basic_auth_users:
  ada: {HASH}
  prometheus: {HASH}
  nobody: {HASH}
scopes:
  prometheus: [alerts:write, read]
  nobody: []
grants:
  "{ARN}": [admin]
"""
    declared, warnings = parse_access(text, "web.yml")
    assert {user.name: user.scopes for user in declared.users} == {
        "ada": EVERYTHING,
        "prometheus": {Scope.ALERTS_WRITE, Scope.READ},
        "nobody": frozenset(),
    }
    assert [(grant.pattern, grant.scopes) for grant in declared.grants] == [(ARN, frozenset({Scope.ADMIN}))]
    assert warnings == []
    assert HASH not in repr(declared)


@pytest.mark.parametrize("text", ["", "# nobody\n", "basic_auth_users:\n", "{}\n"])
def test_a_file_that_says_nothing_lets_nobody_in(text: str) -> None:
    declared, _ = parse_access(text, "web.yml")
    assert (declared.users, declared.grants) == ((), ())


def test_what_aws_does_for_us_is_left_out_and_said_to_be() -> None:
    text = f"""tls_server_config: {{cert_file: a, key_file: b}}
http_server_config: {{http2: true}}
rate_limit: {{interval: 1s, burst: 5}}
basic_auth_users: {{ada: {HASH}}}
"""
    declared, warnings = parse_access(text, "web.yml")
    assert [user.name for user in declared.users] == ["ada"]
    assert [str(warning) for warning in warnings] == [
        f"web.yml:{line}:1: {key}: has no meaning here and is left out: AWS serves the Function URL"
        for line, key in enumerate(("tls_server_config", "http_server_config", "rate_limit"), 1)
    ]


BCRYPT = "expected a hash of bcrypt ($2y$…, as htpasswd -B writes it)"
WRONG = {
    "a password": ("basic_auth_users: {ada: secret}", "basic_auth_users.ada", BCRYPT),
    "another hash": ("basic_auth_users: {ada: $apr1$x$y}", "basic_auth_users.ada", BCRYPT),
    "a hash cut short": (f"basic_auth_users: {{ada: {HASH[:-1]}}}", "basic_auth_users.ada", BCRYPT),
    "a hash that takes an hour": (
        f"basic_auth_users: {{ada: {HASH.replace('$10$', '$31$')}}}",
        "basic_auth_users.ada",
        "expected a cost of bcrypt from 4 to 14",
    ),
    "a colon in a name": (
        f"basic_auth_users: {{'a:b': {HASH}}}",
        "basic_auth_users.a:b",
        "expected the name of a user, which has no colon",
    ),
    "users in a list": ("basic_auth_users: [ada]", "basic_auth_users", "expected a mapping"),
    "an unknown scope": (
        f"basic_auth_users: {{ada: {HASH}}}\nscopes: {{ada: [write]}}",
        "scopes.ada[0]",
        "expected one of read, alerts:write, samples:write, silences:write, rules:write, admin",
    ),
    "a scope that is none": (
        f"basic_auth_users: {{ada: {HASH}}}\nscopes: {{ada: [{{a: b}}]}}",
        "scopes.ada[0]",
        "expected one of read, alerts:write, samples:write, silences:write, rules:write, admin",
    ),
    "scopes of nobody": ("scopes: {eve: [read]}", "scopes.eve", "no such user in basic_auth_users"),
    "no ARN": (
        "grants: {oncall: [read]}",
        "grants.oncall",
        "expected a pattern of ARNs, such as arn:aws:sts::123456789012:assumed-role/oncall/*",
    ),
}


@pytest.mark.parametrize(("text", "field", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_its_place_and_never_shown(text: str, field: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_access(text, "web.yml")
    [problem] = caught.value.problems
    assert (problem.file, problem.field, problem.reason) == ("web.yml", field, reason)
    assert problem.line == text.count("\n") + 1
    assert "secret" not in str(caught.value)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(DocumentError, match="unknown key"):
        parse_access("basic_auth_user: {}", "web.yml")
