"""The log, read into memory: what is new, as far back as is asked for, and no more than fits."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.index import INDEX
from tocsin.instants import millis
from tocsin.matchers import Matcher, MatchOp
from tocsin.metric import Metric
from tocsin.ports import Delete, Item, Key, Put
from tocsin.samples.log import Entry, SampleLog
from tocsin.samples.reading import Reader, Reading
from tocsin.samples.series import SERIES_LOAD, SeriesStore
from tocsin.schedule.layout import Layout
from tocsin.stores.memory import MemoryDatabase

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
SHARD = "inputs.1.0"
TICK = 10


class DownError(Exception):
    """The database does not answer."""


class Counting(MemoryDatabase):
    """A database that notes what is asked of it, and may be down for some requests."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.down_after = 10**9

    def get(self, *keys: Key) -> list[Item | None]:
        self._ask(f"get {len(keys)}")
        return super().get(*keys)

    def query(
        self, table: str, pk: str, *, prefix: str = "", between: tuple[str, str] | None = None
    ) -> list[Item]:
        self._ask(f"query {pk} {between}")
        return super().query(table, pk, prefix=prefix, between=between)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if len(self.asked) > self.down_after:
            raise DownError


@pytest.fixture
def database() -> Counting:
    return Counting()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def ms(seconds: float) -> int:
    return millis(START) + round(seconds * 1000)


def append(
    database: MemoryDatabase, seconds: float, value: float = 1.0, log: str = SHARD, **tags: str
) -> None:
    """Append an entry with one metric of that time."""
    at = START + timedelta(seconds=seconds)
    metric = Metric("load", {"one": value}, tags, at=at)
    SampleLog(database).add(log, [metric], at, lambda: f"{log}{seconds}{value}")


def history(database: MemoryDatabase, until: int, every: int = TICK, writer: str = SHARD) -> None:
    """Append an entry every so many seconds, its value that second."""
    for seconds in range(0, until, every):
        append(database, seconds, float(seconds), writer, writer=writer)


def values(reading: Reading, **labels: str) -> list[float]:
    """Return the values of the series with these labels, one after the other."""
    matchers = [Matcher("__name__", MatchOp.EQUAL, "load_one")]
    matchers += [Matcher(name, MatchOp.EQUAL, value) for name, value in labels.items()]
    return [value for series in reading.store.select(matchers) for value in series.values]


def queries(asked: Sequence[str]) -> list[str]:
    return [what for what in asked if what.startswith("query")]


def test_only_what_is_young_enough_is_read_at_first(database: Counting) -> None:
    history(database, 6 * 3600)
    database.asked.clear()
    found = Reader(database).read(ms(6 * 3600 - 300), ms(6 * 3600))
    assert values(found) == [float(second) for second in range(6 * 3600 - 300, 6 * 3600, TICK)]
    assert len(database.asked) <= 4
    assert found.store.samples == 30


def test_a_tick_costs_one_request_for_the_heads_and_one_for_each_log_with_news(database: Counting) -> None:
    history(database, 600)
    reader = Reader(database)
    reader.read(ms(300), ms(600))
    append(database, 600, 600.0, writer=SHARD)
    append(database, 600, 7.0, "ingest.2")
    database.asked.clear()
    found = reader.read(ms(310), ms(610))
    assert sorted(what.split()[0] for what in database.asked) == ["get", "query", "query"]
    assert {600.0, 7.0} <= set(values(found))
    database.asked.clear()
    reader.read(ms(320), ms(620))
    assert [what.split()[0] for what in database.asked] == ["get"]


def test_an_entry_is_read_that_the_head_does_not_tell_of_yet(database: Counting) -> None:
    history(database, 100)
    at = START + timedelta(seconds=100)
    SampleLog(database).append(Entry(SHARD, 11, at, "t", (Metric("load", {"one": 5.0}, at=at),)))
    assert 5.0 in values(Reader(database).read(ms(0), ms(110)))


