"""Bounds of metrics: what is odd or huge is made sound or left out, and nothing else is touched."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collection.gather import Gather
from tocsin.metric import FieldValue, Metric
from tocsin.packing import pack, unpack
from tocsin.samples.bounds import MOST_BYTES, MOST_FIELDS, MOST_TAGS, MOST_TEXT_CHARS, bounded
from tocsin.samples.codec import from_document, to_document
from tocsin.samples.naming import series_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HALF = "\ud800"


def metric(fields: dict[str, FieldValue], name: str = "m", at: datetime = NOON, **tags: str) -> Metric:
    return Metric(name, fields, tags, at=at)


KEPT = {
    "an ordinary one": (metric({"v": 1}, a="b"), metric({"v": 1}, a="b")),
    "half of a character": (metric({f"v{HALF}": f"x{HALF}"}, a=HALF), metric({"v?": "x?"}, a="?")),
    "other alphabets": (metric({"größe": "😀"}), metric({"größe": "😀"})),
    "a long text": (metric({"v": "x" * 5000}), metric({"v": "x" * MOST_TEXT_CHARS})),
    "a large integer": (metric({"v": 1 << 70}), metric({"v": float(1 << 70)})),
    "an integer beyond all floats": (metric({"v": 10**400, "w": 1}), metric({"w": 1})),
    "a name without end": (metric({"x" * 5000: 1, "v": 1}), metric({"v": 1})),
    "an empty name": (metric({"": 1, "v": 1}), metric({"v": 1})),
}


@pytest.mark.parametrize(("gathered", "expected"), KEPT.values(), ids=KEPT)
def test_what_is_odd_is_made_sound(gathered: Metric, expected: Metric) -> None:
    assert bounded(gathered) == expected


LEFT_OUT = {
    "no field left": metric({"v": 10**400}),
    "no name": metric({"v": 1}, name=""),
    "too long a name": metric({"v": 1}, name="x" * 5000),
    "the end of the calendar": metric({"v": 1}, at=datetime(9999, 12, 31, 23, 59, 59, 900_000, tzinfo=UTC)),
    "before 1970": metric({"v": 1}, at=datetime(1969, 12, 31, tzinfo=UTC)),
    "too much of everything": metric({f"v{n}": "x" * 2000 for n in range(100)}),
}


@pytest.mark.parametrize("gathered", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_cannot_be_is_left_out_and_counted(gathered: Metric) -> None:
    assert bounded(gathered) is None
    gather = Gather(0.0, lambda: NOON)
    gather.add(gathered.name, gathered.fields, gathered.tags, gathered.at)
    assert (gather.metrics, gather.dropped) == ([], 1)


def test_of_too_many_fields_and_tags_the_first_are_kept() -> None:
    fields, tags = {f"f{n}": n for n in range(5000)}, {f"t{n}": "x" for n in range(500)}
    found = bounded(Metric("m", fields, tags, at=NOON))
    assert found is not None
    assert (len(found.fields), len(found.tags)) == (MOST_FIELDS, MOST_TAGS)


def test_all_of_a_probe_is_bounded() -> None:
    gather = Gather(0.0, lambda: NOON)
    for _ in range(1000):
        gather.add("m", {f"v{n}": "x" * 2000 for n in range(40)})
    assert len(gather.metrics) == 52
    assert gather.dropped == 948


def test_a_failure_is_text_too() -> None:
    gather = Gather(0.0, lambda: NOON)
    gather.fail(f"it said {HALF}")
    assert gather.failures == ["it said ?"]


TEXTS = st.text(st.characters(), max_size=3000)
VALUES = st.one_of(st.integers(), st.floats(), st.booleans(), TEXTS, st.just(10**400))


@given(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=5), st.dictionaries(TEXTS, TEXTS, max_size=5))
def test_whatever_is_kept_can_be_stored_and_read(
    name: str, fields: dict[str, FieldValue], tags: dict[str, str]
) -> None:
    found = bounded(Metric(name, fields, tags, at=NOON))
    if found is not None:
        packed = pack(to_document([found]))
        assert len(packed) < 2 * MOST_BYTES
        [back] = from_document(unpack(packed))
        assert (back.name, back.tags, [*back.fields]) == (found.name, found.tags, [*found.fields])
        assert len(list(series_of(back))) == len(list(series_of(found)))


def test_an_integer_that_is_no_float_is_read_as_infinity() -> None:
    stored = unpack(pack(to_document([metric({"v": 10**400, "w": -(10**400), "x": 1 << 80})])))
    [back] = from_document(stored)
    assert back.fields == {"v": math.inf, "w": -math.inf, "x": 1 << 80}
