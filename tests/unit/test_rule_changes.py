"""What changes when rules are applied: cases, and what holds for any two sets of rules."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.index import read_index
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.rules.changes import compare
from tocsin.rules.choosing import ChoiceError, choose, choose_many
from tocsin.rules.rule import Rule
from tocsin.schedule.buckets import unit_id
from tocsin.stores.memory import MemoryDatabase

FULL = Rule("node", "disks", "DiskFull", "full", labels={"severity": "page"})


def stored(rule: Rule) -> StoredRule:
    """Return a rule as the book has it."""
    return StoredRule(unit_id(rule.key), rule, 1)


def test_being_paused_is_no_change() -> None:
    changes = compare([stored(replace(FULL, paused=True))], [FULL], {"node"}, prune=False)
    assert not changes
    assert changes.unchanged == 1


def test_a_plan_that_was_stored_as_json_is_no_change() -> None:
    billed = replace(FULL, plan={"dimensions": {"b": "1", "a": "2"}, "threshold": 80.0})
    again = replace(FULL, plan={"threshold": 80.0, "dimensions": {"a": "2", "b": "1"}})
    assert not compare([stored(billed)], [again], {"node"}, prune=True)


def test_of_two_rules_of_one_name_only_the_edited_one_is_replaced() -> None:
    warning = replace(FULL, labels={"severity": "warning"})
    ticket = replace(FULL, labels={"severity": "ticket"})
    changes = compare([stored(FULL), stored(warning)], [FULL, ticket], {"node"}, prune=False)
    [change] = changes.updated
    assert (change.before.rule, change.after, change.relabelled) == (warning, ticket, True)
    assert (changes.created, changes.kept, changes.unchanged) == ((), (), 1)
    assert changes.gone == [unit_id(warning.key)]


def test_a_rule_of_another_name_replaces_nothing() -> None:
    renamed = replace(FULL, alert="DiskNearlyFull")
    changes = compare([stored(FULL)], [renamed], {"node"}, prune=False)
    assert (changes.created, changes.updated, changes.kept) == ((renamed,), (), (stored(FULL),))


rules = st.builds(
    Rule,
    namespace=st.sampled_from(["node", "web"]),
    group=st.sampled_from(["a", "b"]),
    alert=st.sampled_from(["X", "Y"]),
    expr=st.sampled_from(["up", "down"]),
    hold=st.sampled_from([timedelta(0), timedelta(minutes=5)]),
    labels=st.sampled_from([{}, {"severity": "page"}, {"severity": "ticket"}]),
)
rule_sets = st.lists(rules, unique_by=lambda rule: rule.key, max_size=12)


@given(rule_sets, rule_sets, st.booleans())
def test_applying_makes_the_namespaces_what_is_wanted(
    before: list[Rule], wanted: list[Rule], prune: bool
) -> None:
    database = MemoryDatabase()
    book = RuleBook(database)
    book.write(before, [], by="", at_ms=0)
    namespaces = {rule.namespace for rule in wanted}
    known = {found.rule.key: found for found in book.load(read_index(database)).values()}
    changes = compare(known.values(), wanted, namespaces, prune=prune)
    book.write(changes.written, changes.gone, by="", at_ms=0)

    after = {found.rule.key: found for found in book.load(read_index(database)).values()}
    others = {rule.key: rule for rule in before if rule.namespace not in namespaces}
    kept = {found.rule.key: found.rule for found in changes.kept}
    expected = {rule.key: rule for rule in wanted} | others | kept
    assert {key: found.rule for key, found in after.items()} == expected
    assert not (prune and kept)
    touched = {rule.key for rule in changes.written}
    assert all(after[key].revision == known[key].revision for key in after if key not in touched)
    assert not compare(after.values(), wanted, namespaces, prune=prune)


# -- choosing -------------------------------------------------------------------------------------

SLOW = Rule("node", "disks", "DiskSlow", "slow")
SLOWER = Rule("node", "disks", "DiskSlower", "slower")
TICKET = replace(FULL, labels={"severity": "ticket"})
WEB = Rule("web", "a/b", "Down", "up == 0")
BOOK = [stored(rule) for rule in (FULL, SLOW, SLOWER, TICKET, WEB)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param('node/disks/DiskFull{severity="page"}', FULL, id="key"),
        pytest.param("node/disks/DiskSlow", SLOW, id="key that is also a beginning"),
        pytest.param("node/disks/DiskSlowe", SLOWER, id="beginning"),
        pytest.param('node/disks/DiskFull{severity="t', TICKET, id="beginning of the labels"),
        pytest.param("web", WEB, id="the only one of a namespace"),
    ],
)
def test_choosing_one_rule(text: str, rule: Rule) -> None:
    assert choose(BOOK, text).rule == rule


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        pytest.param("node/disks/DiskFull", (FULL.key, TICKET.key), id="labels are missing"),
        pytest.param("node/disks/DiskS", (SLOW.key, SLOWER.key), id="beginning of two"),
        pytest.param("disks", (), id="no beginning"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_choosing_what_is_not_clear(text: str, candidates: tuple[str, ...]) -> None:
    with pytest.raises(ChoiceError) as caught:
        choose(BOOK, text)
    assert caught.value.candidates == candidates


@pytest.mark.parametrize(
    ("text", "alerts"),
    [
        pytest.param("node", ["DiskFull", "DiskSlow", "DiskSlower", "DiskFull"], id="namespace"),
        pytest.param("web/a/b", ["Down"], id="group with a slash"),
        pytest.param("node/disks/DiskSlow", ["DiskSlow"], id="one rule"),
    ],
)
def test_choosing_a_namespace_a_group_or_a_rule(text: str, alerts: list[str]) -> None:
    assert [found.rule.alert for found in choose_many(BOOK, text)] == alerts
