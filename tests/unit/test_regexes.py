"""Regular expressions: what matches, and what is refused in the words of Go (as amtool 0.25 prints them)."""

import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.regexes import RegexError, compile_re2


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("re.*", "reviewer", True),
        (".", "\n", False),
        ("(?s).", "\n", True),
        ("a$", "a", True),
        ("a$\n", "a\n", False),
        ("(?m)a$\nb", "a\nb", True),
        (r"\Aa\z", "a", True),
        ("(?i)a|b", "B", True),
        ("^(?:(?i)re.*)$", "REx", True),
        ("((?i)a|b)c", "Bc", True),
        ("((?i)a|b)c", "BC", False),
        ("(?i:a)b", "AB", False),
        ("(?i)É", "é", True),
        ("(?U)a+", "aaa", True),
        ("(?i-s:a.)", "A\n", False),
        ("(?P<n>a)", "a", True),
        ("(?<n>a)", "a", True),
        (r"\d+", "12", True),
        (r"\d+", "٣", False),
        (r"\w", "é", False),
        (r"\D", "é", True),
        (r"\s", "\v", False),
        (r"[\d-z]", "-", True),
        (r"[^\d]", "a", True),
        (r"[\W]", "[", True),
        (r"[\S]", " ", False),
        ("[[:alpha:]]+", "abc", True),
        ("[[:alpha:][:digit:]_]+", "a1_", True),
        ("[[:punct:]]+", "]^[\\", True),
        ("[a&&b]", "&", True),
        ("[[a]", "[", True),
        ("[]a]", "]", True),
        ("[^]a]", "]", False),
        ("[+--]", ",", True),
        ("[a-]", "-", True),
        (r"[\]]", "]", True),
        (r"\x{1F600}\x41", "😀A", True),
        (r"\0\101", "\0A", True),
        (r"\Qa.b\E.", "a.bc", True),
        (r"\.\-\_", ".-_", True),
        (r"\ba\b", "a", True),
        ("a{,2}", "a{,2}", True),
        ("a{2,3}", "aaa", True),
        ("a{2}?", "aa", True),
        ("a*?b", "aab", True),
        ("a(?i)b", "aB", True),
        ("a|(?i)b", "A", False),
        (r"\pL+", "né", True),
        (r"\pN", "٣", True),
        (r"\p{Greek}", "Σ", True),
        (r"\p{^Greek}", "Σ", False),
        (r"\PL", "1", True),
        (r"\\C", r"\C", True),
        (r"\Qa\C\E", r"a\C", True),
        ("(?P<n>a)(?P<n>b)", "ab", True),
        (r"[[.a.]]", "a]", True),
        ("^*", "", True),
        ("a|^", "", True),
        ("é{2}", "éé", True),
        (".", "é", True),
        (".", "\ud800", True),
        ("\ufffd", "\udfff", True),
        ("", "", True),
    ],
)
def test_a_pattern_matches_what_re2_matches(pattern: str, text: str, expected: bool) -> None:
    assert compile_re2(f"^(?:{pattern})$").search(text) is expected


def test_a_pattern_that_is_not_anchored_is_found_anywhere() -> None:
    assert compile_re2("b+").search("abbc")
    assert not compile_re2("b+").search("ac")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("a(?!b)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?<=a)b", "invalid or unsupported Perl syntax: `(?<=`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        ("(?P<n>a)(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
        ("(a)(?(1)b)", "invalid or unsupported Perl syntax: `(?(`"),
        ("(?>a)", "invalid or unsupported Perl syntax: `(?>`"),
        ("(?#a)", "invalid or unsupported Perl syntax: `(?#`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?P<>a)", "invalid named capture: `(?P<>`"),
        ("a++", "invalid nested repetition operator: `++`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("((a{100}){100}){100}", "invalid repeat count: `{100}`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\u0041", r"invalid escape sequence: `\u`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        (r"[\b]", r"invalid escape sequence: `\b`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"\é", r"invalid escape sequence: `\é`"),
        (r"\pX", r"invalid character class range: `\pX`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("[a", "missing closing ]: `[a`"),
        ("[]", "missing closing ]: `[]`"),
        ("[^]", "missing closing ]: `[^]`"),
        (r"[\d", r"missing closing ]: `[\d`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        (r"\pL{1000}", "expression too large: ``"),
        ("\ud800", "invalid UTF-8: `\ufffd`"),
    ],
)
def test_a_pattern_that_is_not_re2_is_refused_in_the_words_of_go(pattern: str, reason: str) -> None:
    with pytest.raises(RegexError) as refusal:
        compile_re2(pattern)
    assert str(refusal.value) == f"error parsing regexp: {reason}"


@given(st.text(), st.text())
def test_no_pattern_and_no_text_fails_in_another_way(pattern: str, text: str) -> None:
    with suppress(RegexError):
        assert compile_re2(pattern).search(text) in (True, False)


def test_what_has_no_patterns_does_not_pay_for_the_engine() -> None:
    script = (
        "import sys; from tocsin.matchers import parse_matchers; import tocsin.configfile.routes;"
        "parse_matchers('a=b,c!=d'); sys.exit('re2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_pattern_that_is_wrong_is_not_logged(capfd: pytest.CaptureFixture[str]) -> None:
    for pattern in ("(", r"\pL{1000}"):
        with pytest.raises(RegexError):
            compile_re2(pattern)
    assert capfd.readouterr() == ("", "")
