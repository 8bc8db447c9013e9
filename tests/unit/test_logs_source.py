"""CloudWatch Logs as a source: what is asked when, how an answer is waited for, and what failures cost."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

from tocsin.expressions import logs_insights
from tocsin.local.clocks import VirtualClock
from tocsin.parallel import Threads
from tocsin.ports import Answer, Query, Refused, Sample, Samples, Unanswered, one_by_one
from tocsin.sources.cloudwatch_logs import MAX_ROWS, CloudWatchLogsSource
from tocsin.sources.guard import Guard

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEXT = "filter level = 'error' | stats count(*) as n by host"
EXPR = f"{TEXT} [5m] > 10"

Page = dict[str, Any]


def rows(**counts: object) -> Page:
    results = [
        [{"field": "host", "value": host}, {"field": "n", "value": str(count)}]
        for host, count in counts.items()
    ]
    return {"status": "Complete", "results": results, "statistics": {"bytesScanned": 1000.0}}


RUNNING: Page = {"status": "Running", "results": []}


class Fake:
    """Logs Insights: `answer` tells what a query's n-th look finds; exceptions are raised."""

    def __init__(
        self, answer: Callable[[Any, int], Page | Exception], start: Exception | None = None
    ) -> None:
        self.answer, self.start = answer, start
        self.started: list[Any] = []
        self.looks: dict[str, int] = {}
        self.stopped: list[str] = []
        self.running = self.most = 0
        self._lock = Lock()

    def start_query(self, **call: Any) -> dict[str, str]:
        if self.start is not None:
            raise self.start
        with self._lock:
            self.started.append(call)
            self.running += 1
            self.most = max(self.most, self.running)
            return {"queryId": str(len(self.started) - 1)}

    def get_query_results(self, queryId: str) -> Page:  # noqa: N803  the API's name
        look = self.looks[queryId] = self.looks.get(queryId, 0) + 1
        page = self.answer(self.started[int(queryId)], look)
        if isinstance(page, Exception):
            raise page
        with self._lock:
            self.running -= page["status"] == "Complete"
        return page

    def stop_query(self, queryId: str) -> dict[str, bool]:  # noqa: N803  the API's name
        self.stopped.append(queryId)
        return {"success": True}


def query(*minutes: int, expr: str = EXPR) -> Query:
    at = tuple(T0 + MINUTE * n for n in minutes or (0,))
    return Query(expr, at, 60.0, logs_insights.compile(expr))


def source(fake: Any, clock: VirtualClock | None = None, **options: Any) -> CloudWatchLogsSource:
    options = {"parallel": one_by_one, "log_groups": ["app"], **options}
    return CloudWatchLogsSource(fake, clock or VirtualClock(T0), **options)


def ask(fake: Any, *queries: Query, timeout_seconds: float = 8, **options: Any) -> list[Answer]:
    return list(source(fake, **options).ask(queries, timeout_seconds))


def client_error(code: str, message: str = "why", status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "StartQuery")


# -- what is asked ------------------------------------------------------------------------------------


def test_a_query_is_about_the_window_that_ends_at_its_timestamp() -> None:
    fake = Fake(lambda call, look: rows(web=11, db=10))
    assert ask(fake, query()) == [Samples(((Sample({"host": "web"}, 11.0),),))]
    seconds = int(T0.timestamp())
    assert fake.started == [
        {
            "queryString": TEXT,
            "startTime": seconds - 300,
            "endTime": seconds,
            "limit": MAX_ROWS,
            "logGroupIdentifiers": ["app"],
        }
    ]


def test_every_timestamp_has_a_query_of_its_own() -> None:
    fake = Fake(lambda call, look: rows(web=call["endTime"] % 3600))
    [answer] = ask(fake, query(1, 2, 3))
    assert isinstance(answer, Samples)
    assert [sample.value for (sample,) in answer.at] == [60.0, 120.0, 180.0]


def test_rules_that_differ_in_the_comparison_only_ask_once() -> None:
    fake = Fake(lambda call, look: rows(web=11))
    low, high, other = ask(fake, query(), query(expr=f"{TEXT} [5m] > 100"), query(expr=f"{TEXT} [1m]"))
    assert (low, high) == (Samples(((Sample({"host": "web"}, 11.0),),)), Samples(((),)))
    assert isinstance(other, Samples)
    assert len(fake.started) == 2


def test_what_asks_about_one_timestamp_goes_before_what_catches_up() -> None:
    fake = Fake(lambda call, look: rows())
    ask(fake, query(1, 2, 3), query(expr=f"{TEXT} [1m]"))
    assert [call["endTime"] - call["startTime"] for call in fake.started] == [60, 300, 300, 300]


def test_a_query_that_names_its_log_groups_is_given_none() -> None:
    fake = Fake(lambda call, look: rows())
    ask(fake, query(expr=f"SOURCE 'x' | {EXPR}"))
    assert "logGroupIdentifiers" not in fake.started[0]


