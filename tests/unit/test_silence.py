"""Silences: what they mute and when, what is refused, and the document that is stored."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatching import at
from tocsin.dispatch.silence import (
    Silence,
    SilenceError,
    SilenceState,
    from_document,
    has_matchers,
    silenced_by,
    to_document,
    validate,
)
from tocsin.instants import instant
from tocsin.labels import Labels
from tocsin.matchers import Matcher, MatchOp, parse_matcher


def silence(*matchers: str, starts: float = 0, ends: float = 3600, name: str = "s-1") -> Silence:
    return Silence(
        name, tuple(map(parse_matcher, matchers)), at(starts), at(ends), "me", "maintenance", at(starts)
    )


STATES = {
    "before": (-0.001, SilenceState.PENDING),
    "from its start on": (0, SilenceState.ACTIVE),
    "before its end": (3599.999, SilenceState.ACTIVE),
    "from its end on": (3600, SilenceState.EXPIRED),
}


@pytest.mark.parametrize(("now", "expected"), STATES.values(), ids=STATES)
def test_a_silence_is_active_from_its_start_until_its_end(now: float, expected: SilenceState) -> None:
    held = silence('alertname="Down"')
    assert held.state(at(now)) is expected
    assert held.mutes({"alertname": "Down"}, at(now)) is (expected is SilenceState.ACTIVE)


MUTES: dict[str, tuple[tuple[str, ...], Labels, bool]] = {
    "all match": (('alertname="Down"', 'job=~"a|b"'), {"alertname": "Down", "job": "b", "x": "y"}, True),
    "one does not": (('alertname="Down"', 'job=~"a|b"'), {"alertname": "Down", "job": "c"}, False),
    "a missing label is empty": (('alertname="Down"', 'job!="a"'), {"alertname": "Down"}, True),
    "a missing label is not something": (('job=~".+"',), {"alertname": "Down"}, False),
}


@pytest.mark.parametrize(("matchers", "labels", "expected"), MUTES.values(), ids=MUTES)
def test_a_silence_mutes_what_all_of_its_matchers_match(
    matchers: tuple[str, ...], labels: Labels, expected: bool
) -> None:
    assert silence(*matchers).mutes(labels, at(1)) is expected


def test_an_alert_may_be_silenced_by_several() -> None:
    found = [
        silence('alertname="Down"', name="one"),
        silence('alertname="Up"', name="of another"),
        silence('job="a"', name="two"),
        silence('job="a"', starts=60, name="later"),
    ]
    labels = {"alertname": "Down", "job": "a"}
    assert [held.id for held in silenced_by(found, labels, at(1))] == ["one", "two"]


EMPTY = "at least one matcher must not match the empty string"

REFUSED: dict[str, tuple[Silence, str]] = {
    "no time": (silence('a="b"', starts=0, ends=0), "start time must be before end time"),
    "an end before its start": (silence('a="b"', starts=10, ends=5), "start time must be before end time"),
    "an end in the past": (silence('a="b"', starts=-20, ends=-1), "end time can't be in the past"),
    "both wrong: the order counts first": (
        silence('a="b"', starts=-1, ends=-2),
        "start time must be before end time",
    ),
    "no matcher": (silence(), "at least one matcher required"),
    "a label without a name": (
        replace(
            silence('a="b"'), matchers=(Matcher("a", MatchOp.EQUAL, "b"), Matcher("", MatchOp.EQUAL, "c"))
        ),
        'invalid label matcher 1: invalid label name ""',
    ),
    "a name that is no Unicode": (
        replace(silence('a="b"'), matchers=(Matcher("\ud800", MatchOp.EQUAL, "b"),)),
        r'invalid label matcher 0: invalid label name "\\ud800"',
    ),
    "a value that is no Unicode": (
        replace(silence('a="b"'), matchers=(Matcher("a", MatchOp.NOT_EQUAL, "\udfff"),)),
        r'invalid label matcher 0: invalid label value "\\udfff"',
    ),
    "only an empty value": (silence('a=""'), EMPTY),
    "only a pattern that nothing matches": (silence('a=~".*"'), EMPTY),
    "only an empty pattern": (silence('a=~""'), EMPTY),
    "an alternative that is empty": (silence('a=~"b|"'), EMPTY),
    "several that all match nothing": (silence('a=""', 'b=~"c*"'), EMPTY),
}


@pytest.mark.parametrize(("wrong", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_silence_is_refused_where_alertmanager_refuses_it(wrong: Silence, reason: str) -> None:
    with pytest.raises(SilenceError, match=f"^{reason}$"):
        validate(wrong, at(0))


TAKEN: dict[str, Silence] = {
    "one value": silence('a="b"'),
    "one value among empty ones": silence('a=""', 'b=~".*"', 'c="d"'),
    "a pattern that needs something": silence('a=~".+"'),
    "only what is not a value": silence('a!="b"'),
    "only what is not empty": silence('a!=""'),
    "only what is not a pattern": silence('a!~"b.*"'),
    "an end that is now": silence('a="b"', starts=-10, ends=0),
    "a start to come": silence('a="b"', starts=60),
}


@pytest.mark.parametrize("fine", TAKEN.values(), ids=TAKEN)
def test_a_silence_is_taken_where_alertmanager_takes_it(fine: Silence) -> None:
    validate(fine, at(0))


moments = st.integers(0, 4102444800000).map(instant)
names = st.sampled_from(["alertname", "a:b", "é", "with space", 'quo"ted', "{", "1st", "\x1f"]) | st.text(
    min_size=1
)
plain = st.builds(Matcher, names, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), st.text())
patterns = st.sampled_from([".*", "a|b", r"\d+\.\w", 'say "no"', "[{}]", "x\ny"])
regexes = st.builds(Matcher, names, st.sampled_from([MatchOp.REGEX, MatchOp.NOT_REGEX]), patterns)
silences = st.builds(
    Silence,
    id=st.just("s-1"),
    matchers=st.lists(plain | regexes, max_size=4).map(tuple),
    starts_at=moments,
    ends_at=moments,
    created_by=st.text(),
    comment=st.text(),
    updated_at=moments,
    annotations=st.dictionaries(st.text(), st.text(), max_size=3),
)


@given(silences)
def test_a_silence_survives_its_document(held: Silence) -> None:
    assert from_document("s-1", json.loads(json.dumps(to_document(held)))) == held


@given(silences)
def test_a_silence_as_it_was_stored_at_first_is_read(held: Silence) -> None:
    document = to_document(held) | {"matchers": list(map(str, held.matchers))}
    del document["annotations"]
    assert from_document("s-1", document) == replace(held, annotations={})


ABOUT = {
    "nothing": ((), True),
    "one of its matchers": (('job=~"a|b"',), True),
    "all, in another order": (('job=~"a|b"', 'alertname="Down"'), True),
    "what it matches": (('job="a"',), False),
    "the same, anchored": (('job=~"^(a|b)$"',), False),
    "one of its own and another": (('alertname="Down"', 'x="y"'), False),
}


@pytest.mark.parametrize(("wanted", "expected"), ABOUT.values(), ids=ABOUT)
def test_silences_are_found_by_matchers_that_read_the_same(wanted: tuple[str, ...], expected: bool) -> None:
    found = silence('alertname="Down"', 'job=~"a|b"')
    assert has_matchers(found, map(parse_matcher, wanted)) is expected
