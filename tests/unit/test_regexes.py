"""Regular expressions: RE2's syntax on Python's engine."""

import pytest

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
        (r"\Qa.b", "a.b", True),
        (r"\.\-\_", ".-_", True),
        (r"\ba\b", "a", True),
        ("a{,2}", "a{,2}", True),
        ("a{2,3}", "aaa", True),
        ("a{2}?", "aa", True),
        ("a*?b", "aab", True),
        ("", "", True),
    ],
)
def test_a_pattern_matches_what_re2_matches(pattern: str, text: str, expected: bool) -> None:
    assert (compile_re2(pattern).fullmatch(text) is not None) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "lookahead is not RE2"),
        ("a(?!b)", "lookahead is not RE2"),
        ("(?<=a)b", "lookbehind is not RE2"),
        ("(?<!a)b", "lookbehind is not RE2"),
        (r"(a)\1", "a backreference is not RE2"),
        ("(?P<n>a)(?P=n)", "a reference to a group is not RE2"),
        ("(a)(?(1)b)", "a condition is not RE2"),
        ("(?>a)", "an atomic group is not RE2"),
        ("(?#a)", "a comment is not RE2"),
        ("(?x)a", "that is not RE2"),
        ("a++", "invalid nested repetition operator"),
        ("a{2}{3}", "invalid nested repetition operator"),
        ("a**", "invalid nested repetition operator"),
        ("a{1001}", "invalid repeat count"),
        ("a(?i)b", "flags in the middle of a group"),
        (r"\pL", "invalid escape sequence"),
        (r"\Z", "invalid escape sequence"),
        (r"\u0041", "invalid escape sequence"),
        (r"\x{110000}", "invalid escape sequence"),
        ("[[:foo:]]", "invalid character class"),
        (r"[\b]", "invalid escape sequence"),
        ("[b-a]", "bad character range"),
        ("[a", "missing closing ]"),
        ("[]", "missing closing ]"),
        ("[^]", "missing closing ]"),
        (r"[\d", "missing closing ]"),
        ("(a", "unterminated subpattern"),
        ("a)", "unbalanced parenthesis"),
        ("*a", "nothing to repeat"),
        ("a\\", "bad escape"),
    ],
)
def test_a_pattern_that_is_not_re2_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(RegexError) as refusal:
        compile_re2(pattern)
    assert reason in str(refusal.value)
    assert str(refusal.value).startswith("error parsing regexp: ")
    assert str(refusal.value).endswith(f"`{pattern}`")
