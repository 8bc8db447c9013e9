"""Lateness: told from HEADs, whoever is dead."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.bootstrap import World, ticker
from tocsin.evaluation.head import Head, create, seal
from tocsin.index import INDEX, Index
from tocsin.lateness import behind_seconds
from tocsin.local.clocks import VirtualClock
from tocsin.ports import Message, Update
from tocsin.samples.log import SampleLog
from tocsin.schedule.layout import Layout
from tocsin.settings import Settings
from tocsin.stores.memory import MemoryDatabase

NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(("age", "behind"), [(5, 0), (15, 0), (25, 5), (605, 585)])
def test_a_shard_is_behind_by_what_no_tick_takes(age: float, behind: float) -> None:
    database = MemoryDatabase()
    create(database, Head("1.0", 1, ago(age)))
    assert behind_seconds(database, Index(), NOW) == {"1.0": behind}


def test_a_shard_that_never_was_says_nothing() -> None:
    assert behind_seconds(MemoryDatabase(), Index(), NOW) == {}


def test_a_shard_that_has_not_begun_is_as_late_as_those_it_takes_over() -> None:
    database = MemoryDatabase()
    create(database, Head("1.0", 1, ago(15)))
    create(database, Head("1.1", 1, ago(125)))
    layout = Layout(1, 2).changed(4)
    create(database, Head("2.0", 1, ago(5)))
    assert behind_seconds(database, Index(layout=layout), NOW) == {"2.0": 0, "2.1": 0, "2.2": 105, "2.3": 105}


def test_behind_a_head_that_was_sealed_empty_it_looks_further_back() -> None:
    database = MemoryDatabase()
    create(database, Head("1.0", 1, ago(65)))
    layout = Layout(1, 1).changed(2).changed(1)
    assert seal(database, "2.0", None, "t")
    assert behind_seconds(database, Index(layout=layout), NOW) == {"3.0": 45}


@pytest.mark.parametrize(("age", "behind"), [(5, 0), (79, 0), (85, 5), (665, 585)])
def test_a_shard_of_inputs_may_be_behind_as_far_as_a_quiet_one_is(age: float, behind: float) -> None:
    database = MemoryDatabase()
    SampleLog(database).note("inputs.1.0", 0, None, ago(age))
    assert behind_seconds(database, Index(inputs=1), NOW) == {"inputs.1.0": behind}


def test_where_there_are_no_inputs_nobody_asks_for_their_shards() -> None:
    database = MemoryDatabase()
    SampleLog(database).note("inputs.1.0", 0, None, ago(665))
    assert behind_seconds(database, Index(), NOW) == {}


def test_a_shard_of_inputs_that_has_not_begun_is_as_late_as_those_it_takes_over() -> None:
    database = MemoryDatabase()
    SampleLog(database).note("inputs.1.0", 0, None, ago(180))
    layout = Layout(1, 1).changed(2)
    late = behind_seconds(database, Index(layout=layout, inputs=1), NOW)
    assert late == {"inputs.2.0": 100, "inputs.2.1": 100}


class Drain:
    """A queue that nobody reads."""

    def send(self, messages: Sequence[Message]) -> None:
        """Take messages."""


def test_the_ticker_tells_of_a_collector_that_is_silent() -> None:
    database, drain = MemoryDatabase(), Drain()
    world = World(database, VirtualClock(NOW), ticks=drain, input_ticks=drain, shipments=drain, flushes=drain)
    minute = ticker(world, Settings())
    assert minute().behind_seconds == {}
    database.write(Update(INDEX, set={"inputs": 1}))
    create(database, Head("1.0", 1, ago(5)))
    SampleLog(database).note("inputs.1.0", 0, None, ago(665))
    assert minute().behind_seconds == {"1.0": 0, "inputs.1.0": 585}
