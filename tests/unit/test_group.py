"""Groups: where an alert belongs, when its group is due, and that a claim loses no arming."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatching import at, config, meta, route
from tocsin.dispatch.group import (
    DUE_SLOTS,
    Meta,
    Placement,
    arm,
    claim,
    delay_seconds,
    due_slot,
    epoch,
    finish,
    first_due,
    from_item,
    match,
    meta_key,
    placements,
    wake,
)
from tocsin.labels import Labels
from tocsin.ports import Database
from tocsin.stores.memory import MemoryDatabase

# -- routes ---------------------------------------------------------------------------------------

TREE = """
routes:
  - receiver: a
    matchers: [team="a"]
    routes:
      - {receiver: b, matchers: [severity="page"]}
      - {receiver: c, matchers: [severity=~"page|ticket"]}
  - receiver: b
    matchers: [also="yes"]
    continue: true
  - receiver: c
    matchers: [team=~"a|c"]
    continue: true
    routes:
      - {receiver: a, matchers: [severity="page"], continue: true}
      - {receiver: b, matchers: [site="north"]}
  - {receiver: default, matchers: ['nowhere!=""']}
"""
ROOT = route(TREE)

MATCHES: dict[str, tuple[Labels, list[str]]] = {
    "nothing below the root": ({}, ["{}"]),
    "a child, and none of its own": ({"team": "a"}, ['{}/{team="a"}']),
    "the first of its children": ({"team": "a", "severity": "page"}, ['{}/{team="a"}/{severity="page"}']),
    "the second of its children": (
        {"team": "a", "severity": "ticket"},
        ['{}/{team="a"}/{severity=~"page|ticket"}'],
    ),
    "a child that does not continue hides its siblings": ({"team": "a", "also": "yes"}, ['{}/{team="a"}']),
    "a child that continues, and nothing after it": ({"also": "yes"}, ['{}/{also="yes"}']),
    "a child that continues, and one after it": (
        {"also": "yes", "team": "c"},
        ['{}/{also="yes"}', '{}/{team=~"a|c"}'],
    ),
    "children that continue below one that continues": (
        {"team": "c", "severity": "page", "site": "north"},
        ['{}/{team=~"a|c"}/{severity="page"}', '{}/{team=~"a|c"}/{site="north"}'],
    ),
    "all the way": (
        {"team": "c", "also": "yes", "site": "north", "nowhere": "x"},
        ['{}/{also="yes"}', '{}/{team=~"a|c"}/{site="north"}', '{}/{nowhere!=""}'],
    ),
    "a value that must match as a whole": ({"team": "ac"}, ["{}"]),
}


@pytest.mark.parametrize(("labels", "expected"), MATCHES.values(), ids=MATCHES)
def test_an_alert_goes_depth_first_to_the_first_match_unless_it_continues(
    labels: Labels, expected: list[str]
) -> None:
    assert [found.key for found in match(ROOT, labels)] == expected


MISSING = {
    "not equal": 'team!="a"',
    "equal to nothing": 'team=""',
    "a pattern that nothing matches": 'team=~".*"',
    "not a pattern": 'team!~"a.*"',
}


@pytest.mark.parametrize("matcher", MISSING.values(), ids=MISSING)
def test_a_missing_label_counts_as_empty(matcher: str) -> None:
    tree = route(f"routes: [{{receiver: a, matchers: ['{matcher}']}}]")
    assert [found.receiver for found in match(tree, {"alertname": "Down"})] == ["a"]


labels_of = st.fixed_dictionaries(
    {},
    optional={
        "team": st.sampled_from("abc"),
        "severity": st.sampled_from(["page", "ticket"]),
        "also": st.just("yes"),
        "site": st.just("north"),
        "nowhere": st.just("x"),
    },
)


@given(labels_of)
def test_every_alert_has_a_place_and_none_twice(labels: Labels) -> None:
    found = match(ROOT, labels)
    assert found
    assert len({place.id for place in found}) == len(found)
    assert all(matcher.matches(labels) for place in found for matcher in place.matchers)


# -- groups ---------------------------------------------------------------------------------------


def only(root: str, labels: Labels) -> Placement:
    [placement] = placements(config(root), labels)
    return placement


GROUPS: dict[str, tuple[str, Labels, str]] = {
    "by nothing: one group": ("", {"alertname": "Down", "job": "j"}, "{}:{}"),
    "by the alert's name": (
        "group_by: [alertname]",
        {"alertname": "Down", "job": "j"},
        '{}:{alertname="Down"}',
    ),
    "by a label that is missing": (
        "group_by: [alertname, site]",
        {"alertname": "Down"},
        '{}:{alertname="Down"}',
    ),
    "by all labels, below matchers in any order": (
        """
