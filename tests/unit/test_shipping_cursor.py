"""The item of an output: as stored and as read, and who may change it."""

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.shipping import START
from tocsin.ports import Database, Item, Key, Outcome, Write
from tocsin.shipping.cursor import Counts, Cursor, Lease, Position, Trouble, read_cursor
from tocsin.shipping.report import Outcome as Ended
from tocsin.shipping.report import Report, count, line
from tocsin.stores.memory import MemoryDatabase

SOON = START + timedelta(seconds=75)
TROUBLE = Trouble(START, 3, START + timedelta(seconds=4), "unreachable", "no connection")


def taken(database: Database) -> Lease:
    lease = Lease(database, "out", "a")
    assert lease.take(START, SOON) is not None
    return lease


# DynamoDB's numbers have at most 38 digits.
NUMBERS = st.integers(0, 2**63)


@given(
    st.dictionaries(st.text(min_size=1), st.builds(Position, NUMBERS, NUMBERS)),
    st.builds(Counts, *[NUMBERS] * 5),
    st.sampled_from([None, TROUBLE]),
    st.booleans(),
)
def test_a_cursor_is_read_as_it_was_stored(
    positions: Mapping[str, Position], counts: Counts, trouble: Trouble | None, behind: bool
) -> None:
    database = MemoryDatabase()
    cursor = Cursor(positions, counts, trouble, behind, START)
    assert taken(database).release(cursor, START)
    assert read_cursor(database, "out") == cursor


def test_before_anything_is_stored_an_output_has_not_begun() -> None:
    assert read_cursor(MemoryDatabase(), "out") == Cursor(None)


def test_trouble_that_is_over_is_forgotten() -> None:
    database = MemoryDatabase()
    lease = taken(database)
    lease.move(Cursor({}, trouble=TROUBLE), START)
    lease.move(Cursor({}), START)
    assert read_cursor(database, "out").trouble is None


class AnsweringTwice(MemoryDatabase):
    """A database whose writes take effect twice: the first answer was lost."""

    def write(self, write: Write) -> Outcome:
        super().write(write)
        return super().write(write)


def test_a_write_that_is_repeated_is_no_other_workers() -> None:
    database = AnsweringTwice()
    lease = taken(database)
    assert lease.move(Cursor({"w": Position(1)}, Counts(written=1)), START)
    assert lease.release(Cursor({"w": Position(2)}, Counts(written=2)), START)
    assert read_cursor(database, "out").counts == Counts(written=2)


def test_who_has_no_lease_moves_nothing() -> None:
    database = MemoryDatabase()
    first = taken(database)
    assert Lease(database, "out", "b").take(SOON, SOON + timedelta(seconds=75)) is not None
    assert not first.move(Cursor({"w": Position(1)}), SOON)
    assert not first.release(Cursor({"w": Position(1)}), SOON)
    assert read_cursor(database, "out").positions is None


def test_the_cursor_of_an_output_that_is_gone_goes_too() -> None:
    database = MemoryDatabase()
    taken(database).release(Cursor({}), START)
    [item] = database.get(Key("samples", "output.out", "HEAD"))
    assert isinstance(item, Mapping)
    assert item["expires"] == int((START + timedelta(days=14)).timestamp())


class Meter:
    """Keeps what is counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, float, Item]] = []

    def count(self, name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:
        self.counted.append((name, value, dict(dimensions)))


def test_a_visit_is_told_and_counted() -> None:
    retry = START + timedelta(seconds=4)
    report = Report("out", Ended.UNANSWERED, Counts(2, 0, 0, 3, 1), 2, "auth", "HTTP 401", START, retry)
    meter = Meter()
    count(meter, report)
    assert meter.counted == [
        ("metrics_written", 2, {"output": "out"}),
        ("metrics_dropped", 3, {"output": "out"}),
        ("entries_gone", 1, {"output": "out"}),
        ("output_failures", 1, {"output": "out", "reason": "auth"}),
    ]
    assert line(report) == {
        "output": "out",
        "outcome": "unanswered",
        "writes": 2,
        "metrics_written": 2,
        "metrics_dropped": 3,
        "entries_gone": 1,
        "reason": "auth",
        "detail": "HTTP 401",
        "failing_since": "2026-03-01T12:00:00Z",
        "retry_at": "2026-03-01T12:00:04Z",
    }
