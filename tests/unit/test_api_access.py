"""Who may ask the API what: every route with every credential, and what is told and logged of those who may not."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import chain, combinations
from typing import Any

import bcrypt
import pytest

from tests.unit.asking_api import Api, document
from tests.unit.commandline import NOON
from tocsin.api.app import MOST_BODY_BYTES, App
from tocsin.api.build import gate
from tocsin.api.cors import Cors
from tocsin.api.operation import Call, NoQuery, Operation
from tocsin.api.operations import OPERATIONS
from tocsin.api.requests import Request
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services, services
from tocsin.identity import issuing
from tocsin.identity.book import Declared
from tocsin.identity.grants import Grant
from tocsin.identity.passwords import User
from tocsin.identity.ratelimit import RateLimit
from tocsin.identity.scope import Scope, allows
from tocsin.identity.tokens import mint
from tocsin.local.watching import log
from tocsin.settings import Access, Settings
from tocsin.settings import Api as ApiSettings

TOKENS = Settings(api=ApiSettings(Access.TOKENS))
IAM = Settings(api=ApiSettings(Access.IAM))

HELD = [frozenset[Scope](), *(frozenset({scope}) for scope in Scope), frozenset(Scope)]
"""What somebody may hold: nothing, one scope, all. How several add up is `allows`' to say, once for all routes."""


# -- every route × every scope × every credential ----------------------------------------------------


def done(_services: Services, call: Call) -> Response:
    """What stands for every handler: the table is about who reaches it."""
    return json_response({"who": call.identity.name})


def reached(operation: Operation) -> Operation:
    """Return an operation that reads nothing: nobody is refused for what they send."""
    return replace(operation, handle=done, query=NoQuery, body=None)


@dataclass(frozen=True)
class Doors:
    """An API whose handlers all answer, and the credentials that it knows."""

    app: App
    tokens: dict[frozenset[Scope], str]
    passwords: dict[frozenset[Scope], tuple[str, str]]
    expired: dict[frozenset[Scope], str]

    def status(self, operation: Operation, path: str, authorization: str) -> int:
        headers = {"authorization": authorization} if authorization else {}
        return self.app.answer(Request(operation.method, path, "", headers, address="192.0.2.7")).status


@cache
def doors() -> Doors:
    api = Api(TOKENS)
    tokens, passwords, expired, users = {}, {}, {}, []
    stored = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    for number, held in enumerate(HELD):
        name = f"holder{number}"
        _, tokens[held] = issuing.issue(api.database, name, held, expires_at=None, by="ada", now=NOON)
        users.append(User(name, stored, held))
        passwords[held] = (name, "right")
        _, expired[held] = issuing.issue(
            api.database, f"late{number}", held, expires_at=NOON, by="ada", now=NOON
        )
    issuing.put_in_force(api.database, Declared(tuple(users)), by="ada", now=NOON)
    app = App(
        services(api.world, TOKENS, api.meter),
        [reached(operation) for operation in OPERATIONS],
        gate(api.world, Access.TOKENS),
        log("api", api.lines.append),
        cors=Cors(),
        rate=RateLimit(),
    )
    return Doors(app, tokens, passwords, expired)


