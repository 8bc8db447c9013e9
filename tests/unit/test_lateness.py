"""Lateness: told from HEADs, whoever is dead."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.evaluation.head import Head, create, seal
from tocsin.evaluation.lateness import behind_seconds
from tocsin.schedule.layout import Layout
from tocsin.stores.memory import MemoryDatabase

NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(("age", "behind"), [(5, 0), (15, 0), (25, 5), (605, 585)])
def test_a_shard_is_behind_by_what_no_tick_takes(age: float, behind: float) -> None:
    database = MemoryDatabase()
    create(database, Head("1.0", 1, ago(age)))
    assert behind_seconds(database, Layout(), NOW) == {"1.0": behind}


def test_a_shard_that_never_was_says_nothing() -> None:
    assert behind_seconds(MemoryDatabase(), Layout(), NOW) == {}


def test_a_shard_that_has_not_begun_is_as_late_as_those_it_takes_over() -> None:
    database = MemoryDatabase()
    create(database, Head("1.0", 1, ago(15)))
    create(database, Head("1.1", 1, ago(125)))
    layout = Layout(1, 2).changed(4)
    create(database, Head("2.0", 1, ago(5)))
    assert behind_seconds(database, layout, NOW) == {"2.0": 0, "2.1": 0, "2.2": 105, "2.3": 105}


def test_behind_a_head_that_was_sealed_empty_it_looks_further_back() -> None:
    database = MemoryDatabase()
    create(database, Head("1.0", 1, ago(65)))
    layout = Layout(1, 1).changed(2).changed(1)
    assert seal(database, "2.0", None, "t")
    assert behind_seconds(database, layout, NOW) == {"3.0": 45}
