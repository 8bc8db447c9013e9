"""What the functions log and count, seen by watchers; containers; and the lines that people read."""

from pathlib import Path
from typing import Any

import pytest

from tocsin.local import lines
from tocsin.local.blueprint import Function
from tocsin.local.functions import Fleet, load
from tocsin.local.stack import find_template
from tocsin.local.states import Transition
from tocsin.local.watching import Line, Tally, log

FUNCTION = Function("ticker", Path("functions/ticker"), {}, 30)


def test_a_line_is_told_with_its_fields() -> None:
    seen: list[Line] = []
    log("ticker", seen.append).info("minute", extra={"ticks_sent": 18})
    assert seen == [Line("ticker", "minute", {"ticks_sent": 18})]


def test_two_logs_of_one_function_tell_each_its_own_watcher() -> None:
    first: list[Line] = []
    second: list[Line] = []
    one, other = log("ticker", first.append), log("ticker", second.append)
    one.info("a")
    other.info("b")
    assert [line.message for line in first + second] == ["a", "b"]
    assert len(first) == 1


def test_figures_are_added_up_by_their_dimensions() -> None:
    tally = Tally()
    tally.count("notifications_failed")
    tally.count("notifications_failed", 2, reason="serverError")
    tally.count("notifications_failed", 3, reason="serverError")
    assert tally.total("notifications_failed") == 1
    assert tally.total("notifications_failed", reason="serverError") == 5
    assert tally.total("notifications") == 0


def test_no_two_invocations_share_a_container() -> None:
    started: list[int] = []

    def start() -> Any:
        number = len(started)
        started.append(number)
        # The first container invokes the function again while it is at work.
        return lambda event, context: fleet.invoke({}) if event.get("again") else number

    fleet = Fleet(FUNCTION, start, lambda line: None)
    assert fleet.invoke({"again": True}) == 1
    assert started == [0, 1]
    assert fleet.invoke({}) in (0, 1)
    assert started == [0, 1]


def test_a_function_that_raises_is_told_of_and_its_container_not_used_again() -> None:
    seen: list[Line] = []
    started: list[int] = []

    def fail(_event: object, _context: object) -> None:
        raise ZeroDivisionError("no")

    def start() -> Any:
        started.append(1)
        return fail

    fleet = Fleet(FUNCTION, start, seen.append)
    assert fleet.invoke({}) is None
    assert fleet.invoke({}) is None
    assert [type(line.error) for line in seen] == [ZeroDivisionError, ZeroDivisionError]
    assert len(started) == 2


def test_a_function_is_loaded_from_its_folder_once() -> None:
    code = find_template().parent / "functions" / "ticker"
    assert load(code) is load(code)
    assert load(code).Handler


TOLD = {
    "integration": "sns/0",
    "reason": "first notification",
    "firing": 2,
    "resolved": 0,
    "outcome": "delivered",
    "detail": "200",
}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(
            Transition((("alertname", "Down"), ("job", "a")), "pending"),
            ['pending   Down{job="a"}'],
            id="pending",
        ),
        pytest.param(
            Transition((("alertname", "Down"),), "resolved"), ["resolved  Down"], id="without labels"
        ),
        pytest.param(
            Line(
                "evaluator",
                "tick",
                {"tick": "2026-03-02T12:00:10Z", "shard": "1.0", "commits": 1, "lagging": 2},
            ),
            ["tick      12:00:10 shard 1.0: 0 rules, 2 lagging"],
            id="a tick",
        ),
        pytest.param(
            Line("evaluator", "tick", {"tick": "2026-03-02T12:00:10Z"}), [], id="a tick that did nothing"
        ),
        pytest.param(
            Line("dispatcher", "flush", {"group_key": "{}:{}", "receiver": "team", "told": [TOLD]}),
            [
                "grouped   {}:{}: 2 firing, because: first notification",
                "notified  team by sns: 2 firing, because: first notification",
            ],
            id="a flush that tells",
        ),
        pytest.param(
            Line(
                "dispatcher",
                "flush",
                {
                    "group_key": "{}:{}",
                    "receiver": "team",
                    "told": [TOLD | {"outcome": "serverError", "detail": "503", "retry_at": "soon"}],
                },
            ),
            [
                "grouped   {}:{}: 2 firing, because: first notification",
                "failed    team by sns: serverError 503, again at soon",
            ],
            id="a flush that fails to tell",
        ),
        pytest.param(
            Line("dispatcher", "flush", {"group_key": "{}:{}", "alerts": 3, "muted": {"silence": 2}}),
            ["muted     {}:{}: 2 of 3 by silence"],
            id="a flush that is muted",
        ),
        pytest.param(
            Line("dispatcher", "failed", {}, ValueError("odd")),
            ["error     dispatcher: ValueError: odd"],
            id="an error",
        ),
        pytest.param(Line("ticker", "minute", {"ticks_sent": 18}), [], id="a minute"),
    ],
)
def test_what_happens_reads_plainly(event: Line | Transition, expected: list[str]) -> None:
    assert list(lines.of(event)) == expected
