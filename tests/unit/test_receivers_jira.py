"""Jira: how a group's issue is found, created, updated, resolved and reopened, and what becomes of it."""

import json
from itertools import count
from typing import Any

import pytest

from tests.unit.misbehaving_services import FIRING, MIXED, NO_ANSWER, REFUSED, STATE, THROTTLED, cases
from tests.unit.receiving import answer, firing, integration, mixed, opened, resolved
from tests.unit.source_access import FakeAccess
from tocsin.documents import DocumentError
from tocsin.http import Reply, Response, Timeout
from tocsin.notification import Delivered, Failed, Failure, Notification

HASH = "af94c9e8f6a3043625e36c6f472fe6be85ac23a9117184ee4cb7b4ad"
"""What the hash of `notification`'s group begins with."""
API = "https://jira.example/rest/api/2"
BASE = "project: OPS, issue_type: Bug"
WHO = "http_config: {basic_auth: {username: bot, password: 'secretsmanager:team#key'}}"


def block(settings: str = "", api: str = API) -> str:
    return f"{{{BASE}, api_url: '{api}', {WHO}, {settings}}}"


def found(*states: str) -> Response:
    """Return what a search finds: OPS-1, OPS-2… in these states."""
    return answer(
        200,
        {
            "issues": [
                {"key": f"OPS-{number}", "fields": {"status": {"statusCategory": {"key": state}}}}
                for number, state in enumerate(states, 1)
            ]
        },
    )


NONE, OPEN, DONE = found(), found("new"), found("done")
CREATED = answer(201, {"id": "10", "key": "OPS-7"})
UPDATED = answer(204)
TRANSITIONS = answer(200, {"transitions": [{"id": "11", "name": "Close"}, {"id": "21", "name": "Reopen"}]})
WAYS = "resolve_transition: Close, reopen_transition: Reopen, reopen_duration: 1h"


def calls(access: FakeAccess) -> list[tuple[str, str]]:
    return [(request.method, request.url.removeprefix(API)) for request in access.requests]


def sent(access: FakeAccess, index: int) -> Any:
    return json.loads(access.requests[index].body)


SEARCH, CREATE = ("POST", "/search"), ("POST", "/issue")
UPDATE, ASK, MOVE = (
    ("PUT", "/issue/OPS-1"),
    ("GET", "/issue/OPS-1/transitions"),
    ("POST", "/issue/OPS-1/transitions"),
)


@pytest.mark.parametrize(
    ("told", "replies", "expected", "delivered"),
    [
        pytest.param(firing(), [NONE, CREATED], [SEARCH, CREATE], "OPS-7", id="new"),
        pytest.param(mixed(), [NONE, CREATED], [SEARCH, CREATE], "OPS-7", id="mixed, new"),
        pytest.param(firing(), [OPEN, UPDATED], [SEARCH, UPDATE], "OPS-1", id="goes on"),
        pytest.param(
            resolved(), [OPEN, UPDATED, TRANSITIONS, UPDATED], [SEARCH, UPDATE, ASK, MOVE], "OPS-1", id="ends"
        ),
        pytest.param(resolved(), [NONE], [SEARCH], "no open issue", id="ends, nothing open"),
        pytest.param(
            firing(),
            [DONE, UPDATED, TRANSITIONS, UPDATED],
            [SEARCH, UPDATE, ASK, MOVE],
            "OPS-1",
            id="fires again",
        ),
    ],
)
def test_the_issue_follows_the_group(
    told: Notification, replies: list[Reply], expected: list[tuple[str, str]], delivered: str
) -> None:
    receiver, access = opened("jira", block(WAYS), *replies)
    assert receiver.send(told, 10) == Delivered(delivered)
    assert calls(access) == expected
    for request in access.requests:
        assert request.headers == {
            "Content-Type": "application/json",
            "Connection": "close",
            "Authorization": "Basic Ym90OnQwcHMzY3JldA==",
            "Accept-Language": "en",
        }


