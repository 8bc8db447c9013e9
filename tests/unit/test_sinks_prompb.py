"""Our protobuf against one that is not ours."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.remote_write_receiver import STALE_BITS, decode_message
from tocsin.sinks.points import Point
from tocsin.sinks.prompb import write_request
from tocsin.staleness import STALE_BYTES

NAME = ("__name__", "up")

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
label_sets = st.dictionaries(texts, texts, max_size=4).map(lambda labels: tuple(sorted(labels.items())))
values = st.none() | st.floats()
batches = st.lists(st.builds(Point, label_sets, st.integers(-(1 << 63), (1 << 63) - 1), values), max_size=20)


def message(*batch: Point) -> bytes:
    return b"".join(write_request(batch))


def bits(value: float | None) -> int:
    if value is None:
        return STALE_BITS
    if math.isnan(value):
        return 0x7FF8000000000001
    found: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return found


@given(batches)
def test_what_is_encoded_comes_back(batch: list[Point]) -> None:
    expected: dict[object, list[tuple[int, int]]] = {}
    for point in batch:
        expected.setdefault(point.labels, []).append((point.ms, bits(point.value)))
    decoded = decode_message(message(*batch))
    assert [tuple(labels) for labels, _ in decoded] == list(expected)
    assert [samples for _, samples in decoded] == list(expected.values())


def test_an_end_is_the_very_nan_that_prometheus_looks_for() -> None:
    assert struct.pack("<Q", STALE_BITS) == STALE_BYTES
    assert STALE_BYTES in message(Point((NAME,), 0, None))


@pytest.mark.parametrize("payload", [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8000000000002])
def test_no_other_nan_is_an_end(payload: int) -> None:
    [nan] = struct.unpack("<d", struct.pack("<Q", payload))
    assert decode_message(message(Point((NAME,), 5, nan))) == [([NAME], [(5, 0x7FF8000000000001)])]


def test_the_bytes_are_those_of_the_specification() -> None:
    assert message(Point((NAME,), 1000, 1.0)).hex(" ") == (
        "0a 1e"  # timeseries
        " 0a 0e 0a 08 5f 5f 6e 61 6d 65 5f 5f 12 02 75 70"  # label __name__="up"
        " 12 0c 09 00 00 00 00 00 00 f0 3f 10 e8 07"  # sample 1.0 at 1000 ms
    )


def test_samples_of_a_series_are_together() -> None:
    other = ("__name__", "down")
    points = [Point((NAME,), 1, 1.0), Point((other,), 1, 2.0), Point((NAME,), 2, 3.0)]
    assert decode_message(message(*points)) == [
        ([NAME], [(1, bits(1.0)), (2, bits(3.0))]),
        ([other], [(1, bits(2.0))]),
    ]
