"""The source `inputs`: a rule on what a check gathered, what is asked at once, and what goes wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.unit.source_access import FakeAccess
from tocsin.expressions.languages import compiled
from tocsin.metric import Metric
from tocsin.ports import Answer, Item, Key, Query, Refused, Sample, Samples, Unanswered
from tocsin.samples.log import SampleLog
from tocsin.samples.reading import Reader
from tocsin.samples.series import SERIES_LOAD
from tocsin.sources.book import Sources
from tocsin.sources.built_in import built_in
from tocsin.sources.inputs import KIND, InputsSource
from tocsin.sources.languages import of_definitions
from tocsin.stores.memory import MemoryDatabase

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(seconds=10)
DOWN = "count by (server) (http_response_result_code > 0) >= 2"


@dataclass
class Ticking:
    """A clock that goes on by so many seconds whenever it is looked at."""

    step_seconds: float = 0.0
    seconds: float = 0.0

    def now(self) -> datetime:
        self.seconds += self.step_seconds
        return NOW + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps")


class Failing(MemoryDatabase):
    """A database that answers with an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get(self, *keys: Key) -> list[Item | None]:
        raise self.error


@pytest.fixture
def database() -> MemoryDatabase:
    """Return a database with half an hour of a check of two servers from three places."""
    database = MemoryDatabase()
    log = SampleLog(database)
    for number in range(180, -1, -1):
        at = NOW - number * TICK
        log.add("inputs.1.0", list(gathered(at, number)), at, at.isoformat)
    return database


def gathered(at: datetime, number: int) -> Iterable[Metric]:
    for location in ("eu", "us", "ap"):
        shop = {"server": "https://shop.example", "location": location}
        down = number < 6 and location != "ap"
        yield Metric("http_response", {"result_code": 3 if down else 0, "result_type": "x"}, shop, at=at)
        blog = {"server": "https://blog.example", "location": location}
        yield Metric("http_response", {"result_code": int(location == "eu")}, blog, at=at)


def query(expr: str, *at: datetime) -> Query:
    return Query(expr, at or (NOW,), 10.0, KIND.compile(expr))


def source(database: MemoryDatabase, clock: Ticking | None = None, most: int = 10**6) -> InputsSource:
    return InputsSource(Reader(database), clock or Ticking(), most)


def ask(database: MemoryDatabase, expr: str, *at: datetime) -> Answer:
    [answer] = source(database).ask([query(expr, *at)], 5)
    return answer


def test_what_is_down_from_two_places_of_three_is_found(database: MemoryDatabase) -> None:
    assert ask(database, DOWN) == Samples(((Sample({"server": "https://shop.example"}, 2.0),),))


def test_all_timestamps_that_were_missed_are_answered_at_once(database: MemoryDatabase) -> None:
    answer = ask(database, DOWN, *[NOW - number * TICK for number in range(8, -1, -1)])
    assert isinstance(answer, Samples)
    assert [len(samples) for samples in answer.at] == [0, 0, 0, 1, 1, 1, 1, 1, 1]


def test_the_next_tick_sees_what_was_gathered_since(database: MemoryDatabase) -> None:
    asked = source(database)
    asked.ask([query(DOWN)], 5)
    later = NOW + TICK
    SampleLog(database).add("inputs.1.0", list(gathered(later, 100)), later, later.isoformat)
    assert asked.ask([query(DOWN, later)], 5) == [Samples(((),))]


def test_no_samples_are_an_answer() -> None:
    assert ask(MemoryDatabase(), "absent(up)") == Samples(((Sample({}, 1.0),),))
    assert ask(MemoryDatabase(), "up == 0") == Samples(((),))


def test_queries_are_answered_in_their_order(database: MemoryDatabase) -> None:
    exprs = ["vector(1)", "http_response_result_code + on () group_left () http_response_result_code", "2"]
    queries = [query(expr) for expr in exprs]
    answers = source(database).ask([queries[0], Query("x", (NOW,), 10.0), *queries[1:]], 5)
    assert answers[0] == Samples(((Sample({}, 1.0),),))
    assert answers[1] == Refused("bad_data", "the rule was not compiled for this source")
    assert isinstance(answers[2], Refused)
    assert answers[2].reason == "execution"
    assert "many-to-many matching not allowed" in answers[2].detail
    assert answers[3] == Samples(((Sample({}, 2.0),),))


def test_only_the_query_that_looks_at_too_much_is_refused(database: MemoryDatabase) -> None:
    queries = [query("sum_over_time(http_response_result_code[30m])"), query(DOWN)]
    answers = source(database, most=100).ask(queries, 5)
    assert answers[0] == Refused("too_large", "it looks at more than 100 samples")
    assert isinstance(answers[1], Samples)


def test_only_the_query_that_reads_more_than_memory_holds_is_refused(database: MemoryDatabase) -> None:
    asked = InputsSource(Reader(database, most_load=400 + 6 * SERIES_LOAD), Ticking())
    answers = asked.ask([query("max_over_time(http_response_result_code[30m])"), query(DOWN)], 5)
    assert isinstance(answers[0], Refused)
    assert answers[0].reason == "too_large"
    assert isinstance(answers[1], Samples)


def test_what_is_about_one_moment_goes_first_while_there_is_time(database: MemoryDatabase) -> None:
    missed = query("http_response_result_code > 0", *[NOW - number * TICK for number in range(60, -1, -1)])
    answers = source(database, Ticking(0.1)).ask([missed, query(DOWN)], 5)
    assert answers[0] == Unanswered("no time left to evaluate it")
    assert isinstance(answers[1], Samples)


def test_what_is_not_read_in_time_is_asked_again_and_what_is_read_is_answered(
    database: MemoryDatabase,
) -> None:
    clock = Ticking(1.0)
    asked = source(database, clock)
    queries = [
        query("max_over_time(http_response_result_code[25m]) > 9"),
        query("http_response_result_code > 9"),
    ]
    late = Unanswered("its samples are still being read")
    assert asked.ask(queries, 5) == [late, Samples(((),))]
    clock.step_seconds = 0.0
    assert asked.ask(queries, 5) == [Samples(((),)), Samples(((),))]


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://x"),
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "BatchGetItem"),
    ],
    ids=["unreachable", "throttled"],
)
def test_a_database_that_does_not_answer_leaves_all_unanswered(error: Exception) -> None:
    reason = f"the database did not answer: {type(error).__name__}"
    assert source(Failing(error)).ask([query("up"), query("1")], 5) == [
        Unanswered(reason, "unreachable"),
        Unanswered(reason, "unreachable"),
    ]


def test_it_is_there_without_being_defined(database: MemoryDatabase) -> None:
    backend = Sources(database, FakeAccess(), built_in(None))("inputs", 0)
    assert backend is not None
    [answer] = backend.source.ask([query(DOWN)], 5)
    assert isinstance(answer, Samples)
    assert len(answer.at[0]) == 1


def test_its_rules_know_their_plan_and_what_they_read() -> None:
    found = compiled(of_definitions({})("inputs"), "a > on () b @ start()")
    assert found.plan is not None
    assert found.reads == ("a", "b")
    assert found.singly
