"""Metrics Insights: what compiles to which plan, and what is refused."""

import json

import pytest

from tocsin.expressions import ExpressionError, cloudwatch

BASE = 'SELECT AVG(CPUUtilization) FROM "AWS/EC2"'


@pytest.mark.parametrize(
    ("query", "by", "ranked"),
    [
        (BASE, [], False),
        (f"{BASE} GROUP BY InstanceId", ["InstanceId"], False),
        (f'{BASE} group by InstanceId, "Load Balancer"', ["InstanceId", "Load Balancer"], False),
        (f"{BASE} WHERE a = 'GROUP BY x' AND b != '1' GROUP BY c", ["c"], False),
        (f"{BASE} GROUP BY AWS.AccountId, tag.env", ["AWS.AccountId", "tag.env"], False),
        (f'{BASE} GROUP BY tag."my key"', ["tag.my key"], False),
        (f"{BASE} GROUP BY a ORDER BY MAX() DESC", ["a"], False),
        (f"{BASE} GROUP BY a ORDER BY MAX() DESC LIMIT 10", ["a"], True),
        (f"{BASE} LIMIT 1", [], True),
        ('SELECT SUM("4xx Errors")\n  FROM SCHEMA(AWS, a, "b c")\n  GROUP BY a', ["a"], False),
    ],
)
def test_a_query_compiles_to_a_plan(query: str, by: list[str], ranked: bool) -> None:
    plan = cloudwatch.compile(f"  {query} [5m] > 80 ")
    assert plan == {
        "insights": query,
        "by": by,
        "ranked": ranked,
        "period_seconds": 300,
        "op": ">",
        "threshold": 80.0,
    }
    assert json.loads(json.dumps(plan)) == plan


def test_a_query_needs_no_comparison() -> None:
    plan = cloudwatch.compile(f"{BASE} [1h]")
    assert (plan["period_seconds"], plan["op"], plan["threshold"]) == (3600, None, None)


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        (f"{BASE} > 80", "expected a period after the query, e.g. SELECT "),
        (f"{BASE} [30s] > 80", "period 30s is not one of Metrics Insights (allowed: whole minutes)"),
        (f"{BASE} [0m]", "period 0s is not one of Metrics Insights"),
        (f"{BASE} [5m] > many", "expected a number after [5m] >, got many"),
        (f"{BASE} [5m] > 1e999", "expected a number after [5m] >"),
        (f"{BASE} [5m5h]", 'not a valid duration: "5m5h"'),
        ('SELECT MEDIAN(x) FROM "a" [5m]', "expected SELECT, one of AVG COUNT MAX MIN SUM"),
        ("SELECT AVG(x) [5m]", "expected SELECT, one of AVG COUNT MAX MIN SUM"),
        (f"{BASE} GROUP BY [5m]", "expected keys with commas between them after GROUP BY"),
        (f"{BASE} GROUP BY a b [5m]", "expected keys with commas between them after GROUP BY"),
        (f"{BASE} GROUP BY a, [5m]", "expected keys with commas between them after GROUP BY"),
        (f"{BASE} GROUP BY 'a' [5m]", "a key after GROUP BY is a name, or text in double quotes"),
        (f"{BASE} GROUP BY a WHERE b = 'c' [5m]", "WHERE cannot follow GROUP BY"),
        (f"{BASE} LIMIT 1 LIMIT 2 [5m]", "LIMIT cannot follow LIMIT"),
        (f"{BASE} WHERE a = 'b [5m]", 'unexpected "\'" in the query'),
        (f"{BASE} WHERE a ~ 'b' [5m]", "unexpected '~' in the query"),
    ],
)
def test_anything_else_is_refused_saying_what_was_expected(expr: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        cloudwatch.compile(expr)
    assert reason in str(refusal.value)
