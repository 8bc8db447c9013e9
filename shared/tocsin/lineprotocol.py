r"""InfluxDB's line protocol, read and written: `name,tag=value field=1,other="text" 1700000000000000000`.

Our own: `line-protocol-parser` reads one line, in C. To find the lines of a text, whose strings may hold line ends, is
most of a parser, and what strangers post is better read without C; it agrees with us where both read a line.
Source: InfluxDB's reference of line protocol, its `models/points.go`, and telegraf `plugins/serializers/influx`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from math import isfinite

from tocsin.metric import FieldValue, Metric


class Precision(StrEnum):
    """The unit of timestamps, by InfluxDB's names; its first version said `n` and `u`, and had minutes and hours."""

    NANOSECONDS = "ns"
    MICROSECONDS = "us"
    MILLISECONDS = "ms"
    SECONDS = "s"
    MINUTES = "m"
    HOURS = "h"

    @classmethod
    def _missing_(cls, value: object) -> "Precision | None":
        return {"n": cls.NANOSECONDS, "u": cls.MICROSECONDS, "µ": cls.MICROSECONDS}.get(str(value))


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line was left out; lines count from 1."""

    line: int
    reason: str


_NANOSECONDS = {
    Precision.NANOSECONDS: 1,
    Precision.MICROSECONDS: 10**3,
    Precision.MILLISECONDS: 10**6,
    Precision.SECONDS: 10**9,
    Precision.MINUTES: 60 * 10**9,
    Precision.HOURS: 3600 * 10**9,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LEAST, _MOST = -(2**63), 2**63 - 1
_MOST_UNSIGNED = 2**64 - 1

# A backslash before a backslash is itself and the second may be the one that escapes, but not in the key of a field.
# All repetitions are possessive: no text makes them try again.
_NAME = r"(?:[^\t\n\f\r ,\\]++|\\[^\t\n\f\r\\]|\\(?=\\))++"
_WORD = r"(?:[^\t\n\f\r ,=\\]++|\\[^\t\n\f\r\\]|\\(?=\\))++"
_KEY = r"(?:[^\t\n\f\r ,=\\]++|\\[^\t\n\f\r])++"
_TEXT = r'"(?:[^"\\]++|\\.)*+"'
_NUMBER = r"-?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?"
_VALUE = rf"(?:{_TEXT}|-?[0-9]++[iu]|{_NUMBER}|[tTfF](?:rue|alse|RUE|ALSE)?)"
_SPACE = r"[\t\f ]"
_PARTS = (
    (rf"{_SPACE}*+(?!#)({_NAME})", "expected the name of a measurement"),
    (rf"((?:,{_WORD}={_WORD})*+)(?!,)", "expected tags as name=value"),
    (rf"{_SPACE}++({_KEY}={_VALUE}(?:,{_KEY}={_VALUE})*+)", "expected fields as name=value"),
    (
        rf"(?:{_SPACE}++(-?[0-9]{{1,19}}))?{_SPACE}*+(?:\r?\n|\Z)",
        "expected a timestamp and the end of the line",
    ),
)
_LINE = re.compile("".join(pattern for pattern, _ in _PARTS), re.DOTALL)
_STEPS = [(re.compile(pattern, re.DOTALL), reason) for pattern, reason in _PARTS]
_FIELD = re.compile(rf"({_KEY})=({_VALUE}),?+", re.DOTALL)
_TAG = re.compile(rf",({_WORD})=({_WORD})")
_NOTHING = re.compile(r"(?:[\t\n\f\r ]++|#[^\n]*+)*+")
_ESCAPED = re.compile(r"\\([,= ])")
_ESCAPED_NAME = re.compile(r"\\([, ])")
_ESCAPED_TEXT = re.compile(r'\\(["\\])')
_LOST = re.compile(r"\\+(?=[,= ])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUTHS: Mapping[str, bool] = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}


def parse_lines(
    text: str | bytes, precision: Precision, now: datetime
) -> tuple[list[Metric], list[LineProblem]]:
    """Return the metrics, and what is wrong with the lines that are none; a line without a time is of `now`.

    Times are cut to microseconds. Blank lines and comments are nothing. A text may hold line ends.
    """
    given = text.decode(errors="surrogateescape") if isinstance(text, bytes) else text
    unit = _NANOSECONDS[precision]
    all_utf8 = _is_utf8(given)
    metrics: list[Metric] = []
    problems: list[LineProblem] = []
    line, counted, at = 1, 0, 0
    while (at := _end(_NOTHING, given, at)) < len(given):
        found = _LINE.match(given, at)
        try:
            if found is None or not (all_utf8 or _is_utf8(found[0])):
                raise ValueError(_reason(given, at))
            metrics.append(_metric(found, unit, now))
        except ValueError as error:
            line, counted = line + given.count("\n", counted, at), at
            problems.append(LineProblem(line, str(error)))
        at = found.end() if found else given.find("\n", at) + 1 or len(given)
    return metrics, problems


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _is_utf8(text: str) -> bool:
    return not _SURROGATE.search(text)


def _reason(text: str, at: int) -> str:
    """Say which part of the line that begins there is not as it should be."""
    for pattern, reason in _STEPS:
        found = pattern.match(text, at)
        if found is None:
            return reason
        at = found.end()
    return "expected UTF-8"


def _metric(found: re.Match[str], unit: int, now: datetime) -> Metric:
    name, tags, fields, time = found.groups()
    return Metric(
        _ESCAPED_NAME.sub(r"\1", name) if "\\" in name else name,
        dict(_fields(fields)),
        dict(_tags(tags)),
        at=_time(int(time) * unit) if time else now,
    )


def _time(nanoseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        raise ValueError("the timestamp is out of range: is it of another precision?") from None


def _tags(written: str) -> Iterable[tuple[str, str]]:
    if "\\" not in written:
        pairs = [pair.partition("=") for pair in written.split(",")[1:]]
        return [(name, value) for name, _, value in pairs]
    return [(_unescaped(name), _unescaped(value)) for name, value in _TAG.findall(written)]


def _fields(written: str) -> Iterator[tuple[str, FieldValue]]:
    if "\\" in written or '"' in written:
        for name, value in _FIELD.findall(written):
            yield _unescaped(name), _value(value)
    else:
        for pair in written.split(","):
            name, _, value = pair.partition("=")
            yield name, _value(value)


def _unescaped(word: str) -> str:
    return _ESCAPED.sub(r"\1", word) if "\\" in word else word


def _value(written: str) -> FieldValue:
    last = written[-1]
    if last == '"':
        return _ESCAPED_TEXT.sub(r"\1", written[1:-1])
    if last in "iu":
        return _integer(written, _LEAST if last == "i" else 0, _MOST if last == "i" else _MOST_UNSIGNED)
    truth = _TRUTHS.get(written)
    if truth is not None:
        return truth
    number = float(written)
    if not isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _integer(written: str, least: int, most: int) -> int:
    # Python refuses to read numbers of thousands of digits; no integer of 64 bits has more than these.
    digits = written[:-1] if len(written) <= 40 else ""
    number = int(digits) if digits.removeprefix("-").isdecimal() else most + 1
    if not least <= number <= most:
        raise ValueError("expected an integer of 64 bits")
    return number


_CONTROLS = {"\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}
_IN_NAMES = str.maketrans({**_CONTROLS, ",": r"\,", " ": r"\ "})
_IN_WORDS = str.maketrans({**_CONTROLS, ",": r"\,", " ": r"\ ", "=": r"\="})
_IN_TEXTS = str.maketrans({**_CONTROLS, '"': r"\"", "\\": r"\\"})


def format_lines(metrics: Iterable[Metric]) -> bytes:
    """Return the metrics as lines with nanoseconds, tags in order, each line ended.

    As Telegraf writes them: a tab or a line end becomes a backslash and its letter, a backslash at the end of a name or
    a tag goes (in a key of a field also one before a comma, an equals sign or a space), an integer of more than 64 bits
    becomes the one nearest to it. What cannot be written is left out: numbers that are not finite, tags without text,
    metrics without a field, or with no name or one like a comment.
    """
    return "".join(map(_line, metrics)).encode("utf-8", "replace")


def _line(metric: Metric) -> str:
    fields = ",".join([pair for name, value in metric.fields.items() if (pair := _pair(name, value))])
    name = metric.name.translate(_IN_NAMES).rstrip("\\")
    if not fields or not name or name[0] == "#":
        return ""
    tags = "".join([_tag(name, value) for name, value in sorted(metric.tags.items())])
    microseconds = (metric.at - _EPOCH) // _MICROSECOND
    return f"{name}{tags} {fields} {microseconds * 1000}\n"


@lru_cache(maxsize=4096)
def _tag(name: str, value: str) -> str:
    written_name, written_value = _word(name), _word(value)
    return f",{written_name}={written_value}" if written_name and written_value else ""


@lru_cache(maxsize=4096)
def _word(text: str) -> str:
    return text.translate(_IN_WORDS).rstrip("\\")


@lru_cache(maxsize=4096)
def _key(text: str) -> str:
    return _word(_LOST.sub("", text))


def _pair(name: str, value: FieldValue) -> str:
    word = _key(name)
    if not word:
        return ""
    if isinstance(value, str):
        return f'{word}="{value.translate(_IN_TEXTS)}"'
    if isinstance(value, bool):
        return f"{word}={'true' if value else 'false'}"
    if isinstance(value, int):
        return f"{word}={min(max(value, _LEAST), _MOST)}i"
    return f"{word}={value!r}" if isfinite(value) else ""
