"""What changes when rules are applied: cases, and what holds for any two sets of rules."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.index import read_index
from tocsin.rules.book import RuleBook, StoredRule
from tocsin.rules.changes import Effect, compare
from tocsin.rules.choosing import ChoiceError, choose, choose_all, choose_many
from tocsin.rules.rule import Kind, Pause, Rule
from tocsin.stores.memory import MemoryDatabase

FULL = Rule("node", "disks", "DiskFull", "full", labels={"severity": "page"})


def stored(rule: Rule) -> StoredRule:
    """Return a rule as the book has it."""
    return StoredRule(rule.id, rule, 1)


def test_being_paused_is_no_change() -> None:
    changes = compare([replace(stored(FULL), pause=Pause())], [FULL], {"node"}, prune=False)
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
    assert changes.gone == [warning.id]
    assert changes.was == {ticket.id: stored(warning)}


def test_a_rule_of_another_name_replaces_nothing() -> None:
    renamed = replace(FULL, name="DiskNearlyFull")
    changes = compare([stored(FULL)], [renamed], {"node"}, prune=False)
    assert (changes.created, changes.updated, changes.kept) == ((renamed,), (), (stored(FULL),))


def test_of_rules_of_one_name_each_becomes_the_one_that_asks_the_same() -> None:
    old = [replace(FULL, labels={"severity": name}, expr=name) for name in ("a", "b", "c")]
    new = [replace(FULL, labels={"severity": f"new {name}"}, expr=name) for name in ("c", "x", "a")]
    changes = compare(map(stored, old), new, {"node"}, prune=True)
    assert {change.before.rule.expr: change.after.expr for change in changes.updated} == {
        "a": "a",
        "b": "x",
        "c": "c",
    }
    assert not changes.created
    assert not changes.deleted


def test_a_recorded_series_does_not_become_an_alert_of_its_name() -> None:
    recorded = replace(FULL, kind=Kind.RECORD, labels={})
    changes = compare([stored(recorded)], [FULL], {"node"}, prune=True)
    assert (changes.created, changes.updated, changes.deleted) == ((FULL,), (), (stored(recorded),))


@pytest.mark.parametrize(
    ("after", "semantic", "cosmetic"),
    [
        pytest.param(replace(FULL, expr="fuller"), True, False, id="expression"),
        pytest.param(replace(FULL, hold=timedelta(minutes=1)), True, False, id="for"),
        pytest.param(replace(FULL, source="mimir"), True, False, id="source"),
        pytest.param(replace(FULL, annotations={"summary": "full"}), False, True, id="annotation"),
        pytest.param(replace(FULL, interval=timedelta(minutes=5)), False, True, id="interval"),
        pytest.param(replace(FULL, expr="x", annotations={"a": "b"}), True, True, id="both"),
    ],
)
def test_an_edit_changes_what_a_rule_means_or_only_how_it_is_worded(
    after: Rule, semantic: bool, cosmetic: bool
) -> None:
    [change] = compare([stored(FULL)], [after], {"node"}, prune=True).updated
    assert (change.semantic, change.cosmetic) == (semantic, cosmetic)


def test_another_place_in_its_group_is_written_and_no_news() -> None:
    moved, edited = replace(FULL, position=1), replace(FULL, position=1, expr="x")
    changes = compare([stored(FULL)], [moved], {"node"}, prune=True)
    assert not changes
    assert ([change.after for change in changes.moved], changes.written) == ([moved], [moved])
    assert (changes.unchanged, changes.groups) == (1, {})
    assert compare([stored(FULL)], [edited], {"node"}, prune=True).moved == ()


@pytest.mark.parametrize(
    ("before", "wanted", "prune", "groups"),
    [
        pytest.param([], [FULL], True, {"node/disks": Effect.CREATED}, id="created"),
        pytest.param([FULL], [FULL], True, {}, id="unchanged"),
        pytest.param([FULL], [replace(FULL, expr="x")], True, {"node/disks": Effect.UPDATED}, id="edited"),
        pytest.param([FULL], [], True, {"node/disks": Effect.DELETED}, id="deleted"),
        pytest.param([FULL], [], False, {}, id="kept"),
        pytest.param(
            [FULL], [FULL, replace(FULL, name="B")], True, {"node/disks": Effect.UPDATED}, id="one more"
        ),
        pytest.param(
            [FULL, replace(FULL, name="B")], [FULL], True, {"node/disks": Effect.UPDATED}, id="one less"
        ),
        pytest.param(
            [FULL],
            [replace(FULL, group="full")],
            True,
            {"node/disks": Effect.DELETED, "node/full": Effect.CREATED},
            id="renamed",
        ),
    ],
)
def test_what_the_changes_are_to_groups(
    before: list[Rule], wanted: list[Rule], prune: bool, groups: dict[str, Effect]
) -> None:
    assert compare(map(stored, before), wanted, {"node"}, prune=prune).groups == groups


def test_thousands_of_rules_are_compared_in_no_time() -> None:
    old = [replace(FULL, name=f"A{number}", labels={"severity": "page"}) for number in range(3000)]
    new = [replace(rule, labels={"severity": "ticket"}) for rule in old]
    assert len(compare(map(stored, old), new, {"node"}, prune=True).updated) == 3000


rules = st.builds(
    Rule,
    namespace=st.sampled_from(["node", "web"]),
    group=st.sampled_from(["a", "b"]),
    name=st.sampled_from(["X", "Y"]),
    expr=st.sampled_from(["up", "down"]),
    hold=st.sampled_from([timedelta(0), timedelta(minutes=5)]),
    labels=st.sampled_from([{}, {"severity": "page"}, {"severity": "ticket"}]),
    position=st.integers(0, 3),
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
    book.write(changes.written, changes.gone, by="", at_ms=0, was=changes.was)

    after = {found.rule.key: found for found in book.load(read_index(database)).values()}
    others = {rule.key: rule for rule in before if rule.namespace not in namespaces}
    kept = {found.rule.key: found.rule for found in changes.kept}
    expected = {rule.key: rule for rule in wanted} | others | kept
    assert {key: found.rule for key, found in after.items()} == expected
    assert not (prune and kept)
    touched = {rule.key for rule in changes.written}
    assert all(after[key].revision == known[key].revision for key in after if key not in touched)
    relabelled = [change for change in changes.updated if change.relabelled]
    formers = [after[change.after.key].former for change in relabelled]
    assert [former and former.unit for former in formers] == [change.before.id for change in relabelled]
    again = compare(after.values(), wanted, namespaces, prune=prune)
    assert (again.written, again.gone) == ([], [])


# -- choosing -------------------------------------------------------------------------------------

SLOW = Rule("node", "disks", "DiskSlow", "slow")
SLOWER = Rule("node", "disks", "DiskSlower", "slower")
TICKET = replace(FULL, labels={"severity": "ticket"})
WEB = Rule("web", "a/b", "Down", "up == 0")
RECORDED = Rule("web", "a/b", "x", "up", kind=Kind.RECORD, labels={"a": "b"})
BOOK = [stored(rule) for rule in (FULL, SLOW, SLOWER, TICKET, WEB, RECORDED)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param('node/disks/DiskFull{severity="page"}', FULL, id="key"),
        pytest.param("node/disks/DiskSlow", SLOW, id="key that is also a beginning"),
        pytest.param("node/disks/DiskSlowe", SLOWER, id="beginning"),
        pytest.param('node/disks/DiskFull{severity="t', TICKET, id="beginning of the labels"),
        pytest.param("web/a/b/D", WEB, id="beginning of one"),
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
        pytest.param("web/a/b", ["Down", "x"], id="group with a slash"),
        pytest.param("node/disks/DiskSlow", ["DiskSlow"], id="one rule"),
    ],
)
def test_choosing_a_namespace_a_group_or_a_rule(text: str, alerts: list[str]) -> None:
    assert [found.rule.name for found in choose_many(BOOK, text)] == alerts
    assert choose_all(BOOK, text) == choose_many(BOOK, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("node/disks/DiskFull", [FULL, TICKET], id="all labels"),
        pytest.param("node/disks/DiskSl", [SLOW, SLOWER], id="beginning of two"),
        pytest.param("node/disks/DiskSlow", [SLOW], id="key that is also a beginning"),
        pytest.param("web/a/b/record:x", [RECORDED], id="a recording rule"),
    ],
)
def test_choosing_all_that_may_be_meant(text: str, found: list[Rule]) -> None:
    assert [each.rule for each in choose_all(BOOK, text)] == found


@pytest.mark.parametrize("text", ["", "nobody", "node/disks/DiskFuller"])
def test_choosing_none(text: str) -> None:
    with pytest.raises(ChoiceError, match="no such rule"):
        choose_all(BOOK, text)
