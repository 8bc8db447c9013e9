"""Durations: what is read, what is refused, what is printed."""

from datetime import timedelta

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.durations import DurationError, format_duration, parse_duration, parse_go_duration

MILLISECONDS = st.integers(min_value=0, max_value=9_223_372_036_854).map(
    lambda ms: timedelta(milliseconds=ms)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", timedelta(0)),
        ("0s", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("1y2w3d4h5m6s7ms", timedelta(days=365 + 14 + 3, hours=4, minutes=5, seconds=6, milliseconds=7)),
        ("90m", timedelta(minutes=90)),
        ("007s", timedelta(seconds=7)),
    ],
)
def test_a_prometheus_duration_is_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5x",
        "1.5h",
        "-1m",
        "+1m",
        "1m1h",
        "1m1m",
        "1ms1s",
        " 1m",
        "1m ",
        "1 m",
        "m",
        "1M",
        "٣m",
        "1m\n",
    ],
)
def test_what_is_no_prometheus_duration_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(DurationError) as refusal:
        parse_duration(text)
    assert f'not a valid duration: "{text}" (expected e.g. 30s, 5m, 1h30m)' == str(refusal.value)


@pytest.mark.parametrize("text", ["293y", "9223372036855s", "99999999999999999999h"])
def test_a_duration_beyond_64_bits_of_nanoseconds_is_out_of_range(text: str) -> None:
    with pytest.raises(DurationError, match="out of range"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(0), "0s"),
        (timedelta(microseconds=999), "0s"),
        (timedelta(milliseconds=1500), "1s500ms"),
        (timedelta(minutes=90), "1h30m"),
        (timedelta(days=90), "90d"),
        (timedelta(days=14), "2w"),
        (timedelta(days=365), "1y"),
        (timedelta(days=366), "366d"),
        (timedelta(days=365 + 7), "372d"),
        (timedelta(seconds=-90), "-1m30s"),
    ],
)
def test_a_duration_is_printed_as_prometheus_prints_it(duration: timedelta, expected: str) -> None:
    assert format_duration(duration) == expected


@given(MILLISECONDS)
def test_what_is_printed_is_read_back(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@given(MILLISECONDS)
def test_the_parser_of_promql_agrees(duration: timedelta) -> None:
    text = format_duration(duration)
    if duration:
        assert promql_parser.parse_duration(text) == parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", timedelta(0)),
        ("10s", timedelta(seconds=10)),
        ("1.5s", timedelta(seconds=1.5)),
        (".5m", timedelta(seconds=30)),
        ("1.h", timedelta(hours=1)),
        ("1m1h", timedelta(minutes=61)),
        ("1m30s", timedelta(seconds=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("1500us", timedelta(microseconds=1500)),
        ("7µs", timedelta(microseconds=7)),
        ("999ns", timedelta(0)),
        ("-1.5h", timedelta(minutes=-90)),
    ],
)
def test_a_go_duration_is_read(text: str, expected: timedelta) -> None:
    assert parse_go_duration(text) == expected


@pytest.mark.parametrize("text", ["", "5", "1d", "1 s", "s", ".s", "1s ", "--1s", "1e3s"])
def test_what_is_no_go_duration_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(DurationError, match="not a valid duration"):
        parse_go_duration(text)


def test_a_go_duration_beyond_64_bits_is_out_of_range() -> None:
    with pytest.raises(DurationError, match="out of range"):
        parse_go_duration("2562048h")
