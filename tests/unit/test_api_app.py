"""What the API answers whatever an operation does: refusals in the form of its family, no trace, no more than fits."""

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from pydantic import BaseModel

from tests.unit.asking_api import OFF, Api
from tests.unit.commandline import SetClock
from tocsin.api.app import MOST_BODY_BYTES, App
from tocsin.api.cors import Cors
from tocsin.api.operation import Answer, Body, Call, Operation
from tocsin.api.problems import ApiError, Form, alertmanager, prometheus, tocsin
from tocsin.api.requests import Request
from tocsin.api.responses import Response, json_response, text_response
from tocsin.api.services import Services, services
from tocsin.dispatch.pushed import CrowdedError
from tocsin.identity.gate import Open
from tocsin.identity.ratelimit import RateLimit
from tocsin.identity.scope import Scope
from tocsin.local.watching import Line, log

FORMS = {"alertmanager": alertmanager, "prometheus": prometheus, "tocsin": tocsin}
SECRET = "hunter2"


class Many(BaseModel):
    """How much is asked for."""

    bytes: int = 0


class Named(BaseModel):
    """Something with a name."""

    name: str


def fail(_services: Services, _call: Call) -> Response:
    """Fail as nobody has foreseen."""
    raise RuntimeError(SECRET)


def crowd(_services: Services, _call: Call) -> Response:
    """Fail as it happens."""
    raise CrowdedError("others change the same alerts")


def lose(_services: Services, _call: Call) -> Response:
    """Fail as AWS does at times."""
    raise EndpointConnectionError(endpoint_url=f"https://{SECRET}")


def refuse(_services: Services, _call: Call) -> Response:
    """Refuse."""
    raise ApiError(404, "there is none")


def say(_services: Services, call: Call) -> Response:
    """Say as many bytes as are asked for."""
    return text_response("a" * call.query.bytes)


def take(_services: Services, call: Call) -> Response:
    """Take a name."""
    return json_response({"name": call.body.name})


def _operations(family: str, form: Form) -> list[Operation]:
    def operation(id_: str, method: str, handle: Any, **more: Any) -> Operation:
        answers = {200: Answer("Something.")}
        return Operation(
            f"{family}-{id_}",
            method,
            (f"/{family}/{id_}",),
            Scope.READ,
            handle,
            form,
            id_,
            "test",
            answers,
            **more,
        )

    return [
        operation("fail", "GET", fail),
        operation("crowd", "GET", crowd),
        operation("lose", "GET", lose),
        operation("refuse", "GET", refuse),
        operation("say", "GET", say, query=Many),
        operation("take", "POST", take, body=Body(Named)),
    ]