def test_a_query_without_log_groups_is_refused_alone() -> None:
    fake = Fake(lambda call, look: rows())
    refused, answered = ask(fake, query(), query(expr=f"SOURCE 'x' | {EXPR}"), log_groups=[])
    assert refused == Refused("bad_data", "no log groups: the source has none and the query has no SOURCE")
    assert answered == Samples(((),))


def test_no_timestamps_are_no_query() -> None:
    fake = Fake(lambda call, look: rows())
    plan = logs_insights.compile(EXPR)
    assert ask(fake, Query(EXPR, (), 60.0, plan)) == [Samples(())]
    assert fake.started == []


@pytest.mark.parametrize("plan", [None, {}, {"query": "x"}, {**logs_insights.compile(EXPR), "op": "~"}])
def test_a_rule_without_a_plan_is_refused_alone(plan: dict[str, Any] | None) -> None:
    refused, answered = ask(Fake(lambda call, look: rows()), Query("x", (T0,), 60.0, plan), query())
    assert isinstance(refused, Refused)
    assert refused.reason == "bad_data"
    assert isinstance(answered, Samples)


# -- what an answer means -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "samples"),
    [
        ({"n": "3", "a": "x", "b": "y"}, (Sample({"a": "x", "b": "y"}, 3.0),)),
        ({"n": "3", "a": "", "@ptr": "abc"}, (Sample({}, 3.0),)),
        ({"n": "", "a": "x"}, ()),
        ({"a": "x"}, ()),
        ({"n": "1.5e3"}, (Sample({}, 1500.0),)),
    ],
)
def test_the_named_column_is_the_value_and_all_others_are_labels(
    fields: dict[str, str], samples: tuple[Sample, ...]
) -> None:
    row = [{"field": name, "value": text} for name, text in fields.items()]
    fake = Fake(lambda call, look: {"status": "Complete", "results": [row]})
    assert ask(fake, query(expr="stats count(*) as n by a, b [5m]")) == [Samples((samples,))]


def test_what_is_no_number_is_refused_without_showing_what_was_logged() -> None:
    fake = Fake(lambda call, look: rows(web="hunter2"))
    assert ask(fake, query()) == [Refused("bad_data", "CloudWatch Logs: column n holds more than numbers")]


