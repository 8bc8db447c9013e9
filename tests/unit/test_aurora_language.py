"""SQL for Aurora: what compiles to which plan, and what is refused, saying what was expected."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.expressions import ExpressionError, sql

COUNT = "SELECT queue, count(*) AS value FROM jobs WHERE at > :from AND at <= :at GROUP BY queue"


def plan(text: str, **changes: Any) -> dict[str, Any]:
    return {
        "sql": text,
        "parameters": [],
        "replayable": False,
        "chunk": 10,
        "window_seconds": None,
        "op": None,
        "threshold": None,
    } | changes


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (
            f"{COUNT} [5m] > 10",
            plan(
                COUNT,
                parameters=["at", "from"],
                replayable=True,
                window_seconds=300.0,
                op=">",
                threshold=10.0,
            ),
        ),
        ("SELECT 1 WHERE x <= :at", plan("SELECT 1 WHERE x <= :at", parameters=["at"], replayable=True)),
        (
            "SELECT 1 WHERE x > :from [90s]",
            plan("SELECT 1 WHERE x > :from", parameters=["from"], window_seconds=90.0),
        ),
        (
            "SELECT count(*) FROM jobs HAVING count(*) > 3;",
            plan("SELECT count(*) FROM jobs HAVING count(*) > 3"),
        ),
        ("with a as (select 1) select * from a", plan("with a as (select 1) select * from a")),
    ],
)
def test_a_statement_compiles_to_a_plan_of_json(expr: str, expected: dict[str, Any]) -> None:
    compiled = sql.compile(expr)
    assert compiled == expected
    assert json.loads(json.dumps(compiled)) == compiled


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a::text, b[1:2] FROM t",
        "SELECT ':nobody', '; DELETE', 'it''s' FROM t",
        'SELECT "update", "a:b" FROM t',
        "SELECT `delete` FROM t",
        "SELECT updated_at, is_into FROM t",
        "SELECT $$ insert; :x $$, $q$ it's :y $q$ FROM t",
        "SELECT 1 -- ; delete :x it's\n FROM t",
        "SELECT 1 /* ; delete :x it's */ FROM t",
        "(SELECT 1) UNION (SELECT 2)",
        "SELECT E'a\\n' FROM t",
    ],
)
def test_text_names_and_comments_are_not_read_as_sql(text: str) -> None:
    assert sql.compile(text) == plan(text)


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("", "expected a statement that begins with SELECT or WITH, e.g. SELECT "),
        ("DELETE FROM jobs", "expected a statement that begins with SELECT or WITH"),
        ("/* SELECT */ DROP TABLE jobs", "expected a statement that begins with SELECT or WITH"),
        ("WITH gone AS (DELETE FROM jobs RETURNING 1) SELECT * FROM gone", "DELETE is not allowed here"),
        ("SELECT * INTO copy FROM jobs", "INTO is not allowed here: a rule only reads"),
        ("SELECT * FROM jobs FOR update", "UPDATE is not allowed here"),
        ("SELECT 1; DROP TABLE jobs", "expected one statement, got ; inside it"),
        ("SELECT 1 /*! ; DROP TABLE jobs */", "expected an end to what begins with /*"),
        ("SELECT 'a", "expected an end to what begins with '"),
        ("SELECT 'it\\'s' FROM t", "a quote inside text is written twice"),
        ('SELECT "a', 'expected an end to what begins with "'),
        ("SELECT $q$ a", "expected an end to what begins with $q$"),
        ("SELECT /* a", "expected an end to what begins with /*"),
        ("SELECT :now", "unknown parameter :now (known: :at, :from)"),
        ("SELECT 1 WHERE x > :from", ":from needs a window after the statement, e.g. SELECT "),
        ("SELECT 1 WHERE x <= :at [5m]", "the window in brackets is not used: write :from for its start"),
        ("SELECT 1 WHERE x > :from [5m] > few", "expected a number after [5m] >, got few"),
        (f"SELECT '{'x' * 64_000}'", "the statement is too long: 64009 characters of at most 64000"),
    ],
)
def test_anything_else_is_refused_saying_what_was_expected(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        sql.compile(expr)
    assert reason in str(refusal.value)


def test_the_example_that_refusals_show_compiles() -> None:
    assert sql.compile(sql.EXAMPLE)["window_seconds"] == 300


PIECES = [
    "SELECT",
    "WITH",
    "DELETE",
    ";",
    ":at",
    ":from",
    "::",
    "'",
    '"',
    "`",
    "$$",
    "/*",
    "*/",
    "--",
    "\n",
    "[5m]",
    "> 1",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12))
def test_whatever_is_written_compiles_or_is_refused(pieces: list[str]) -> None:
    try:
        compiled = sql.compile(" ".join(pieces))
    except ExpressionError:
        return
    assert compiled["replayable"] == ("at" in compiled["parameters"])