group_by: ['...']
routes: [{receiver: a, matchers: ['team=~"a|b"', 'severity="critical"']}]
""",
        {"alertname": "X", "severity": "critical", "team": "a", "z": 'é"q'},
        '{}/{severity="critical",team=~"a|b"}:{alertname="X", severity="critical", team="a", z="é\\"q"}',
    ),
}


@pytest.mark.parametrize(("root", "labels", "expected"), GROUPS.values(), ids=GROUPS)
def test_a_groups_key_is_alertmanagers(root: str, labels: Labels, expected: str) -> None:
    assert only(root, labels).key == expected


def test_a_groups_id_is_fixed_for_ever() -> None:
    placement = only("group_by: [alertname]", {"alertname": "Down", "job": "j"})
    assert placement.id == "group.6d5f0a76a5b5411e710513b2"


def test_two_routes_with_equal_matchers_have_a_group_each() -> None:
    root = """
routes:
  - {receiver: a, matchers: [team="a"], continue: true}
  - {receiver: b, matchers: [team="a"]}
"""
    one, other = placements(config(root), {"team": "a"})
    assert one.key == other.key
    assert one.id != other.id


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "1", "2"])))
def test_alerts_share_a_group_if_they_agree_in_what_it_is_grouped_by(labels: dict[str, str]) -> None:
    root = "group_by: [a, b]"
    same = {**labels, "c": "another"}
    assert only(root, labels).id == only(root, same).id
    assert only(root, labels).id != only(root, {**labels, "a": "3"}).id


# -- due times --------------------------------------------------------------------------------------

FIRSTS = {
    "a new alert": (0, 30, 30),
    "one that is a while old": (-29, 30, 30),
    "one that has just waited long enough": (-30, 30, 30),
    "one that has waited longer": (-30.001, 30, 0),
    "one of the future": (60, 30, 30),
    "no group_wait": (0, 0, 0),
}


@pytest.mark.parametrize(("since", "wait", "due"), FIRSTS.values(), ids=FIRSTS)
def test_a_new_group_waits_unless_its_alert_has(since: float, wait: float, due: float) -> None:
    assert first_due(at(0), at(since), timedelta(seconds=wait)) == at(due)


SLOTS = {
    "before the first flush": (-10, 0),
    "at a slot: the next one": (0, 300),
    "between two slots": (1, 300),
    "just before a slot": (299.999, 300),
    "long after": (100_000, 100_200),
}


@pytest.mark.parametrize(("now", "expected"), SLOTS.values(), ids=SLOTS)
def test_slots_are_a_fixed_grid_from_the_first_flush_on(now: float, expected: float) -> None:
    assert meta(grid=0, interval=300).next_slot(at(now)) == at(expected)


def test_without_a_grid_the_next_slot_is_now() -> None:
    assert meta(grid=None).next_slot(at(7)) == at(7)


@given(st.integers(1, 10**8), st.integers(0, 10**9))
def test_the_next_slot_is_the_first_after_now(interval_ms: int, now_ms: int) -> None:
    group = meta(grid=0, interval=interval_ms / 1000)
    now = at(now_ms / 1000)
    slot = group.next_slot(now)
    assert now < slot <= now + group.interval
    assert (slot - at(0)) % group.interval == timedelta(0)


def test_a_message_never_arrives_before_its_group_is_due() -> None:
    assert [delay_seconds(at(due), at(0)) for due in (-5, 0, 0.001, 1, 1.5)] == [0, 0, 1, 1, 2]


def test_a_time_to_live_is_in_whole_seconds() -> None:
    assert epoch(datetime.fromisoformat("1970-01-02T00:00:00.999Z")) == 86_400


@given(st.text("0123456789abcdef", min_size=24, max_size=24))
def test_a_group_is_in_one_partition_of_the_index(digits: str) -> None:
    assert due_slot(f"group.{digits}") == int(digits[:4], 16) % 4
    assert DUE_SLOTS == 4


# -- arming, claiming, finishing --------------------------------------------------------------------

PLACEMENT = only("group_by: [alertname]", {"alertname": "Down"})
GROUP = PLACEMENT.id


def stored(database: Database) -> Meta:
    [item] = database.get(meta_key(GROUP))
    assert item is not None
    return from_item(item)


def expires(database: Database) -> object:
    [item] = database.get(meta_key(GROUP))
    return item and item.get("expires")


def armed(seconds: float = 0) -> MemoryDatabase:
    database = MemoryDatabase()
    arm(database, PLACEMENT, at(seconds), at(seconds))
    return database


def claimed(database: Database, now: float = 30, by: str = "t") -> Meta:
    found = claim(database, GROUP, by, at(now), at(now + 75))
    assert found is not None
    return found


def test_the_first_alert_makes_its_group_due_after_group_wait() -> None:
    database = MemoryDatabase()
    assert arm(database, PLACEMENT, at(0), at(0)) == at(30)
    group = stored(database)
    assert (group.due, group.grid, group.wake, group.claim) == (at(30), at(30), 1, "")
    assert (group.route_id, group.key, group.receiver) == (PLACEMENT.route.id, PLACEMENT.key, "default")
    assert (group.labels, group.interval) == ({"alertname": "Down"}, timedelta(minutes=5))
    assert database.due(due_slot(GROUP), 10**15, 9)[0]["pk"] == GROUP


def test_another_alert_before_the_first_flush_leaves_the_due_and_counts_the_wake() -> None:
    database = armed()
    assert arm(database, PLACEMENT, at(10), at(-3600)) == at(30)
    assert (stored(database).due, stored(database).wake) == (at(30), 2)


def test_an_alert_of_a_group_that_sleeps_makes_it_due_at_its_next_slot() -> None:
    database = armed()
    finish(database, claimed(database), at(14_430), at(31))
    assert arm(database, PLACEMENT, at(700), at(700)) == at(930)
    assert (stored(database).due, stored(database).grid) == (at(930), at(30))


def test_a_group_is_claimed_when_it_is_due_and_by_one_only() -> None:
    database = armed()
    assert claim(database, GROUP, "t", at(29.999), at(105)) is None
    found = claimed(database)
    assert (found.claim, found.claimed_until, found.due) == ("t", at(105), at(105))
    assert claim(database, GROUP, "other", at(31), at(106)) is None


def test_a_claim_that_the_sdk_sends_twice_is_ours() -> None:
    database = armed()
    assert claimed(database) == claim(database, GROUP, "t", at(30), at(105))


def test_the_group_of_a_dead_worker_is_due_when_its_claim_ends() -> None:
    database = armed()
    claimed(database)
    assert claim(database, GROUP, "other", at(104.999), at(180)) is None
    assert claimed(database, now=105, by="other").claim == "other"


def test_a_group_that_is_not_there_cannot_be_claimed_or_woken() -> None:
    database = MemoryDatabase()
    assert claim(database, GROUP, "t", at(0), at(75)) is None
    assert wake(database, GROUP, at(0)) is None
    assert database.get(meta_key(GROUP)) == [None]


def test_finishing_stores_the_next_due() -> None:
    database = armed()
    assert finish(database, claimed(database), at(330), at(31)) == at(330)
    assert (stored(database).due, stored(database).claim, stored(database).claimed_until) == (
        at(330),
        "",
        None,
    )


DURING = {"the slot is sooner": ("1m", 90), "the end of the claim is": ("5m", 105)}


@pytest.mark.parametrize("last", [False, True], ids=["a flush", "the last flush"])
@pytest.mark.parametrize(("interval", "due"), DURING.values(), ids=DURING)
def test_a_group_armed_during_its_flush_is_due_at_its_next_slot_or_when_its_claim_would_have_ended(
    interval: str, due: float, last: bool
) -> None:
    placement = only(f"group_by: [alertname]\ngroup_interval: {interval}", {"alertname": "Down"})
    database = MemoryDatabase()
    arm(database, placement, at(0), at(0))
    flushing = claimed(database)
    arm(database, placement, at(31), at(31))
    assert finish(database, flushing, None if last else at(14_430), at(32)) == at(due)
    assert stored(database).due == at(due)


def test_a_group_woken_during_its_flush_is_due_when_it_was_woken_for() -> None:
    database = armed()
    flushing = claimed(database)
    assert wake(database, GROUP, at(31)) == at(31)
    assert finish(database, flushing, at(14_430), at(32)) == at(31)


def test_a_claim_that_is_lost_finishes_nothing() -> None:
    database = armed()
    first = claimed(database)
    second = claimed(database, now=105, by="other")
    assert finish(database, first, at(330), at(106)) is None
    assert stored(database) == second


def test_a_group_that_holds_nothing_is_not_due_and_begins_anew_with_group_wait() -> None:
    database = armed()
    assert finish(database, claimed(database), None, at(31)) is None
    assert (stored(database).due, stored(database).grid) == (None, None)
    assert database.due(due_slot(GROUP), 10**15, 9) == []
    assert wake(database, GROUP, at(40)) is None
    assert expires(database) == epoch(at(105)) + 7 * 86_400
    assert arm(database, PLACEMENT, at(1000), at(1000)) == at(1030)
    assert expires(database) is None
    assert stored(database).wake == 2


def test_a_woken_group_is_due_at_once_or_at_its_slot_and_never_later_than_it_was() -> None:
    database = armed()
    finish(database, claimed(database), at(14_430), at(31))
    assert wake(database, GROUP, at(400), at_slot=True) == at(630)
    assert wake(database, GROUP, at(401)) == at(401)
    assert wake(database, GROUP, at(500)) == at(401)
    assert stored(database).wake == 4


steps = st.lists(
    st.tuples(st.sampled_from(["arm", "wake", "claim", "finish", "finish last", "die"]), st.integers(1, 200)),
    max_size=25,
)


@given(steps)
def test_a_group_that_was_armed_since_its_last_claim_always_has_a_due_time(
    history: list[tuple[str, int]],
) -> None:
    database, now, token = MemoryDatabase(), 0, 0
    mine: Meta | None = None
    holds = False
    for what, seconds in history:
        now += seconds
        if what == "arm":
            assert arm(database, PLACEMENT, at(now), at(now)) <= at(now + 300)
            holds = True
        elif what == "wake":
            wake(database, GROUP, at(now))
        elif what == "claim":
            token += 1
            found = claim(database, GROUP, f"t{token}", at(now), at(now + 75))
            mine, holds = (found, False) if found else (mine, holds)
        elif what == "die":
            mine = None
        elif mine is not None:
            known = stored(database)
            armed_since = known.wake != mine.wake
            after = finish(database, mine, None if what == "finish last" else at(now + 14_400), at(now))
            if known.claim == mine.claim and armed_since:
                assert after is not None
                assert after <= at(now + 300)
            mine = None
        if holds:
            assert stored(database).due is not None
