"""tocsin silence, on a stack in memory."""

import json
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.unit.commandline import NOON, Stack
from tocsin.dispatch.group import meta_key
from tocsin.dispatch.waiting import wait_for
from tocsin.ports import Message, Update

MOVING = ["-c", "moving"]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return an empty stack."""
    return Stack(tmp_path)


def add(stack: Stack, *words: str) -> str:
    """Add a silence and return its id."""
    return stack.ok("silence", "add", *words, *MOVING).strip()


def ids(stack: Stack, *words: str) -> list[str]:
    """Return the ids of the silences that a query finds."""
    return stack.ok("silence", "query", "-q", *words).split()


def test_add_prints_the_id_and_query_shows_amtools_table(stack: Stack) -> None:
    silence = add(stack, "DiskFull", "instance=~a|b")
    assert UUID(silence).version == 4
    header, row = stack.ok("silence", "query").splitlines()
    assert re.split("  +", header) == ["ID", "Matchers", "Ends At", "Created By", "Comment"]
    assert row == f'{silence}  alertname="DiskFull" instance=~"a|b"  2026-01-31T13:00:00Z  ada         moving'
    assert header.index("Ends At") == row.index("2026")


def test_a_silence_as_json_is_alertmanagers(stack: Stack) -> None:
    options = ["-a", "bob", "-d", "2h", "-o", "json"]
    silence = json.loads(stack.ok("silence", "add", "severity!~low|none", "job=db", *options, *MOVING))
    [listed] = json.loads(stack.ok("silence", "query", "-o", "json"))
    assert listed == {
        "id": silence["silenceID"],
        "status": {"state": "active"},
        "matchers": [
            {"name": "severity", "value": "low|none", "isRegex": True, "isEqual": False},
            {"name": "job", "value": "db", "isRegex": False, "isEqual": True},
        ],
        "startsAt": "2026-01-31T12:00:00Z",
        "endsAt": "2026-01-31T14:00:00Z",
        "updatedAt": "2026-01-31T12:00:00Z",
        "createdBy": "bob",
        "comment": "moving",
    }


@pytest.mark.parametrize(
    ("options", "starts", "ends", "state"),
    [
        pytest.param([], "12:00", "13:00", "active", id="an hour from now"),
        pytest.param(["-d", "90m"], "12:00", "13:30", "active", id="duration"),
        pytest.param(["--start", "2026-01-31T14:00:00Z"], "14:00", "15:00", "pending", id="later"),
        pytest.param(
            ["--end", "2026-01-31T19:00:00+01:00"], "12:00", "18:00", "active", id="end, another zone"
        ),
    ],
)
def test_a_silences_time(stack: Stack, options: list[str], starts: str, ends: str, state: str) -> None:
    add(stack, "DiskFull", *options)
    [listed] = json.loads(stack.ok("silence", "query", "-o", "json"))
    assert listed["startsAt"] == f"2026-01-31T{starts}:00Z"
    assert listed["endsAt"] == f"2026-01-31T{ends}:00Z"
    assert listed["status"] == {"state": state}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(["DiskFull"], 1, "comment required", id="no comment"),
        pytest.param(MOVING, 1, "at least one matcher required", id="no matcher"),
        pytest.param(["a=~.*", *MOVING], 1, "at least one matcher must not match the empty string", id="all"),
        pytest.param(["X", "-d", "0s", *MOVING], 1, "start time must be before end time", id="no time"),
        pytest.param(
            ["X", "--start", "2026-01-30T12:00:00Z", *MOVING], 1, "end time can't be in the past", id="past"
        ),
        pytest.param(["X", "-d", "1.5h", *MOVING], 2, 'not a valid duration: "1.5h"', id="duration"),
        pytest.param(["X", "--end", "noon", *MOVING], 2, 'not a time: "noon"', id="time"),
        pytest.param(["X", "--end", "2026-01-31T12:00:00", *MOVING], 2, "not a time", id="time without zone"),
        pytest.param(["a=~(", *MOVING], 2, "error parsing regexp", id="regex"),
        pytest.param(["X", "word", *MOVING], 2, "bad matcher format: word", id="second bare word"),
    ],
)
def test_what_add_refuses(stack: Stack, words: list[str], code: int, message: str) -> None:
    result = stack.run("silence", "add", *words)
    assert result.exit_code == code
    assert message in result.stderr
    assert ids(stack) == []


def test_a_comment_can_be_left_out_if_told_so(stack: Stack) -> None:
    stack.ok("silence", "add", "DiskFull", "--no-require-comment")
    assert len(ids(stack)) == 1


def test_query_finds_what_is_asked_for(stack: Stack) -> None:
    full = add(stack, "DiskFull", "-d", "2h")
    slow = add(stack, "DiskSlow", "-d", "9h", "-a", "bob")
    gone = add(stack, "DiskGone", "-d", "1m")
    stack.clock.at = NOON + timedelta(hours=1)
    assert ids(stack) == [full, slow]
    assert ids(stack, "DiskSlow") == [slow]
    assert ids(stack, "alertname=~Disk.*", "severity=page") == []
    assert ids(stack, "--within", "4h") == [full]
    assert ids(stack, "--created-by", "bob") == [slow]
    assert ids(stack, "--id", full) == [full]
    assert ids(stack, "--expired") == [gone]
    assert ids(stack, "--expired", "--within", "30m") == []
    assert ids(stack, "--expired", "--within", "2h") == [gone]


def test_expire_ends_a_silence_and_wakes_the_groups_that_wait_for_it(stack: Stack) -> None:
    silence = add(stack, "DiskFull")
    group = "group.0123456789abcdef01234567"
    stack.database.write(Update(meta_key(group), set={"grid": 0, "wake": 1}))
    wait_for(stack.database, group, [silence], NOON)
    assert stack.ok("silence", "expire", silence) == ""
    assert stack.flushes.sent == [Message({"group": group})]
    assert ids(stack) == []
    assert stack.database.query("config", "wake") == []


def test_expire_goes_on_after_an_unknown_id(stack: Stack) -> None:
    silence = add(stack, "DiskFull")
    result = stack.run("silence", "expire", "nope", silence)
    assert (result.exit_code, result.stderr) == (1, "Error: no such silence: nope\n")
    assert ids(stack) == []


def test_expiring_what_has_expired_is_no_error(stack: Stack) -> None:
    silence = add(stack, "DiskFull")
    stack.ok("silence", "expire", silence)
    output = json.loads(stack.ok("silence", "expire", silence, "-o", "json"))
    assert output == {"expired": [silence], "unknown": []}
