"""Which receivers an alert goes to, and what its groups are called (Alertmanager, `dispatch.Route`)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.acceptance.alerting import Alerting, Post, config

Routes = Sequence[Mapping[str, Any]]


def asked(routes: Routes, **labels: str) -> list[tuple[str, str]]:
    """Return who is told of an alert with these labels, and as which group."""
    tocsin = Alerting(config({"group_by": ["alertname"], "routes": routes}))
    tocsin.post(Post({"alertname": "Down", **labels}))
    tocsin.at(60)
    return sorted((told.to, told.body["groupKey"]) for told in tocsin.notifications())


def receivers(routes: Routes, **labels: str) -> list[str]:
    """Return who is told of an alert with these labels."""
    return [to for to, _ in asked(routes, **labels)]


CREW = {"receiver": "crew", "matchers": ["severity=page"]}
BOSS = {"receiver": "boss", "matchers": ["team=db"]}


@pytest.mark.parametrize(
    ("routes", "labels", "expected"),
    [
        pytest.param([CREW, BOSS], {}, ["team"], id="what matches no child is the root's"),
        pytest.param([CREW, BOSS], {"severity": "page"}, ["crew"], id="a child takes it from the root"),
        pytest.param([CREW, BOSS], {"severity": "page", "team": "db"}, ["crew"], id="the first child wins"),
        pytest.param(
            [{**CREW, "continue": True}, BOSS],
            {"severity": "page", "team": "db"},
            ["boss", "crew"],
            id="continue goes on to the siblings",
        ),
        pytest.param(
            [{**CREW, "continue": True}, BOSS],
            {"severity": "page"},
            ["crew"],
            id="continue does not bring the parent in",
        ),
        pytest.param(
            [{**CREW, "routes": [BOSS]}],
            {"severity": "page", "team": "db"},
            ["boss"],
            id="the deepest match counts",
        ),
        pytest.param(
            [{**CREW, "routes": [BOSS]}],
            {"severity": "page"},
            ["crew"],
            id="without a match below it is the parent's",
        ),
        pytest.param(
            [{**CREW, "routes": [BOSS]}],
            {"team": "db"},
            ["team"],
            id="a child of what does not match is not asked",
        ),
        pytest.param(
            [{"receiver": "crew", "matchers": ["severity=page"], "routes": [{"matchers": ["team=db"]}]}],
            {"severity": "page", "team": "db"},
            ["crew"],
            id="the receiver is inherited",
        ),
        pytest.param(
            [{"receiver": "crew"}, BOSS], {"team": "db"}, ["crew"], id="without matchers it matches all"
        ),
    ],
)
def test_an_alert_goes_down_the_tree(routes: Routes, labels: Mapping[str, str], expected: list[str]) -> None:
    assert receivers(routes, **labels) == expected


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        ('rack=""', True),
        ('rack!="x"', True),
        ('rack=~".*"', True),
        ('rack=~"x?"', True),
        ('rack!~".+"', True),
        ('rack!=""', False),
        ('rack=~".+"', False),
        ('rack!~".*"', False),
    ],
)
def test_a_label_that_is_missing_is_empty_to_every_matcher(matcher: str, matches: bool) -> None:
    assert receivers([{"receiver": "crew", "matchers": [matcher]}]) == ["crew" if matches else "team"]


@pytest.mark.parametrize(
    ("matcher", "value", "matches"),
    [
        pytest.param("rack=~a|b", "b", True, id="an alternative"),
        pytest.param("rack=~a|b", "ab", False, id="the whole value has to match"),
        pytest.param("rack=~a.c", "a\nc", False, id="a point is no newline"),
        pytest.param("rack=~(?i)a", "A", True, id="a flag"),
        pytest.param("rack=~a", "A", False, id="case counts"),
        pytest.param("rack=a", "A", False, id="case counts in equality"),
        pytest.param("rack=~a", "a\n", False, id="the end is the end of the text"),
    ],
)
def test_regular_expressions_are_those_of_re2_and_match_from_end_to_end(
    matcher: str, value: str, matches: bool
) -> None:
    assert receivers([{"receiver": "crew", "matchers": [matcher]}], rack=value) == [
        "crew" if matches else "team"
    ]


def test_an_alert_in_two_routes_is_told_and_ends_in_both() -> None:
    routes = [{**CREW, "continue": True}, {"receiver": "boss"}]
    tocsin = Alerting(config({"routes": routes}))
    tocsin.post(Post({"alertname": "Down", "severity": "page"}, ends=20))
    tocsin.at(60)
    assert [told[2] for told in tocsin.told("crew")] == ["Down fires", "Down ended"]
    assert [told[2] for told in tocsin.told("boss")] == ["Down fires", "Down ended"]


# -- group keys: golden strings, as a real Alertmanager printed them -----------------------------------


@pytest.mark.parametrize(
    ("routes", "labels", "expected"),
    [
        pytest.param([], {}, '{}:{alertname="Down"}', id="root"),
        pytest.param(
            [{"receiver": "crew", "matchers": ['team=~"a|b"', "severity=critical"]}],
            {"team": "a", "severity": "critical"},
            '{}/{severity="critical",team=~"a|b"}:{alertname="Down"}',
            id="matchers are sorted",
        ),
        pytest.param(
            [{"receiver": "crew", "matchers": ["a=1"], "routes": [{"matchers": ["b!=2", "c=3"]}]}],
            {"a": "1", "c": "3"},
            '{}/{a="1"}/{b!="2",c="3"}:{alertname="Down"}',
            id="nested",
        ),
        pytest.param(
            [{"receiver": "crew", "match_re": {"kind": "re.*"}}],
            {"kind": "reader"},
            '{}/{kind=~"^(?:re.*)$"}:{alertname="Down"}',
            id="match_re is anchored",
        ),
        pytest.param(
            [{"receiver": "crew", "matchers": ['kind=~"re.*"']}],
            {"kind": "reader"},
            '{}/{kind=~"re.*"}:{alertname="Down"}',
            id="a matcher is not",
        ),
        pytest.param(
            [{"receiver": "crew", "match": {"kind": "x"}}],
            {"kind": "x"},
            '{}/{kind="x"}:{alertname="Down"}',
            id="match",
        ),
        pytest.param(
            [{"receiver": "crew", "matchers": ['kind="a\\"b\\\\c"']}],
            {"kind": 'a"b\\c'},
            '{}/{kind="a\\"b\\\\c"}:{alertname="Down"}',
            id="escapes",
        ),
        pytest.param(
            [{"receiver": "crew", "matchers": ['"my kind"="é"']}],
            {"my kind": "é"},
            '{}/{"my kind"="é"}:{alertname="Down"}',
            id="a name that has to be quoted",
        ),
    ],
)
def test_a_group_is_called_by_its_route_and_its_labels(
    routes: Routes, labels: Mapping[str, str], expected: str
) -> None:
    [(_, key)] = asked(routes, **labels)
    assert key == expected


@pytest.mark.parametrize(
    ("group_by", "labels", "expected"),
    [
        pytest.param([], {"a": "1"}, "{}:{}", id="nothing"),
        pytest.param(
            ["..."],
            {"severity": "critical", "team": "a", "z": 'é"q'},
            '{}:{alertname="Down", severity="critical", team="a", z="é\\"q"}',
            id="all labels, quoted as in Go",
        ),
        pytest.param(["team", "alertname"], {}, '{}:{alertname="Down"}', id="a missing label is left out"),
    ],
)
def test_the_labels_of_a_group_are_those_of_group_by(
    group_by: list[str], labels: Mapping[str, str], expected: str
) -> None:
    tocsin = Alerting(config({"group_by": group_by}))
    tocsin.post(Post({"alertname": "Down", **labels}))
    tocsin.at(60)
    assert [told.body["groupKey"] for told in tocsin.notifications()] == [expected]


def test_a_child_inherits_the_times_and_grouping_that_it_does_not_set() -> None:
    child = {"receiver": "crew", "matchers": ["rack=1"], "group_wait": "20s"}
    tocsin = Alerting(config({"group_by": ["rack"], "routes": [child]}))
    tocsin.post(Post({"alertname": "Down", "rack": "1"}, ends=25))
    tocsin.at(100)
    assert [(at, said) for at, _, said in tocsin.told("crew")] == [(20, "Down fires"), (50, "Down ended")]
    assert tocsin.notifications()[0].body["groupLabels"] == {"rack": "1"}


def test_a_child_that_groups_by_nothing_overrides_its_parent() -> None:
    child = {"receiver": "crew", "matchers": ["rack=1"], "group_by": []}
    tocsin = Alerting(config({"group_by": ["..."], "routes": [child]}))
    tocsin.post(Post({"alertname": "Down", "rack": "1"}), Post({"alertname": "Slow", "rack": "1"}))
    tocsin.at(30)
    assert [said for _, _, said in tocsin.told("crew")] == ["Down fires, Slow fires"]
