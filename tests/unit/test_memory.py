"""What a worker remembers between ticks: for how long it is true, and how the rules have changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from tests.unit.evaluating import START, at, by_labels, firing, rule
from tests.unit.toytsdb import alerting, recording
from tocsin.evaluation import redo
from tocsin.evaluation.head import Head
from tocsin.evaluation.memory import Board, Memory, RuleDiff
from tocsin.evaluation.records import NOTHING, chunk_writes
from tocsin.index import read_index
from tocsin.ports import Absent, Item, Key, Put, Update
from tocsin.rules.book import UNREADABLE, RuleBook, StoredRule, row_key
from tocsin.rules.rule import Pause, Rule
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets, Shard
from tocsin.stores.memory import MemoryDatabase

SHARD = Shard(1, 0, Buckets(0, BUCKETS))


class Counting(MemoryDatabase):
    """A database that counts what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        self.read.append(table)
        return super().query(table, pk, prefix=prefix, between=between)


class World:
    """Rules that people write, and a worker's memory of them."""

    def __init__(self, *rules: Rule) -> None:
        self.database = Counting()
        self.book = RuleBook(self.database)
        self.write(*rules)
        self.memory = Memory(self.database)

    def write(
        self,
        *rules: Rule,
        gone: Sequence[Rule] = (),
        was: Mapping[str, StoredRule] | None = None,
    ) -> None:
        self.book.write(rules, [one.id for one in gone], by="me", at_ms=0, was=was)

    def board(self, now: datetime = START, shard: Shard = SHARD) -> tuple[Board, RuleDiff]:
        return self.memory.board(shard, read_index(self.database), now)

    def names(self, now: datetime = START) -> set[str]:
        return {unit.rule.name for unit in self.board(now)[0].units.values()}


# -- the board ------------------------------------------------------------------------------------


def test_rules_that_have_not_changed_are_not_read_again() -> None:
    world = World(rule("A"), rule("B"))
    first, changed = world.board()
    assert (world.names(), changed) == ({"A", "B"}, RuleDiff())
    world.database.read.clear()
    assert world.board() == (first, RuleDiff())
    assert world.database.read == []


def test_a_shard_has_the_rules_of_its_buckets_and_what_they_need_of_each_other() -> None:
    writes, reads = recording("x"), alerting("A", "x", position=1)
    other = replace(rule("B"), group="somewhere else")
    assert other.id[:4] != writes.id[:4]
    world = World(writes.rule, reads.rule, other)
    own = Shard(1, 0, Buckets(writes.bucket, writes.bucket + 1))
    board, _ = world.board(shard=own)
    assert set(board.units) == {writes.id, reads.id}
    assert board.needs == {reads.id: frozenset({writes.id})}
    assert board.sources == {"prometheus"}


def test_what_is_gone_is_known_as_long_as_it_is_remembered() -> None:
    kept, deleted, paused = rule("A"), rule("B"), rule("C")
    world = World(kept, deleted, paused)
    assert world.board()[0].gone == {}
    world.write(gone=[deleted])
    world.book.pause([paused.id], Pause(), by="me", at_ms=0)
    assert world.board()[0].gone.keys() == {deleted.id, paused.id}
    world.write(deleted)
    assert world.board()[0].gone.keys() == {paused.id}


def test_a_rule_takes_nothing_over_from_one_that_is_there() -> None:
    before, after = rule("A", labels={"severity": "warn"}), rule("A", labels={"severity": "page"})
    world = World(after)
    world.write(after, was={after.id: StoredRule(before.id, before, 1)})
    assert world.board()[0].units[after.id].former is not None
    world.write(before)
    assert world.board()[0].units[after.id].former is None


def test_a_row_of_a_later_version_is_refused_alone_and_keeps_its_place() -> None:
    fine, odd = rule("A"), rule("B")
    world = World(fine, odd)
    row = json.dumps({"namespace": "ns", "group": "group", "name": "B", "expr": "x", "kind": "new"})
    world.database.write(Update(row_key(odd.id), set={"rule": row}))
    board, _ = world.board()
    assert board.units.keys() == {fine.id, odd.id}
    assert board.units[odd.id].rule.source == UNREADABLE


PAUSES: dict[str, tuple[Pause, list[tuple[float, bool]]]] = {
    "for ever": (Pause(), [(0, False), (1e9, False)]),
    "until a time": (Pause(at(60)), [(0, False), (59.9, False), (60, True)]),
}


@pytest.mark.parametrize(("pause", "expected"), PAUSES.values(), ids=PAUSES)
def test_a_rule_that_is_paused_is_not_evaluated(pause: Pause, expected: list[tuple[float, bool]]) -> None:
    world = World(rule("A"), rule("B"))
    world.book.pause([rule("A").id], pause, by="me", at_ms=0)
    for second, evaluated in expected:
        assert ("A" in world.names(at(second))) is evaluated