def test_what_is_older_than_the_longest_span_is_forgotten(database: Counting) -> None:
    history(database, 600)
    reader = Reader(database)
    assert reader.read(ms(0), ms(600)).store.samples == 60
    for seconds in range(600, 1200, TICK):
        append(database, seconds, float(seconds), writer=SHARD)
    assert min(values(reader.read(ms(1100), ms(1200)))) == 600.0
    assert reader.read(ms(1100), ms(1200)).store.samples == 60


def test_a_longer_span_than_before_is_read_anew(database: Counting) -> None:
    history(database, 3600)
    reader = Reader(database)
    assert reader.read(ms(3300), ms(3600)).store.samples == 30
    found = reader.read(ms(1800), ms(3600))
    assert values(found) == [float(second) for second in range(1800, 3600, TICK)]


def test_what_slept_for_long_begins_anew(database: Counting) -> None:
    history(database, 600)
    reader = Reader(database)
    reader.read(ms(300), ms(600))
    for seconds in range(600, 7200, TICK):
        append(database, seconds, float(seconds), writer=SHARD)
    database.asked.clear()
    assert min(values(reader.read(ms(6900), ms(7200)))) == 6900.0
    assert len(queries(database.asked)) <= 3


def test_logs_of_all_paces_are_read_as_far_back_as_is_asked_for(database: Counting) -> None:
    writers = {SHARD: 10, "runs.0": 300, "ingest.1": 1}
    for writer, every in writers.items():
        history(database, 1800, every, writer)
    found = Reader(database).read(ms(900), ms(1800))
    for writer, every in writers.items():
        assert values(found, writer=writer) == [float(second) for second in range(900, 1800, every)]


def test_a_sample_that_is_younger_than_its_entry_is_not_missed(database: Counting) -> None:
    history(database, 1200)
    at = START + timedelta(seconds=1200)
    late = Metric("load", {"one": -1.0}, {"of": "tomorrow"}, at=at + timedelta(seconds=30))
    SampleLog(database).add(SHARD, [late], at, lambda: "x")
    for seconds in range(1210, 2000, TICK):
        append(database, seconds, float(seconds), writer=SHARD)
    assert values(Reader(database).read(ms(1220), ms(2000)), of="tomorrow") == [-1.0]


def test_of_two_samples_of_a_series_at_one_time_the_first_stands(database: Counting) -> None:
    append(database, 10, 1.0)
    append(database, 10, 2.0)
    assert values(Reader(database).read(ms(0), ms(20))) == [1.0]


def test_samples_that_come_late_are_put_in_their_places(database: Counting) -> None:
    for seconds, value in ((10, 1.0), (30, 3.0), (20, 2.0)):
        at = START + timedelta(seconds=seconds)
        metric = Metric("load", {"one": value}, at=at)
        SampleLog(database).add("ingest.0", [metric], START + timedelta(seconds=40), lambda: "x")
    assert values(Reader(database).read(ms(0), ms(50))) == [1.0, 2.0, 3.0]


def test_more_samples_than_fit_make_it_reach_less_far_back(database: Counting) -> None:
    history(database, 3600, 1)
    found = Reader(database, most_load=1000 + SERIES_LOAD).read(ms(0), ms(3600))
    assert found.store.samples <= 1000
    assert found.since > ms(2500)
    assert max(values(found)) == 3599.0
    assert 0 <= ms(min(values(found))) - found.since < 1000


def test_what_did_not_fit_is_not_tried_again_at_once(database: Counting) -> None:
    history(database, 3600, 1)
    reader = Reader(database, most_load=1000 + SERIES_LOAD)
    reader.read(ms(0), ms(3600))
    database.asked.clear()
    reader.read(ms(10), ms(3610))
    assert queries(database.asked) == []
    reader.read(ms(700), ms(4300))
    assert queries(database.asked) != []


