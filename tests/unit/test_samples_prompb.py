"""Our reading of a `WriteRequest` against protobuf that is not ours, and against what is none."""

import math
import struct

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.remote_write_receiver import Decoded, decode_message
from tocsin.samples import prompb
from tocsin.samples.prompb import ProtobufError, Series, read_request
from tocsin.sinks.points import Point
from tocsin.sinks.prompb import write_request
from tocsin.staleness import STALE, STALE_BYTES, is_stale

NAME = ("__name__", "up")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
label_sets = st.dictionaries(texts, texts, max_size=4).map(lambda labels: tuple(sorted(labels.items())))
times = st.integers(-(1 << 63), (1 << 63) - 1)
batches = st.lists(st.builds(Point, label_sets, times, st.none() | st.floats()), max_size=20)


def message(*batch: Point) -> bytes:
    return b"".join(write_request(batch))


def comparable(found: list[Series]) -> Decoded:
    return [
        (
            list(series.labels),
            [(ms, *struct.unpack("<Q", struct.pack("<d", value))) for ms, value in series.samples],
        )
        for series in found
    ]


def read(text: bytes) -> list[Series]:
    return list(read_request(text))


@given(batches)
def test_what_others_read_we_read(batch: list[Point]) -> None:
    text = message(*batch)
    assert comparable(read(text)) == decode_message(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_others_do_or_refused(text: bytes) -> None:
    try:
        found = comparable(read(text))
    except ProtobufError:
        return
    try:
        expected = decode_message(text)
    except DecodeError:
        return  # protobuf checks what we leave out
    assert found == expected


@given(batches.filter(bool), st.data())
def test_a_message_that_is_cut_or_changed_is_read_or_refused(batch: list[Point], draw: st.DataObject) -> None:
    text = bytearray(message(*batch))
    at = draw.draw(st.integers(0, len(text) - 1))
    if draw.draw(st.booleans()):
        del text[at:]
    else:
        text[at] ^= draw.draw(st.integers(1, 255))
    try:
        read(bytes(text))
    except ProtobufError:
        return


def test_the_end_of_a_series_is_known_by_its_very_nan() -> None:
    [series] = read(message(Point((NAME,), 1, None), Point((NAME,), 2, math.nan), Point((NAME,), 3, 1.0)))
    assert [is_stale(value) for _, value in series.samples] == [True, False, False]
    assert is_stale(STALE)
    assert struct.pack("<d", STALE) == STALE_BYTES
    assert not any(map(is_stale, (math.nan, math.inf, 1, "NaN", None)))


def test_what_is_not_read_is_left_out_and_histograms_are_counted() -> None:
    label = bytes.fromhex("0a 0e 0a 08 5f 5f 6e 61 6d 65 5f 5f 12 02 75 70")
    exemplar, histogram = bytes.fromhex("1a 00"), bytes.fromhex("22 02 08 01")
    fields = label + exemplar + histogram * 2
    metadata = bytes.fromhex("1a 02 08 01")
    text = metadata + bytes((0x0A, len(fields))) + fields
    assert read(text) == [Series((NAME,), (), histograms=2)]


WRONG = {
    "a field that is cut": "0a 05 0a",
    "a number that does not end": "08 ff",
    "a number of eleven digits": "08" + "ff" * 10 + "01",
    "a kind that there is not": "0b",
    "a series that is a number": "08 01",
    "a label that is a number": "0a 02 08 01",
    "a sample that is a number": "0a 02 10 01",
    "a value that is a number": "0a 04 12 02 08 01",
    "a time that is text": "0a 05 12 03 12 01 61",
    "a label that is no UTF-8": "0a 05 0a 03 0a 01 ff",
    "a fixed number that is cut": "09 00",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ProtobufError):
        read(bytes.fromhex(text))


def test_what_has_too_many_fields_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompb, "_MOST_FIELDS", 1000)
    assert read(bytes.fromhex("10 01") * 1000) == []
    with pytest.raises(ProtobufError, match="it has too many fields"):
        read(bytes.fromhex("10 01") * 1001)
