"""Groups as they are read, whole and again."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.commandline import NOON, SetClock, Sink
from tocsin.alert import Alert
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.intake import Intake
from tocsin.index import read_index
from tocsin.local.applying import apply_config
from tocsin.stores.memory import MemoryDatabase
from tocsin.views.alerts import firing
from tocsin.views.groups import Groups, UnreadError, in_tree_order, read_groups

CONFIG = """\
route:
  receiver: ops
  routes:
    - {receiver: b, matchers: [severity=page], continue: true, group_by: [alertname]}
    - {receiver: a, matchers: [job=db], group_by: [alertname]}
receivers: [{name: ops}, {name: a}, {name: b}]
"""
DOWN = Alert({"alertname": "Down", "job": "db", "severity": "page"}, {}, NOON)
SLOW = Alert({"alertname": "Slow", "job": "db"}, {}, NOON)


@pytest.fixture
def database() -> MemoryDatabase:
    """Return a database where one alert is in two groups and another one in a third."""
    database = MemoryDatabase()
    apply_config(database, CONFIG, "alertmanager.yml", NOON)
    hand_over(database, 1, NOON + timedelta(seconds=1), DOWN, SLOW)
    return database


def hand_over(database: MemoryDatabase, seq: int, now: Any, *alerts: Alert, writer: str = "rule") -> None:
    intake = Intake(database, Sink(), SetClock(now), Controls(database).config)
    intake.hand_over(writer, seq, alerts)


def test_groups_are_in_the_order_of_their_ids_and_hold_what_was_handed_over(database: MemoryDatabase) -> None:
    groups = read_groups(database)
    assert [held.meta.id for held in groups] == sorted(held.meta.id for held in groups)
    assert sorted((held.meta.receiver, alert.name) for held in groups for alert in held.alerts) == [
        ("a", "Down"),
        ("a", "Slow"),
        ("b", "Down"),
    ]
    assert {kept.written_at for held in groups for kept in held.kept} == {NOON + timedelta(seconds=1)}


def test_only_what_has_changed_is_unpacked_again(database: MemoryDatabase) -> None:
    groups = Groups(database)
    before = {held.meta.id: held for held in groups.read()}
    later = NOON + timedelta(minutes=1)
    hand_over(database, 2, later, Alert(SLOW.labels, {"summary": "new"}, NOON))
    after = {held.meta.id: held for held in groups.read()}
    [changed] = [name for name, held in after.items() if held.kept is not before[name].kept]
    [kept] = after[changed].kept
    assert (kept.alert.annotations, kept.written_at) == ({"summary": "new"}, later)


def test_an_alert_of_several_writers_is_as_the_one_says_that_ends_last(database: MemoryDatabase) -> None:
    later = NOON + timedelta(minutes=1)
    hand_over(database, 1, later, Alert(SLOW.labels, {}, NOON, later + timedelta(minutes=1)), writer="other")
    [kept] = [one for held in read_groups(database) for one in held.kept if one.alert.name == "Slow"]
    assert kept.alert.ends_at is None


def test_routes_are_in_the_order_of_the_tree_and_those_that_are_gone_come_last(
    database: MemoryDatabase,
) -> None:
    def order() -> list[tuple[str, str]]:
        config = Controls(database).config(read_index(database))
        assert config is not None
        found = in_tree_order(read_groups(database), config)
        return [(held.meta.receiver, route.receiver) for held, route in found]

    assert order() == [("b", "b"), ("a", "a"), ("a", "a")]
    apply_config(database, CONFIG.replace("severity=page", "severity=none"), "alertmanager.yml", NOON)
    assert order() == [("a", "a"), ("a", "a"), ("b", "b")]


def test_what_fires_in_several_groups_is_one_alert(database: MemoryDatabase) -> None:
    config = Controls(database).config(read_index(database))
    assert config is not None
    found = firing((held for held, _ in in_tree_order(read_groups(database), config)), NOON)
    assert {one.alert.name: one.receivers for one in found} == {"Down": ["b", "a"], "Slow": ["a"]}


def test_groups_that_cannot_be_read_in_time_are_an_error(database: MemoryDatabase) -> None:
    def late(jobs: Sequence[Callable[[], Any]], timeout_seconds: float) -> list[Any]:
        return [None for _ in jobs]

    with pytest.raises(UnreadError, match="not all groups were read in 20 s"):
        read_groups(database, late)
