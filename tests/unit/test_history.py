"""The history: a row with every change, in its transaction, and read newest first."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.commandline import NOON, Stack
from tocsin.configfile.parse import parse_config
from tocsin.configfile.storing import OvertakenError, store
from tocsin.dispatch import silencing
from tocsin.dispatch.controls import store_config
from tocsin.dispatch.silence import Silence
from tocsin.history import ID, KEPT, LONGEST_TEXT, MOST_NAMES, Change, Via, What, read_history, record
from tocsin.instants import millis
from tocsin.matchers import parse_matchers
from tocsin.rules.book import MissingRuleError, RuleBook
from tocsin.rules.rule import Pause, Rule
from tocsin.stores.counting import CountingDatabase
from tocsin.stores.memory import MemoryDatabase

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
CONFIG = "route: {receiver: ops}\nreceivers: [{name: ops}]\n"


def rules(count: int) -> list[Rule]:
    return [Rule("shop", "api", f"R{number:03}", expr="up == 0") for number in range(count)]


def all_of(database: MemoryDatabase, later: timedelta = timedelta(0)) -> list[Change]:
    return read_history(database, NOON + later, 1000)[0]


# -- what is written -------------------------------------------------------------------------------


def test_rules_written_and_deleted_are_told_by_their_names() -> None:
    database = MemoryDatabase()
    book, (one, two) = RuleBook(database), rules(2)
    book.write([one], [], by="ann", at_ms=millis(NOON), via=Via.API)
    book.write([two], [one.id], by="bob", at_ms=millis(NOON) + 1, via=Via.CLI)
    told = {(change.what, change.by, change.via, change.targets) for change in all_of(database)}
    assert told == {
        (What.RULES, "ann", "api", ("shop/api/R000",)),
        (What.RULES, "bob", "cli", ("shop/api/R001",)),
        (What.RULES_DELETED, "bob", "cli", ("shop/api/R000",)),
    }


def test_of_many_rules_each_transaction_has_its_row() -> None:
    database = MemoryDatabase()
    RuleBook(database).write(rules(95), [], by="ann", at_ms=millis(NOON))
    found = all_of(database)
    assert sorted(change.count for change in found) == [15, 40, 40]
    assert sorted(name for change in found for name in change.targets) == [rule.key for rule in rules(95)]


def test_pausing_and_resuming_are_told() -> None:
    database = MemoryDatabase()
    book, [rule] = RuleBook(database), rules(1)
    book.write([rule], [], by="ann", at_ms=millis(NOON) - 1)
    book.pause([rule.id], Pause(NOON + HOUR), by="bob", at_ms=millis(NOON), via=Via.API)
    book.pause([rule.id], None, by="cyd", at_ms=millis(NOON) + 1, via=Via.API)
    resumed, paused, _ = all_of(database, SECOND)
    assert (paused.what, paused.by, paused.after) == (
        What.RULE_PAUSE,
        "bob",
        {"until": "2026-01-31T13:00:00Z"},
    )
    assert (resumed.what, resumed.by, resumed.targets) == (What.RULE_RESUME, "cyd", (rule.key,))


def test_what_did_not_happen_is_not_told() -> None:
    database = MemoryDatabase()
    with pytest.raises(MissingRuleError):
        RuleBook(database).pause([rules(1)[0].id], Pause(), by="ann", at_ms=millis(NOON))
    assert all_of(database) == []


def test_an_edited_rule_stays_paused_by_whom_it_was() -> None:
    database = MemoryDatabase()
    book, [rule] = RuleBook(database), rules(1)
    book.write([rule], [], by="ann", at_ms=0)
    book.pause([rule.id], Pause(), by="bob", at_ms=1)
    book.write([rule], [], by="cyd", at_ms=2)
    [stored] = book.slot(int(rule.id[:4], 16) * 8 >> 16, 9).values()
    assert stored.pause is not None
    assert (stored.by, stored.pause.by) == ("cyd", "bob")


def test_a_configuration_is_told_by_its_version_and_no_word_of_it() -> None:
    database = MemoryDatabase()
    config = parse_config(CONFIG, "am.yml")
    store(database, CONFIG, config, by="ann", via=Via.LOCAL, now=NOON, note="first")
    store(database, CONFIG, config, by="ann", via=Via.LOCAL, now=NOON + SECOND)
    store(database, CONFIG + "# more\n", config, by="bob", via=Via.API, now=NOON + timedelta(seconds=2))
    second, first = all_of(database, timedelta(minutes=1))
    assert (first.what, first.by, first.via, first.summary) == (What.CONFIG, "ann", "local", "first")
    assert (second.targets, second.before, second.after) == (("version 2",), {"version": 1}, {"version": 2})


def test_of_two_who_store_at_once_one_is_told() -> None:
    database = MemoryDatabase()
    store_config(database, {}, "a", by="ann", now=NOON)
    config = parse_config(CONFIG, "am.yml")
    with pytest.raises(OvertakenError, match="somebody else"):
        store(database, CONFIG, config, by="bob", via=Via.API, now=NOON, seen=0)
    assert [change.by for change in all_of(database)] == ["ann"]


SILENCE = Silence("", parse_matchers("alertname=Down"), NOON, NOON + HOUR, "ann", "moving", NOON)


def test_a_silence_is_told_when_it_is_set_edited_and_ended() -> None:
    database = MemoryDatabase()
    silencing.put(database, None, SILENCE, NOON, fresh_id="one", via=Via.API)
    longer = replace(SILENCE, id="one", ends_at=NOON + 2 * HOUR)
    silencing.put(database, None, longer, NOON + SECOND, fresh_id="two", by="bob", via=Via.API)
    silencing.end(database, None, "one", NOON + 2 * SECOND, by="cyd", via=Via.CLI)
    silencing.end(database, None, "one", NOON + 3 * SECOND, by="dan", via=Via.CLI)  # it has ended already
    ended, edited, created = all_of(database)
    assert (created.what, created.by, created.targets, created.summary, dict(created.after)) == (
        What.SILENCE_CREATED,
        "ann",
        ("one",),
        "moving",
        {
            "matchers": '{alertname="Down"}',
            "startsAt": "2026-01-31T12:00:00Z",
            "endsAt": "2026-01-31T13:00:00Z",
        },
    )
    assert (edited.what, edited.by) == (What.SILENCE_UPDATED, "bob")
    assert (edited.before["endsAt"], edited.after["endsAt"]) == (
        "2026-01-31T13:00:00Z",
        "2026-01-31T14:00:00Z",
    )
    assert (ended.what, ended.by, ended.via) == (What.SILENCE_EXPIRED, "cyd", "cli")
    assert ended.after["endsAt"] == "2026-01-31T12:00:02Z"


def test_a_silence_that_takes_the_place_of_another_ends_that_one() -> None:
    database = MemoryDatabase()
    silencing.put(database, None, SILENCE, NOON, fresh_id="one")
    other = replace(SILENCE, id="one", matchers=parse_matchers("alertname=Up"))
    silencing.put(database, None, other, NOON + SECOND, fresh_id="two", by="bob")
    told = {(change.what, change.by, change.targets) for change in all_of(database)}
    assert told == {
        (What.SILENCE_CREATED, "ann", ("one",)),
        (What.SILENCE_EXPIRED, "bob", ("one",)),
        (What.SILENCE_CREATED, "bob", ("two",)),
    }


def test_a_row_is_bounded_and_forgotten_after_400_days() -> None:
    names = tuple(f"{number}" * 2000 for number in range(80))
    item = record(Change(What.RULES, NOON, "ann", targets=names, summary="s" * 5000)).item
    kept = cast("list[str]", item["targets"])
    assert (len(kept), item["count"], item["expires"]) == (MOST_NAMES, 80, millis(NOON + KEPT) // 1000)
    assert {len(text) for text in (*kept, str(item["summary"]))} == {LONGEST_TEXT}


def test_the_row_of_a_change_is_the_same_however_often_it_is_made() -> None:
    change = Change(What.CONFIG, NOON, "ann", targets=("version 1",))
    assert record(change) == record(change)
    assert record(change).key != record(replace(change, by="bob")).key
    assert re.fullmatch(ID, record(change).key.sk)


# -- what is read ----------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 399 * 86_400), max_size=30, unique=True),
    st.integers(1, 7),
)
def test_pages_hold_every_change_once_and_the_newest_first(ages: list[int], limit: int) -> None:
    database = MemoryDatabase()
    for age in ages:
        database.write(record(Change(What.CONFIG, NOON - age * SECOND, str(age))))
    found: list[Change] = []
    before = ""
    while True:
        page, before = read_history(database, NOON, limit, before)
        found += page
        assert len(page) == limit or not before
        if not before:
            break
    assert [change.by for change in found] == [str(age) for age in sorted(ages)]


def test_a_clock_that_is_a_little_ahead_hides_nothing() -> None:
    database = MemoryDatabase()
    database.write(record(Change(What.CONFIG, NOON + SECOND, "ann")))
    assert [change.by for change in all_of(database)] == ["ann"]


@pytest.mark.parametrize("before", ["999999999999999-000000000000", "000000000000000-000000000000"])
def test_a_cursor_from_any_time_can_be_read_from(before: str) -> None:
    database = MemoryDatabase()
    database.write(record(Change(What.CONFIG, NOON, "ann")))
    assert len(read_history(database, NOON, 5, before)[0]) == (1 if before > "1" else 0)


def test_one_page_of_a_busy_history_is_one_request() -> None:
    database = CountingDatabase(MemoryDatabase())
    for number in range(5):
        database.write(record(Change(What.CONFIG, NOON - number * SECOND)))
    database.reset()
    read_history(database, NOON, 3)
    assert database.requests == {"query": 1}


# -- on the command line ---------------------------------------------------------------------------


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def test_whatever_the_command_line_changes_is_told_with_its_user(stack: Stack) -> None:
    file = stack.file("r.yml", "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n")
    stack.ok("rules", "apply", file)
    stack.ok("rules", "pause", "r/g/Down")
    stack.ok("rules", "resume", "r/g/Down")
    stack.ok("config", "apply", "-", stdin=CONFIG)
    stack.ok(
        "sources", "apply", "-", stdin="sources: [{name: p, kind: prometheus, settings: {url: 'http://p'}}]\n"
    )
    silence = stack.ok("silence", "add", "Down", "-c", "moving").strip()
    stack.ok("silence", "update", silence, "-c", "still moving")
    stack.ok("silence", "expire", silence)
    stack.ok("rules", "delete", "r/g/Down")
    found = json.loads(stack.ok("history", "-o", "json"))
    assert {(change["by"], change["via"]) for change in found} == {("ada", "cli")}
    assert {change["what"] for change in found} == {
        "rules",
        "rule_pause",
        "rule_resume",
        "config",
        "sources",
        "silence_created",
        "silence_updated",
        "silence_expired",
        "rules_deleted",
    }


def test_what_is_applied_again_is_no_change(stack: Stack) -> None:
    for _ in range(2):
        stack.ok("config", "apply", "-", stdin=CONFIG)
    assert len(json.loads(stack.ok("history", "-o", "json"))) == 1


def test_it_is_a_table_of_the_newest_changes(stack: Stack) -> None:
    names = [f"{{alert: R{number}, expr: up == {number}}}" for number in range(5)]
    file = stack.file("r.yml", f"groups: [{{name: g, rules: [{', '.join(names)}]}}]\n")
    stack.ok("rules", "apply", file)
    stack.clock.sleep(1)
    stack.ok("config", "apply", "-", "--note", "first", stdin=CONFIG)
    assert [line.split() for line in stack.ok("history").splitlines()] == [
        ["AT", "BY", "VIA", "WHAT", "TARGETS", "SUMMARY"],
        ["2026-01-31T12:00:01Z", "ada", "cli", "config", "version", "1", "first"],
        ["2026-01-31T12:00:00Z", "ada", "cli", "rules", "r/g/R0,", "r/g/R1,", "r/g/R2", "and", "2", "more"],
    ]
    assert len(stack.ok("history", "--limit", "1").splitlines()) == 2
