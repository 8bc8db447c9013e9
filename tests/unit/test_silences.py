"""The index of silences: it finds what comparing with each of them finds, by comparing with few."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatching import at
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silences import SilenceIndex
from tocsin.labels import Labels
from tocsin.matchers import Matcher, MatchOp, parse_matchers

NAMES = st.sampled_from(["alertname", "job", "é"])
VALUES = st.sampled_from(["", "a", "b", "Down"])
MATCHERS = st.builds(Matcher, NAMES, st.sampled_from(MatchOp), VALUES | st.just("a|b"))
SILENCES = st.builds(
    Silence,
    id=st.uuids().map(str),
    matchers=st.lists(MATCHERS, max_size=3).map(tuple),
    starts_at=st.integers(-2, 2).map(at),
    ends_at=st.integers(-2, 2).map(at),
    created_by=st.just("me"),
    comment=st.just(""),
    updated_at=st.just(at(0)),
)
LABELS = st.dictionaries(NAMES, VALUES)


@given(st.lists(SILENCES), LABELS)
def test_the_index_finds_what_comparing_with_all_of_them_finds(
    silences: list[Silence], labels: Labels
) -> None:
    found = [silence for silence in silences if silence.mutes(labels, at(0))]
    assert SilenceIndex(silences).silenced_by(labels, at(0)) == found


def silence(name: str, matchers: str) -> Silence:
    return Silence(name, parse_matchers(matchers), at(-1), at(1), "me", "", at(-1))


MANY = {
    "one alert each": [f'alertname="Down{n}"' for n in range(1000)],
    "one instance each": [f'alertname="Down",instance="i{n}",job!="x"' for n in range(1000)],
    "the other order": [f'instance="i{n}",alertname="Down"' for n in range(1000)],
}


@pytest.mark.parametrize("matchers", MANY.values(), ids=MANY)
def test_an_alert_is_compared_with_those_that_name_its_rarest_label(matchers: list[str]) -> None:
    index = SilenceIndex(silence(str(n), text) for n, text in enumerate(matchers))
    with patch.object(Silence, "mutes", autospec=True, side_effect=Silence.mutes) as compared:
        found = index.silenced_by({"alertname": "Down", "instance": "i7", "job": "j"}, at(0))
    assert [one.id for one in found] == (["7"] if "instance" in matchers[0] else [])
    assert compared.call_count <= 1


def test_those_that_name_no_label_are_compared_with_every_alert() -> None:
    index = SilenceIndex([silence("regex", 'job=~"a.*"'), silence("not", 'job!="b"'), silence("b", "job=b")])
    assert [one.id for one in index.silenced_by({"job": "ab"}, at(0))] == ["regex", "not"]
    assert [one.id for one in index.silenced_by({"job": "b"}, at(0))] == ["b"]


def test_a_value_is_compared_with_regular_expressions_once_however_many_alerts_have_it() -> None:
    index = SilenceIndex(silence(str(n), f'job=~"j{n}.*",instance!=""') for n in range(100))
    with patch.object(Matcher, "matches", autospec=True, side_effect=Matcher.matches) as compared:
        for n in range(50):
            assert [one.id for one in index.silenced_by({"job": "j7", "instance": f"i{n}"}, at(0))] == ["7"]
    assert compared.call_count == 100 + 50 * 2


def test_values_that_were_met_are_forgotten_before_they_are_too_many() -> None:
    index = SilenceIndex([silence("regex", 'job=~"a.*"')])
    with patch("tocsin.dispatch.silences._MOST_MET", 3):
        for n in range(10):
            assert index.silenced_by({"job": f"a{n}"}, at(0))
            assert len(index._met) <= 3


def test_the_index_holds_all_of_them() -> None:
    one = silence("one", "a=b")
    passed = replace(one, id="two", ends_at=at(-1))
    assert SilenceIndex([one, passed]).all == (one, passed)
