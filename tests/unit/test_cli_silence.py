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


def test_extended_shows_all_of_a_silence(stack: Stack) -> None:
    silence = add(stack, "DiskFull", "x=1", "--annotation", "ticket=OPS-7")
    header, row = stack.ok("silence", "query", "-o", "extended").splitlines()
    assert re.split("  +", header)[2:5] == ["Starts At", "Ends At", "Updated At"]
    times = ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z", "2026-01-31T12:00:00Z"]
    matchers = '{alertname="DiskFull",x="1"}'
    assert re.split("  +", row) == [silence, matchers, *times, "ada", "moving", 'ticket="OPS-7"']


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
        "annotations": {},
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
    assert ids(stack, "alertname=~Disk.*") == []
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
    wait_for(stack.database, group, {silence: frozenset()}, NOON)
    assert stack.ok("silence", "expire", silence) == ""
    assert stack.flushes.sent == [Message({"group": group})]
    assert ids(stack) == []
    [note] = stack.database.query("config", "wake")
    assert note["sk"] == f"begin.{silence}"


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


def test_a_silence_keeps_its_annotations(stack: Stack) -> None:
    add(stack, "DiskFull", "--annotation", "ticket=OPS-7", "--annotation", "url=https://x.example/?a=b")
    [listed] = json.loads(stack.ok("silence", "query", "-o", "json"))
    assert listed["annotations"] == {"ticket": "OPS-7", "url": "https://x.example/?a=b"}
    refused = stack.run("silence", "add", "DiskFull", "--annotation", "ticket", *MOVING)
    assert (refused.exit_code, "not an annotation" in refused.stderr) == (2, True)


# -- update ---------------------------------------------------------------------------------------------


def only(stack: Stack, silence_id: str) -> dict[str, str]:
    """Return a silence that has not expired."""
    [found] = json.loads(stack.ok("silence", "query", "--id", silence_id, "-o", "json"))
    return dict(found)


@pytest.mark.parametrize(
    ("options", "ends", "comment"),
    [
        pytest.param(["-d", "3h"], "15:00", "moving", id="duration from its start"),
        pytest.param(["--end", "2026-01-31T12:30:00Z"], "12:30", "moving", id="end"),
        pytest.param(["-d", "3h", "--end", "2026-01-31T12:30:00Z"], "12:30", "moving", id="end counts"),
        pytest.param(["-c", "moved"], "13:00", "moved", id="comment"),
    ],
)
def test_update_changes_a_silence_in_place(stack: Stack, options: list[str], ends: str, comment: str) -> None:
    silence = add(stack, "DiskFull")
    stack.clock.sleep(60)
    header, row = stack.ok("silence", "update", silence, *options).splitlines()
    assert (header.split()[0], row.split()[0], comment in row) == ("ID", silence, True)
    found = only(stack, silence)
    assert (found["endsAt"], found["comment"]) == (f"2026-01-31T{ends}:00Z", comment)
    assert found["startsAt"] == "2026-01-31T12:00:00Z"


def test_update_replaces_a_silence_that_is_to_start_at_another_time(stack: Stack) -> None:
    silence = add(stack, "DiskFull")
    stack.clock.sleep(60)
    later = ["--start", "2026-02-01T00:00:00Z", "-d", "1h", "-q"]
    replacement = stack.ok("silence", "update", silence, *later).strip()
    assert (ids(stack), ids(stack, "--expired")) == ([replacement], [silence])
    assert only(stack, replacement)["endsAt"] == "2026-02-01T01:00:00Z"


