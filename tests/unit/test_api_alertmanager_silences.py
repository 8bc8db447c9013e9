"""Silences by API v2: set, edited, ended, filtered and sorted, refused in the words of Alertmanager (0.25, asked)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.unit.asking_api import Api, document
from tocsin.api.alertmanager.answering import time_text
from tocsin.api.alertmanager.silencebodies import PostableSilence
from tocsin.api.alertmanager.silences import post_silence
from tocsin.api.operation import Call
from tocsin.api.requests import Request
from tocsin.identity.identity import Identity, Proof
from tocsin.identity.scope import Scope

PATH = "/api/v2/silences"
UNPARSED = 'parsing silence body from "" failed, because '
UNKNOWN = "0aa2ef5b-21d7-4c9c-8b2a-ffffffffffff"


@pytest.fixture
def api() -> Api:
    return Api()


def matcher(name: str = "a", value: str = "b", *, regex: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "isRegex": regex, **more}


def wish(api: Api, starts: float = 0, ends: float = 3600, **more: Any) -> dict[str, Any]:
    """Return a silence to post, its times in seconds from now."""
    times = {"startsAt": moment(api, starts), "endsAt": moment(api, ends)}
    return {"matchers": [matcher()], **times, "createdBy": "me", "comment": "c", **more}


def moment(api: Api, seconds: float) -> str:
    return time_text(api.clock.at + timedelta(seconds=seconds))


def put(api: Api, *args: float, **more: Any) -> str:
    """Set a silence and return its id."""
    answer = api.post(PATH, wish(api, *args, **more))
    assert answer.status == 200, answer.body
    return str(document(answer)["silenceID"])


def comments(api: Api, **parameters: Any) -> list[str]:
    return [silence["comment"] for silence in document(api.get(PATH, **parameters))]


def test_a_silence_is_stored_and_answered_as_alertmanager_does(api: Api) -> None:
    matchers = [matcher(isEqual=True), matcher("c", "d.*", regex=True, isEqual=False)]
    silence_id = put(api, 0, 60.5, matchers=matchers, annotations={"ticket": "T-1"})
    assert UUID(silence_id).version == 4
    answer = api.get(f"/mimir/alertmanager/api/v2/silence/{silence_id}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert document(answer) == {
        "id": silence_id,
        "status": {"state": "active"},
        "updatedAt": "2026-01-31T12:00:00.000Z",
        "annotations": {"ticket": "T-1"},
        "comment": "c",
        "createdBy": "me",
        "endsAt": "2026-01-31T12:01:00.500Z",
        "matchers": [
            {"isEqual": True, "isRegex": False, "name": "a", "value": "b"},
            {"isEqual": False, "isRegex": True, "name": "c", "value": "d.*"},
        ],
        "startsAt": "2026-01-31T12:00:00.000Z",
    }
    assert document(api.get(PATH)) == [document(answer)]


@pytest.mark.parametrize("more", [{}, {"isEqual": None}], ids=["left out", "null"])
def test_a_matcher_is_to_match_if_nothing_is_said(api: Api, more: dict[str, Any]) -> None:
    silence_id = put(api, matchers=[matcher(**more)])
    [found] = document(api.get(f"/api/v2/silence/{silence_id}"))["matchers"]
    assert found["isEqual"] is True


@pytest.mark.parametrize("nothing", ["0001-01-01T00:00:00Z", ""])
def test_without_a_start_it_starts_now(api: Api, nothing: str) -> None:
    silence_id = put(api, startsAt=nothing)
    assert document(api.get(f"/api/v2/silence/{silence_id}"))["startsAt"] == moment(api, 0)


def test_a_silence_may_last_for_ever(api: Api) -> None:
    silence_id = put(api, endsAt="9999-12-31T23:59:59Z")
    assert document(api.get(f"/api/v2/silence/{silence_id}"))["endsAt"] == "9999-12-31T23:59:59.000Z"


def test_an_edit_keeps_its_id_unless_it_mutes_something_else(api: Api) -> None:
    first = put(api)
    assert put(api, 0, 7200, id=first, comment="longer") == first
    second = put(api, id=first, matchers=[matcher("a", "other")], comment="another")
    assert second != first
    states = {one["id"]: one["status"]["state"] for one in document(api.get(PATH))}
    assert states == {first: "expired", second: "active"}


def test_a_silence_ends_when_it_is_deleted_and_may_be_deleted_again(api: Api) -> None:
    silence_id = put(api)
    api.clock.at += timedelta(seconds=5)
    for _ in range(2):
        answer = api.ask("DELETE", f"/api/v2/silence/{silence_id}")
        assert (answer.status, answer.body) == (200, b"")
    found = document(api.get(f"/api/v2/silence/{silence_id}"))
    assert (found["status"]["state"], found["endsAt"]) == ("expired", moment(api, 0))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_of_a_silence_that_is_not_there_nothing_is_said(api: Api, method: str) -> None:
    answer = api.ask(method, f"/api/v2/silence/{UNKNOWN}")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("given", ["nope", "%00", f"%7B{UNKNOWN}%7D", f"urn:uuid:{UNKNOWN}"])
def test_an_id_that_is_none_is_refused(api: Api, method: str, given: str) -> None:
    answer = api.ask(method, f"/api/v2/silence/{given}")
    assert (answer.status, document(answer)["code"]) == (422, 601)
    assert document(answer)["message"].startswith('silenceID in path must be of type uuid: "')


@pytest.mark.parametrize("given", [UNKNOWN, "nope", "x" * 5000], ids=["a uuid", "none", "a long one"])
def test_what_is_not_there_cannot_be_edited(api: Api, given: str) -> None:
    answer = api.post(PATH, wish(api, id=given))
    assert (answer.status, document(answer)) == (404, "silence not found")


def test_a_silence_is_forgotten_five_days_after_its_end(api: Api) -> None:
    silence_id = put(api)
    api.clock.at += timedelta(days=5, hours=1)
    assert document(api.get(PATH)) == []
    assert api.get(f"/api/v2/silence/{silence_id}").status == 404


# -- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "author"), [("ann", "ann"), ("", "me")])
def test_the_author_is_who_asks_if_that_is_known(api: Api, name: str, author: str) -> None:
    who = Identity(name, frozenset({Scope.SILENCES_WRITE}), Proof.TOKEN)
    body = PostableSilence.model_validate(wish(api))
    post_silence(api.app._services, Call(Request("POST", PATH), who, body=body))
    [found] = document(api.get(PATH))
    assert found["createdBy"] == author


# -- lists ----------------------------------------------------------------------------------------


@pytest.fixture
def many(api: Api) -> Api:
    """Return an API with silences of every state."""
    for name, starts, ends in (
        ("ends late", 0, 900),
        ("ends soon", 0, 600),
        ("begins late", 800, 900),
        ("begins soon", 700, 900),
        ("ended long ago", 0, 10),
        ("ended", 0, 20),
    ):
        put(api, starts, ends, comment=name, matchers=[matcher("job", name), matcher("x", "y.*", regex=True)])
    api.clock.at += timedelta(seconds=60)
    return api


def test_what_is_active_comes_first_then_what_is_to_come_then_what_has_passed(many: Api) -> None:
    assert comments(many) == [
        "ends soon",
        "ends late",
        "begins soon",
        "begins late",
        "ended",
        "ended long ago",
    ]


@pytest.mark.parametrize("no", ["false", "0", "no", "whatever"])
def test_states_can_be_left_out(many: Api, no: str) -> None:
    assert comments(many, active=no, pending=no) == ["ended", "ended long ago"]
    assert comments(many, expired=no, active="T") == ["ends soon", "ends late", "begins soon", "begins late"]
    assert comments(many, expired=no, active=no, pending="") == ["begins soon", "begins late"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param(['job="ended"'], ["ended"], id="written alike"),
        pytest.param(['job="ended"', 'x=~"y.*"'], ["ended"], id="all of them"),
        pytest.param(['job=~"ended"'], [], id="another comparison"),
        pytest.param(['x=~"y.+"'], [], id="another expression that means the same"),
        pytest.param(['job="ended"', 'job="ends soon"'], [], id="one that it has not"),
    ],
)
def test_a_filter_must_be_written_as_the_matcher_is(
    many: Api, filters: list[str], expected: list[str]
) -> None:
    assert comments(many, filter=filters) == expected


@pytest.mark.parametrize("text", ["bad", ""])
def test_a_filter_that_is_no_matcher_is_refused(api: Api, text: str) -> None:
    answer = api.get(PATH, filter=text)
    assert (answer.status, document(answer)) == (400, f"bad matcher format: {text}")


def test_a_part_of_them_can_be_asked_for_and_how_many_there_are_is_said(many: Api) -> None:
    answer = many.get(PATH, limit="2", offset="1", expired="false")
    assert [one["comment"] for one in document(answer)] == ["ends late", "begins soon"]
    assert answer.headers["X-Total-Count"] == "4"


# -- what is refused ------------------------------------------------------------------------------

NO_REGEX = 'invalid regular expression "(": error parsing regexp: missing closing ): `^(?:()$`'
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "over before it begins": (
        {"startsAt": "2026-02-01T00:00:00Z", "endsAt": "2026-01-31T23:00:00Z"},
        "Failed to create silence: start time must be before end time",
    ),
    "without an end": (
        {"endsAt": "0001-01-01T00:00:00Z"},
        "Failed to create silence: start time must be before end time",
    ),
    "passed": (
        {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2021-01-01T00:00:00Z"},
        "Failed to create silence: end time can't be in the past",
    ),
    "passed, without a start": (
        {"startsAt": "0001-01-01T00:00:00Z", "endsAt": "2021-01-01T00:00:00Z"},
        "Failed to create silence: end time can't be in the past",
    ),
    "a matcher without a name": (
        {"matchers": [matcher(""), matcher()]},
        'invalid silence: invalid label matcher 0: invalid label name ""',
    ),
    "what is missing": (
        {"matchers": [matcher("a", "")]},
        "invalid silence: at least one matcher must not match the empty string",
    ),
    "no regular expression": (
        {"matchers": [matcher(), matcher("a", "(", regex=True)]},
        f"invalid silence: invalid label matcher 1: {NO_REGEX}",
    ),
}


@pytest.mark.parametrize(("more", "message"), REFUSED.values(), ids=REFUSED)
def test_what_alertmanager_refuses_is_refused_in_its_words(
    api: Api, more: dict[str, Any], message: str
) -> None:
    answer = api.post(PATH, wish(api, **more))
    assert (answer.status, document(answer)) == (400, message)


def test_one_that_is_too_large_is_refused(api: Api) -> None:
    answer = api.post(PATH, wish(api, comment="x" * 300_000))
    assert answer.status == 400
    assert document(answer).startswith("silence exceeded maximum size: ")


INVALID: dict[str, tuple[dict[str, Any], int, str]] = {
    "no comment": ({"comment": None}, 602, "comment in body is required"),
    "no author": ({"createdBy": None}, 602, "createdBy in body is required"),
    "no end": ({"endsAt": None}, 602, "endsAt in body is required"),
    "no start": ({"startsAt": None}, 602, "startsAt in body is required"),
    "no matchers": ({"matchers": None}, 602, "matchers in body is required"),
    "an empty list of them": ({"matchers": []}, 612, "matchers in body should have at least 1 items"),
    "an empty one": ({"matchers": [{}]}, 602, "matchers.0.isRegex in body is required"),
    "null for one": ({"matchers": [None]}, 602, "matchers.0 in body is required"),
    "one without a name": ({"matchers": [{"isRegex": False}]}, 602, "matchers.0.name in body is required"),
    "the first in the alphabet": (
        {"matchers": None, "startsAt": None, "comment": None},
        602,
        "comment in body is required",
    ),
}


@pytest.mark.parametrize(("more", "code", "message"), INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("gone", [True, False], ids=["left out", "null"])
def test_what_is_missing_is_said_with_go_openapis_codes(
    api: Api, more: dict[str, Any], code: int, message: str, gone: bool
) -> None:
    said = wish(api, **more)
    left = {name: value for name, value in said.items() if not gone or value is not None}
    answer = api.post(PATH, left)
    assert (answer.status, document(answer)) == (422, {"code": code, "message": message})


@pytest.mark.parametrize("missing", ["createdBy", "comment"])
def test_a_text_may_be_empty(api: Api, missing: str) -> None:
    assert api.post(PATH, wish(api) | {missing: ""}).status == 200


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "a list": (b"[]", "json: cannot unmarshal array into the body of type object"),
    "a number": (b'{"comment": 5}', "json: cannot unmarshal number into comment of type string"),
    "a text for a bool": (
        b'{"matchers": [{"isRegex": "x"}]}',
        "json: cannot unmarshal string into matchers.0.isRegex of type bool",
    ),
    "no JSON": (b"hello", "Expecting value: line 1 column 1 (char 0)"),
}


@pytest.mark.parametrize(("body", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_parsed_is_said(api: Api, body: bytes, reason: str) -> None:
    answer = api.ask("POST", PATH, body, content_type="application/json")
    assert (answer.status, document(answer)) == (400, {"code": 400, "message": UNPARSED + reason})


@pytest.mark.parametrize(("body", "missing"), [(b"", "silence"), (b"null", "comment"), (b"{}", "comment")])
def test_a_body_that_says_nothing_is_refused(api: Api, body: bytes, missing: str) -> None:
    answer = api.ask("POST", PATH, body, content_type="application/json")
    assert (answer.status, document(answer)["message"]) == (422, f"{missing} in body is required")


def test_only_json_is_taken(api: Api) -> None:
    answer = api.ask("POST", PATH, b"a: b", content_type="text/yaml")
    assert (answer.status, document(answer)["code"]) == (415, 415)
