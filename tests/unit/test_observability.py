"""What Tocsin says of itself: the documented metrics in embedded metric format, and one line a tick and a flush."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tocsin.dispatch import flush
from tocsin.dispatch.delivery import Told
from tocsin.evaluation.report import Report
from tocsin.notification import Reason
from tocsin.observability import EmfMeter, count_flush, count_tick, fields, flush_line, tick_line

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)

TICK = Report(
    shard="1.0",
    tick=NOON,
    reason="committed",
    cursor=NOON,
    behind_seconds=20.0,
    commits=1,
    ticks_replayed=2,
    ticks_dropped=3,
    rules_evaluated=998,
    failures={"bad_data": 1, "unanswered": 4},
    failed_rules={f"ns/group/rule-{number}": "bad_data" for number in range(30)},
    lagging=5,
    quarantined=1,
    alerts_handed_over=7,
    writers=["rule.abcd"],
)


def told(outcome: str, latency: float = 12.5, retry_at: datetime | None = None) -> Told:
    return Told("webhook/0", "id-1", Reason.FIRST, 2, 1, outcome, "HTTP 200", retry_at, latency)


FLUSH = flush.Report(
    group="group.0123",
    key='{}:{alertname="Down"}',
    receiver="ops",
    alerts=4,
    muted={"silence": 1},
    told=[told("delivered"), told("serverError", retry_at=NOON)],
    due=NOON,
)

Figure = tuple[str, float, str, dict[str, str]]


def emitted(capsys: pytest.CaptureFixture[str], count: Callable[[EmfMeter], None]) -> list[Figure]:
    """Return the figures written: name, value, unit and dimensions of each line of embedded metric format."""
    count(EmfMeter("stack-evaluator"))
    return [figure(json.loads(line)) for line in capsys.readouterr().out.splitlines()]


def figure(line: dict[str, Any]) -> Figure:
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Tocsin"
    [metric] = directive["Metrics"]
    [names] = directive["Dimensions"]
    [value] = line[metric["Name"]] if isinstance(line[metric["Name"]], list) else [line[metric["Name"]]]
    return metric["Name"], value, metric["Unit"], {name: line[name] for name in names}


OWN = {"service": "stack-evaluator"}


def test_a_tick_is_counted_under_the_documented_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert emitted(capsys, lambda meter: count_tick(meter, TICK)) == [
        ("heartbeat", 1, "Count", OWN),
        ("rules_evaluated", 998, "Count", OWN),
        ("units_lagging", 5, "Count", OWN),
        ("units_quarantined", 1, "Count", OWN),
        ("ticks_replayed", 2, "Count", OWN),
        ("ticks_dropped", 3, "Count", OWN),
        ("evaluation_failures", 5, "Count", OWN),
    ]


def test_a_quiet_tick_counts_no_trouble_and_one_that_did_nothing_counts_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quiet = Report("1.0", NOON, commits=1, rules_evaluated=1)
    names = [name for name, *_ in emitted(capsys, lambda meter: count_tick(meter, quiet))]
    assert names == ["heartbeat", "rules_evaluated", "units_lagging", "units_quarantined"]
    assert emitted(capsys, lambda meter: count_tick(meter, Report("1.0", NOON))) == []


def test_a_flush_is_counted_under_the_documented_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert emitted(capsys, lambda meter: count_flush(meter, FLUSH)) == [
        ("notifications", 1, "Count", OWN),
        ("notification_latency", 12.5, "Seconds", OWN),
        ("notifications_failed", 1, "Count", OWN),
        ("notifications_failed", 1, "Count", {**OWN, "reason": "serverError"}),
        ("notifications_suppressed", 1, "Count", {**OWN, "reason": "silence"}),
    ]


def test_every_figure_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    def count(meter: EmfMeter) -> None:
        count_tick(meter, TICK)
        count_flush(meter, FLUSH)

    names = {name for name, *_ in emitted(capsys, count)}
    assert {name for name in names if f"`{name}`" not in DOCUMENT.read_text(encoding="utf-8")} == set()


def test_a_flush_that_told_nobody_counts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert emitted(capsys, lambda meter: count_flush(meter, flush.Report("group.0123"))) == []


# -- lines of the log -----------------------------------------------------------------------------


def test_the_line_of_a_tick_leads_from_a_shard_to_its_writers() -> None:
    line = tick_line(TICK)
    assert (line["shard"], line["tick"], line["cursor"]) == (
        "1.0",
        "2026-03-04T12:00:00Z",
        "2026-03-04T12:00:00Z",
    )
    assert (line["outcome"], line["writers"], line["failures"]) == ("committed", ["rule.abcd"], TICK.failures)
    assert len(line["failed_rules"]) == 20
    json.dumps(line)


def test_the_line_of_a_flush_says_who_was_told_what_and_why() -> None:
    line = flush_line(FLUSH)
    assert (line["group"], line["group_key"], line["receiver"]) == ("group.0123", FLUSH.key, "ops")
    assert (line["outcome"], line["muted"], line["due"]) == (
        "flushed",
        {"silence": 1},
        "2026-03-04T12:00:00Z",
    )
    assert line["told"][0] == {
        "integration": "webhook/0",
        "notification": "id-1",
        "reason": "first notification",
        "firing": 2,
        "resolved": 1,
        "outcome": "delivered",
        "detail": "HTTP 200",
        "retry_at": None,
    }
    assert line["told"][1]["retry_at"] == "2026-03-04T12:00:00Z"
    json.dumps(line)


def test_what_says_nothing_is_left_out_of_a_line_and_a_zero_is_not() -> None:
    line: dict[str, object] = {
        "none": None,
        "no": {},
        "nothing": [],
        "empty": "",
        "zero": 0,
        "false": False,
        "some": "x",
    }
    assert fields(line) == {"zero": 0, "false": False, "some": "x"}


def test_a_tick_that_did_nothing_has_a_line_all_the_same() -> None:
    line = fields(tick_line(Report("1.0", NOON)))
    assert line["outcome"] == "up to date"
    assert "cursor" not in line
