"""Line protocol: what is read, what is refused line by line, and that what is written is read as it was."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lineprotocol import LineProblem, Precision, format_lines, parse_lines
from tocsin.metric import FieldValue, Metric

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
THEN = datetime(2019, 8, 15, 8, 33, 18, tzinfo=UTC)


def parsed(text: str | bytes, precision: str = "ns") -> list[Metric]:
    metrics, problems = parse_lines(text, Precision(precision), NOW)
    assert problems == []
    return metrics


def problems(text: str | bytes) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason) for problem in parse_lines(text, Precision("ns"), NOW)[1]]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1.0),
        ("-1.5", -1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-3", -0.0015),
        ("0", 0.0),
        ("42i", 42),
        ("-42i", -42),
        ("9223372036854775807i", 2**63 - 1),
        ("-9223372036854775808i", -(2**63)),
        ("18446744073709551615u", 2**64 - 1),
        *[(word, True) for word in ("t", "T", "true", "True", "TRUE")],
        *[(word, False) for word in ("f", "F", "false", "False", "FALSE")],
        ('"text"', "text"),
        ('""', ""),
        (r'"a \"b\" \\ c"', 'a "b" \\ c'),
        (r'"C:\new, =dir"', r"C:\new, =dir"),
        ('"two\nlines"', "two\nlines"),
        ('"ends with a backslash\\\\"', "ends with a backslash\\"),
        ('"5i"', "5i"),
    ],
)
def test_the_type_of_a_field_is_as_it_is_written(written: str, value: FieldValue) -> None:
    for text in (f"m f={written}", f"m,t=v a=1,f={written},b=2i 17\n"):
        (metric,) = parsed(text)
        assert metric.fields["f"] == value
        assert type(metric.fields["f"]) is type(value)


@pytest.mark.parametrize(
    ("line", "metric"),
    [
        pytest.param("m f=1", Metric("m", {"f": 1.0}, at=NOW), id="no tag, no time"),
        pytest.param(
            "cpu,host=a,zone=b user=1,sys=2i 1565857998000000000",
            Metric("cpu", {"user": 1.0, "sys": 2}, {"host": "a", "zone": "b"}, at=THEN),
            id="all of it",
        ),
        pytest.param(
            r"disk\ space\,\ total,mount\ point=C:\ \=\,x free\ bytes=1",
            Metric("disk space, total", {"free bytes": 1.0}, {"mount point": "C: =,x"}, at=NOW),
            id="escapes",
        ),
        pytest.param(
            r"a\b,c\d=e\f g\h=1", Metric(r"a\b", {r"g\h": 1.0}, {r"c\d": r"e\f"}, at=NOW), id="backslashes"
        ),
        pytest.param(
            r"m\\,t=a\\,b f=1",
            Metric(r"m\,t=a\,b", {"f": 1.0}, at=NOW),
            id="a backslash before an escape",
        ),
        pytest.param(r"m k\\=1", Metric("m", {r"k\\": 1.0}, at=NOW), id="backslashes at the end of a key"),
        pytest.param("m=x f=1", Metric("m=x", {"f": 1.0}, at=NOW), id="an equals sign in a name"),
        pytest.param("  m \t f=1  17  ", Metric("m", {"f": 1.0}, at=EPOCH), id="space"),
        pytest.param('m,t="q" f=1', Metric("m", {"f": 1.0}, {"t": '"q"'}, at=NOW), id="quotes in a tag"),
        pytest.param(
            "wetter,ort=Köln grad=1", Metric("wetter", {"grad": 1.0}, {"ort": "Köln"}, at=NOW), id="UTF-8"
        ),
        pytest.param(
            "m f=1 -1000", Metric("m", {"f": 1.0}, at=EPOCH - timedelta(microseconds=1)), id="before 1970"
        ),
        pytest.param(
            "m,t=1,t=2 f=1,f=2", Metric("m", {"f": 2.0}, {"t": "2"}, at=NOW), id="the last one counts"
        ),
    ],
)
def test_a_line_is_read(line: str, metric: Metric) -> None:
    assert parsed(line) == parsed(line.encode()) == [metric]


@pytest.mark.parametrize(
    ("precision", "written"),
    [
        ("ns", "1565857998000000000"),
        ("us", "1565857998000000"),
        ("u", "1565857998000000"),
        ("ms", "1565857998000"),
        ("s", "1565857998"),
        ("n", "1565857998000000000"),
    ],
)
def test_a_timestamp_is_in_the_unit_that_is_said(precision: str, written: str) -> None:
    (metric,) = parsed(f"m f=1 {written}", precision)
    assert metric.at == THEN


@pytest.mark.parametrize(("precision", "unit"), [("m", timedelta(minutes=1)), ("h", timedelta(hours=1))])
def test_minutes_and_hours_are_those_of_the_first_version(precision: str, unit: timedelta) -> None:
    assert parsed("m f=1 3", precision)[0].at == EPOCH + 3 * unit


def test_blank_lines_and_comments_are_nothing() -> None:
    text = "\n# a comment, with f=1\n\r\n  \nm f=1\r\n  # another\n\nm f=2\n#"
    assert [metric.fields["f"] for metric in parsed(text)] == [1, 2]
    assert parsed("") == parsed(b"\n\n") == parsed("# only this") == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",t=v f=1", "expected the name of a measurement"),
        ("m,t f=1", "expected tags as name=value"),
        ("m,t= f=1", "expected tags as name=value"),
        ("m", "expected fields as name=value"),
        ("m ", "expected fields as name=value"),
        ("m f", "expected fields as name=value"),
        ("m f=", "expected fields as name=value"),
        ("m f=word", "expected fields as name=value"),
        ("m f=nan", "expected fields as name=value"),
        ("m f=1,", "expected a timestamp and the end of the line"),
        ("m f=1x", "expected a timestamp and the end of the line"),
        ("m f=1.5i", "expected a timestamp and the end of the line"),
        ('m f="open', "expected fields as name=value"),
        ("m f=1 now", "expected a timestamp and the end of the line"),
        ("m f=1 1.5", "expected a timestamp and the end of the line"),
        ("m f=1 12345678901234567890", "expected a timestamp and the end of the line"),
        ("m f=9223372036854775808i", "expected an integer of 64 bits"),
        ("m f=-1u", "expected an integer of 64 bits"),
        (f"m f={'9' * 5000}i", "expected an integer of 64 bits"),
        ("m f=1e400", "a number is out of range"),
    ],
)
def test_a_bad_line_is_named_and_the_others_come(line: str, reason: str) -> None:
    text = f"good f=1\n\n{line}\ngood f=2\n"
    metrics, found = parse_lines(text, Precision("ns"), NOW)
    assert [metric.fields["f"] for metric in metrics] == [1, 2]
    assert found == [LineProblem(3, reason)]


def test_a_timestamp_that_no_calendar_has_is_refused() -> None:
    metrics, found = parse_lines("m f=1 1565857998000000000", Precision("s"), NOW)
    assert metrics == []
    assert found == [LineProblem(1, "the timestamp is out of range: is it of another precision?")]


def test_bytes_that_are_no_text_spoil_their_line_only() -> None:
    metrics, found = parse_lines(b"a f=1\nb,t=\xff f=1\nc f=1\n", Precision("ns"), NOW)
    assert [metric.name for metric in metrics] == ["a", "c"]
    assert found == [LineProblem(2, "expected UTF-8")]


def test_lines_are_counted_through_texts_of_several_lines() -> None:
    assert problems('m f="a\nb\nc"\nbad\nm f=1\nworse\n') == [
        (4, "expected fields as name=value"),
        (6, "expected fields as name=value"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('m f="' * 20_000, id="quotes that open"),
        pytest.param("m " + "\\" * 200_000, id="backslashes"),
        pytest.param("m," + "t=v," * 50_000, id="tags without end"),
        pytest.param('m f="\\"\n' * 20_000, id="texts without end"),
        pytest.param("\n" * 200_000 + "x", id="empty lines"),
    ],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    _, found = parse_lines(text, Precision("ns"), NOW)  # quadratic time would be minutes
    assert found


def test_metrics_are_written_with_nanoseconds_and_tags_in_order() -> None:
    metrics = [
        Metric(
            "cpu", {"user": 1.5, "n": 3, "ok": True, "say": 'a "b"'}, {"zone": "b", "host": "a c"}, at=THEN
        ),
        Metric("m,x y", {"f": 0.1}, at=THEN + timedelta(microseconds=1)),
    ]
    assert format_lines(metrics) == (
        rb'cpu,host=a\ c,zone=b user=1.5,n=3i,ok=true,say="a \"b\"" 1565857998000000000' + b"\n"
        rb"m\,x\ y f=0.1 1565857998000001000" + b"\n"
    )


def test_what_cannot_be_written_is_left_out() -> None:
    nan, inf = float("nan"), float("inf")
    metrics = [
        Metric("m", {"nan": nan, "f": 1.0, "inf": inf, "": 2.0}, {"empty": "", "": "x"}, at=THEN),
        Metric("m", {"nan": nan}, at=THEN),
        Metric("", {"f": 1.0}, at=THEN),
        Metric("#m", {"f": 1.0}, at=THEN),
    ]
    assert format_lines(metrics) == b"m f=1.0 1565857998000000000\n"


@pytest.mark.parametrize(("value", "written"), [(2**64, 2**63 - 1), (2**63, 2**63 - 1), (-(2**70), -(2**63))])
def test_an_integer_of_more_than_64_bits_becomes_the_nearest(value: int, written: int) -> None:
    assert (
        format_lines([Metric("m", {"f": value}, at=THEN)]) == f"m f={written}i 1565857998000000000\n".encode()
    )


def test_a_backslash_that_no_key_can_have_goes() -> None:
    metric = Metric("m", {"a\\,b\\ \\=c": 1.0}, at=THEN)
    assert format_lines([metric]) == rb"m a\,b\ \=c=1.0 1565857998000000000" + b"\n"


def test_control_characters_and_backslashes_are_written_as_telegraf_does() -> None:
    metric = Metric("a\nb\\", {"k\t": "x\ny\\z"}, {"t\\": "v\\", "u": "\r"}, at=THEN)
    assert format_lines([metric]) == rb'a\nb,t=v,u=\r k\t="x\ny\\z" 1565857998000000000' + b"\n"


# Tabs and line ends are written as letters, and a backslash at the end goes: the rest comes back as it was.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\f\r"), min_size=1).filter(
    lambda text: not text.endswith("\\")
)
keys = words.filter(lambda text: not re.search(r"\\[,= ]", text))
names = words.filter(lambda text: text[0] not in "#")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\f\r"))
values: st.SearchStrategy[FieldValue] = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
times = st.integers(-8 * 10**15, 9 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us))
metrics_ = st.builds(
    Metric, names, st.dictionaries(keys, values, min_size=1), st.dictionaries(words, words), at=times
)


@given(st.lists(metrics_, max_size=5))
def test_what_is_written_is_read_as_it_was(metrics: list[Metric]) -> None:
    read, found = parse_lines(format_lines(metrics), Precision("ns"), NOW)
    assert (read, found) == (metrics, [])
    kinds = [[type(value) for value in metric.fields.values()] for metric in metrics]
    assert [[type(value) for value in metric.fields.values()] for metric in read] == kinds


@given(st.text(st.sampled_from(list('ab,= \\"\n1i#\té')), max_size=60))
def test_any_text_is_metrics_and_problems_and_no_error(text: str) -> None:
    metrics, found = parse_lines(text, Precision("ns"), NOW)
    lines = len(re.findall("\n", text)) + 1
    assert len(metrics) + len(found) <= lines
    assert all(1 <= problem.line <= lines for problem in found)