@pytest.mark.parametrize(("told", "before", "transition"), [(resolved(), OPEN, "11"), (firing(), DONE, "21")])
def test_a_transition_is_found_by_its_name(told: Notification, before: Reply, transition: str) -> None:
    receiver, access = opened("jira", block(WAYS), before, UPDATED, TRANSITIONS, UPDATED)
    receiver.send(told, 10)
    assert sent(access, 3) == {"transition": {"id": transition}}


@pytest.mark.parametrize(("told", "before"), [(resolved(), OPEN), (firing(), DONE)])
def test_without_a_transition_the_issue_stays_where_it_is(told: Notification, before: Reply) -> None:
    receiver, access = opened("jira", block(), before, UPDATED)
    assert receiver.send(told, 10) == Delivered("OPS-1")
    assert calls(access) == [SEARCH, UPDATE]


def test_an_open_issue_is_taken_before_one_that_is_done() -> None:
    receiver, access = opened("jira", block(WAYS), found("done", "indeterminate"), UPDATED)
    assert receiver.send(firing(), 10) == Delivered("OPS-2")
    assert calls(access) == [SEARCH, ("PUT", "/issue/OPS-2")]


@pytest.mark.parametrize(
    ("told", "state"), [pytest.param(firing(), FIRING, id="firing"), pytest.param(mixed(), MIXED, id="mixed")]
)
def test_an_issue_is_created_with_all_fields(told: Notification, state: str) -> None:
    settings = (
        f"summary: '{STATE}', description: 'Of {{{{ .Receiver }}}}', labels: [z, '{{{{ .Status }}}}'],"
        " priority: High, fields: {customfield_1: '{{ .Receiver }}', customfield_2: 5, components: [{name: web}]}"
    )
    receiver, access = opened("jira", block(settings), NONE, CREATED)
    receiver.send(told, 10)
    assert sent(access, 1) == {
        "fields": {
            "project": {"key": "OPS"},
            "issuetype": {"name": "Bug"},
            "summary": state,
            "description": "Of ops",
            "labels": [f"ALERT{{{told.group_hash}}}", "firing", "z"],
            "priority": {"name": "High"},
            "customfield_1": "ops",
            "customfield_2": 5,
            "components": [{"name": "web"}],
        }
    }
    assert told.group_hash.startswith(HASH)


def test_a_field_of_the_users_replaces_ours() -> None:
    receiver, access = opened("jira", block("fields: {summary: mine, project: {id: '7'}}"), NONE, CREATED)
    receiver.send(firing(), 10)
    fields = sent(access, 1)["fields"]
    assert (fields["summary"], fields["project"]) == ("mine", {"id": 7})


def test_a_template_that_fails_costs_its_text_not_the_issue() -> None:
    failing = "{{ slice .Status 99 }}"
    receiver, access = opened(
        "jira", block(f"summary: '{failing}', fields: {{customfield_1: '{failing}'}}"), NONE, CREATED
    )
    assert receiver.send(firing(), 10) == Delivered("OPS-7")
    fields = sent(access, 1)["fields"]
    for name in ("summary", "customfield_1"):
        assert fields[name].startswith("[FIRING:2] Down  (error expanding template: ")


def test_the_default_templates_say_what_happens() -> None:
    receiver, access = opened("jira", block(), NONE, CREATED)
    receiver.send(firing(), 10)
    fields = sent(access, 1)["fields"]
    assert fields["summary"] == "[FIRING:2] Down "
    assert "instance = a" in fields["description"]


@pytest.mark.parametrize(
    ("settings", "left_out"),
    [
        ("", set()),
        ("summary: {enable_update: false}", {"summary"}),
        ("description: {template: d, enable_update: false}", {"description"}),
    ],
)
def test_an_update_may_leave_texts_alone(settings: str, left_out: set[str]) -> None:
    receiver, access = opened("jira", block(settings), OPEN, UPDATED)
    receiver.send(firing(), 10)
    assert {"summary", "description"} - set(sent(access, 1)["fields"]) == left_out


