"""tocsin token and tocsin access: who may ask the API, made and taken away on the command line."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.commandline import Stack
from tocsin.history import read_history
from tocsin.identity.book import read_known
from tocsin.identity.scope import Scope
from tocsin.identity.tokens import id_of, is_whole, recognised
from tocsin.index import read_index
from tocsin.ports import Write

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def stored(stack: Stack) -> str:
    """Return all that the database holds, as text."""
    return repr([stack.database.scan(table) for table in ("rules", "state", "dispatch", "config")])


def history(stack: Stack) -> list[tuple[str, str, tuple[str, ...]]]:
    changes, _ = read_history(stack.database, stack.clock.now(), 100)
    return [(str(change.what), change.by, change.targets) for change in changes]


def test_a_token_is_shown_once_and_only_its_hash_is_stored(stack: Stack) -> None:
    result = stack.run("token", "create", "grafana", "--scope", "read", "--scope", "silences:write")
    text = result.stdout.strip()
    assert is_whole(text)
    assert result.stderr == f"grafana ({id_of(text)}): keep it now, it cannot be shown again\n"
    assert text[17:81] not in stored(stack)
    known = read_known(stack.database, read_index(stack.database))
    found = recognised(text, known.tokens)
    assert found is not None
    assert (found.name, found.scopes, found.expires_at) == (
        "grafana",
        frozenset({Scope.READ, Scope.SILENCES_WRITE}),
        None,
    )
    assert text[17:81] not in stack.ok("token", "list") + stack.ok("token", "list", "-o", "json")


def test_tokens_are_listed_with_who_made_them_and_when_they_end(stack: Stack) -> None:
    stack.ok("token", "create", "prometheus", "--scope", "alerts:write")
    stack.ok("token", "create", "ci", "--scope", "read", "--expires", "1h")
    stack.clock.sleep(3600)
    lines = stack.ok("token", "list").splitlines()
    assert lines[0].split("  ")[0] == "ID"
    assert [line.split(maxsplit=1)[1].strip() for line in lines[1:]] == [
        "ci          read          ada         2026-01-31T12:00:00Z  2026-01-31T13:00:00Z (expired)",
        "prometheus  alerts:write  ada         2026-01-31T12:00:00Z  never",
    ]
    [ci, prometheus] = json.loads(stack.ok("token", "list", "-o", "json"))
    assert (ci["expired"], prometheus["expired"], prometheus["expiresAt"]) == (True, False, None)


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_token_is_revoked_by_its_id_or_its_name(stack: Stack, by: str) -> None:
    made = json.loads(stack.ok("token", "create", "grafana", "--scope", "read", "-o", "json"))
    before = read_index(stack.database).access
    assert stack.ok("token", "revoke", made[by]) == ""
    assert read_known(stack.database, read_index(stack.database)).tokens == {}
    assert read_index(stack.database).access == before + 1


REFUSED = {
    "a name twice": (("create", "grafana", "--scope", "read"), "there is a token grafana already"),
    "no name": (("create", "", "--scope", "read"), "the name of a token has up to 64"),
    "a name with a blank": (("create", "a b", "--scope", "read"), "the name of a token has up to 64"),
    "a name like an id": (("create", "0123456789ab", "--scope", "read"), "and is no id"),
    "an unknown scope": (("create", "x", "--scope", "write"), "'write' is not one of"),
    "no scope": (("create", "x"), "Missing option '--scope'"),
    "no duration": (("create", "x", "--scope", "read", "--expires", "soon"), "duration"),
    "nobody": (("revoke", "nobody"), "there is no token nobody"),
}


@pytest.mark.parametrize(("words", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_why_and_changes_nothing(
    stack: Stack, words: tuple[str, ...], reason: str
) -> None:
    stack.ok("token", "create", "grafana", "--scope", "read")
    before = stored(stack)
    result = stack.run("token", *words)
    assert result.exit_code != 0
    assert reason in result.stderr
    assert stored(stack) == before


def test_every_change_is_in_the_history_with_who_made_it(stack: Stack) -> None:
    text = stack.ok("token", "create", "grafana", "--scope", "read").strip()
    stack.clock.sleep(1)
    stack.ok("access", "apply", stack.file("web.yml", f"basic_auth_users: {{bob: {HASH}}}"))
    stack.clock.sleep(1)
    stack.ok("token", "revoke", "grafana")
    assert history(stack) == [
        ("token_revoked", "ada", ("grafana",)),
        ("access", "ada", ("bob",)),
        ("token_created", "ada", ("grafana",)),
    ]
    told = stack.ok("history", "-o", "json")
    assert text[17:] not in told
    assert HASH not in told


# -- users and grants ------------------------------------------------------------------------------


def test_an_access_file_is_put_in_force_whole(stack: Stack) -> None:
    first = stack.file("web.yml", f"basic_auth_users: {{ada: {HASH}, bob: {HASH}}}\nscopes: {{bob: [read]}}")
    assert stack.ok("access", "apply", first) == "Stored: 2 users, 0 grants.\n"
    version = read_index(stack.database).access
    assert stack.ok("access", "apply", first) == "Unchanged: 2 users, 0 grants.\n"
    assert read_index(stack.database).access == version
    arn = "arn:aws:sts::111122223333:assumed-role/oncall/*"
    second = stack.file("web.yml", f"grants: {{'{arn}': [silences:write]}}")
    assert json.loads(stack.ok("access", "apply", second, "-o", "json")) == {"changed": True}
    assert stack.ok("access", "show").splitlines()[1:] == [f"{arn}  iam  silences:write"]


def test_who_has_access_is_shown_without_hashes(stack: Stack) -> None:
    stack.ok("access", "apply", stack.file("web.yml", f"basic_auth_users: {{ada: {HASH}}}"))
    scopes = ["admin", "alerts:write", "read", "rules:write", "samples:write", "silences:write"]
    assert json.loads(stack.ok("access", "show", "-o", "json")) == {"users": {"ada": scopes}, "grants": {}}
    assert stack.ok("access", "show").splitlines() == [
        "WHO  HOW       SCOPES",
        f"ada  password  {', '.join(scopes)}",
    ]


def test_a_file_that_is_wrong_is_refused_with_its_line_and_one_with_tls_is_warned_of(stack: Stack) -> None:
    wrong = stack.file("web.yml", "basic_auth_users:\n  ada: secret")
    for command in ("check", "apply"):
        refused = stack.run("access", command, wrong)
        assert refused.exit_code == 1
        assert f"{wrong}:2:" in refused.stderr
        assert "basic_auth_users.ada: expected a hash of bcrypt" in refused.stderr
        assert "secret" not in refused.stderr
    tls = stack.file("web.yml", f"tls_server_config: {{}}\nbasic_auth_users: {{ada: {HASH}}}")
    checked = stack.run("access", "check", tls)
    assert checked.exit_code == 0
    assert checked.stdout == f"{tls}: 1 users, 0 grants\n"
    assert "warning: " in checked.stderr
    assert "tls_server_config: has no meaning here" in checked.stderr


def test_of_two_who_change_access_at_once_one_is_told_to_look_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact = stack.database.transact

    def overtaken(writes: Sequence[Write]) -> bool:
        monkeypatch.setattr(stack.database, "transact", transact)
        stack.ok("token", "create", "faster", "--scope", "read")
        return transact(writes)

    monkeypatch.setattr(stack.database, "transact", overtaken)
    result = stack.run("token", "create", "slower", "--scope", "read")
    assert result.exit_code == 1
    assert "somebody else has just changed who has access" in result.stderr
    assert [row["name"] for row in json.loads(stack.ok("token", "list", "-o", "json"))] == ["faster"]