def test_update_goes_on_after_an_unknown_id(stack: Stack) -> None:
    silence = add(stack, "DiskFull")
    result = stack.run("silence", "update", "nope", silence, "-c", "moved", "-o", "json")
    assert (result.exit_code, result.stderr) == (1, "Error: no such silence: nope\n")
    assert [found["comment"] for found in json.loads(result.stdout)] == ["moved"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        pytest.param([], 2, "nothing to change", id="nothing"),
        pytest.param(["-d", "0s"], 1, "silence duration must be greater than 0", id="no time"),
        pytest.param(["--end", "2026-01-31T11:00:00Z"], 1, "start time must be before end time", id="end"),
    ],
)
def test_what_update_refuses(stack: Stack, options: list[str], code: int, message: str) -> None:
    silence = add(stack, "DiskFull")
    before = only(stack, silence)
    result = stack.run("silence", "update", silence, *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert only(stack, silence) == before


# -- export and import ------------------------------------------------------------------------------------


def test_what_is_exported_can_be_imported_elsewhere_and_again(stack: Stack, tmp_path: Path) -> None:
    add(stack, "DiskFull", "instance!~a|b", "-d", "2h", "--annotation", "ticket=OPS-7")
    add(stack, "DiskSlow", "--start", "2026-02-01T00:00:00Z")
    gone = add(stack, "DiskGone", "-d", "1m")
    stack.clock.sleep(90)
    exported = stack.ok("silence", "export")
    assert gone not in exported
    other = Stack(tmp_path)
    other.clock.at = stack.clock.at
    imported = other.ok("silence", "import", stdin=exported).split()
    assert imported == ids(stack)
    assert other.ok("silence", "import", other.file("s.json", exported)).split() == imported
    times = ("startsAt", "updatedAt")
    mine, theirs = (
        [{key: value for key, value in one.items() if key not in times} for one in json.loads(printed)]
        for printed in (exported, other.ok("silence", "query", "-o", "json"))
    )
    assert mine == theirs


def test_export_takes_matchers(stack: Stack) -> None:
    full = add(stack, "DiskFull")
    add(stack, "DiskSlow")
    assert [one["id"] for one in json.loads(stack.ok("silence", "export", "DiskFull"))] == [full]


def test_import_can_be_forced_to_add(stack: Stack) -> None:
    silence = add(stack, "DiskFull")
    output = json.loads(
        stack.ok("silence", "import", "-f", "-o", "json", stdin=stack.ok("silence", "export"))
    )
    assert (len(output["imported"]), output["failed"]) == (1, 0)
    assert sorted(ids(stack)) == sorted([silence, *output["imported"]])


def test_import_edits_what_is_stored(stack: Stack) -> None:
    silence = add(stack, "DiskFull")
    exported = stack.ok("silence", "export").replace("moving", "moved")
    assert stack.ok("silence", "import", "-", "-w", "4", stdin=exported) == f"{silence}\n"
    assert only(stack, silence)["comment"] == "moved"


POSTABLE = {
    "matchers": [{"name": "a", "value": "b", "isRegex": False}],
    "startsAt": "2026-01-31T10:00:00+01:00",
    "endsAt": "2026-01-31T20:00:00.000Z",
    "createdBy": "bob",
    "comment": "",
}


def test_import_goes_on_after_a_silence_that_is_refused(stack: Stack) -> None:
    file = json.dumps([POSTABLE | {"endsAt": "2026-01-31T11:00:00Z"}, POSTABLE])
    result = stack.run("silence", "import", stdin=file)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error adding silence id='': end time can't be in the past",
        "Error: couldn't import 1 out of 2 silences",
    ]
    assert ids(stack) == result.stdout.split()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("nope", "couldn't unmarshal input data, is it JSON?: Invalid JSON", id="no JSON"),
        pytest.param("{}", "couldn't unmarshal input data: Input should be a valid array", id="map"),
        pytest.param(
            json.dumps([POSTABLE | {"startsAt": "noon"}]),
            "0.startsAt: Input should be a valid datetime",
            id="time",
        ),
        pytest.param(
            json.dumps([POSTABLE | {"matchers": [{"name": "a", "value": "(", "isRegex": True}]}]),
            "error parsing regexp",
            id="regex",
        ),
    ],
)
def test_a_file_that_holds_no_silences_is_refused_whole(stack: Stack, text: str, message: str) -> None:
    result = stack.run("silence", "import", stdin=text)
    assert (result.exit_code, message in result.stderr) == (1, True), result.stderr
    assert ids(stack) == []