@pytest.mark.parametrize(("name", "limit"), [("summary", 255), ("description", 32767)])
def test_a_text_is_cut_to_its_limit(name: str, limit: int) -> None:
    receiver, access = opened("jira", block(f"{name}: '{'é' * (limit + 1)}'"), NONE, CREATED)
    receiver.send(firing(), 10)
    assert sent(access, 1)["fields"][name] == "é" * (limit - 1) + "…"


def doc(*lines: str) -> dict[str, Any]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return {"type": "doc", "version": 1, "content": content}


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        pytest.param("a\\n\\nb", doc("a", "b"), id="text"),
        pytest.param(
            '{\\"type\\": \\"doc\\", \\"content\\": []}', {"type": "doc", "content": []}, id="a document"
        ),
        pytest.param("[1]", doc("[1]"), id="JSON, but no document"),
        pytest.param("x" * 32768, doc("x" * 32766 + "…"), id="too long"),
        pytest.param("", None, id="nothing"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_version_3_gets_a_document(description: str, expected: Any, slash: str) -> None:
    settings = block(f'description: "{description}"', f"https://x.atlassian.net/rest/api/3{slash}")
    receiver, access = opened("jira", settings, NONE, CREATED)
    receiver.send(firing(), 10)
    assert sent(access, 1)["fields"].get("description") == expected


OURS = f'project="OPS" and labels="ALERT{{{firing().group_hash}}}" and '
ORDER = " order by status ASC,resolutiondate DESC"
OPEN_ONLY = "statusCategory != Done"


@pytest.mark.parametrize(
    ("told", "settings", "clauses"),
    [
        pytest.param(firing(), "", OPEN_ONLY, id="firing"),
        pytest.param(resolved(), WAYS, OPEN_ONLY, id="resolved"),
        pytest.param(
            firing(),
            WAYS,
            "(resolutiondate is EMPTY or resolutiondate >= -60m)",
            id="firing, may be reopened",
        ),
        pytest.param(firing(), "reopen_transition: Reopen", OPEN_ONLY, id="reopened never"),
        pytest.param(
            firing(),
            "wont_fix_resolution: 'Won''t \"Fix\"'",
            f'(resolution is EMPTY or resolution != "Won\'t \\"Fix\\"") and {OPEN_ONLY}',
            id="what nobody will fix stays done",
        ),
    ],
)
def test_the_issue_is_searched_by_its_label(told: Notification, settings: str, clauses: str) -> None:
    receiver, access = opened("jira", block(settings), NONE, CREATED)
    receiver.send(told, 10)
    assert sent(access, 0) == {"jql": OURS + clauses + ORDER, "maxResults": 10, "fields": ["status"]}


@pytest.mark.parametrize(
    ("api_type", "api", "url"),
    [
        ("auto", API, f"{API}/search"),
        ("auto", "https://x.atlassian.net/rest/api/2/", "https://x.atlassian.net/rest/api/3/search/jql"),
        ("auto", "https://x.atlassian.net/rest/api/3", "https://x.atlassian.net/rest/api/3/search/jql"),
        ("cloud", API, "https://jira.example/rest/api/3/search/jql"),
        ("datacenter", "https://x.atlassian.net/rest/api/2", "https://x.atlassian.net/rest/api/2/search"),
    ],
)
def test_cloud_is_searched_elsewhere(api_type: str, api: str, url: str) -> None:
    receiver, access = opened("jira", block(f"api_type: {api_type}", api), NONE, CREATED)
    receiver.send(firing(), 10)
    assert access.requests[0].url == url


def test_a_lost_acknowledgement_makes_no_second_issue() -> None:
    lost = Timeout("https://jira.example: no answer")
    receiver, access = opened("jira", block(), NONE, lost, OPEN, UPDATED)
    first = receiver.send(firing(), 10)
    assert first == Failed(Failure.DEADLINE, True, "https://jira.example: no answer", 10)
    assert receiver.send(firing(), 10) == Delivered("OPS-1")
    assert calls(access) == [SEARCH, CREATE, SEARCH, UPDATE]


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        pytest.param(answer(500), 10, id="may be there"),
        pytest.param(answer(503, Retry_After="60"), 60, id="may be there, asks for more"),
        pytest.param(answer(429, Retry_After="1"), 1, id="is not there"),
        pytest.param(answer(400), None, id="is not there, nor will be"),
    ],
)
def test_what_may_have_been_created_is_given_time_to_be_found(reply: Reply, wait: float | None) -> None:
    receiver, _ = opened("jira", block(), NONE, reply)
    failed = receiver.send(firing(), 10)
    assert isinstance(failed, Failed)
    assert failed.retry_after_seconds == wait


