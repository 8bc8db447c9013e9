"""Classic matchers, regular expressions and time intervals beside amtool (0.25): the same are taken, in the same words.

`TOCSIN_GRAMMARS=5000` compares as many matchers; by default 100.
"""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.matchers import Matcher, MatcherError, MatchOp, Mode, format_matchers, parse_matchers
from tocsin.timeintervals import (
    TimeIntervalError,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_weekdays,
    parse_years,
)

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the path"),
]

COUNT = int(os.environ.get("TOCSIN_GRAMMARS", "100"))
PIECES = (
    *(
        "a",
        "b",
        "=",
        "=~",
        "!=",
        "!~",
        ",",
        '"',
        "\\",
        "n",
        "{",
        "}",
        " ",
        "\t",
        "\v",
        "\n",
        "\u2003",
        "\x1f",
    ),
    *("é", "x=", 'a="', ".", "(", '\\"', "\\,", "*"),
)
TREE = "receivers: [{name: default}]\nroute: {receiver: default, routes: [{%s}]}\n"


def test_classic_matchers_are_read_alike(tmp_path: Path) -> None:
    for seed in range(COUNT):
        choose = random.Random(seed)
        text = "".join(choose.choices(PIECES, k=choose.randrange(10)))
        text = choose.choice(("", "a=", "a=~")) + text
        assert classic(text) == amtools(text, tmp_path / "am.yml"), f"seed {seed}: {text!r}"


def classic(text: str) -> str:
    """Return the matchers as they are written, or the complaint."""
    try:
        matchers = parse_matchers(text, Mode.CLASSIC)
    except MatcherError as error:
        return f"amtool: error: {error}"
    return format_matchers(matchers) if matchers else "default-route"


def amtools(text: str, file: Path) -> str:
    """Return what amtool makes of a list of matchers."""
    file.write_text(TREE % f"matchers: [{json.dumps(text)}]")
    shown = run("config", "routes", "show", f"--config.file={file}")
    if shown.returncode:
        return shown.stderr.split("\n", 1)[1].removesuffix("\n")
    return shown.stdout.rsplit("└── ", 1)[1].rsplit("  receiver: default", 1)[0]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run amtool."""
    return subprocess.run(["amtool", *command], capture_output=True, text=True, check=False)


PATTERNS = (
    *(
        "(",
        "(?=a)",
        r"(a)\1",
        "(?P<n>a)(?P=n)",
        "(?>a)",
        "(?x)a",
        "a++",
        "a{2}{3}",
        "a{1001}",
        "a{2,1}",
        "(?",
    ),
    *(
        "((a{100}){100}){100}",
        "[b-a]",
        "[a",
        "[]",
        r"[\d",
        "[[:foo:]]",
        r"[\b]",
        r"\C",
        r"\Qa\C\E",
        "a\\",
        "*a",
    ),
    *("a)", "a)(b", "(?P<n", "(?P<>a)", r"\pX", r"\p{Greek}", r"\Z", r"\z", r"\u0041", r"\x{110000}", r"\é"),
    *(
        "(?--i)",
        r"\8",
        r"\08",
        "a|b|",
        "(?i)a(?-i)b",
        "a{,2}",
        "x{2}{",
        r"[a-\d]",
        r"\b+",
        "(?i)(?s",
        r"\Q\E*",
    ),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_taken_alike_and_refused_in_the_same_words(pattern: str, tmp_path: Path) -> None:
    checked = check(TREE % f"match_re: {{a: {json.dumps(pattern, ensure_ascii=False)}}}", tmp_path / "am.yml")
    assert refusal(lambda: Matcher("a", MatchOp.REGEX, pattern)) == checked


def refusal(read: Callable[[], object]) -> str | None:
    """Return why we refuse what is read, None if we take it."""
    try:
        read()
    except (MatcherError, TimeIntervalError) as error:
        return str(error)
    return None


def check(text: str, file: Path) -> str | None:
    """Return why amtool refuses a file, None if it takes it."""
    file.write_text(text)
    checked = run("check-config", str(file))
    if not checked.returncode:
        return None
    return next(line for line in checked.stdout.splitlines() if "FAILED" in line).split("FAILED: ", 1)[1]


PARSERS = {
    "days_of_month": (
        parse_days_of_month,
        "1 31 32 0 -31 -32 1:5 5:1 -5:-1 -1:-5 15:-1 -1:1 28:-28 x 1:2:3 +1",
    ),
    "months": (parse_months, "1 12 13 0 -1 january Jan january:march march:january 1:march 01 :"),
    "years": (parse_years, "2026 0 -5 2026:2030 2030:2026 99999 x 0:1 -5:-1"),
    "weekdays": (parse_weekdays, "monday MONDAY:friday friday:monday sunday saturday:sunday mon 1 monday:"),
}
RANGES = [(field, text) for field, (_, texts) in PARSERS.items() for text in ["", *texts.split()]]


@pytest.mark.parametrize(("field", "text"), RANGES)
def test_time_intervals_are_taken_alike(field: str, text: str, tmp_path: Path) -> None:
    intervals = f"time_intervals: [{{name: x, time_intervals: [{{{field}: [{json.dumps(text)}]}}]}}]\n"
    checked = check(TREE % "" + intervals, tmp_path / "am.yml")
    assert (refusal(lambda: PARSERS[field][0](text)) is None) is (checked is None)


@pytest.mark.parametrize(
    "name", ["", "UTC", "Local", "Europe/Berlin", "EST", "Foo/Bar", "../etc/passwd", "GMT+5"]
)
def test_time_zones_are_taken_alike(name: str, tmp_path: Path) -> None:
    intervals = f"time_intervals: [{{name: x, time_intervals: [{{location: {json.dumps(name)}}}]}}]\n"
    checked = check(TREE % "" + intervals, tmp_path / "am.yml")
    assert (refusal(lambda: parse_location(name)) is None) is (checked is None)
