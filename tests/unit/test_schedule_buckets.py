"""Buckets and offsets: Grafana's vectors, ids fixed for ever, and neither tells anything of the other."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.labels import Labels
from tocsin.schedule.buckets import BUCKETS, SLOTS, bucket, offset, slot, unit_id
from tocsin.schedule.ticks import TICK

GROUP_1: Labels = {"name": "group-1", "file": "ns-1", "orgId": "1"}
GROUP_2: Labels = {"name": "group-2", "file": "ns-1", "orgId": "1"}
SPACED: Labels = {"name": "eval group", "file": "abcDEF", "orgId": "2"}

OFFSETS: dict[str, tuple[Labels, int, int]] = {  # spread by, interval in seconds, offset in ticks
    "group-1, 1 minute": (GROUP_1, 60, 4),
    "group-1, 5 minutes": (GROUP_1, 300, 16),
    "group-2, 1 minute": (GROUP_2, 60, 1),
    "a name with a space, 1 hour": (SPACED, 3600, 129),
    "by rule, 1 minute": ({**GROUP_1, "uid": "rule-1"}, 60, 0),
    "one tick": (GROUP_1, 10, 0),
}


@pytest.mark.parametrize(("labels", "seconds", "ticks"), OFFSETS.values(), ids=OFFSETS)
def test_an_offset_is_grafanas(labels: Labels, seconds: int, ticks: int) -> None:
    assert offset(timedelta(seconds=seconds), labels) == ticks * TICK


def test_an_interval_of_no_whole_ticks_has_an_offset_of_whole_seconds() -> None:
    assert offset(timedelta(seconds=15), GROUP_1) == timedelta(seconds=0xF26D3F08B92DA4FA % 15)


names = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)


@given(st.integers(1, 10_000_000).map(lambda ms: timedelta(milliseconds=ms)), names)
def test_an_offset_lies_in_the_interval_on_the_coarsest_grid_that_divides_it(
    interval: timedelta, spread_by: Labels
) -> None:
    found = offset(interval, spread_by)
    assert timedelta(0) <= found < interval
    grids = [grid for grid in (TICK, timedelta(seconds=1)) if interval % grid == timedelta(0)]
    assert found % grids[0] == timedelta(0) if grids else found == timedelta(0)


def test_an_id_is_fixed_for_ever() -> None:
    unit = unit_id("ns/group", 'ns/group/Down{severity="page"}')
    assert unit == "78fafff9f51d6e4f02496eb3"
    assert (bucket(unit), slot(unit)) == (0x78FA, 3)


def test_slots_divide_the_buckets_evenly() -> None:
    units = [f"{number:04x}{'0' * 20}" for number in range(BUCKETS)]
    assert Counter(map(slot, units)) == dict.fromkeys(range(SLOTS), BUCKETS // SLOTS)


@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_buckets_and_offsets_are_independent_and_both_even(minutes: int) -> None:
    """Chi-square over 8 bucket ranges and up to 6 classes of offsets: within 5 sigma of what chance gives."""
    interval, rows, columns, count = timedelta(minutes=minutes), 8, 6, 12_000
    ticks = interval // TICK
    cells: Counter[tuple[int, int]] = Counter()
    for number in range(count):
        group = {"name": f"group-{number}", "file": f"team-{number % 17}.yml", "orgId": "1"}
        unit = unit_id(f"{group['file']}/{group['name']}", f"{group['file']}/{group['name']}/Down")
        cells[slot(unit), offset(interval, group) // TICK * columns // ticks] += 1
    expected = count / (rows * columns)
    chi_square = sum(
        (cells[row, column] - expected) ** 2 / expected for row in range(rows) for column in range(columns)
    )
    freedom = rows * columns - 1
    assert abs(chi_square - freedom) < 5 * (2 * freedom) ** 0.5
