"""Mutated matchers, regular expressions and time intervals: nothing crashes, nothing hangs, all refusals have a reason.

`TOCSIN_FUZZ=100000 pytest tests/fuzz` mutates as many; by default 10,000. Seeds are counted up from 0: what fails can
be run again by its number.
"""

import os
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import process_time

import pytest

from tocsin.matchers import MatcherError, Mode, format_matchers, parse_matcher, parse_matchers, sort_matchers
from tocsin.regexes import RegexError, compile_re2
from tocsin.timeintervals import (
    TimeInterval,
    TimeIntervalError,
    from_document,
    next_change,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
    to_document,
)

COUNT = int(os.environ.get("TOCSIN_FUZZ", "10000"))
SLOWEST_SECONDS = 10.0
WHEN = datetime(2026, 2, 28, 23, 59, 30, tzinfo=UTC)

SCRAPS = (
    *(
        " ",
        "\t",
        "\v",
        "\n",
        "\0",
        "\x1f",
        "\x85",
        "\u2003",
        "\ufeff",
        "é",
        "🙂",
        "\ud800",
        "\udfff",
        "x" * 500,
    ),
    *(
        "{",
        "}",
        ",",
        ",,",
        "=",
        "!=",
        "=~",
        "!~",
        "!",
        "~",
        '"',
        "'",
        "`",
        "\\",
        '\\"',
        "\\n",
        "\\,",
        "{" * 200,
    ),
    *(
        "\\x",
        "\\xff",
        "\\u00e9",
        "\\ud800",
        "\\Uffffffff",
        "\\400",
        "\\777",
        "-",
        ":",
        "+",
        "0",
        "-1",
        "9" * 30,
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "[^",
        "*",
        "+",
        "?",
        "|",
        ".",
        "^",
        "$",
        "{2}",
        "{1000}",
        "{1001}",
        "{,2}",
        "(" * 1500,
    ),
    *(
        "(?:",
        "(?i)",
        "(?P<n>",
        "(?<n>",
        "(?=",
        "(?-s",
        "\\pL",
        "\\p{",
        "\\C",
        "\\Q",
        "\\E",
        "\\d",
        "[[:alpha:]]",
    ),
)
MATCHERS = (
    'alertname="Down",job=~"a|b"',
    '{severity!="page",instance!~"10\\\\..*:9100",}',
    ' { foo = bar , "a b" != "é\\u00e9\\xc3\\xa9" } ',
    "service.name=🙂,team=~^(?:web|db)$",
    'path="C:\\\\dir\\n",q="say \\"no\\""',
)
PATTERNS = (
    r"^(?:web|db)-\d+\.example\.(?:com|org)(?::[0-9]{1,5})?$",
    "(?i)disk(?:full|slow)|[^[:alpha:]_-]+",
    r"(?P<host>[a-z0-9\-.]+)\s+\pL\p{Greek}*?(a{2,5}){3}",
    r"\Qa.b(c\E+|(?s:.*)\x{1F600}\x41\101\bend\z",
)
RANGES = (
    *("monday:friday", "sunday", "1:5", "-3:-1", "15:-1", "31", "january:march", "6:august", "2026:2030"),
    *("09:00", "24:00", "Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "Local"),
)


def mutated(seed: int, texts: Sequence[str]) -> str:
    """Return one of the texts with some pieces cut out, doubled, moved, put in or taken from another."""
    choose = random.Random(seed)
    text = choose.choice(texts)
    for _ in range(choose.choice((1, 1, 2, 3, 6))):
        start, end = sorted(choose.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + choose.choice((1, 3, 10)))
        match choose.randrange(5):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + text[start:end] + text[end:]
            case 2:
                at = choose.randrange(len(text) + 1)
                text = text[:at] + text[start:end] + text[at:]
            case 3:
                other = choose.choice(texts)
                at = choose.randrange(len(other))
                text = text[:start] + other[at : at + choose.choice((2, 8))] + text[start:]
            case _:
                text = text[:start] + choose.choice(SCRAPS) + text[start:]
    return text


def every(check: Callable[[str], bool], texts: Sequence[str], least: float, most: float) -> None:
    """Check mutations of the texts; of all a share between `least` and `most` must be taken to tell anything."""
    taken = 0
    for seed in range(COUNT):
        started = process_time()
        try:
            taken += check(mutated(seed, texts))
            assert process_time() - started < SLOWEST_SECONDS
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    assert COUNT * least < taken < COUNT * most, f"{taken} of {COUNT} were taken"


def refused(error: ValueError) -> bool:
    """Return False, for a refusal with a reason that can be printed."""
    assert str(error).encode()
    return False


def read_matchers(text: str) -> bool:
    """Read matchers by every grammar; what is taken is read again from how it is written."""
    for mode in (Mode.UTF8, Mode.CLASSIC):
        for parse in (parse_matchers, parse_matcher):
            try:
                parse(text, mode)
            except MatcherError as error:
                refused(error)
    try:
        matchers = parse_matchers(text)
    except MatcherError as error:
        return refused(error)
    if all(matcher.name for matcher in matchers):
        assert parse_matchers(format_matchers(matchers)) == sort_matchers(matchers)
    assert all(matcher.matches({matcher.name: text}) in (True, False) for matcher in matchers)
    return True


def read_pattern(text: str) -> bool:
    """Compile a pattern and look for it."""
    try:
        regex = compile_re2(text)
    except RegexError as error:
        return refused(error)
    assert regex.search(text * 20) in (True, False)
    return True


def read_ranges(text: str) -> bool:
    """Read a text as every part of a time interval; what is taken can be asked and stored."""
    parsers: Mapping[str, Callable[[str], tuple[int, int]]] = {
        "weekdays": parse_weekdays,
        "days_of_month": parse_days_of_month,
        "months": parse_months,
        "years": parse_years,
        "times": lambda start: parse_times(start, "24:00"),
    }
    taken: dict[str, list[tuple[int, int]]] = {}
    for name, parse in parsers.items():
        try:
            taken[name] = [parse(text)]
        except TimeIntervalError as error:
            refused(error)
    try:
        location = parse_location(text)
    except TimeIntervalError as error:
        refused(error)
        location = "UTC"
        if not taken:
            return False
    for name, ranges in taken.items():
        interval = from_document({name: ranges, "location": location})
        assert from_document(to_document(interval)) == interval
        assert interval.contains(WHEN) in (True, False)
    return True


def test_mutated_matchers_are_read_or_refused_with_a_reason() -> None:
    every(read_matchers, MATCHERS, 0.05, 0.95)


def test_mutated_patterns_are_compiled_or_refused_with_a_reason() -> None:
    every(read_pattern, PATTERNS, 0.05, 0.95)


def test_mutated_time_intervals_are_read_or_refused_with_a_reason() -> None:
    every(read_ranges, RANGES, 0.02, 0.95)


CATASTROPHES = (
    *(
        "(a+)+b",
        "(a|a)*b",
        "(a|aa)+b",
        "(a*)*b",
        "(.*)*b",
        "(a?){1000}b",
        "([a-z]+)*1",
        "(.*a){12}b",
        "^(a+)+$|b",
    ),
    *("(?:a|b|ab)*c", "(a+a+)+b", r"(\w+\s*)+:", "(?i)(a|A)+b", "(x|.)*.{100}b"),
)


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_a_pattern_at_which_others_backtrack_for_ever_answers_at_once(pattern: str) -> None:
    """Python's engine takes minutes for 30 characters; 500,000 take longer than this by anything but linear work."""
    regex = compile_re2(f"^(?:{pattern})$")
    started = process_time()
    assert regex.search("a" * 500_000 + "!") is False
    assert process_time() - started < SLOWEST_SECONDS


LONG = {
    "blanks": "a=" + " " * 200_000 + "x",
    "blanks in the middle": "a=b" + " " * 200_000 + "c",
    "blanks before an operator": "a" + " " * 200_000 + "?",
    "other spaces": "a=b" + "\u2003" * 200_000 + "c",
    "backslashes": 'a="' + "\\" * 200_000,
    "quotes": "a=" + '"' * 200_000,
    "an open quote": 'a="' + "b" * 200_000,
    "commas": "," * 200_000,
    "a name": "a" * 200_000,
    "braces": "{" * 200_000,
    "many": ",".join(f"a{n}=b" for n in range(5_000)),
    "many, then a mistake": ",".join(f"é{n}=b" for n in range(5_000)) + ",",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_matchers_are_read_in_linear_time(text: str) -> None:
    started = process_time()
    read_matchers(text)
    assert process_time() - started < SLOWEST_SECONDS


NEVER = {
    "a month that never comes": TimeInterval(months=((13, 13),)),
    "years before all others": TimeInterval(years=((-5, -1),)),
    "a far future": TimeInterval(years=((10**17, 10**18 - 1),)),
    "a day between none": TimeInterval(days_of_month=((-31, -31),), months=((2, 2),)),
}


@pytest.mark.parametrize("interval", NEVER.values(), ids=NEVER)
def test_what_never_comes_is_not_looked_for_for_ever(interval: TimeInterval) -> None:
    started = process_time()
    assert not interval.contains(WHEN)
    assert next_change([interval], WHEN) is not None
    assert process_time() - started < SLOWEST_SECONDS