@pytest.mark.parametrize(
    ("page", "answer"),
    [
        ({"status": "Failed"}, Refused("execution", "CloudWatch Logs: the query failed")),
        ({"status": "Cancelled"}, Unanswered("CloudWatch Logs: the query ended as Cancelled")),
        ({"status": "Timeout"}, Unanswered("CloudWatch Logs: the query ended as Timeout")),
        ({"status": "Unknown"}, Unanswered("CloudWatch Logs: the query ended as Unknown")),
        (
            {"status": "Complete", "results": [], "nextToken": "more"},
            Refused("too_large", "CloudWatch Logs: the query yields 10000 groups or more"),
        ),
        (
            {"status": "Complete", "results": [[]] * MAX_ROWS},
            Refused("too_large", "CloudWatch Logs: the query yields 10000 groups or more"),
        ),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_query_may_end_otherwise(page: Page, answer: Answer) -> None:
    assert ask(Fake(lambda call, look: page), query()) == [answer]


def test_one_timestamp_that_fails_is_the_answer_of_the_query_and_of_no_other() -> None:
    def answer(call: Any, look: int) -> Page:
        return {"status": "Failed"} if call["endTime"] % 3600 == 60 else rows(web=11)

    bad, good = ask(Fake(answer), query(0, 1), query(expr=f"{TEXT} [1m]"))
    assert isinstance(bad, Refused)
    assert isinstance(good, Samples)


def test_the_bytes_scanned_are_counted_because_they_are_what_is_paid_for() -> None:
    class Counting:
        def __init__(self) -> None:
            self.counted: list[tuple[str, float, str, dict[str, str]]] = []

        def count(self, name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:
            self.counted.append((name, value, unit, dimensions))

    meter = Counting()
    ask(Fake(lambda call, look: RUNNING if look < 3 else rows()), query(), meter=meter)
    assert meter.counted == [("source_bytes_scanned", 1000.0, "Bytes", {"source": "cloudwatch_logs"})]


# -- waiting ------------------------------------------------------------------------------------------


def test_looks_come_ever_slower_until_the_answer_is_there() -> None:
    clock = VirtualClock(T0)
    at: list[float] = []

    def answer(call: Any, look: int) -> Page:
        at.append((clock.now() - T0).total_seconds())
        return rows(web=11) if look == 5 else RUNNING

    [found] = ask(Fake(answer), query(), clock=clock)
    assert isinstance(found, Samples)
    assert at == [0.25, 0.75, 1.75, 2.75, 3.75]


def test_the_last_look_comes_just_before_the_query_would_be_stopped() -> None:
    clock = VirtualClock(T0)
    fake = Fake(lambda call, look: rows(web=11) if clock.now() >= T0 + timedelta(seconds=2.5) else RUNNING)
    assert isinstance(ask(fake, query(), clock=clock, timeout_seconds=3)[0], Samples)


def test_a_query_without_time_left_is_stopped_before_the_time_is_up() -> None:
    clock, fake = VirtualClock(T0), Fake(lambda call, look: RUNNING)
    assert ask(fake, query(), clock=clock) == [
        Unanswered("CloudWatch Logs: the query was not complete in time")
    ]
    assert fake.stopped == ["0"]
    assert clock.now() - T0 <= timedelta(seconds=7.5)


def test_a_query_may_take_no_longer_than_its_source_allows() -> None:
    clock, fake = VirtualClock(T0), Fake(lambda call, look: RUNNING)
    ask(fake, query(), clock=clock, guard=Guard(timeout_seconds=3.0))
    assert clock.now() - T0 <= timedelta(seconds=3)
    assert fake.stopped == ["0"]


def test_what_has_no_turn_in_time_is_not_started() -> None:
    fake = Fake(lambda call, look: RUNNING)
    answers = ask(fake, query(0, 1, 2), timeout_seconds=3)
    assert [type(answer) for answer in answers] == [Unanswered]
    assert fake.started == fake.started[:1]
    assert fake.stopped == ["0"]


def test_a_query_that_cannot_be_stopped_ends_by_itself() -> None:
    class Stubborn(Fake):
        def stop_query(self, queryId: str) -> dict[str, bool]:  # noqa: N803  the API's name
            raise client_error("InvalidParameterException", "Query is not in a running state")

    assert isinstance(ask(Stubborn(lambda call, look: RUNNING), query())[0], Unanswered)


@pytest.mark.parametrize(
    "passing",
    [
        client_error("ThrottlingException"),
        client_error("ServiceUnavailableException", status=503),
        EndpointConnectionError(endpoint_url="x"),
    ],
    ids=["throttled", "unavailable", "unreachable"],
)
def test_a_look_that_fails_is_repeated(passing: Exception) -> None:
    fake = Fake(lambda call, look: passing if look < 3 else rows(web=11))
    assert ask(fake, query()) == [Samples(((Sample({"host": "web"}, 11.0),),))]
    assert len(fake.started) == 1


def test_looks_that_fail_to_the_end_are_the_reason() -> None:
    fake = Fake(lambda call, look: client_error("ThrottlingException"))
    assert ask(fake, query()) == [Unanswered("CloudWatch Logs: ThrottlingException: why", "throttled")]
    assert fake.stopped == ["0"]


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (
            client_error("LimitExceededException"),
            Unanswered("CloudWatch Logs: LimitExceededException: why", "throttled"),
        ),
        (
            client_error("MalformedQueryException"),
            Refused("bad_data", "CloudWatch Logs: MalformedQueryException: why"),
        ),
        (
            client_error("InvalidParameterException"),
            Refused("bad_data", "CloudWatch Logs: InvalidParameterException: why"),
        ),
        (
            client_error("ResourceNotFoundException"),
            Unanswered("CloudWatch Logs: ResourceNotFoundException: why", "unreachable"),
        ),
        (
            client_error("ServiceUnavailableException", status=503),
            Unanswered("CloudWatch Logs: ServiceUnavailableException: why", "http_5xx"),
        ),
        (
            client_error("AccessDeniedException"),
            Unanswered("CloudWatch Logs: AccessDeniedException: why", "auth"),
        ),
        (NoCredentialsError(), Unanswered("CloudWatch Logs: NoCredentialsError", "auth")),
        (ConnectTimeoutError(endpoint_url="x"), Unanswered("CloudWatch Logs: ConnectTimeoutError")),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_query_that_cannot_be_started_has_a_reason(error: Exception, answer: Answer) -> None:
    assert ask(Fake(lambda call, look: rows(), error), query()) == [answer]


def test_a_log_group_that_a_query_names_and_that_is_not_there_is_the_query_s_fault() -> None:
    fake = Fake(lambda call, look: rows(), client_error("ResourceNotFoundException"))
    [answer] = ask(fake, query(expr=f"SOURCE 'x' | {EXPR}"))
    assert isinstance(answer, Refused)
    assert answer.reason == "bad_data"


def test_only_so_many_queries_run_at_once() -> None:
    class Instant(VirtualClock):
        def sleep(self, seconds: float) -> None:
            """Keep the time: many threads wait at once here."""

    fake = Fake(lambda call, look: rows(web=11) if look > 20 else RUNNING)
    answers: Sequence[Answer] = source(fake, Instant(T0), parallel=Threads(5)).ask([query(*range(30))], 10)
    assert isinstance(answers[0], Samples)
    assert len(fake.started) == 30
    assert fake.most <= 5