@pytest.mark.parametrize("expired", [range(1, 31), [*range(1, 25), 30], [30]], ids=["old", "holes", "one"])
def test_what_has_expired_makes_it_reach_less_far_back(database: Counting, expired: Iterable[int]) -> None:
    history(database, 600)
    for seq in expired:
        database.write(Delete(Key("samples", SHARD, f"{seq:012d}")))
    reader = Reader(database)
    found = reader.read(ms(0), ms(600))
    assert found.since == ms(300 + 60)
    assert values(found) == [float(second) for second in range(360, 600, TICK)]
    database.asked.clear()
    reader.read(ms(10), ms(610))
    assert queries(database.asked) == []


def test_what_has_expired_is_not_missed_by_who_does_not_need_it(database: Counting) -> None:
    history(database, 600)
    for seq in range(1, 20):
        database.write(Delete(Key("samples", SHARD, f"{seq:012d}")))
    history(database, 100, writer="ingest.3")
    for seq in range(1, 11):
        database.write(Delete(Key("samples", "ingest.3", f"{seq:012d}")))
    assert Reader(database).read(ms(700), ms(1000)).since == ms(700)


def test_a_time_before_1970_is_as_far_back_as_there_is_anything(database: Counting) -> None:
    history(database, 100)
    assert len(values(Reader(database).read(-1000, ms(100)))) == 10


def test_growing_beyond_what_fits_forgets_the_oldest(database: Counting) -> None:
    history(database, 100, 1)
    reader = Reader(database, most_load=150 + SERIES_LOAD)
    assert reader.read(ms(0), ms(100)).since == ms(0)
    for seconds in range(100, 200):
        append(database, seconds, float(seconds), writer=SHARD)
    found = reader.read(ms(0), ms(200))
    assert found.store.samples <= 150
    assert found.since > ms(0)
    assert max(values(found)) == 199.0


def test_series_take_memory_and_not_only_samples(database: Counting) -> None:
    for seconds in range(100):
        append(database, seconds, float(seconds), pod=str(seconds))
    most_load = 30 * (1 + SERIES_LOAD)
    reader = Reader(database, most_load)
    first = reader.read(ms(0), ms(100))
    assert 0 < first.store.load <= most_load
    assert first.since >= ms(70)
    for seconds in range(100, 140):
        append(database, seconds, float(seconds), pod=str(seconds))
    second = reader.read(ms(0), ms(140))
    assert 0 < second.store.load <= most_load
    assert max(values(second)) == 139.0


def news(database: MemoryDatabase, reader: Reader) -> None:
    """Let a reader read, and then fall behind by 100 entries and one that the head does not tell of."""
    history(database, 100, 1)
    reader.read(ms(-1000), ms(100))
    for seconds in range(100, 200):
        append(database, seconds, float(seconds), writer=SHARD)
    at = START + timedelta(seconds=200)
    metric = Metric("load", {"one": 200.0}, {"writer": SHARD}, at=at)
    SampleLog(database).append(Entry(SHARD, 201, at, "t", (metric,)))


def test_news_are_read_page_by_page_each_entry_once(database: Counting) -> None:
    reader = Reader(database)
    news(database, reader)
    database.asked.clear()
    found = reader.read(ms(0), ms(201))
    assert values(found) == [float(second) for second in range(201)]
    pages = [(after, f"{after + 15:012d}~") for after in range(101, 181, 16)]
    expected = [*((f"{first:012d}", last) for first, last in pages), ("000000000181", "000000000196~")]
    expected.append(("000000000197", "~"))
    assert queries(database.asked) == [f"query {SHARD} {between}" for between in expected]
    database.asked.clear()
    reader.read(ms(0), ms(202))
    assert queries(database.asked) == []


def test_who_has_no_time_for_the_news_answers_nothing_and_goes_on_at_the_next_call(
    database: Counting,
) -> None:
    reader = Reader(database)
    news(database, reader)
    database.asked.clear()
    first = reader.read(ms(0), ms(201), lambda: len(queries(database.asked)) >= 2)
    assert (first.is_done, first.since) == (False, ms(201) + 1)
    assert max(values(first)) == 131.0
    second = reader.read(ms(0), ms(201))
    assert second.is_done
    assert second.since <= ms(0)
    assert values(second) == [float(second) for second in range(201)]


