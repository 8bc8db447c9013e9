"""Gates: who somebody is by what they bring, and what of it costs how much."""

from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import bcrypt
import pytest

from tocsin.identity import issuing
from tocsin.identity.book import Declared
from tocsin.identity.gate import Brought, Gate, Stranger
from tocsin.identity.grants import Grant, name_of, scopes_of
from tocsin.identity.identity import Identity, Proof
from tocsin.identity.keyed import Keyed
from tocsin.identity.passwords import User
from tocsin.identity.scope import EVERYTHING, Scope
from tocsin.identity.signed import Signed
from tocsin.identity.tokens import mint
from tocsin.stores.counting import CountingDatabase
from tocsin.stores.memory import MemoryDatabase

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROLE = "arn:aws:sts::111122223333:assumed-role/oncall/ada@example.com"
USER = "arn:aws:iam::111122223333:user/ci"


def hashed(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(cost)).decode()


def basic(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


@dataclass
class Door:
    """A gate on a database in memory."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)

    def __post_init__(self) -> None:
        self.keyed, self.signed = Keyed(self.database), Signed(self.database)

    def token(self, name: str, *scopes: Scope, expires: timedelta | None = None) -> str:
        until = None if expires is None else NOW + expires
        _, text = issuing.issue(self.database, name, scopes, expires_at=until, by="ada", now=NOW)
        return text

    def declare(self, users: Collection[User] = (), grants: Collection[Grant] = ()) -> None:
        issuing.put_in_force(self.database, Declared(tuple(users), tuple(grants)), by="ada", now=NOW)

    def ask(
        self,
        authorization: str = "",
        iam: str = "",
        *,
        gate: Gate | None = None,
        at: datetime = NOW,
        address: str = "192.0.2.7",
    ) -> Identity | Stranger:
        return (gate or self.keyed).identify(Brought(authorization, iam, address), at)


@pytest.fixture
def door() -> Door:
    return Door()


READ = frozenset({Scope.READ})


# -- tokens and passwords --------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {} "])
def test_a_bearer_of_a_token_is_known(door: Door, form: str) -> None:
    text = door.token("grafana", Scope.READ)
    assert door.ask(form.format(text)) == Identity("grafana", READ, Proof.TOKEN)


def test_a_token_is_a_password_of_any_user(door: Door) -> None:
    """Some clients know nothing else than basic auth."""
    text = door.token("grafana", Scope.READ)
    assert door.ask(basic("anybody", text)) == Identity("grafana", READ, Proof.BASIC)
    assert door.ask(basic("", text)) == Identity("grafana", READ, Proof.BASIC)


def test_a_user_is_known_by_the_password(door: Door) -> None:
    door.declare([User("ada", hashed("päss:word"), READ)])
    assert door.ask(basic("ada", "päss:word")) == Identity("ada", READ, Proof.BASIC)


REFUSED = {
    "nothing": ("", "credentials are needed: a token (Bearer), or a user and a password (Basic)"),
    "blanks": ("  ", "credentials are needed: a token (Bearer), or a user and a password (Basic)"),
    "a scheme alone": ("Bearer", "no whole token"),
    "what is no token": ("Bearer letmein", "no whole token"),
    "an unknown token": (f"Bearer {mint()}", "no such token"),
    "a mistyped token": (f"Bearer {mint()[:-1]}x", "no whole token"),
    "another scheme": ("Digest username=ada", "neither"),
    "a signature": ("AWS4-HMAC-SHA256 Credential=A/b, Signature=c", "neither"),
    "no Base64": ("Basic !!!", "neither"),
    "no UTF-8": ("Basic /////w==", "neither"),
    "no colon": ("Basic " + b64encode(b"ada").decode(), "neither"),
    "a wrong password": (basic("ada", "wrong"), "no such user, or the wrong password"),
    "no password": (basic("ada", ""), "no such user, or the wrong password"),
    "an unknown user": (basic("eve", "right"), "no such user, or the wrong password"),
    "a hash": (basic("ada", "$2b$04$" + "." * 53), "no such user, or the wrong password"),
}


@pytest.mark.parametrize(("authorization", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_stranger_is_told_why_and_nothing_of_what_they_brought(
    door: Door, authorization: str, reason: str
) -> None:
    door.token("grafana", Scope.READ)
    door.declare([User("ada", hashed("right"), READ)])
    answer = door.ask(authorization)
    assert isinstance(answer, Stranger)
    assert reason in answer.reason
    assert answer.wait_seconds == 0
    brought = authorization.partition(" ")[2].strip()
    assert not brought or brought not in answer.reason
    assert repr(Brought(authorization)) == "Brought(iam='', address='')"


def test_a_token_that_has_expired_is_said_to_have(door: Door) -> None:
    text = door.token("grafana", Scope.READ, expires=timedelta(hours=1))
    assert isinstance(door.ask(f"Bearer {text}", at=NOW + timedelta(minutes=59)), Identity)
    late = NOW + timedelta(hours=1)
    for authorization in (f"Bearer {text}", basic("any", text)):
        assert door.ask(authorization, at=late) == Stranger("the token has expired")


def test_a_revoked_token_is_refused_with_the_next_request(door: Door) -> None:
    text = door.token("grafana", Scope.READ)
    assert isinstance(door.ask(f"Bearer {text}"), Identity)
    issuing.revoke(door.database, "grafana", by="ada", now=NOW)
    assert door.ask(f"Bearer {text}") == Stranger("no such token")


def test_a_password_that_was_changed_is_forgotten_with_the_next_request(door: Door) -> None:
    door.declare([User("ada", hashed("old"), READ)])
    assert isinstance(door.ask(basic("ada", "old")), Identity)
    door.declare([User("ada", hashed("new"), READ)])
    assert isinstance(door.ask(basic("ada", "old")), Stranger)
    assert isinstance(door.ask(basic("ada", "new")), Identity)


def test_who_is_known_is_read_again_only_when_it_has_changed(door: Door) -> None:
    counted = CountingDatabase(door.database)
    gate = Keyed(counted)
    text = door.token("grafana", Scope.READ)
    door.ask(f"Bearer {text}", gate=gate)
    counted.reset()
    for _ in range(10):
        door.ask(f"Bearer {text}", gate=gate)
    assert counted.requests == {"get": 10}


# -- what a password costs -------------------------------------------------------------------------


@dataclass
class Checks:
    """Counts how often bcrypt is asked, and with which cost."""

    costs: list[int] = field(default_factory=list)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    counted, check = Checks(), bcrypt.checkpw

    def watched(password: bytes, stored: bytes) -> bool:
        counted.costs.append(int(stored[4:6]))
        return check(password, stored)

    monkeypatch.setattr(bcrypt, "checkpw", watched)
    return counted


def test_a_right_password_is_checked_once_and_a_wrong_one_every_time(door: Door, checks: Checks) -> None:
    door.declare([User("ada", hashed("right"), READ)])
    for _ in range(5):
        assert isinstance(door.ask(basic("ada", "right")), Identity)
    assert len(checks.costs) == 1
    for _ in range(2):
        assert isinstance(door.ask(basic("ada", "wrong")), Stranger)
    assert len(checks.costs) == 3


def test_an_unknown_user_takes_as_long_as_a_known_one(door: Door, checks: Checks) -> None:
    door.declare([User("ada", hashed("right", 4), READ), User("bob", hashed("other", 5), READ)])
    assert isinstance(door.ask(basic("eve", "right")), Stranger)
    assert isinstance(door.ask(basic("eve", "other")), Stranger)  # right for him whom she was compared with
    assert checks.costs == [5, 5]


def test_a_password_counts_up_to_72_bytes_as_htpasswd_and_go_have_it(door: Door) -> None:
    door.declare([User("ada", hashed("x" * 72), READ)])
    assert isinstance(door.ask(basic("ada", "x" * 80)), Identity)
    assert isinstance(door.ask(basic("ada", "x" * 71)), Stranger)


def test_who_guesses_waits_and_holds_up_nobody_who_is_right(door: Door, checks: Checks) -> None:
    door.declare([User("ada", hashed("right"), READ), User("bob", hashed("his"), READ)])
    text = door.token("grafana", Scope.READ)
    assert isinstance(door.ask(basic("ada", "right")), Identity)
    guesses = [door.ask(basic("ada", f"guess{number}")) for number in range(20)]
    refused = [guess for guess in guesses if isinstance(guess, Stranger) and guess.wait_seconds]
    assert len(refused) == 15
    assert len(checks.costs) == 6
    # From the same address, perhaps behind the same NAT: what is known to be right passes.
    assert isinstance(door.ask(basic("ada", "right")), Identity)
    assert isinstance(door.ask(f"Bearer {text}"), Identity)
    waiting = door.ask(basic("bob", "his"))
    assert isinstance(waiting, Stranger)
    assert waiting.wait_seconds == 2
    assert isinstance(door.ask(basic("bob", "his"), at=NOW + timedelta(seconds=2)), Identity)


@pytest.mark.parametrize(
    ("addresses", "waits"),
    [
        pytest.param([f"2001:db8::{n}" for n in range(1, 9)], True, id="one network of IPv6"),
        pytest.param([f"2001:db8:0:{n}::1" for n in range(1, 9)], False, id="eight networks of IPv6"),
        pytest.param([f"192.0.2.{n}" for n in range(1, 9)], False, id="eight addresses of IPv4"),
        pytest.param(["somewhere"] * 8, True, id="what is no address"),
    ],
)
def test_guesses_count_by_whom_an_address_belongs_to(door: Door, addresses: list[str], waits: bool) -> None:
    door.declare([User("ada", hashed("right"), READ)])
    answers = [door.ask(basic("ada", "guess"), address=address) for address in addresses]
    assert any(isinstance(answer, Stranger) and answer.wait_seconds for answer in answers) is waits


# -- IAM -------------------------------------------------------------------------------------------


def test_whom_aws_has_recognised_may_do_everything_while_there_are_no_grants(door: Door) -> None:
    assert door.ask(iam=ROLE, gate=door.signed) == Identity(
        "oncall/ada@example.com (111122223333)", EVERYTHING, Proof.IAM
    )
    assert door.ask(iam=USER, gate=door.signed) == Identity(USER, EVERYTHING, Proof.IAM)


def test_where_there_are_grants_they_say_what_whom_aws_has_recognised_may_do(door: Door) -> None:
    door.declare(grants=[Grant("arn:aws:sts::*:assumed-role/oncall/*", READ)])
    role, user = (door.ask(iam=arn, gate=door.signed) for arn in (ROLE, USER))
    assert isinstance(role, Identity)
    assert isinstance(user, Identity)
    assert (role.scopes, user.scopes) == (READ, frozenset())


def test_under_iam_nothing_else_is_looked_at(door: Door) -> None:
    text = door.token("grafana", Scope.ADMIN)
    unsigned = Stranger("the request is not signed: sign it with SigV4, service lambda")
    assert door.ask(f"Bearer {text}", gate=door.signed) == unsigned


def test_what_says_it_is_recognised_by_aws_proves_nothing_to_who_asks_for_tokens(door: Door) -> None:
    assert isinstance(door.ask(iam=ROLE), Stranger)


PATTERNS = {
    "itself": (ROLE, True),
    "any session": ("arn:aws:sts::111122223333:assumed-role/oncall/*", True),
    "anybody": ("*", True),
    "one character": ("arn:aws:sts::11112222333?:assumed-role/oncall/ada@example.com", True),
    "a beginning": ("arn:aws:sts::111122223333:assumed-role/onc", False),
    "an end": ("*:user/ci", False),
    "another account": ("arn:aws:sts::444455556666:assumed-role/oncall/*", False),
    "a dot is a dot": (ROLE.replace("@", "."), False),
    "other letters": (ROLE.upper(), False),
    "brackets are brackets": ("arn:aws:sts::111122223333:assumed-role/[o]ncall/*", False),
}


@pytest.mark.parametrize(("pattern", "matches"), PATTERNS.values(), ids=PATTERNS)
def test_a_pattern_means_whole_arns(pattern: str, matches: bool) -> None:
    assert Grant(pattern, READ).matches(ROLE) is matches


def test_grants_add_up() -> None:
    grants = [Grant("*", READ), Grant(ROLE, frozenset({Scope.SILENCES_WRITE})), Grant(USER, EVERYTHING)]
    assert scopes_of(ROLE, grants) == {Scope.READ, Scope.SILENCES_WRITE}


def test_no_two_people_have_one_name() -> None:
    arns = [
        ROLE,
        ROLE.replace("111122223333", "444455556666"),
        ROLE.replace("assumed-role/oncall", "assumed-role/user"),
        "arn:aws:iam::111122223333:user/ada@example.com",
        "arn:aws:iam::111122223333:root",
    ]
    assert len({name_of(arn) for arn in arns}) == len(arns)