class Asking:
    """Asks an API of the operations above."""

    def __init__(self, *, origins: frozenset[str] = frozenset(), per_second: float = 0.0) -> None:
        self.lines: list[Line] = []
        self.clock = SetClock()
        api = Api(clock=self.clock)
        self._app = App(
            services(api.world, OFF, api.meter),
            [operation for family, form in FORMS.items() for operation in _operations(family, form)],
            Open(),
            log("api", self.lines.append),
            cors=Cors(origins),
            rate=RateLimit(per_second),
        )

    def ask(self, method: str, path: str, body: bytes = b"", *, query: str = "", **headers: str) -> Response:
        """Send a request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._app.answer(Request(method, path, query, named, body, "192.0.2.7"))


def told(response: Response) -> str:
    """Return what a refusal says, in whichever form."""
    said = json.loads(response.body)
    return said if isinstance(said, str) else str(said.get("message") or said.get("error") or said["detail"])


@pytest.mark.parametrize("family", FORMS)
@pytest.mark.parametrize(
    ("id_", "status", "says"),
    [
        ("fail", 500, "internal error"),
        ("crowd", 503, "others change the same alerts; try again"),
        ("lose", 503, "the database does not answer; try again"),
        ("refuse", 404, "there is none"),
    ],
)
def test_what_goes_wrong_is_told_in_the_form_of_the_family(
    family: str, id_: str, status: int, says: str
) -> None:
    response = Asking().ask("GET", f"/{family}/{id_}")
    assert (response.status, told(response)) == (status, says)
    assert response == FORMS[family](_problem(status, says)).with_headers(
        vary="Accept-Encoding",
        x_content_type_options="nosniff",
        **({"retry_after": "1"} if status == 503 else {}),
    )


def _problem(status: int, says: str) -> Any:
    return ApiError(status, says).problem


def test_what_nobody_has_foreseen_is_told_to_the_log_alone() -> None:
    asking = Asking()
    response = asking.ask("GET", "/tocsin/fail")
    assert SECRET.encode() not in response.body
    assert b"Traceback" not in response.body
    assert [line.message for line in asking.lines] == ["failed", "request"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/api/v2/nothing", alertmanager),
        ("/mimir/alertmanager/api/v2/nothing", alertmanager),
        ("/prometheus/api/v1/nothing", prometheus),
        ("/config/v1/rules/a/b/c/d", prometheus),
        ("/nothing", tocsin),
        ("/tocsin/api/v1/nothing", tocsin),
    ],
)
def test_what_is_not_there_is_told_in_the_form_of_the_paths_family(path: str, form: Form) -> None:
    response = Asking().ask("GET", path)
    assert response.status == 404
    assert response.body == form(_problem(404, f"path {path} was not found")).body


def test_a_wrong_method_is_told_the_right_ones() -> None:
    response = Asking().ask("PUT", "/alertmanager/take")
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert json.loads(response.body) == {"code": 405, "message": "method PUT is not allowed, but [POST] are"}


@pytest.mark.parametrize("family", FORMS)
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"name": "a"}', "application/json", 200),
        (b'{"name": "a"}', "Application/JSON; charset=utf-8", 200),
        (b'{"name": "a"}', "", 200),
        (b'{"name": "a"}', "text/plain", 415),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"", "application/json", 400),
        (b'{"name": 5}', "application/json", 400),
        (b"{}", "application/json", 400),
        (b"x" * (MOST_BODY_BYTES + 1), "application/json", 413),
    ],
    ids=[
        "right",
        "charset",
        "of nothing said",
        "another type",
        "no JSON",
        "no UTF-8",
        "deep",
        "empty",
        "another shape",
        "missing",
        "too large",
    ],
)
def test_a_body_is_taken_or_refused(family: str, body: bytes, content_type: str, status: int) -> None:
    headers = {"content_type": content_type} if content_type else {}
    assert Asking().ask("POST", f"/{family}/take", body, **headers).status == status


def test_a_query_is_taken_or_refused() -> None:
    asking = Asking()
    assert asking.ask("GET", "/tocsin/say", query="bytes=3&unknown=5").body == b"aaa"
    response = asking.ask("GET", "/tocsin/say", query="bytes=many")
    assert (response.status, told(response).startswith("query: bytes: ")) == (400, True)


def test_head_has_the_headers_of_get_and_no_body() -> None:
    asking = Asking()
    got, headed = (asking.ask(method, "/tocsin/say", query="bytes=2000") for method in ("GET", "HEAD"))
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


def test_an_answer_is_compressed_for_who_takes_it_and_refused_if_it_is_too_large() -> None:
    asking = Asking()
    query = f"bytes={6 << 20}"
    plain = asking.ask("GET", "/tocsin/say", query=query)
    assert (plain.status, "accept gzip" in told(plain)) == (503, True)
    packed = asking.ask("GET", "/tocsin/say", query=query, accept_encoding="gzip")
    assert packed.status == 200
    assert gzip.decompress(packed.body) == b"a" * (6 << 20)


def test_who_asks_too_often_is_told_when_to_come_again() -> None:
    asking = Asking(per_second=0.1)
    assert asking.ask("GET", "/prometheus/say").status == 200
    response = asking.ask("GET", "/prometheus/say")
    assert (response.status, response.headers["Retry-After"]) == (429, "10")
    assert json.loads(response.body)["errorType"] == "too_many_requests"
    asking.clock.sleep(10)
    assert asking.ask("GET", "/prometheus/say").status == 200


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (frozenset({"https://karma.example"}), "https://karma.example", "https://karma.example"),
        (frozenset({"https://karma.example"}), "https://evil.example", None),
        (frozenset({"*"}), "https://any.example", "*"),
        (frozenset(), "https://karma.example", None),
    ],
    ids=["named", "another", "all", "none"],
)
def test_pages_of_allowed_origins_may_read_answers(
    origins: frozenset[str], origin: str, allowed: str | None
) -> None:
    asking = Asking(origins=origins)
    for method, path in (("GET", "/tocsin/say"), ("GET", "/tocsin/refuse"), ("OPTIONS", "/tocsin/say")):
        response = asking.ask(method, path, origin=origin)
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert ("Origin" in response.headers.get("Vary", "")) is bool(origins)


def test_each_request_is_logged_without_its_query_and_body() -> None:
    asking = Asking()
    asking.ask("POST", "/tocsin/take", b'{"name": "hunter2"}', query="token=hunter2", authorization="hunter2")
    [line] = asking.lines
    assert SECRET not in repr(line)


def test_options_of_what_is_not_there_is_not_found() -> None:
    asking = Asking()
    assert asking.ask("OPTIONS", "/tocsin/api/v1/nothing").status == 404
    assert asking.ask("OPTIONS", "/tocsin/say").status == 204
