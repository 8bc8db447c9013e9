"""Aurora as a source: what is asked, what rows mean, who may be asked about the past, and what failures cost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from tocsin.expressions import sql
from tocsin.local.clocks import VirtualClock
from tocsin.ports import Answer, Query, Refused, Sample, Samples, Unanswered, one_by_one
from tocsin.sources.aurora import AuroraSource
from tocsin.sources.aurora_answer import read_answer

T0 = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CLUSTER = {"resourceArn": "arn:cluster", "secretArn": "arn:secret", "database": "shop"}
COUNT = "SELECT queue, count(*) AS value FROM jobs WHERE at > :from AND at <= :at GROUP BY queue"
EXPR = f"{COUNT} [5m] > 10"


def cell(value: object) -> dict[str, Any]:
    match value:
        case None:
            return {"isNull": True}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"longValue": value}
        case float():
            return {"doubleValue": value}
        case bytes():
            return {"blobValue": value}
        case _:
            return {"stringValue": value}


def table(columns: str, *rows: tuple[object, ...]) -> dict[str, Any]:
    return {
        "columnMetadata": [{"name": "x", "label": name} for name in columns.split()],
        "records": [[cell(value) for value in row] for row in rows],
    }


class Fake:
    """`execute_statement` with an answer for each call."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer, self.calls = answer, list[Any]()

    def execute_statement(self, **call: Any) -> Any:
        self.calls.append(call)
        answer = self.answer(call)
        if isinstance(answer, Exception):
            raise answer
        return answer


def query(*minutes: int, expr: str = EXPR, step_seconds: float = 60.0) -> Query:
    at = tuple(T0 + MINUTE * n for n in minutes or (0,))
    return Query(expr, at, step_seconds, sql.compile(expr))


def ask(
    fake: Any, *queries: Query, clock: VirtualClock | None = None, timeout_seconds: float = 5
) -> list[Answer]:
    source = AuroraSource(fake, clock or VirtualClock(T0), CLUSTER, parallel=one_by_one)
    return list(source.ask(queries, timeout_seconds))


# -- what is asked ------------------------------------------------------------------------------------


def test_a_statement_gets_its_timestamp_and_the_start_of_its_window() -> None:
    fake = Fake(lambda call: table("queue value", ("mail", 11), ("pdf", 10)))
    assert ask(fake, query()) == [Samples(((Sample({"queue": "mail"}, 11.0),),))]
    assert fake.calls == [
        {
            **CLUSTER,
            "sql": COUNT,
            "parameters": [
                {"name": "at", "value": {"stringValue": "2026-03-01 12:00:00.250"}, "typeHint": "TIMESTAMP"},
                {
                    "name": "from",
                    "value": {"stringValue": "2026-03-01 11:55:00.250"},
                    "typeHint": "TIMESTAMP",
                },
            ],
            "includeResultMetadata": True,
            "continueAfterTimeout": False,
            "resultSetOptions": {"decimalReturnType": "DOUBLE_OR_LONG"},
        }
    ]


def test_every_timestamp_has_a_statement_of_its_own() -> None:
    def minute(call: Any) -> Any:
        return table("value", (int(call["parameters"][0]["value"]["stringValue"][14:16]),))

    [answer] = ask(Fake(minute), query(-3, -2, -1, expr=f"{COUNT} [5m]"))
    assert isinstance(answer, Samples)
    assert [sample.value for (sample,) in answer.at] == [57.0, 58.0, 59.0]


def test_rules_that_differ_in_the_comparison_only_ask_once() -> None:
    fake = Fake(lambda call: table("queue value", ("mail", 11)))
    low, high = ask(fake, query(), query(expr=f"{COUNT} [5m] > 100"))
    assert (low, high) == (Samples(((Sample({"queue": "mail"}, 11.0),),)), Samples(((),)))
    assert len(fake.calls) == 1


def test_what_asks_about_one_timestamp_goes_before_what_catches_up() -> None:
    fake = Fake(lambda call: table("value"))
    ask(fake, query(-2, -1, 0), query(expr="SELECT 1 AS value"))
    assert [call["sql"] for call in fake.calls] == ["SELECT 1 AS value", COUNT, COUNT, COUNT]


def test_what_has_no_turn_in_time_is_not_asked() -> None:
    clock = VirtualClock(T0)

    def slow(call: Any) -> Any:
        clock.sleep(3)
        return table("value", (1,))

    fake = Fake(slow)
    answers = ask(fake, query(), query(expr=f"{COUNT} [1m]"), query(expr=f"{COUNT} [2m]"), clock=clock)
    assert [type(answer) for answer in answers] == [Samples, Samples, Unanswered]
    assert len(fake.calls) == 2


def test_no_timestamps_are_no_statement() -> None:
    fake = Fake(lambda call: table("value"))
    assert ask(fake, Query(EXPR, (), 60.0, sql.compile(EXPR))) == [Samples(())]
    assert fake.calls == []


@pytest.mark.parametrize("plan", [None, {}, {"sql": "x"}, {**sql.compile(EXPR), "parameters": ["x"]}])
def test_a_rule_without_a_plan_is_refused_alone(plan: dict[str, Any] | None) -> None:
    refused, answered = ask(Fake(lambda call: table("value")), Query("x", (T0,), 60.0, plan), query())
    assert isinstance(refused, Refused)
    assert refused.reason == "bad_data"
    assert answered == Samples(((),))