def basic(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def routes() -> Iterator[Any]:
    for operation in OPERATIONS:
        for path in operation.paths:
            spelled = "/".join("x" if part.startswith("{") else part for part in path.split("/"))
            yield pytest.param(operation, spelled, id=f"{operation.method} {path}")


ROUTES = list(routes())


@pytest.mark.parametrize(("operation", "path"), ROUTES)
def test_every_route_lets_in_who_holds_its_scope_and_nobody_else(operation: Operation, path: str) -> None:
    at, needed = doors(), operation.scope
    nobody = 200 if needed is None else 401
    for held in HELD:
        right = 200 if needed is None or allows(held, needed) else 403
        name, password = at.passwords[held]
        shown = (
            f"Bearer {at.tokens[held]}",
            f"Token {at.tokens[held]}",
            basic("any", at.tokens[held]),
            basic(name, password),
        )
        assert [at.status(operation, path, credential) for credential in shown] == [right] * 4, held
        late = (f"Bearer {at.expired[held]}", basic("any", at.expired[held]))
        wrong = (f"Bearer {mint()}", basic("any", mint()), "Basic x")
        for credential in ("", "Bearer x", "Digest x", *late, *wrong):
            assert at.status(operation, path, credential) == nobody, (held, credential)


@pytest.mark.parametrize("held", HELD, ids=lambda held: "+".join(sorted(held)) or "none")
def test_a_wrong_password_lets_nobody_in_whatever_the_user_may_do(held: frozenset[Scope]) -> None:
    api = Api(TOKENS)
    user = User("ada", bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode(), held)
    issuing.put_in_force(api.database, Declared((user,)), by="ada", now=NOON)
    for password in ("wrong", "", "right ", "Right"):
        assert api.ask("GET", "/api/v2/alerts", authorization=basic("ada", password)).status == 401


def test_several_scopes_allow_what_each_of_them_allows() -> None:
    every = chain.from_iterable(combinations(Scope, size) for size in range(len(Scope) + 1))
    for held in every:
        for needed in Scope:
            assert allows(held, needed) == any(allows({one}, needed) for one in held)


def test_everybody_may_ask_only_whether_it_runs_what_it_speaks_and_how_its_page_looks() -> None:
    public = {one.id for one in OPERATIONS if one.scope is None and 410 not in one.answers}
    shown = {name for name in public if name == "page" or name.startswith("page_")}
    assert public - shown == {
        *("healthy", "ready", "influxdbPing", "influxdbHealth"),
        *("openapi", "swaggerUi", "getGraph"),  # a way to the page
    }


def test_what_is_posted_to_be_read_changes_nothing_and_all_else_needs_a_scope_of_its_own() -> None:
    reading = {one.id for one in OPERATIONS if one.method != "GET" and one.scope is Scope.READ}
    queries = {"queryByForm", "queryRangeByForm", "getLabelsByForm", "getSeriesByForm"}  # long ones, as forms
    assert reading == {*queries, "postExplanation"}
    gone = {one.id for one in OPERATIONS if one.method != "GET" and one.scope is None}
    assert gone == {"v1PostSilences", "v1DeleteSilence"}


# -- what a stranger is told -------------------------------------------------------------------------


@pytest.fixture
def api() -> Api:
    return Api(TOKENS)


def token(api: Api, *scopes: Scope, **options: Any) -> str:
    given = {"expires_at": None, "by": "ada", "now": NOON, **options}
    _, text = issuing.issue(
        api.database, f"holder{len(api.database.query('config', 'token'))}", scopes, **given
    )
    return text


def test_a_stranger_learns_how_to_show_who_they_are(api: Api) -> None:
    answer = api.get("/api/v2/alerts")
    assert answer.status == 401
    assert answer.headers["Www-Authenticate"].startswith('Basic realm="tocsin"')
    assert 'Bearer realm="tocsin"' in answer.headers["Www-Authenticate"]
    assert document(answer)["message"].startswith("credentials are needed")


def test_who_may_not_learns_which_scope_is_missing(api: Api) -> None:
    held = token(api, Scope.READ)
    answer = api.ask("POST", "/api/v2/alerts", b"[]", authorization=f"Bearer {held}")
    assert answer.status == 403
    assert document(answer)["message"].endswith("needs the scope alerts:write")


def test_a_stranger_learns_nothing_of_a_request_that_is_wrong(api: Api) -> None:
    assert api.get("/api/v2/alerts", filter="=").status == 401
    large = b"x" * (MOST_BODY_BYTES + 1)
    assert api.ask("POST", "/api/v2/alerts", large).status == 401


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    held = token(api, Scope.ALERTS_WRITE)
    large = b"x" * (MOST_BODY_BYTES + 1)
    assert api.ask("POST", "/api/v2/alerts", large, authorization=f"Bearer {held}").status == 413


def test_what_nobody_foresaw_is_told_to_the_log_and_not_to_who_asks(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = token(api, Scope.READ)

    def broken(*_: Any) -> Any:
        raise RuntimeError("dynamodb: the secret endpoint")

    monkeypatch.setattr(api.database, "get", broken)
    answer = api.ask("GET", "/api/v2/alerts", authorization=f"Bearer {held}")
    assert answer.status == 500
    assert document(answer) == "internal error"
    assert [str(line.error) for line in api.lines if line.error] == ["dynamodb: the secret endpoint"]


# -- what is logged ----------------------------------------------------------------------------------


def test_no_credential_is_ever_logged() -> None:
    api = Api(TOKENS)
    right, late = token(api, Scope.READ), token(api, Scope.READ, expires_at=NOON - timedelta(days=1))
    user = User("ada", bcrypt.hashpw(b"sesame", bcrypt.gensalt(4)).decode(), frozenset(Scope))
    issuing.put_in_force(api.database, Declared((user,)), by="ada", now=NOON)
    unknown = mint()
    shown = [f"Bearer {text}" for text in (right, late, unknown)]
    shown += [basic("any", text) for text in (right, late, unknown)]
    shown += [basic("ada", "sesame"), basic("ada", "abracadabra"), basic("sesame", "x"), f"Digest {right}"]
    for authorization in shown:
        for path in ("/api/v2/alerts", "/api/v2/silence/x", "/nowhere", "/-/healthy"):
            answer = api.ask("GET", path, query=f"x={right}", authorization=authorization)
            assert right[17:81] not in answer.body.decode()
    said = repr(api.lines) + json.dumps([dict(line.fields) for line in api.lines], default=str)
    assert len(api.lines) >= len(shown) * 4
    secrets = [text[17:81] for text in (right, late, unknown)]
    secrets += ["sesame", "abracadabra", *(authorization.partition(" ")[2] for authorization in shown)]
    assert [secret for secret in secrets if secret in said] == []


def test_the_log_says_who_asked_and_why_somebody_was_refused(api: Api) -> None:
    held = token(api, Scope.READ)
    api.ask("GET", "/-/healthy")
    api.ask("GET", "/api/v2/status", authorization=f"Bearer {held}")
    api.ask("GET", "/api/v2/status", authorization=f"Bearer {mint()}")
    said = [{name: line.fields.get(name) for name in ("by", "proof", "refused")} for line in api.lines]
    assert said == [
        {"by": None, "proof": None, "refused": None},
        {"by": "holder0", "proof": "token", "refused": None},
        {"by": None, "proof": None, "refused": "no such token"},
    ]
    assert {line.fields["address"] for line in api.lines} == {"192.0.2.7"}


# -- how often ---------------------------------------------------------------------------------------


def test_each_of_those_who_ask_has_a_rate_of_its_own() -> None:
    api = Api(Settings(api=ApiSettings(Access.TOKENS, requests_per_second=1)))
    ada, bob = (f"Bearer {token(api, Scope.READ)}" for _ in range(2))
    answers = [api.ask("GET", "/api/v2/status", authorization=ada) for _ in range(12)]
    assert [answer.status for answer in answers][9:] == [200, 429, 429]
    assert answers[-1].headers["Retry-After"] == "1"
    assert api.ask("GET", "/api/v2/status", authorization=bob).status == 200
    assert [api.get("/api/v2/status").status for _ in range(12)][9:] == [401, 429, 429]
    assert api.ask("GET", "/-/healthy").status == 200
    api.clock.sleep(1)
    assert api.ask("GET", "/api/v2/status", authorization=ada).status == 200


def test_who_guesses_passwords_is_told_to_wait() -> None:
    api = Api(TOKENS)
    user = User("ada", bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode(), frozenset(Scope))
    issuing.put_in_force(api.database, Declared((user,)), by="ada", now=NOON)
    answers = [api.ask("GET", "/api/v2/status", authorization=basic("ada", str(n))) for n in range(7)]
    assert [answer.status for answer in answers] == [401] * 5 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "2"


# -- IAM ---------------------------------------------------------------------------------------------

ARN = "arn:aws:sts::111122223333:assumed-role/prometheus/i-0123"


@pytest.mark.parametrize(("operation", "path"), ROUTES)
def test_every_route_lets_in_whom_aws_has_recognised_and_a_grant_allows(
    operation: Operation, path: str
) -> None:
    api = Api(IAM)
    app = App(
        services(api.world, IAM, api.meter),
        [reached(operation)],
        gate(api.world, Access.IAM),
        log("api", api.lines.append),
        cors=Cors(),
        rate=RateLimit(),
    )

    def status(arn: str) -> int:
        return app.answer(Request(operation.method, path, headers={"authorization": "x"}, iam=arn)).status

    assert (status(""), status(ARN)) == (200, 200) if operation.scope is None else (401, 200)
    for held in HELD:
        grants = (Grant("arn:aws:sts::*:assumed-role/prometheus/*", held),)
        issuing.put_in_force(api.database, Declared(grants=grants), by="ada", now=NOON)
        right = 200 if operation.scope is None or allows(held, operation.scope) else 403
        assert status(ARN) == right
        assert status(ARN.replace("prometheus", "grafana")) == (200 if operation.scope is None else 403)


# -- pages of others ---------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"
OURS, THEIRS = "https://tocsin.example", "https://evil.example"
PAGES = {
    "a form of theirs": ("POST", FORM, THEIRS, 403),
    "a text of theirs": ("POST", "text/plain", THEIRS, 403),
    "nothing said of what it is": ("POST", "", THEIRS, 403),
    "a page without origin": ("POST", "", "null", 403),
    "our own page": ("POST", "", OURS, 200),
    "a page that may": ("POST", "", "https://grafana.example", 200),
    "no page at all": ("POST", FORM, "", 200),
    # No browser sends these for a page of theirs before it has asked: `preflight` says no.
    "karma, which passes on where its page is": ("POST", "application/json", THEIRS, 200),
    "a delete": ("DELETE", "", THEIRS, 200),
    "a look": ("GET", "", THEIRS, 200),
}


@pytest.mark.parametrize(("method", "media_type", "origin", "status"), PAGES.values(), ids=PAGES)
def test_a_page_of_others_sends_nothing_through_a_browser_that_is_signed_in(
    method: str, media_type: str, origin: str, status: int
) -> None:
    api = Api()
    operation = replace(reached(OPERATIONS[0]), method=method, paths=("/here",), scope=Scope.ADMIN)
    app = App(
        services(api.world, api.settings, api.meter),
        [operation],
        gate(api.world, Access.OFF),
        log("api", api.lines.append),
        cors=Cors(frozenset({"https://grafana.example"})),
        rate=RateLimit(),
    )
    headers = {"host": "tocsin.example", "origin": origin, "content-type": media_type}
    assert app.answer(Request(method, "/here", headers=headers)).status == status


def test_a_browser_that_asks_first_is_told_which_pages_may() -> None:
    api = Api(Settings(api=ApiSettings(Access.OFF, frozenset({"https://grafana.example"}))))
    allowed = api.ask("OPTIONS", "/api/v2/silences", origin="https://grafana.example")
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://grafana.example"
    assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
    refused = api.ask("OPTIONS", "/api/v2/silences", origin=THEIRS)
    assert [name for name in refused.headers if name.startswith("Access-Control")] == []