@pytest.mark.parametrize(("reply", "expected"), cases(NO_ANSWER, THROTTLED, REFUSED))
@pytest.mark.parametrize(
    "before",
    [[], [OPEN], [OPEN, UPDATED], [OPEN, UPDATED, TRANSITIONS]],
    ids=["find", "update", "ask", "move"],
)
def test_a_service_that_misbehaves(before: list[Reply], reply: Reply, expected: Failed) -> None:
    receiver, access = opened("jira", block(WAYS), *before, reply)
    assert receiver.send(resolved(), 10) == expected
    assert len(access.requests) == len(before) + 1


@pytest.mark.parametrize(
    "said", [b"<html>", b"[]", b"{}", b'{"issues":[{"key":"X-1"}]}', b'{"issues":[7]}', b'{"issues":null}']
)
def test_a_search_whose_answer_means_nothing_is_tried_again(said: bytes) -> None:
    receiver, access = opened("jira", block(), Response(200, {}, said))
    detail = "the answer to the search is no list of issues"
    assert receiver.send(firing(), 10) == Failed(Failure.OTHER, retry=True, detail=detail)
    assert calls(access) == [SEARCH]


@pytest.mark.parametrize(
    "said", [b"<html>", b"{}", b'{"transitions":[]}', b'{"transitions":[{"id":"1","name":"Other"}]}']
)
def test_a_transition_that_is_not_there_is_final(said: bytes) -> None:
    receiver, _ = opened("jira", block(WAYS), OPEN, UPDATED, Response(200, {}, said))
    detail = 'OPS-1 has no transition "Close"'
    assert receiver.send(resolved(), 10) == Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)


def test_created_is_created_whatever_is_said_of_it() -> None:
    receiver, _ = opened("jira", block(), NONE, Response(201, {}, b"<html>"))
    assert receiver.send(firing(), 10) == Delivered("created")


def test_the_reason_of_a_refusal_is_told() -> None:
    said = {"errorMessages": ["no"], "errors": {"customfield_1": "is required"}}
    receiver, _ = opened("jira", block(), NONE, answer(400, said))
    detail = "HTTP 400: no; customfield_1: is required"
    assert receiver.send(firing(), 10) == Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)


def test_all_requests_share_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr("tocsin.receivers.http.monotonic", lambda: float(next(seconds)))
    receiver, access = opened("jira", block(WAYS), OPEN, UPDATED, TRANSITIONS, UPDATED)
    receiver.send(resolved(), 40)
    assert len(access.timeouts) == 4
    assert access.timeouts == sorted(access.timeouts, reverse=True)
    assert 40 > access.timeouts[0] > access.timeouts[-1] > 0


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (f"{{issue_type: Bug, api_url: '{API}'}}", "missing project in jira_config"),
        (f"{{project: OPS, api_url: '{API}'}}", "missing issue_type in jira_config"),
        (f"{{{BASE}}}", "no global Jira Cloud URL set"),
        (block("api_type: server"), "unknown api_type on jira_config, must be auto, cloud or datacenter"),
        (block("reopen_duration: 1.5h"), "reopen_duration"),
        (block("summary: {text: x}"), "unknown key"),
    ],
)
def test_what_cannot_be_is_refused(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("jira", settings)


def test_the_url_may_be_the_global_one() -> None:
    assert integration("jira", f"{{{BASE}}}", f"{{jira_api_url: '{API}'}}").settings["api_url"] == API
