"""How the metrics of an input are named, tagged, timed and filtered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.collection.input import Input, Shape, TimeSource
from tocsin.collection.shaping import shaped
from tocsin.metric import Metric
from tocsin.samples.filters import Filters

BEGAN = datetime(2026, 11, 21, 12, 0, 0, 400_000, UTC)
ENDED = BEGAN + timedelta(seconds=1)
MADE = datetime(2026, 11, 21, 12, 0, 0, 700_000, UTC)
METRIC = Metric("net", {"up": 1, "ms": 3.5}, {"server": "a"}, at=MADE)
CHECK = Input("shop-front", "net_response")


def shape(
    metric: Metric = METRIC,
    everywhere: dict[str, str] | None = None,
    filters: Filters | None = None,
    alias: str = "",
    **given: Any,
) -> Metric | None:
    check = replace(CHECK, shape=Shape(**given), filters=filters or Filters(), alias=alias)
    found = shaped(check, [metric], BEGAN, ENDED, everywhere or {})
    return found[0] if found else None


def test_what_is_not_shaped_is_tagged_with_its_input_and_rounded_to_the_second() -> None:
    assert shape() == Metric(
        "net",
        {"up": 1, "ms": 3.5},
        {"server": "a", "input": "shop-front"},
        at=MADE.replace(second=1, microsecond=0),
    )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"name_override": "front"}, "front"),
        ({"name_prefix": "my_", "name_suffix": "_eu"}, "my_net_eu"),
        ({"name_override": "front", "name_prefix": "my_", "name_suffix": "_eu"}, "my_front_eu"),
    ],
)
def test_a_name_is_overridden_then_prefixed_then_suffixed(given: dict[str, Any], name: str) -> None:
    found = shape(**given)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            {"everywhere": {"env": "prod", "input": "mine"}, "tags": {"env": "test"}},
            {"server": "a", "env": "test", "input": "mine"},
            id="the input's own before those of all inputs",
        ),
        pytest.param(
            {"everywhere": {"server": "b"}, "tags": {"server": "c"}},
            {"server": "a", "input": "shop-front"},
            id="a metric's own before all",
        ),
        pytest.param({"alias": "front"}, {"server": "a", "input": "front"}, id="the alias before the id"),
        pytest.param(
            {"everywhere": {"location": "eu-west-1"}},
            {"server": "a", "location": "eu-west-1", "input": "shop-front"},
            id="where it was seen from",
        ),
    ],
)
def test_tags_are_added_and_never_replaced(given: dict[str, Any], expected: dict[str, str]) -> None:
    found = shape(**given)
    assert found is not None
    assert found.tags == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (TimeSource.METRIC, MADE.replace(second=1, microsecond=0)),
        (TimeSource.COLLECTION_START, BEGAN),
        (TimeSource.COLLECTION_END, ENDED),
    ],
)
def test_a_time_is_the_metrics_own_rounded_or_one_of_the_collection_as_it_is(
    source: TimeSource, expected: datetime
) -> None:
    found = shape(time_source=source)
    assert found is not None
    assert found.at == expected


@pytest.mark.parametrize(
    ("precision", "made", "expected"),
    [
        (timedelta(seconds=1), "12:00:00.499", "12:00:00"),
        (timedelta(seconds=1), "12:00:00.500", "12:00:01"),
        (timedelta(milliseconds=100), "12:00:00.049", "12:00:00"),
        (timedelta(milliseconds=100), "12:00:00.050", "12:00:00.100"),
        (timedelta(minutes=1), "12:00:30", "12:01:00"),
        (timedelta(milliseconds=1), "12:00:00.000499", "12:00:00"),
        (timedelta(milliseconds=1), "12:00:00.000500", "12:00:00.001"),
        (timedelta(microseconds=1), "12:00:00.000123", "12:00:00.000123"),
    ],
)
def test_a_time_is_rounded_half_up_to_the_precision(precision: timedelta, made: str, expected: str) -> None:
    metric = replace(METRIC, at=datetime.fromisoformat(f"2026-11-21T{made}+00:00"))
    found = shape(metric, precision=precision)
    assert found is not None
    assert found.at == datetime.fromisoformat(f"2026-11-21T{expected}+00:00")


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        pytest.param(Filters(namepass=("net",)), True, id="namepass by the name before the prefix"),
        pytest.param(Filters(namepass=("my_net",)), False, id="not by the one after"),
        pytest.param(Filters(tagdrop={"env": ("test",)}), True, id="tagdrop by the tags before ours"),
        pytest.param(Filters(tagdrop={"server": ("a",)}), False, id="tagdrop by the metric's own"),
        pytest.param(Filters(fieldinclude=("none",)), False, id="without a field there is nothing"),
    ],
)
def test_filters_decide_on_the_metric_as_it_was_gathered(filters: Filters, passes: bool) -> None:
    found = shape(name_prefix="my_", everywhere={"env": "test"}, filters=filters)
    assert (found is not None) is passes


def test_fields_and_tags_are_taken_away_after_all_tags_are_there_but_the_input_stays() -> None:
    filters = Filters(taginclude=("env",), fieldexclude=("ms",))
    found = shape(everywhere={"env": "test", "zone": "b"}, filters=filters)
    assert found is not None
    assert found.fields == {"up": 1}
    assert found.tags == {"env": "test", "input": "shop-front"}
