"""What of a request is taken, and what is said of the rest."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from tocsin.metric import Metric
from tocsin.samples.bounds import MOST_NAME_CHARS, MOST_TAGS, MOST_TEXT_CHARS
from tocsin.samples.codec import from_document, to_document
from tocsin.samples.ingesting import (
    MOST_SAMPLES,
    NEWEST,
    OLDEST,
    Rejection,
    TooManyError,
    Why,
    from_series,
    sift,
    store,
)
from tocsin.samples.log import SampleLog
from tocsin.samples.naming import series_of
from tocsin.samples.prompb import Series
from tocsin.samples.writers import INGEST
from tocsin.staleness import STALE, is_stale
from tocsin.stores.memory import MemoryDatabase

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MS = 1_769_860_800_000
MOMENT = timedelta(microseconds=1)


def cpu(at: datetime = NOW, **fields: float | str) -> Metric:
    return Metric("cpu", fields or {"idle": 1.5}, {"host": "a"}, at=at)


TAKEN = {
    "now": cpu(),
    "as old as may be": cpu(NOW - OLDEST),
    "as new as may be": cpu(NOW + NEWEST),
    "as many tags as may be": Metric("m", {"f": 1}, {str(n): "x" for n in range(MOST_TAGS)}, at=NOW),
    "names as long as may be": Metric("m" * MOST_NAME_CHARS, {"f" * MOST_NAME_CHARS: 1}, at=NOW),
    "texts as long as may be": Metric(
        "m", {"f": "x" * MOST_TEXT_CHARS}, {"t": "x" * MOST_TEXT_CHARS}, at=NOW
    ),
}
REFUSED = {
    "too old": (cpu(NOW - OLDEST - MOMENT), Why.TOO_OLD),
    "too new": (cpu(NOW + NEWEST + MOMENT), Why.TOO_NEW),
    "too many tags": (
        Metric("m", {"f": 1}, {str(n): "x" for n in range(MOST_TAGS + 1)}, at=NOW),
        Why.TOO_LARGE,
    ),
    "a long name": (Metric("m" * (MOST_NAME_CHARS + 1), {"f": 1}, at=NOW), Why.TOO_LARGE),
    "a field with a long name": (Metric("m", {"f" * (MOST_NAME_CHARS + 1): 1}, at=NOW), Why.TOO_LARGE),
    "a tag with a long name": (
        Metric("m", {"f": 1}, {"t" * (MOST_NAME_CHARS + 1): ""}, at=NOW),
        Why.TOO_LARGE,
    ),
    "a long tag": (Metric("m", {"f": 1}, {"t": "x" * (MOST_TEXT_CHARS + 1)}, at=NOW), Why.TOO_LARGE),
    "a long text": (cpu(text="x" * (MOST_TEXT_CHARS + 1)), Why.TOO_LARGE),
}


@pytest.mark.parametrize("metric", TAKEN.values(), ids=TAKEN)
def test_what_is_within_bounds_is_taken(metric: Metric) -> None:
    assert sift([metric], NOW).taken == (metric,)


@pytest.mark.parametrize(("metric", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_beyond_a_bound_is_refused_alone(metric: Metric, why: Why) -> None:
    sifted = sift([cpu(), metric], NOW)
    assert sifted.taken == (cpu(),)
    assert sifted.reasons == {why: 1}


def test_each_field_is_a_sample_and_so_many_are_taken_at_once() -> None:
    half = Metric("cpu", {f"f{number}": 1.0 for number in range(MOST_SAMPLES // 2)}, at=NOW)
    assert sift([half, half], NOW).samples == MOST_SAMPLES
    for more in (cpu(), Rejection("line 3", Why.MALFORMED, "no fields")):
        with pytest.raises(TooManyError, match="at most 20000 samples are taken at once"):
            sift([half, half, more], NOW)


def test_who_sent_it_is_told_what_is_wrong_with_which() -> None:
    late = cpu(NOW - timedelta(hours=2), idle=1.0, user=2.0)
    sifted = sift([cpu(), Rejection("line 7", Why.MALFORMED, "no fields"), late], NOW)
    assert sifted.told() == (
        "partial write: 1 of 4 samples are stored; line 7: no fields; cpu: its time is more than 1 h ago"
    )
    assert sifted.reasons == {Why.MALFORMED: 1, Why.TOO_OLD: 2}


def test_who_sent_much_that_is_wrong_is_told_of_some_of_it() -> None:
    sifted = sift([Rejection(f"line {n}", Why.MALFORMED, "no fields") for n in range(1, 1001)], NOW)
    assert sifted.told().endswith("; line 10: no fields; and 990 more")


def read(*series: Series) -> list[Metric | Rejection]:
    return list(from_series(series))


def test_series_become_metrics_that_give_them_back() -> None:
    labels = (("__name__", "up"), ("job", "api"))
    found = read(Series(labels, ((MS, 1.0), (MS + 1000, 0.0))))
    assert found == [
        Metric("prometheus", {"up": 1.0}, {"job": "api"}, at=NOW),
        Metric("prometheus", {"up": 0.0}, {"job": "api"}, at=NOW + timedelta(seconds=1)),
    ]
    assert [list(series_of(each)) for each in found if isinstance(each, Metric)] == [
        [({"__name__": "up", "job": "api"}, 1.0)],
        [({"__name__": "up", "job": "api"}, 0.0)],
    ]


BAD = {
    "no name": (Series((("job", "api"),), ((MS, 1.0),) * 3), "a series: it has no name", {Why.MALFORMED: 3}),
    "an empty name": (
        Series((("__name__", ""),), ((MS, 1.0),)),
        "a series: it has no name",
        {Why.MALFORMED: 1},
    ),
    "a label twice": (
        Series((("__name__", "up"), ("a", "1"), ("a", "2")), ((MS, 1.0),)),
        "up: it has a label twice",
        {Why.MALFORMED: 1},
    ),
    "no time": (Series((("__name__", "up"),), ((1 << 62, 1.0),)), "up: its time is none", {Why.MALFORMED: 1}),
    "native histograms": (
        Series((("__name__", "up"),), (), 2),
        "up: native histograms are not read",
        {Why.UNSUPPORTED: 2},
    ),
}


@pytest.mark.parametrize(("series", "said", "reasons"), BAD.values(), ids=BAD)
def test_series_that_are_none_are_refused(series: Series, said: str, reasons: dict[Why, int]) -> None:
    sifted = sift(read(series), NOW)
    assert (sifted.taken, sifted.reasons) == ((), reasons)
    assert sifted.told().endswith(said)


def test_the_end_of_a_series_is_kept_as_what_it_is() -> None:
    ended = read(Series((("__name__", "up"),), ((MS, STALE), (MS + 1, float("nan")))))
    stored = from_document(to_document(sift(ended, NOW).taken))
    assert [is_stale(metric.fields["up"]) for metric in stored] == [True, False]


def test_what_is_taken_is_spread_over_a_few_logs_and_stands() -> None:
    database, numbers = MemoryDatabase(), count()
    log = SampleLog(database)
    for _ in range(40):
        store(log, [cpu()], NOW, lambda: f"token{next(numbers)}")
    entries = {writer: log.read(writer, 0) for writer in INGEST}
    assert all(entries.values())
    assert sum(map(len, entries.values())) == 40
    store(log, [], NOW, lambda: "token")
    assert sum(len(log.read(writer, 0)) for writer in INGEST) == 40
