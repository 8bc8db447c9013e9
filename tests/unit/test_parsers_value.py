"""The data formats `value` and `influx`, and how a format is looked up (telegraf `plugins/parsers/value`)."""

from datetime import UTC, datetime

import pytest

from tocsin.inputs.parsers import Parsed, ParseError, parser
from tocsin.metric import FieldValue, Metric

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data_type", "body", "value"),
    [
        ("integer", b"55\n", 55),
        ("int", b"load 1 2 -3", -3),
        ("float", b"64.5", 64.5),
        ("long", b"64", 64.0),
        ("str", b"up", "up"),
        ("string", b" two words\0", "two words"),
        ("bool", b"true", True),
        ("boolean", b"0", False),
        ("base64", b"foobar", "Zm9vYmFy"),
        ("auto_integer", b"7", 7),
        ("auto_integer", b"7.5", "7.5"),
        ("auto_float", b"7", 7.0),
        ("auto_float", b"up", "up"),
    ],
)
def test_a_value_is_of_the_type_that_is_named(data_type: str, body: bytes, value: FieldValue) -> None:
    found = parser({"data_format": "value", "data_type": data_type}, "exec")(body, NOW)
    assert found == Parsed([Metric("exec", {"value": value}, at=NOW)])
    assert type(found.metrics[0].fields["value"]) is type(value)


def test_the_field_may_have_another_name() -> None:
    found = parser({"data_format": "value", "value_field_name": "depth"}, "http")(b"3", NOW)
    assert found.metrics == [Metric("http", {"depth": 3}, at=NOW)]


@pytest.mark.parametrize(
    ("data_type", "body"),
    [
        ("integer", b"5.5"),
        ("integer", b"9223372036854775808"),
        ("integer", b"9" * 5000),
        ("integer", b"\xff"),
        ("float", b"many"),
        ("float", b"1_000"),
        ("bool", b"yes"),
    ],
)
def test_what_is_not_of_the_type_is_refused(data_type: str, body: bytes) -> None:
    with pytest.raises(ParseError, match=r"^expected "):
        parser({"data_format": "value", "data_type": data_type}, "http")(body, NOW)


@pytest.mark.parametrize("body", [b"", b" \n", b"\0\0"])
def test_nothing_makes_no_metric(body: bytes) -> None:
    assert parser({"data_format": "value"}, "http")(body, NOW) == Parsed([])


def test_line_protocol_is_what_is_parsed_if_nothing_is_said() -> None:
    found = parser({}, "http")(b"cpu,host=a user=1\nbad\n", NOW)
    assert found.metrics == [Metric("cpu", {"user": 1.0}, {"host": "a"}, at=NOW)]
    assert found.problems == ["line 2: expected fields as name=value"]


def test_line_protocol_is_of_the_precision_that_is_said() -> None:
    found = parser({"data_format": "influx", "influx_timestamp_precision": "s"}, "http")(b"m f=1 60", NOW)
    assert found.metrics[0].at == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


def test_of_many_bad_lines_the_first_are_named() -> None:
    assert len(parser({}, "http")(b"bad\n" * 1000, NOW).problems) == 10


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ParseError, match="no parser for the data format 'xml'"):
        parser({"data_format": "xml"}, "http")
