"""Where series end: a sample of a run of an input ends with the next run of it that has none."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest

from tests.unit.collecting import Desk, check
from tocsin.collection.gather import Gather
from tocsin.collection.input import Shape, TimeSource
from tocsin.instants import millis
from tocsin.metric import FieldValue, Metric
from tocsin.promql.series import LOOKBACK_MS
from tocsin.samples.series import SeriesStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RAN = "tocsin_input"
Run = Sequence[Metric]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def ms(seconds: float) -> int:
    return millis(at(seconds))


def metric(seconds: float, name: str = "web", value: FieldValue = 0, **tags: str) -> Metric:
    return Metric(name, {"code": value}, {"input": "shop", **tags}, at=at(seconds))


def ran(seconds: float, **tags: str) -> Metric:
    """Return what is said of a run, whatever it gathered."""
    return Metric(RAN, {"up": 1}, {"input": "shop", "kind": "http_response", **tags}, at=at(seconds))


def stored(runs: Iterable[Run]) -> SeriesStore:
    store = SeriesStore(0)
    for run in runs:
        store.add(run)
    return store


def alive(store: SeriesStore, seconds: float, label: str = "result") -> list[str]:
    """Return which series of the check have a sample at a time, by one of their labels."""
    found = [series for series in store.select(()) if series.labels["__name__"] == "web_code"]
    return [series.labels.get(label, "") for series in found if series.last(ms(seconds))]


CHANGES: tuple[Run, ...] = (
    (metric(0, result="success"), ran(0)),
    (metric(10, value=3, result="connection_failed"), ran(10)),
    (metric(20, value=3, result="connection_failed"), ran(20)),
    (metric(30, result="success"), ran(30)),
)


@pytest.mark.parametrize(
    ("seconds", "found"),
    {
        0: ["success"],
        9.999: ["success"],
        10: ["connection_failed"],
        25: ["connection_failed"],
        30: ["success"],
        300: ["success"],
        331: [],
    }.items(),
)
def test_a_tag_that_changes_leaves_no_old_series_alive(seconds: float, found: list[str]) -> None:
    assert alive(stored(CHANGES), seconds) == found


def test_the_order_in_which_entries_are_read_does_not_matter() -> None:
    for runs in permutations(CHANGES):
        store = stored(runs)
        assert [alive(store, seconds) for seconds in (0, 10, 20, 30)] == [
            ["success"],
            ["connection_failed"],
            ["connection_failed"],
            ["success"],
        ]


def test_a_run_that_gathers_nothing_ends_what_the_one_before_gathered() -> None:
    store = stored([CHANGES[0], (ran(10),)])
    assert alive(store, 9) == ["success"]
    assert alive(store, 10) == []


def test_while_nobody_runs_an_input_its_samples_count_as_long_as_any() -> None:
    store = stored(CHANGES[:1])
    assert alive(store, LOOKBACK_MS / 1000) == ["success"]
    assert alive(store, LOOKBACK_MS / 1000 + 1) == []


def test_runs_of_others_end_nothing() -> None:
    others = (ran(10, location="us"), ran(20), Metric(RAN, {"up": 1}, {"input": "blog"}, at=at(30)))
    store = stored([(metric(0, result="eu", location="eu"), ran(0, location="eu")), others])
    assert alive(store, 40) == ["eu"]


def test_locations_are_told_apart() -> None:
    def run(seconds: float, location: str, result: str) -> Run:
        return metric(seconds, result=result, location=location), ran(seconds, location=location)

    store = stored([run(0, "eu", "up"), run(3, "us", "up"), run(10, "eu", "down"), run(13, "us", "up")])
    assert alive(store, 12) == ["down", "up"]
    assert alive(store, 12, "location") == ["eu", "us"]


def test_a_sample_with_a_time_of_its_own_lasts_as_long_as_any() -> None:
    """What CloudWatch says of two minutes ago is not over because the check has run since."""
    store = stored([(metric(-120, result="a"), ran(0)), (ran(10),), (ran(20),)])
    assert alive(store, 25) == ["a"]
    assert alive(store, -120 + LOOKBACK_MS / 1000 + 1) == []


def test_what_no_input_gathered_lasts_as_long_as_any() -> None:
    posted = Metric("web", {"code": 1}, {"result": "posted"}, at=NOON)
    assert alive(stored([(posted, ran(0)), (ran(10),)]), 60) == ["posted"]


def test_what_another_stack_has_written_ends_with_its_runs() -> None:
    def written(run: Run) -> Run:
        """Return a run as remote write brings it: a metric for each series."""
        return [
            Metric("prometheus", {f"{each.name}_{field}": value}, each.tags, at=each.at)
            for each in run
            for field, value in each.fields.items()
        ]

    store = stored(map(written, CHANGES))
    assert [alive(store, seconds) for seconds in (5, 15, 35)] == [
        ["success"],
        ["connection_failed"],
        ["success"],
    ]


def test_an_end_takes_nothing_from_what_is_asked_by_a_range() -> None:
    [series] = [s for s in stored(CHANGES).select(()) if s.labels.get("result") == "connection_failed"]
    window = series.between(ms(0), ms(60))
    assert window is not None
    assert list(window.values) == [3, 3]


def test_what_is_forgotten_takes_its_runs_along_and_the_rest_ends_as_before() -> None:
    store = stored(CHANGES)
    store.drop_before(ms(15))
    assert alive(store, 25) == ["connection_failed"]
    assert alive(store, 30) == ["success"]
    store.add((metric(40, value=6, result="other"), ran(40)))
    assert alive(store, 40) == ["other"]


# -- as runs are stamped ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "precision"),
    list(product(TimeSource, (0.001, 1, 60))),
    ids=[f"{source} {precision}" for source, precision in product(TimeSource, (0.001, 1, 60))],
)
def test_however_a_run_is_stamped_its_samples_end_with_the_next_one(
    source: TimeSource, precision: float
) -> None:
    desk = Desk()
    results = iter("abc")

    def gather(given: Gather) -> None:
        desk.clock.sleep(1.25)
        given.add("web", {"code": 1}, {"result": next(results)})

    desk.probes["shop"] = gather
    shape = Shape(time_source=source, precision=timedelta(seconds=precision))
    desk.add(check("shop", interval=120, shape=shape))
    for wanted in "abc":
        desk.tick(120)
        store = stored(entry.metrics for entry in desk.entries())
        assert alive(store, (desk.clock.now() - NOON).total_seconds() + 60) == [wanted]