def test_news_that_have_expired_are_passed(database: Counting) -> None:
    reader = Reader(database)
    news(database, reader)
    for seq in range(110, 150):
        database.write(Delete(Key("samples", SHARD, f"{seq:012d}")))
    found = reader.read(ms(0), ms(201))
    assert values(found) == [*map(float, range(109)), *map(float, range(149, 201))]


@pytest.mark.parametrize("requests", range(1, 5))
def test_a_database_that_fails_on_the_way_leaves_no_hole(database: Counting, requests: int) -> None:
    history(database, 3600, 1)
    reader = Reader(database)
    database.asked.clear()
    database.down_after = requests
    with pytest.raises(DownError):
        reader.read(ms(1800), ms(3600))
    database.down_after = 10**9
    assert values(reader.read(ms(1800), ms(3600))) == [float(second) for second in range(1800, 3600)]


def test_who_has_no_time_goes_on_at_the_next_call(database: Counting) -> None:
    history(database, 3600)
    reader = Reader(database)
    database.asked.clear()
    first = reader.read(ms(0), ms(3600), lambda: len(database.asked) > 2)
    assert not first.is_done
    assert ms(0) < first.since < ms(3600)
    append(database, 3600, 3600.0, writer=SHARD)
    second = reader.read(ms(0), ms(3610))
    assert (second.is_done, second.since) == (True, ms(0))
    assert values(second) == [float(second) for second in range(0, 3601, TICK)]


def test_a_new_layout_brings_new_writers(database: Counting) -> None:
    history(database, 100)
    reader = Reader(database)
    reader.read(ms(0), ms(100))
    layout = Layout().changed(2)
    database.write(Put(INDEX, {"layout": layout.to_document()}))
    append(database, 100, 100.0, f"inputs.{layout.version}.1", writer="new")
    found = reader.read(ms(0), ms(110))
    assert values(found, writer="new") == [100.0]
    assert len(values(found, writer=SHARD)) == 10


def test_many_writers_are_asked_for_in_requests_that_are_small_enough(database: Counting) -> None:
    database.write(Put(INDEX, {"layout": Layout().changed(250).to_document()}))
    append(database, 10, 5.0, "inputs.2.249")
    assert values(Reader(database).read(ms(0), ms(20))) == [5.0]


def test_series_without_samples_are_forgotten() -> None:
    store = SeriesStore(0)
    store.add([Metric("a", {"x": 1, "text": "none", "yes": True}, {"t": "1", "empty": ""}, at=START)])
    assert sorted(series.labels["__name__"] for series in store.select([])) == ["a_x", "a_yes"]
    store.drop_before(ms(1))
    assert (store.samples, store.load, list(store.select([]))) == (0, 0, [])


def test_a_log_without_entries_whose_cursor_moves_hides_nothing(database: Counting) -> None:
    history(database, 600, writer="inputs.1.0")
    log = SampleLog(database)
    log.note("runs.0", 0, None, at(600))
    log.append(Entry("runs.1", 1, at(-90_000), "old"))
    log.note("runs.1", 1, at(-90_000), at(-90_000))
    log.note("runs.1", 1, None, at(600))
    database.write(Delete(Key("samples", "runs.1", f"{1:012d}")))  # it has expired
    reading = Reader(database).read(ms(300), ms(600))
    assert (reading.since <= ms(300), reading.is_done) == (True, True)


def test_a_cursor_that_moves_is_no_news(database: Counting) -> None:
    log = SampleLog(database)
    log.note("runs.0", 3, at(10), at(10))
    log.note("runs.0", 3, None, at(500))
    [head] = log.heads(["runs.0"])
    assert (head.seq, head.at, head.cursor) == (3, at(10), at(500))
