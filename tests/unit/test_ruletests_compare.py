"""Comparing what was expected with what came, and saying where it differs."""

import math

import pytest

from tocsin.ruletests.compare import Number, Seen, alerts, samples


def seen(text: str = "", **labels: str) -> Seen:
    """Return an alert with a summary."""
    return Seen({"alertname": "A", **labels}, {"summary": text} if text else {})


@pytest.mark.parametrize(
    ("expected", "got", "differences"),
    [
        ([], [], []),
        ([seen("x", a="1"), seen(a="2")], [seen(a="2"), seen("x", a="1")], []),
        ([seen("x", a="1")], [seen("y", a="1")], ['{a="1", alertname="A"}: annotation summary: expected "x", got "y"']),
        (
            [seen(a="1", b="2")],
            [seen(a="1", b="3", c="4")],
            [
                '{a="1", alertname="A", b="2"}: label b: expected "2", got "3"',
                '{a="1", alertname="A", b="2"}: label c: expected nothing, got "4"',
            ],
        ),
        (
            [seen(a="1", b="1"), seen(a="2", b="2")],
            [seen(a="2", b="3"), seen("x", a="1", b="1")],
            [
                '{a="1", alertname="A", b="1"}: annotation summary: expected nothing, got "x"',
                '{a="2", alertname="A", b="2"}: label b: expected "2", got "3"',
            ],
        ),
        ([seen(a="1")], [], ['expected, but nothing fires: {a="1", alertname="A"}']),
        ([], [seen("x", a="1")], ['fires, but not expected: {a="1", alertname="A"} annotations {summary="x"}']),
        (
            [seen(a="1")],
            [seen(b="2")],
            [
                'expected, but nothing fires: {a="1", alertname="A"}',
                'fires, but not expected: {alertname="A", b="2"}',
            ],
        ),
        ([seen(), seen()], [seen()], ['expected, but nothing fires: {alertname="A"}']),
    ],
    ids=["none", "in any order", "a text", "labels", "nearest first", "missing", "surplus", "nothing alike", "twice"],
)  # fmt: skip
def test_alerts(expected: list[Seen], got: list[Seen], differences: list[str]) -> None:
    assert alerts(expected, got) == differences


X, Y = {"__name__": "x"}, {"__name__": "y"}
IS_X, IS_Y = '{__name__="x"}', '{__name__="y"}'
AFTER = math.nextafter(0.3, 1)


@pytest.mark.parametrize(
    ("expected", "got", "fuzzy", "differences"),
    [
        ([], [], False, []),
        ([Number(X, 1), Number(Y, 2)], [Number(Y, 2), Number(X, 1)], False, []),
        ([Number(X, 0.0)], [Number(X, -0.0)], False, []),
        ([Number(X, math.inf)], [Number(X, math.inf)], False, []),
        ([Number(X, 1)], [Number(X, 2)], False, [f"{IS_X}: expected 1, got 2"]),
        (
            [Number(X, 1)],
            [Number(Y, 1)],
            False,
            [f"expected, but missing: {IS_X} 1", f"not expected: {IS_Y} 1"],
        ),
        ([Number(X, 1)] * 2, [Number(X, 1)], False, [f"expected, but missing: {IS_X} 1"]),
        (
            [Number(X, math.nan)],
            [Number(X, math.nan)],
            False,
            [f"{IS_X}: expected NaN, got NaN (NaN never equals NaN)"],
        ),
        ([Number(X, 0.3)], [Number(X, AFTER)], False, [f"{IS_X}: expected 0.3, got 0.30000000000000004"]),
        ([Number(X, 0.3)], [Number(X, AFTER)], True, []),
        ([Number(X, AFTER)], [Number(X, 0.3)], True, []),
        (
            [Number(X, 0.3)],
            [Number(X, math.nextafter(AFTER, 1))],
            True,
            [f"{IS_X}: expected 0.3, got 0.3000000000000001"],
        ),
    ],
    ids=[
        "none",
        "any order",
        "0",
        "infinity",
        "value",
        "labels",
        "twice",
        "NaN",
        "exact",
        "next",
        "before",
        "far",
    ],
)
def test_samples(expected: list[Number], got: list[Number], fuzzy: bool, differences: list[str]) -> None:
    assert samples(expected, got, fuzzy=fuzzy) == differences
