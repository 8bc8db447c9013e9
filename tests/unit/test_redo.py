"""REDO: written before, read by whoever comes next, applied as often as anybody likes."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, by_labels, firing
from tocsin.alert import Alert
from tocsin.evaluation import redo
from tocsin.evaluation.head import RedoKey
from tocsin.evaluation.records import NOTHING, chunk_writes, load
from tocsin.evaluation.redo import ChunkWrite, Gap, HandOver, HealthWrite, Redo, chunk_key, health_key
from tocsin.instants import instant, millis
from tocsin.ports import Key
from tocsin.schedule.buckets import BUCKETS, unit_id
from tocsin.schedule.layout import Buckets
from tocsin.stores.memory import MemoryDatabase

UNIT = unit_id("ns/group", "ns/group/Down")
ALL = Buckets(0, BUCKETS)

moments = st.integers(0, 4102444800000).map(instant)
texts = st.dictionaries(st.text(), st.text(), max_size=2)
units = st.text("0123456789abcdef", min_size=24, max_size=24)
alerts = st.builds(Alert, texts, texts, moments, st.none() | moments, st.text())
redos = st.builds(
    Redo,
    at=moments,
    chunks=st.lists(
        st.builds(ChunkWrite, units, st.text("01", max_size=8), st.none() | st.binary(min_size=1)), max_size=3
    ).map(tuple),
    health=st.lists(st.builds(HealthWrite, units, st.text(), st.text(), moments), max_size=2).map(tuple),
    handovers=st.lists(
        st.builds(HandOver, st.text(), st.lists(alerts, max_size=3).map(tuple), st.booleans()), max_size=2
    ).map(tuple),
    gap=st.none() | st.builds(Gap, moments, moments, st.integers(0, 999), st.integers(0, 999)),
)


@given(redos)
def test_a_redo_is_read_as_it_was_written(changes: Redo) -> None:
    database = MemoryDatabase()
    named = redo.write(database, "1.0", 7, "token", changes)
    assert (named.seq, named.token) == (7, "token")
    assert redo.read(database, "1.0", named) == changes


def test_only_a_tick_without_changes_needs_none() -> None:
    assert Redo(at(0)).empty
    assert not Redo(at(0), gap=Gap(at(0), at(10), 1, 0)).empty
    assert not Redo(at(0), health=(HealthWrite(UNIT, "", "", at(0)),)).empty


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redo, "PART_BYTES", 64)


@pytest.mark.usefixtures("small_parts")
def test_a_large_redo_has_several_parts_and_is_whole_or_not_there() -> None:
    database = MemoryDatabase()
    changes = Redo(
        at(0), handovers=(HandOver("w", tuple(Alert({"n": str(n)}, {}, at(n)) for n in range(99))),)
    )
    named = redo.write(database, "1.0", 7, "token", changes)
    assert named.parts > 2
    assert redo.read(database, "1.0", named) == changes
    redo.discard(database, "1.0", RedoKey(7, "token", 1))
    assert redo.read(database, "1.0", named) is None
    redo.discard(database, "1.0", named)
    assert database.query("state", "1.0") == []


def test_a_part_fits_into_an_item_of_dynamodb() -> None:
    assert redo.PART_BYTES == 300 * 1024


def test_two_attempts_at_one_sequence_do_not_share_a_redo() -> None:
    database = MemoryDatabase()
    mine, theirs = Redo(at(0)), Redo(at(1))
    named = redo.write(database, "1.0", 7, "a", mine)
    other = redo.write(database, "1.0", 7, "b", theirs)
    redo.discard(database, "1.0", other)
    assert redo.read(database, "1.0", named) == mine


def test_a_put_that_the_sdk_sends_twice_leaves_the_first() -> None:
    database = MemoryDatabase()
    named = redo.write(database, "1.0", 7, "a", Redo(at(0)))
    redo.write(database, "1.0", 7, "a", Redo(at(5)))
    assert redo.read(database, "1.0", named) == Redo(at(0))


# -- applying -------------------------------------------------------------------------------------


class Heard:
    """A door that remembers what came through."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int, bool]] = []

    def hand_over(self, writer: str, seq: int, alerts: Sequence[Alert], *, everything: bool = False) -> None:
        """Remember."""
        self.calls.append((writer, seq, len(alerts), everything))


def changes_of(since: float) -> Redo:
    writes, _ = chunk_writes(UNIT, NOTHING, by_labels(firing(since)))
    told = HandOver(f"rule.{UNIT}", (Alert({"alertname": "Down"}, {}, at(since)),), everything=True)
    sick = HealthWrite(UNIT, "bad_data", "why", at(since))
    return Redo(at(since), writes, (sick,), (told,), Gap(at(since), at(since + 60), 6, 1))


def test_applying_twice_changes_nothing_more() -> None:
    database, door = MemoryDatabase(), Heard()
    redo.apply(database, door, "1.0", 7, changes_of(0))
    once = [database.query("state", pk) for pk in ("1.0", *map(str, range(8)))]
    redo.apply(database, door, "1.0", 7, changes_of(0))
    assert [database.query("state", pk) for pk in ("1.0", *map(str, range(8)))] == once
    assert door.calls == [(f"rule.{UNIT}", 7, 1, True)] * 2


def test_a_zombies_redo_takes_nothing_back() -> None:
    database, door = MemoryDatabase(), Heard()
    redo.apply(database, door, "1.0", 7, changes_of(70))
    redo.apply(database, door, "1.0", 6, changes_of(60))
    record = load(database, ALL)[UNIT]
    assert [held.fired_at for held in record.instances.values()] == [at(70)]
    assert record.since == at(70)


def test_what_is_gone_leaves_a_tombstone_that_refuses_the_dead() -> None:
    database, door = MemoryDatabase(), Heard()
    redo.apply(database, door, "1.0", 5, changes_of(0))
    over = Redo(at(100), (ChunkWrite(UNIT, "", None),), (HealthWrite(UNIT, "", "", at(100)),))
    redo.apply(database, door, "1.0", 8, over)
    redo.apply(database, door, "1.0", 7, changes_of(70))
    assert load(database, ALL) == {}
    a_day_later = millis(at(100) + timedelta(hours=24)) // 1000
    for item in database.get(chunk_key(UNIT, ""), health_key(UNIT)):
        assert item is not None
        assert (item["seq"], item["expires"]) == (8, a_day_later)


def test_a_gap_is_recorded_for_a_month() -> None:
    database = MemoryDatabase()
    redo.apply(database, Heard(), "1.0", 7, Redo(at(600), gap=Gap(at(0), at(540), 50, 4)))
    [item] = database.query("state", "1.0", prefix="GAP#")
    assert (item["start"], item["end"], item["replayed"], item["dropped"]) == (
        millis(at(0)),
        millis(at(540)),
        50,
        4,
    )
    assert item["expires"] == millis(at(540) + timedelta(days=30)) // 1000


def test_a_units_items_lie_in_its_own_partition() -> None:
    assert chunk_key(UNIT, "01") == Key("state", str(int(UNIT[0], 16) // 2), f"{UNIT}#01")
    assert health_key(UNIT).pk == chunk_key(UNIT, "").pk
