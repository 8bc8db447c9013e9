"""Matchers: what they match, how they are written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.matchers import (
    Matcher,
    MatcherError,
    MatchOp,
    Mode,
    format_matchers,
    parse_matcher,
    parse_matchers,
    sort_matchers,
)

EQ, NE, RE, NRE = MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX
OPERATOR = "an operator such as '=', '!=', '=~' or '!~'"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = TEXT.filter(bool)
PATTERNS = st.sampled_from([".*", "a|b", r"\d+\.\w", 'say "no"', "[{}]", "x\ny", "é+", r"\\"])
MATCHERS = st.builds(Matcher, NAMES, st.sampled_from([EQ, NE]), TEXT) | st.builds(
    Matcher, NAMES, st.sampled_from([RE, NRE]), PATTERNS
)


@pytest.mark.parametrize(
    ("op", "value", "label", "expected"),
    [
        (EQ, "a", "a", True),
        (EQ, "a", "A", False),
        (EQ, "", None, True),
        (EQ, "a", None, False),
        (NE, "a", "b", True),
        (NE, "a", None, True),
        (NE, "", None, False),
        (RE, "a|b", "b", True),
        (RE, "a", "ab", False),
        (RE, ".*", None, True),
        (RE, ".+", None, False),
        (RE, "a.b", "a\nb", False),
        (RE, "a", "a\n", False),
        (NRE, "a|b", "c", True),
        (NRE, "a|b", "a", False),
        (NRE, ".+", None, True),
    ],
)
def test_a_missing_label_counts_as_empty_and_a_regex_must_match_all(
    op: MatchOp, value: str, label: str | None, expected: bool
) -> None:
    labels = {"other": "a"} | ({} if label is None else {"x": label})
    assert Matcher("x", op, value).matches(labels) is expected


def test_a_matcher_with_a_regex_that_is_none_cannot_be_made() -> None:
    with pytest.raises(MatcherError, match="invalid or unsupported Perl syntax"):
        Matcher("x", RE, "(?=a)")


def test_the_value_of_a_plain_matcher_is_no_regex() -> None:
    assert Matcher("x", EQ, "(?=a").matches({"x": "(?=a"})


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (Matcher("a", EQ, "b"), 'a="b"'),
        (Matcher("a", NRE, "b.*"), 'a!~"b.*"'),
        (Matcher("a", EQ, 'q"\\\n\t'), 'a="q\\"\\\\\\n\t"'),
        (Matcher("a b", EQ, "é\t"), '"a b"="é\\t"'),
        (Matcher("a.b", NE, ""), 'a.b!=""'),
        (Matcher("a\u2003b", EQ, ""), '"a\\u2003b"=""'),
        (Matcher("a\x1fb", EQ, ""), 'a\x1fb=""'),
        (Matcher("a`", EQ, "\n"), '"a`"="\\n"'),
    ],
)
def test_a_matcher_is_written_as_alertmanager_writes_it(matcher: Matcher, expected: str) -> None:
    assert str(matcher) == expected


def test_matchers_are_written_sorted_by_name_value_and_comparison() -> None:
    matchers = parse_matchers('b="2",c=~"d",b!="1",a!~"z",b=~"1",b="1",b!~"1"')
    assert format_matchers(matchers) == '{a!~"z",b="1",b!="1",b=~"1",b!~"1",b="2",c=~"d"}'
    assert format_matchers([]) == "{}"
    assert sort_matchers(matchers)[0].name == "a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("{}", []),
        ("{ }", []),
        ("a=b", [("a", EQ, "b")]),
        ('{a="b"}', [("a", EQ, "b")]),
        ('{ a = "b" , c!~"d", }', [("a", EQ, "b"), ("c", NRE, "d")]),
        ("foo=bar, dings!=bums", [("foo", EQ, "bar"), ("dings", NE, "bums")]),
        ('a="x,y"', [("a", EQ, "x,y")]),
        ('a="x\\",y",b=c', [("a", EQ, 'x",y'), ("b", EQ, "c")]),
        # Only classic: an empty value, spaces in a bare value, spurious escapes.
        ("a=", [("a", EQ, "")]),
        ("a=b c", [("a", EQ, "b c")]),
        ('a="\\d+"', [("a", EQ, "\\d+")]),
        ("a=b\\", [("a", EQ, "b\\")]),
        ("a={b}", [("a", EQ, "{b")]),
        ("a=b,c=\v", [("a", EQ, "b"), ("c", EQ, "")]),
        ("a=\vb,c=d", [("a", EQ, "\vb"), ("c", EQ, "d")]),
        # Only UTF-8: other names, quoted names, Go's escapes of bytes.
        ("é=b", [("é", EQ, "b")]),
        ('{"a b"="c"}', [("a b", EQ, "c")]),
        ('"a"="\\u00e9\\xc3\\xa9"', [("a", EQ, "éé")]),
        ("a.b=~c", [("a.b", RE, "c")]),
        # Both can read it and differ: classic counts.
        ('a="\\\\n\\t"', [("a", EQ, "\\n\\t")]),
        ('a="\\u00e9"', [("a", EQ, "\\u00e9")]),
    ],
)
def test_matchers_are_read_by_either_grammar(text: str, expected: list[tuple[str, MatchOp, str]]) -> None:
    assert [(m.name, m.op, m.value) for m in parse_matchers(text)] == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (",", "bad matcher format: "),
        ("a", "bad matcher format: a"),
        ("a=b,,c=d", "bad matcher format: "),
        ("a==b,{", "bad matcher format: {"),
        ("{a.b=c", "bad matcher format: a.b=c"),
        ("a.b=", "bad matcher format: a.b="),
        ('"a b"="\\q"', 'bad matcher format: "a b"="\\q"'),
        ('"a b"="\\xff"', 'bad matcher format: "a b"="\\xff"'),
        ('a="b', 'matcher value contains unescaped double quote: "b'),
        ('a=b"', 'matcher value contains unescaped double quote: b"'),
        ('a="b"c"', 'matcher value contains unescaped double quote: "b"c"'),
        ('a="b\\"', 'matcher value contains unescaped double quote: "b\\"'),
        ('a="b\\,",c=d', 'matcher value contains unescaped double quote: "b\\,",c=d'),
        ('a=~"("', "error parsing regexp"),
        ('"a b"=~"("', "bad matcher format"),
    ],
)
def test_what_neither_grammar_reads_is_refused_in_the_words_of_the_classic_one(
    text: str, reason: str
) -> None:
    with pytest.raises(MatcherError) as refusal:
        parse_matchers(text)
    assert str(refusal.value).startswith(reason)


UTF8 = {
    "": [],
    " ": [],
    "{}": [],
    "{ }": [],
    "a=b": [("a", EQ, "b")],
    "{a=b,}": [("a", EQ, "b")],
    "a=b,": [("a", EQ, "b")],
    " { a != b , c =~ [a-z]+ } ": [("a", NE, "b"), ("c", RE, "[a-z]+")],
    "a\u202f=\u3000b": [("a", EQ, "b")],
    "a\x1f=b": [("a\x1f", EQ, "b")],
    'a="\t"': [("a", EQ, "\t")],
    'a="\\"b\\" \\\\"': [("a", EQ, '"b" \\')],
    'a="\\U0001f642\\xf0\\x9f\\x99\\x82\\101"': [("a", EQ, "🙂🙂A")],
    '""=a': [("", EQ, "a")],
    "🙂=🙂b": [("🙂", EQ, "🙂b")],
}


@pytest.mark.parametrize(("text", "expected"), UTF8.items())
def test_matchers_are_read_by_the_utf8_grammar(text: str, expected: list[tuple[str, MatchOp, str]]) -> None:
    assert [(m.name, m.op, m.value) for m in parse_matchers(text, Mode.UTF8)] == expected


COMPLAINTS = {
    ",": "0:1: unexpected ,: expected label name",
    "{,}": "1:2: unexpected ,: expected label name",
    "=b": "0:1: unexpected =: expected label name",
    "{": "0:1: end of input: expected close brace",
    "}": "0:1: }: expected opening brace",
    "a=b}": "0:4: }: expected opening brace",
    "a=b,}": "0:5: }: expected opening brace",
    "{a=b": "0:4: end of input: expected close brace",
    "{a=b ": "0:4: end of input: expected close brace",
    "{a=b,": "0:5: end of input: expected close brace",
    "a": f"end of input: expected {OPERATOR}",
    "{a}": f"2:3: unexpected }}: expected {OPERATOR}",
    "a b": f"2:3: unexpected b: expected {OPERATOR}",
    "a=": "end of input: expected label value",
    "a=,": "2:3: unexpected ,: expected label value",
    "a==b": "2:3: unexpected =: expected label value",
    "a=b c": "4:5: unexpected c: expected a comma or close brace",
    'a=é:"b"': '4:7: unexpected "b": expected a comma or close brace',
    "a=b,,": "4:5: unexpected ,: expected a matcher or close brace after comma",
    "a=b\\n": "3:4: \\: invalid input: expected a comma or close brace",
    "a=b,'": "4:5: ': invalid input: expected a matcher or close brace after comma",
    "{a=b} c": "6:7: c: expected end of input",
    "{a=b}~": "5:6: ~: invalid input: expected end of input",
    "~": "0:1: ~: invalid input",
    "a!": f"1:2: unexpected end of input, expected one of '=~': expected {OPERATOR}",
    "a!b": f"1:2: !: expected one of '=~': expected {OPERATOR}",
    'a="b': '2:4: "b: missing end ": expected label value',
    'a="b\\"': '2:6: "b\\": missing end ": expected label value',
    'a="\\d+"': '2:7: "\\d+": invalid input',
    'a="\n"': '2:5: "\n": invalid input',
    '"\\xf0\\x9f"=b': '0:10: "\\xf0\\x9f": invalid input',
    'a="\\ud800"': '2:10: "\\ud800": invalid input',
    'a="\\Uffffffff"': '2:14: "\\Uffffffff": invalid input',
    'a=~"("': "failed to create matcher: error parsing regexp: missing closing ): `^(?:()$`",
    'a=~"(",': "failed to create matcher: error parsing regexp: missing closing ): `^(?:()$`",
    "a=\ud800": 'matcher value not valid UTF-8: "a=\\ud800"',
}


@pytest.mark.parametrize(("text", "complaint"), COMPLAINTS.items(), ids=map(ascii, COMPLAINTS))
def test_the_utf8_grammar_tells_the_columns_where_it_fails(text: str, complaint: str) -> None:
    with pytest.raises(MatcherError) as refusal:
        parse_matchers(text, Mode.UTF8)
    assert str(refusal.value) == complaint


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no matchers"),
        ("a=b,c=d", "expected 1 matcher, found 2"),
        ("{a=b", "unexpected open or close brace: {a=b"),
    ],
)
def test_one_matcher_of_the_utf8_grammar_is_one(text: str, complaint: str) -> None:
    with pytest.raises(MatcherError) as refusal:
        parse_matcher(text, Mode.UTF8)
    assert str(refusal.value) == complaint


def test_the_classic_grammar_alone_knows_no_other_names() -> None:
    assert parse_matcher("a={b}", Mode.CLASSIC) == Matcher("a", EQ, "{b}")
    assert parse_matchers("{a=b}", Mode.CLASSIC) == (Matcher("a", EQ, "b"),)
    with pytest.raises(MatcherError, match="bad matcher format: é=b"):
        parse_matchers("é=b", Mode.CLASSIC)


@pytest.mark.parametrize("text", ["a=b", " a = b ", 'a="b"'])
def test_one_matcher_is_read(text: str) -> None:
    assert parse_matcher(text) == Matcher("a", EQ, "b")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{a=b}", "unexpected open or close brace: {a=b}"),
        ("a=b}", "unexpected open or close brace: a=b}"),
        ("", "bad matcher format: "),
        ("é=b,ü=c", "bad matcher format: é=b,ü=c"),
        ("a", "bad matcher format: a"),
    ],
)
def test_what_is_not_one_matcher_is_refused(text: str, reason: str) -> None:
    with pytest.raises(MatcherError) as refusal:
        parse_matcher(text)
    assert str(refusal.value) == reason


@given(MATCHERS)
def test_a_written_matcher_is_read_back(matcher: Matcher) -> None:
    assert parse_matcher(str(matcher)) == matcher


@given(st.lists(MATCHERS))
def test_written_matchers_are_read_back_sorted(matchers: list[Matcher]) -> None:
    assert parse_matchers(format_matchers(matchers)) == sort_matchers(matchers)


@given(st.text())
def test_no_text_makes_the_parser_fail_in_another_way(text: str) -> None:
    try:
        matchers = parse_matchers(text)
    except MatcherError:
        return
    assert all(matcher.op in MatchOp for matcher in matchers)