def test_a_board_lasts_until_the_next_pause_ends() -> None:
    world = World(rule("A"), rule("B"), rule("C"))
    for name, seconds in (("A", 60), ("B", 30)):
        world.book.pause([rule(name).id], Pause(at(seconds)), by="me", at_ms=0)
    boards = [world.board(at(second))[0].until for second in (0, 30, 60)]
    assert boards == [at(30), at(60), None]


def test_a_rule_that_is_resumed_is_evaluated_again() -> None:
    world = World(rule("A"))
    world.book.pause([rule("A").id], Pause(), by="me", at_ms=0)
    assert world.names() == set()
    world.book.pause([rule("A").id], None, by="me", at_ms=0)
    assert world.names() == {"A"}


# -- how the rules have changed -------------------------------------------------------------------

A, B = rule("A"), rule("B")
CHANGES: dict[str, tuple[Rule, RuleDiff]] = {
    "written again": (A, RuleDiff()),
    "one more": (rule("C"), RuleDiff(added=1)),
    "what it asks": (replace(A, expr="up == 1"), RuleDiff(changed=1)),
    "how long it waits": (rule("A", hold=60), RuleDiff(changed=1)),
    "what it says": (replace(A, annotations={"summary": "new"}), RuleDiff(reworded=1)),
    "what it asks and says": (
        replace(A, expr="up == 1", annotations={"summary": "new"}),
        RuleDiff(changed=1),
    ),
    "its place": (replace(A, position=7), RuleDiff()),
}


@pytest.mark.parametrize(("written", "expected"), CHANGES.values(), ids=CHANGES)
def test_the_difference_tells_what_was_edited_and_nothing_else(written: Rule, expected: RuleDiff) -> None:
    """Rules of the same slot, that are read again with it, have not changed."""
    world = World(A, B)
    world.board()
    world.write(written)
    assert world.board()[1] == expected
    assert world.board()[1] == RuleDiff()


def test_a_rule_that_is_gone_or_paused_is_removed() -> None:
    world = World(A, B)
    world.board()
    world.write(gone=[A])
    assert world.board()[1] == RuleDiff(removed=1)
    world.book.pause([B.id], Pause(at(60)), by="me", at_ms=0)
    assert world.board()[1] == RuleDiff(removed=1)
    assert world.board(at(60))[1] == RuleDiff(added=1)


def test_a_relabelled_rule_knows_what_it_was() -> None:
    world = World(A)
    paged = replace(A, labels={"severity": "page"})
    world.write(paged, gone=[A], was={paged.id: StoredRule(A.id, A, 0)})
    [unit] = world.board()[0].units.values()
    assert unit.former is not None
    assert (unit.id, unit.former.unit, unit.former.labels) == (paged.id, A.id, ())


# -- records --------------------------------------------------------------------------------------


def store(database: MemoryDatabase, unit: str, seq: int) -> None:
    writes, _ = chunk_writes(unit, NOTHING, by_labels(firing(handed=0)))
    for chunk in writes:
        item = {"instances": chunk.packed, "seq": seq}
        database.write(Put(redo.chunk_key(unit, chunk.prefix), item))


def test_records_are_true_under_the_version_they_were_read_under_only() -> None:
    world = World(A)
    assert world.memory.records(SHARD, Head("1.0", 1, at(0), version=1)) == {}
    store(world.database, A.id, 2)
    assert world.memory.records(SHARD, Head("1.0", 2, at(10), version=1)) == {}
    assert set(world.memory.records(SHARD, Head("1.0", 3, at(20), version=3))) == {A.id}


def test_what_was_committed_is_known() -> None:
    world = World(A)
    world.memory.learn(SHARD, Head("1.0", 5, at(0), version=5), {"u": NOTHING})
    world.database.read.clear()
    assert world.memory.records(SHARD, Head("1.0", 6, at(10), version=5)) == {"u": NOTHING}
    assert world.database.read == []


def test_what_a_dead_worker_left_is_swept_away_and_what_may_be_named_is_not() -> None:
    world = World(A)
    for seq in (3, 5, 6):
        world.database.write(Put(Key("state", "1.0", f"REDO#{seq:012d}#t#0"), {"part": b""}, Absent("pk")))
    world.memory.records(SHARD, Head("1.0", 5, at(0), version=5))
    left = [item["sk"] for item in world.database.query("state", "1.0", prefix="REDO#")]
    assert left == [f"REDO#{6:012d}#t#0"]