# -- the past -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expr", "minutes", "step_seconds", "answered"),
    [
        ("SELECT 1 AS value", (0,), 60, True),
        ("SELECT 1 AS value", (-1,), 60, True),
        ("SELECT 1 AS value", (-1, 0), 10, True),
        ("SELECT 1 AS value", (-2,), 60, False),
        ("SELECT 1 AS value", (-2, -1, 0), 60, False),
        ("SELECT 1 AS value", (-5,), 300, True),
        ("SELECT 1 AS value WHERE x > :from [5m]", (-2,), 60, False),
        ("SELECT 1 AS value WHERE x <= :at", (-60,), 60, True),
    ],
)
def test_only_a_statement_with_a_timestamp_is_asked_about_the_past(
    expr: str, minutes: tuple[int, ...], step_seconds: float, answered: bool
) -> None:
    fake = Fake(lambda call: table("value", (1,)))
    [answer] = ask(fake, query(*minutes, expr=expr, step_seconds=step_seconds))
    assert isinstance(answer, Samples) is answered
    if not answered:
        assert answer == Refused(
            "not_replayable", "the statement has no :at, so it cannot be asked about the past"
        )
        assert fake.calls == []


# -- what rows mean -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "samples"),
    [
        (table("value", (3,)), (Sample({}, 3.0),)),
        (table("n", (3.5,)), (Sample({}, 3.5),)),
        (table("host n", ("a", 1), ("b", None)), (Sample({"host": "a"}, 1.0),)),
        (table("host n", ("a", None), (None, 2)), (Sample({}, 2.0),)),
        (table("shard value", (7, 1)), (Sample({"shard": "7"}, 1.0),)),
        (table("ok value", (True, 1)), (Sample({"ok": "true"}, 1.0),)),
        (table("host value", ("a", "1.25")), (Sample({"host": "a"}, 1.25),)),
        (table("host n", ("", 0)), (Sample({}, 0.0),)),
        (table("host n"), ()),
        ({"records": []}, ()),
    ],
)
def test_one_number_is_the_value_and_the_other_columns_are_labels(
    answer: dict[str, Any], samples: tuple[Sample, ...]
) -> None:
    assert read_answer(answer) == Samples((samples,))


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (table("a b", (1, 2)), "expected a column value, or only one with numbers, got a, b"),
        (table("a b", ("x", "y")), "expected a column value, or only one with numbers, got a, b"),
        (table("a", (True,)), "expected a column value, or only one with numbers, got a"),
        (table("a a", ("x", 1)), "expected a name of its own for each column, got a, a"),
        (table("a value", (b"x", 1)), "column a holds neither text nor numbers"),
        (table("value", ("hunter2",)), "column value holds text that is no number"),
        (table("value", ("",)), "column value holds text that is no number"),
    ],
)
def test_other_rows_are_refused_by_their_columns_and_never_shown(answer: dict[str, Any], detail: str) -> None:
    assert read_answer(answer) == Refused("bad_data", f"RDS Data API: {detail}")


# -- failures -----------------------------------------------------------------------------------------


def client_error(code: str, status: int = 400, message: str = "why") -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "ExecuteStatement")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (client_error("DatabaseErrorException"), "execution"),
        (
            client_error("DatabaseErrorException", message="Database returned more than the size limit"),
            "too_large",
        ),
        (client_error("UnsupportedResultException"), "bad_data"),
        (client_error("StatementTimeoutException"), "execution"),
        (client_error("BadRequestException"), "bad_data"),
    ],
)
def test_a_statement_that_is_wrong_is_refused(error: ClientError, reason: str) -> None:
    [answer] = ask(Fake(lambda call: error), query())
    assert isinstance(answer, Refused)
    assert answer.reason == reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (client_error("DatabaseResumingException"), "unreachable"),
        (
            client_error("BadRequestException", message="Communications link failure\n\nThe last"),
            "unreachable",
        ),
        (client_error("BadRequestException", message="FATAL: password authentication failed for x"), "auth"),
        (client_error("DatabaseNotFoundException", 404), "unreachable"),
        (client_error("HttpEndpointNotEnabledException"), "unreachable"),
        (client_error("InvalidResourceStateException"), "unreachable"),
        (client_error("DatabaseUnavailableException", 504), "http_5xx"),
        (client_error("ServiceUnavailableError", 503), "http_5xx"),
        (client_error("InternalServerErrorException", 500), "http_5xx"),
        (client_error("AccessDeniedException", 403), "auth"),
        (client_error("ForbiddenException", 403), "auth"),
        (client_error("SecretsErrorException"), "auth"),
        (client_error("InvalidSecretException"), "auth"),
        (client_error("ThrottlingException"), "throttled"),
        (NoCredentialsError(), "auth"),
        (EndpointConnectionError(endpoint_url="x"), "unreachable"),
        (ReadTimeoutError(endpoint_url="x"), "unanswered"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_source_that_is_wrong_has_not_answered(error: ClientError | BotoCoreError, reason: str) -> None:
    [answer] = ask(Fake(lambda call: error), query())
    assert isinstance(answer, Unanswered)
    assert answer.reason == reason


def test_one_statement_that_fails_leaves_the_others_alone() -> None:
    def answer(call: Any) -> Any:
        return client_error("DatabaseErrorException") if call["sql"] == "SELECT x" else table("value", (1,))

    bad, good = ask(Fake(answer), query(expr="SELECT x"), query(expr="SELECT 1"))
    assert bad == Refused("execution", "RDS Data API: DatabaseErrorException: why")
    assert good == Samples(((Sample({}, 1.0),),))
