"""What is known of units, in chunks: a change touches the chunk it is in, and nothing is lost or raised again."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.evaluating import at, by_labels, firing, labels
from tocsin.alert import Alert
from tocsin.evaluation.records import NOTHING, Record, chunk_writes, load
from tocsin.evaluation.redo import ChunkWrite, HealthWrite, Redo, apply
from tocsin.evaluation.states import Instance
from tocsin.labels import LabelSet
from tocsin.packing import CHUNK_BYTES, address
from tocsin.schedule.buckets import BUCKETS, bucket, unit_id
from tocsin.schedule.layout import Buckets
from tocsin.stores.memory import MemoryDatabase

UNIT = unit_id("ns/group", "ns/group/Down")
ALL = Buckets(0, BUCKETS)


class NoIntake:
    """A door nobody uses here."""

    def hand_over(self, writer: str, seq: int, alerts: Iterable[Alert], *, everything: bool = False) -> None:
        """Refuse to be used."""
        raise AssertionError


class Stored:
    """A unit's record, written chunk by chunk and read back each time."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.record = NOTHING
        self._seq = 0

    def write(self, after: Mapping[LabelSet, Instance]) -> tuple[ChunkWrite, ...]:
        """Write what changes, read it back and return the writes."""
        self._seq += 1
        writes, prefixes = chunk_writes(UNIT, self.record, after)
        apply(self.database, NoIntake(), "1.0", self._seq, Redo(at(0), writes))
        self.record = load(self.database, ALL).get(UNIT, NOTHING)
        assert self.record.prefixes == prefixes
        return writes


def large(number: int) -> Instance:
    """Return an instance of some 250 bytes however well it is packed."""
    noise = "".join(address(f"{number}/{part}") for part in range(64))
    return replace(firing(series=str(number)), annotations={"noise": f"{int(noise, 2):x}"})


def test_no_change_writes_nothing() -> None:
    held = by_labels(firing(handed=0))
    writes, prefixes = chunk_writes(UNIT, Record(held, frozenset({""})), dict(held))
    assert (writes, prefixes) == ((), frozenset({""}))
    assert chunk_writes(UNIT, NOTHING, {}) == ((), frozenset())


def test_a_value_and_its_texts_alone_write_nothing_but_ride_on_the_next_change() -> None:
    stored = Stored()
    stored.write(by_labels(firing(job="a")))
    newer = replace(firing(job="a"), value=7.0, annotations={"summary": "seven"})
    assert stored.write(by_labels(newer)) == ()
    stored.write(by_labels(newer, firing(job="b")))
    assert stored.record.instances[labels(job="a")] == newer


def test_a_first_instance_is_one_chunk_and_the_last_to_go_leaves_a_tombstone() -> None:
    stored = Stored()
    [made] = stored.write(by_labels(firing()))
    assert (made.unit, made.prefix, made.packed is None) == (UNIT, "", False)
    assert stored.write({}) == (ChunkWrite(UNIT, "", None),)
    assert (stored.record.instances, stored.record.prefixes) == ({}, frozenset())
    stored.write(by_labels(firing(20)))
    assert stored.record.instances == by_labels(replace(firing(20), annotations={}))


def test_a_thousand_instances_are_divided_and_a_change_of_one_touches_one_chunk() -> None:
    stored = Stored()
    held = by_labels(*map(large, range(1000)))
    writes = stored.write(held)
    packed = [write.packed for write in writes if write.packed is not None]
    assert len(packed) > 10
    assert max(map(len, packed)) <= CHUNK_BYTES
    assert stored.record.instances == held
    changed = large(500)
    held |= by_labels(replace(changed, keep_firing_since=at(10)))
    [touched] = stored.write(held)
    assert stored.record.instances == held
    del held[changed.labels]
    assert [write.prefix for write in stored.write(held)] == [touched.prefix]
    assert stored.record.instances == held


def test_a_chunk_that_grows_too_large_is_written_in_its_parts_before_it_is_buried() -> None:
    stored = Stored()
    stored.write(by_labels(*map(large, range(10))))
    assert stored.record.prefixes == {""}
    *parts, buried = stored.write(by_labels(*map(large, range(200))))
    assert buried == ChunkWrite(UNIT, "", None)
    assert all(part.packed is not None and part.prefix for part in parts)
    assert len(stored.record.instances) == 200


changes = st.lists(
    st.tuples(st.sets(st.integers(0, 120), max_size=60), st.sets(st.integers(0, 120), max_size=60)),
    max_size=5,
)


@settings(max_examples=25)
@given(changes)
def test_whatever_comes_and_goes_what_is_stored_is_what_is(history: list[tuple[set[int], set[int]]]) -> None:
    stored = Stored()
    held: dict[LabelSet, Instance] = {}
    for number, (come, go) in enumerate(history):
        held |= by_labels(*(replace(large(one), keep_firing_since=at(number)) for one in come))
        held = {found: one for found, one in held.items() if dict(found)["series"] not in map(str, go)}
        stored.write(held)
        assert stored.record.instances == held
        prefixes = sorted(stored.record.prefixes)
        assert not any(b.startswith(a) for a, b in pairwise(prefixes))


# -- reading ----------------------------------------------------------------------------------------


def test_a_units_health_is_read_beside_its_instances_and_without_them() -> None:
    database = MemoryDatabase()
    other = unit_id("ns/group", "ns/group/Other")
    writes, _ = chunk_writes(UNIT, NOTHING, by_labels(firing()))
    sick = tuple(HealthWrite(unit, "bad_data", "no such thing", at(5)) for unit in (UNIT, other))
    apply(database, NoIntake(), "1.0", 1, Redo(at(0), writes, sick))
    records = load(database, ALL)
    assert len(records[UNIT].instances) == 1
    assert records[other] == Record(health="bad_data", detail="no such thing", since=at(5))
    apply(database, NoIntake(), "1.0", 2, Redo(at(0), health=(HealthWrite(UNIT, "", "", at(9)),)))
    assert (load(database, ALL)[UNIT].health, len(load(database, ALL)[UNIT].instances)) == ("", 1)


def test_only_the_units_of_a_range_are_read() -> None:
    database = MemoryDatabase()
    units = [unit_id(f"ns/{number}", f"ns/group/{number}") for number in range(60)]
    for unit in units:
        writes, _ = chunk_writes(unit, NOTHING, by_labels(firing()))
        apply(database, NoIntake(), "1.0", 1, Redo(at(0), writes))
    for middle in (BUCKETS // 2, BUCKETS // 3, bucket(units[0]), bucket(units[0]) + 1):
        halves = [set(load(database, part)) for part in (Buckets(0, middle), Buckets(middle, BUCKETS))]
        assert halves == [
            {unit for unit in units if bucket(unit) < middle},
            {unit for unit in units if bucket(unit) >= middle},
        ]


@given(st.booleans(), st.booleans())
def test_a_record_is_outstanding_if_one_of_its_instances_is(one: bool, other: bool) -> None:
    held = [firing(handed=None if owed else 0, job=name) for name, owed in (("a", one), ("b", other))]
    assert Record(by_labels(*held)).outstanding is (one or other)
