"""What is to be written: once, in order, in lanes and batches."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.ports import Refused, Stored, Unanswered, Written
from tocsin.sinks.points import Outcome, Point, batches, combined, lanes, points

T0 = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
MS = 1772366400250
SECOND = timedelta(seconds=1)

point_lists = st.lists(
    st.builds(
        Point, st.sampled_from("abcdefg").map(lambda name: (("n", name),)), st.integers(0, 9), st.none()
    )
)


def test_samples_become_points_earliest_first() -> None:
    later, earlier = Written({"n": "x"}, 2.0, T0 + SECOND), Written({"n": "x"}, 1.0, T0)
    labels = (("n", "x"),)
    assert points([later, earlier]) == [Point(labels, MS, 1.0), Point(labels, MS + 1000, 2.0)]


def test_a_series_is_the_same_however_its_labels_come() -> None:
    samples = [
        Written({"b": "2", "a": "1"}, 1.0, T0),
        Written({"a": "1", "b": "2", "c": ""}, 2.0, T0 + SECOND),
    ]
    assert {point.labels for point in points(samples)} == {(("a", "1"), ("b", "2"))}


def test_of_two_samples_at_one_time_the_first_counts() -> None:
    assert points([Written({"n": "x"}, 1.0, T0), Written({"n": "x"}, None, T0)]) == [
        Point((("n", "x"),), MS, 1.0)
    ]


@given(point_lists, st.integers(1, 5))
def test_lanes_keep_each_series_whole_and_in_order(given_points: list[Point], count: int) -> None:
    dealt = lanes(given_points, count)
    assert len(dealt) <= count
    series: dict[object, list[Point]] = defaultdict(list)
    for point in given_points:
        series[point.labels].append(point)
    for labels, expected in series.items():
        [found] = [lane for lane in dealt if any(point.labels == labels for point in lane)]
        assert [point for point in found if point.labels == labels] == expected
    assert sum(map(len, dealt)) == len(given_points)


@given(point_lists, st.integers(1, 7), st.integers(1, 400))
def test_batches_are_the_lane_cut_to_size(lane: list[Point], most: int, max_bytes: int) -> None:
    cut = [*batches(lane, most, max_bytes)]
    assert [point for batch in cut for point in batch] == lane
    assert all(0 < len(batch) <= most for batch in cut)
    assert all(len(batch) == 1 or len(batch) * 32 <= max_bytes for batch in cut)


def test_a_batch_is_as_full_as_it_may_be() -> None:
    lane = [Point((("n", "x"),), ms, 1.0) for ms in range(10)]
    assert [len(batch) for batch in batches(lane, 4, 1 << 20)] == [4, 4, 2]
    assert [len(batch) for batch in batches(lane, 100, 100)] == [2] * 5  # 42 bytes each, as they are counted


def test_what_may_be_tried_again_goes_before_what_is_refused() -> None:
    outcomes: list[Outcome] = [Stored(2), Refused("bad_data", "a"), Unanswered("b"), Stored(3)]
    assert combined(outcomes) == Unanswered("b")
    assert combined(outcomes[:2]) == Refused("bad_data", "a")
    assert combined([Stored(2), Stored(3)]) == Stored(5)
    assert combined([]) == Stored()
