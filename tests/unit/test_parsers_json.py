"""The data format `json`, by the examples of Telegraf's `plugins/parsers/json` (README.md and parser_test.go)."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.inputs.parsers import Parsed, ParseError, parser
from tocsin.metric import FieldValue, Metric

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parse(document: Any, **settings: Any) -> Parsed:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parser({"data_format": "json", **settings}, "http")(body, NOW)


def test_numbers_are_fields_and_nesting_is_in_their_names() -> None:
    found = parse(
        {"a": 5, "b": {"c": 6.5, "d": [1, {"e": 2}]}, "ignored": "text", "so": True, "nothing": None}
    )
    assert found.metrics == [
        Metric("http", {"a": 5.0, "b_c": 6.5, "b_d_0": 1.0, "b_d_1_e": 2.0}, at=NOW),
    ]
    assert all(isinstance(value, float) for value in found.metrics[0].fields.values())


def test_name_tags_and_strings_are_taken_where_they_are_named() -> None:
    document = {
        "a": 5,
        "b": {"c": 6, "my_field": "description", "up": True},
        "my_tag_1": "foo",
        "my_tag_2": 8.0,
        "tag_is": True,
        "name": "my_json",
    }
    found = parse(
        document,
        json_name_key="name",
        tag_keys=["my_tag_*", "tag_is", "absent"],
        json_string_fields=["b_my*", "b_up"],
    )
    fields: dict[str, FieldValue] = {"a": 5.0, "b_c": 6.0, "b_my_field": "description", "b_up": True}
    assert found.metrics == [
        Metric("my_json", fields, {"my_tag_1": "foo", "my_tag_2": "8", "tag_is": "true"}, at=NOW)
    ]


@pytest.mark.parametrize(
    ("number", "tag"),
    [("5", "5"), ("5.50", "5.5"), ("1e21", "1000000000000000000000"), ("1e-7", "0.0000001")],
)
def test_a_number_in_a_tag_is_written_out(number: str, tag: str) -> None:
    (metric,) = parse(f'{{"t": {number}, "f": 1}}'.encode(), tag_keys=["t"]).metrics
    assert metric.tags == {"t": tag}


FRIENDS = {
    "obj": {
        "name": {"first": "Tom", "last": "Anderson"},
        "fav.movie": {"year": 1998},
        "friends": [
            {"first": "Dale", "last": "Murphy", "age": 44},
            {"first": "Jane", "last": "Murphy", "age": 47},
        ],
    }
}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("obj.friends", [{"age": 44.0}, {"age": 47.0}]),
        ("obj.friends.1", [{"age": 47.0}]),
        (r"obj.fav\.movie", [{"year": 1998.0}]),
        ("obj.friends.7", []),
        ("obj.nothing.there", []),
        ("obj.name", []),
    ],
)
def test_a_query_takes_a_part_of_the_document(query: str, fields: list[dict[str, float]]) -> None:
    found = parse(FRIENDS, json_query=query)
    assert [metric.fields for metric in found.metrics] == fields


@pytest.mark.parametrize(
    ("layout", "written", "at"),
    [
        ("unix", 1565857998, datetime(2019, 8, 15, 8, 33, 18, tzinfo=UTC)),
        ("unix", "1565857998.25", datetime(2019, 8, 15, 8, 33, 18, 250_000, tzinfo=UTC)),
        ("unix_ms", 1565857998250, datetime(2019, 8, 15, 8, 33, 18, 250_000, tzinfo=UTC)),
        ("unix_us", "1565857998250001", datetime(2019, 8, 15, 8, 33, 18, 250_001, tzinfo=UTC)),
        ("unix_ns", "1565857998250001999", datetime(2019, 8, 15, 8, 33, 18, 250_001, tzinfo=UTC)),
        ("02 Jan 06 15:04 MST", "04 Jan 06 15:04 UTC", datetime(2006, 1, 4, 15, 4, tzinfo=UTC)),
        ("RFC3339", "2019-08-15T10:33:18+02:00", datetime(2019, 8, 15, 8, 33, 18, tzinfo=UTC)),
        ("2006-01-02T15:04:05Z07:00", "2019-08-15T08:33:18Z", datetime(2019, 8, 15, 8, 33, 18, tzinfo=UTC)),
        ("01/02/2006 15:04:05", "08/15/2019 08:33:18", datetime(2019, 8, 15, 8, 33, 18, tzinfo=UTC)),
        ("Jan _2 15:04:05", "Aug 15 08:33:18", datetime(2026, 8, 15, 8, 33, 18, tzinfo=UTC)),
    ],
)
def test_the_time_is_read_in_the_layout_that_is_named(layout: str, written: object, at: datetime) -> None:
    (metric,) = parse(
        {"b": {"time": written}, "a": 1}, json_time_key="b_time", json_time_format=layout
    ).metrics
    assert (metric.at, metric.fields) == (at, {"a": 1.0})


@pytest.mark.parametrize(
    ("layout", "written"),
    [
        ("unix", "soon"),
        ("unix", "1e999990"),
        ("unix", "NaN"),
        ("unix", "Infinity"),
        ("unix", "9" * 5000),
        ("unix", 1e18),
        ("unix_ns", True),
        ("RFC3339", 5),
        ("RFC3339", "yesterday"),
        ("2006-01-02", "2019-02-30"),
        ("Jan _2", "Feb 29"),
    ],
)
def test_a_time_that_cannot_be_read_is_refused(layout: str, written: object) -> None:
    with pytest.raises(ParseError, match=r"^json_time_key: expected "):
        parse({"t": written, "a": 1}, json_time_key="t", json_time_format=layout)


def test_a_time_without_a_zone_is_of_the_zone_that_is_named() -> None:
    zoned = {"json_time_key": "t", "json_timezone": "America/New_York"}
    here = parse({"t": "2019-08-15 04:33", "a": 1}, json_time_format="2006-01-02 15:04", **zoned)
    there = parse({"t": "2019-08-15T04:33Z", "a": 1}, json_time_format="2006-01-02T15:04Z07:00", **zoned)
    assert here.metrics[0].at == datetime(2019, 8, 15, 8, 33, tzinfo=UTC)
    assert there.metrics[0].at == datetime(2019, 8, 15, 4, 33, tzinfo=UTC)


def test_nesting_is_followed_deep() -> None:
    (metric,) = parse(b'{"a":' * 200 + b"1" + b"}" * 200).metrics
    assert metric.fields == {"_".join("a" * 200): 1.0}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "expected JSON"),
        (b"\xff", "expected JSON"),
        (b'{"a": NaN}', "expected JSON"),
        (b'{"a": 1e999}', "expected JSON"),
        (b'{"a": ' + b"9" * 400 + b"}", "expected JSON"),
        (b"3", "expected an object or a list of objects"),
        (b'[{"a": 1}, 2]', "expected an object or a list of objects"),
        (b"[" * 100_000, "the JSON is nested too deep"),
    ],
)
def test_what_is_no_object_is_refused_whole(body: bytes, reason: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse(body)
    assert str(refused.value) == reason


@pytest.mark.parametrize("body", [b"", b"  \n", b"null", b"[]", b"{}", b'\xef\xbb\xbf{"word": "only"}'])
def test_nothing_makes_no_metrics(body: bytes) -> None:
    assert parse(body) == Parsed([], [])


@given(st.binary() | st.text(st.sampled_from(list('{}[]",:0eE-.a\\ntruefalsl')), max_size=40).map(str.encode))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    with suppress(ParseError):
        parse(body, json_query="a.0", tag_keys=["*"], json_string_fields=["*"])


def test_one_bad_object_spoils_all_of_them_unless_that_is_not_strict() -> None:
    objects = [{"a": 1, "t": 1}, {"a": 2}, {"a": 3, "t": "soon"}, {"a": 4, "t": 4}]
    timed = {"json_time_key": "t", "json_time_format": "unix"}
    with pytest.raises(ParseError, match="json_time_key: not found"):
        parse(objects, **timed)
    found = parse(objects, json_strict=False, **timed)
    assert [metric.fields["a"] for metric in found.metrics] == [1, 4]
    assert found.problems == [
        "object 1: json_time_key: not found",
        "object 2: json_time_key: expected a number since 1970",
    ]
