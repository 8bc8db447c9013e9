"""Inhibition: who is held back by whom, whatever else fires."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatching import at
from tocsin.alert import Alert
from tocsin.dispatch.config import InhibitRule
from tocsin.dispatch.inhibition import RuleSources, Sources, is_source, is_target, place, values
from tocsin.matchers import Matcher, MatchOp, parse_matchers


def rule(source: str, target: str, *equal: str, name: str = "") -> InhibitRule:
    return InhibitRule(parse_matchers(source), parse_matchers(target), equal, name)


def firing(until: float | None = None, **labels: str) -> Alert:
    return Alert(labels, {}, at(0), None if until is None else at(until))


CRITICAL = rule("severity=critical", "severity=warning", "job", "zone")
BOTH = rule("kind=~'node|rack'".replace("'", '"'), 'kind=~"node|disk"', "zone")
ALL = rule("", "severity=info")

# The rule, what fires, the labels of the alert, and by which of them it is inhibited.
CASES: dict[str, tuple[InhibitRule, list[Alert], dict[str, str], int | None]] = {
    "nothing fires": (CRITICAL, [], {"severity": "warning", "job": "a"}, None),
    "equal labels agree": (
        CRITICAL,
        [firing(severity="critical", job="a")],
        {"severity": "warning", "job": "a"},
        0,
    ),
    "equal labels differ": (
        CRITICAL,
        [firing(severity="critical", job="b")],
        {"severity": "warning", "job": "a"},
        None,
    ),
    "missing on both is equal": (CRITICAL, [firing(severity="critical")], {"severity": "warning"}, 0),
    "missing is empty": (
        CRITICAL,
        [firing(severity="critical", zone="")],
        {"severity": "warning", "job": ""},
        0,
    ),
    "no target": (CRITICAL, [firing(severity="critical")], {"severity": "info"}, None),
    "the source has ended": (
        CRITICAL,
        [firing(until=100, severity="critical")],
        {"severity": "warning"},
        None,
    ),
    "the source will end": (CRITICAL, [firing(until=101, severity="critical")], {"severity": "warning"}, 0),
    "any source that fires, though another has ended": (
        CRITICAL,
        [firing(until=100, severity="critical"), firing(severity="critical", instance="x")],
        {"severity": "warning"},
        1,
    ),
    "the source that fires longest is told": (
        CRITICAL,
        [firing(until=900, severity="critical"), firing(severity="critical", instance="x")],
        {"severity": "warning"},
        1,
    ),
    "no matcher matches everything": (ALL, [firing(severity="none")], {"severity": "info"}, 0),
    "no alert inhibits itself": (BOTH, [firing(kind="node")], {"kind": "node"}, None),
    "two that are source and target do not inhibit each other": (
        BOTH,
        [firing(kind="node", instance="x")],
        {"kind": "node", "instance": "y"},
        None,
    ),
    "one that is source and target is inhibited by a mere source, whatever is beside it": (
        BOTH,
        [firing(kind="node", instance="x"), firing(until=900, kind="rack")],
        {"kind": "node"},
        1,
    ),
    "a mere target is inhibited by one that is both": (BOTH, [firing(kind="node")], {"kind": "disk"}, 0),
}


@pytest.mark.parametrize(("known", "sources", "labels", "expected"), CASES.values(), ids=CASES)
def test_a_target_is_inhibited_while_any_source_fires_that_shares_its_values(
    known: InhibitRule, sources: list[Alert], labels: dict[str, str], expected: int | None
) -> None:
    found = Sources([RuleSources(known, sources)]).inhibit(labels, at(100))
    assert (found and found.by) == (None if expected is None else sources[expected].fingerprint)


def test_the_first_rule_that_inhibits_is_told_and_until_when() -> None:
    third = firing(until=300, severity="high")
    rules = [
        RuleSources(CRITICAL, []),
        RuleSources(
            rule("severity=high", "severity=warning"), [third, firing(until=200, severity="high", a="b")]
        ),
        RuleSources(ALL, [firing()]),
    ]
    found = Sources(rules).inhibit({"severity": "warning"}, at(100))
    assert found is not None
    assert (found.rule, found.values, found.by, found.until) == (
        rules[1].rule,
        (),
        third.fingerprint,
        at(300),
    )


def test_rules_of_the_same_sources_share_them_whatever_their_targets() -> None:
    same = [
        rule("a=b,c=d", "e=f", "x", name="one"),
        rule("c=d,a=b", "g=h"),
        rule("a=b,c=d", "", "y"),
    ]
    assert len({place(one) for one in same}) == 1
    others = [rule("a=b", "c=d"), rule("c=d", "a=b"), rule("", "a=b,c=d"), rule('a="b\n"', "c=d")]
    assert len({place(one) for one in others}) == len(others)


def test_the_order_of_equal_labels_makes_no_difference() -> None:
    labels = {"x": "1", "y": "2"}
    assert values(rule("", "", "x", "y"), labels) == values(rule("", "", "y", "x", "y"), labels)
    assert values(rule("", "", "x"), {"x": "1"}) != values(rule("", "", "y"), {"y": "1"})


names = st.sampled_from(["a", "b", "c"])
labels = st.dictionaries(names, st.sampled_from(["", "1", "2"]), max_size=3)
matchers = st.lists(
    st.builds(Matcher, names, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), st.just("1"))
)
rules = st.builds(
    InhibitRule, matchers.map(tuple), matchers.map(tuple), st.lists(names, unique=True).map(tuple)
)


@given(rules, st.lists(labels, max_size=6), labels)
def test_the_index_finds_what_a_search_through_all_that_fires_finds(
    known: InhibitRule, firing_labels: list[dict[str, str]], target: dict[str, str]
) -> None:
    sources = [Alert(one, {}, at(0)) for one in firing_labels if is_source(known, one)]

    def inhibits(source: Alert) -> bool:
        both = is_source(known, target) and is_target(known, source.labels)
        return values(known, source.labels) == values(known, target) and not both

    expected = is_target(known, target) and any(map(inhibits, sources))
    assert (RuleSources(known, sources).inhibit(target, at(0)) is not None) == expected
