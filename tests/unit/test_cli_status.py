"""tocsin status, on a stack in memory."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.commandline import NOON, Stack
from tocsin.evaluation.head import Head, Lagging, create, from_item, head_key, to_attributes
from tocsin.index import read_index, settle_layout
from tocsin.ports import Refused, Unanswered, Update
from tocsin.schedule.buckets import unit_id

RULES = """
groups:
  - name: disks
    jitter: never
    rules: [{alert: DiskFull, expr: full}, {alert: DiskSlow, expr: slow}]
"""
ROUTES = "route: {receiver: ops, group_wait: 30s}\nreceivers: [{name: ops}]\n"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with two rules and a configuration."""
    stack = Stack(tmp_path)
    stack.ok("config", "apply", "-", stdin=ROUTES)
    stack.ok("rules", "apply", "--namespace", "node", stdin=RULES)
    return stack


def test_a_stack_that_has_not_begun(tmp_path: Path) -> None:
    assert Stack(tmp_path).ok("status").splitlines() == [
        "Configuration  none is stored: nobody is told of alerts",
        "Layout         version 1, 1 shard",
        "Rules          0, 0 paused, 0 not well",
        "Groups         0 with alerts, 0 due, 0 overdue",
        "",
        "SHARD  CURSOR  LAG  LAGGING  QUARANTINED",
        "1.0    -       -    -        -",
    ]


def test_a_stack_that_is_well(stack: Stack) -> None:
    stack.tick(60, steps=2)
    stack.clock.sleep(3)
    assert stack.ok("status").splitlines() == [
        "Configuration  version 1",
        "Layout         version 1, 1 shard",
        "Rules          2, 0 paused, 0 not well",
        "Groups         0 with alerts, 0 due, 0 overdue",
        "",
        "SHARD  CURSOR                LAG  LAGGING  QUARANTINED",
        "1.0    2026-01-31T12:02:00Z  3s   0        0",
    ]


def test_what_lags_and_what_is_not_well_is_named_with_its_reason(stack: Stack) -> None:
    stack.tick(60)
    stack.source.series = {"full": Refused("bad_data", "no such function"), "slow": Unanswered()}
    stack.tick(60)
    assert stack.ok("status").splitlines()[5:] == [
        "SHARD  CURSOR                LAG  LAGGING  QUARANTINED",
        "1.0    2026-01-31T12:02:00Z  0s   1        0",
        "",
        "Lagging:",
        "SHARD  RULE                 CURSOR                TRIES  NEXT TRY              QUARANTINED",
        "1.0    node/disks/DiskSlow  2026-01-31T12:01:00Z  1      2026-01-31T12:02:20Z  no",
        "",
        "Rules that are not well:",
        "RULE                 HEALTH      SINCE                 DETAIL",
        "node/disks/DiskFull  bad_data    2026-01-31T12:02:00Z  no such function",
        "node/disks/DiskSlow  unanswered  2026-01-31T12:02:00Z  no answer in time",
    ]


def test_a_quarantined_rule_is_not_well(stack: Stack) -> None:
    stack.tick(60)
    [item] = stack.database.get(head_key("1.0"))
    assert item is not None
    held = Lagging(NOON, 3, NOON + timedelta(hours=1), suspect=True, quarantined=True, revision=1)
    head = replace(
        from_item("1.0", item), lagging={unit_id("node/disks", "node/disks/DiskSlow"): held, "0" * 24: held}
    )
    stack.database.write(Update(head_key("1.0"), set=to_attributes(head)))
    document = json.loads(stack.ok("status", "-o", "json"))
    assert document["shards"][0]["lagging"][0] == {
        "key": "node/disks/DiskSlow",
        "cursor": "2026-01-31T12:00:00Z",
        "tries": 3,
        "nextTry": "2026-01-31T13:00:00Z",
        "suspect": True,
        "quarantined": True,
    }
    assert document["shards"][0]["lagging"][1]["key"] == "0" * 24
    assert [rule["health"] for rule in document["unhealthy"]] == ["quarantined"]
    assert "1.0    2026-01-31T12:01:00Z  0s   2        2" in stack.ok("status")


def test_an_outage_is_one_gap_though_its_rules_catch_up_one_after_the_other(stack: Stack) -> None:
    stack.tick(60)
    stack.clock.sleep(25 * 60)
    stack.tick(60)
    assert stack.ok("status").splitlines()[-3:] == [
        "Gaps (ticks that were not evaluated on time):",
        "SHARD  FROM                  TO                    REPLAYED  DROPPED",
        "1.0    2026-01-31T12:01:00Z  2026-01-31T12:26:00Z  150       0",
    ]


def test_ticks_beyond_the_catch_up_limit_are_shown_as_dropped(stack: Stack) -> None:
    stack.tick(60)
    stack.tick(2 * 3600)
    [gap] = json.loads(stack.ok("status", "-o", "json"))["gaps"]
    assert (gap["from"], gap["to"]) == ("2026-01-31T12:01:00Z", "2026-01-31T14:00:00Z")
    assert (gap["replayed"], gap["dropped"]) == (354, 360)


def test_gaps_outlive_a_change_of_the_layout_but_not_their_time(stack: Stack) -> None:
    stack.tick(60)
    stack.tick(600)
    settle_layout(stack.database, read_index(stack.database), 2)
    stack.tick(10)
    document = json.loads(stack.ok("status", "-o", "json"))
    assert document["layout"] == {"version": 2, "shards": 2}
    assert [shard["shard"] for shard in document["shards"]] == ["2.0", "2.1"]
    assert [gap["shard"] for gap in document["gaps"]] == ["1.0"]
    stack.clock.sleep(31 * 86_400)
    assert json.loads(stack.ok("status", "-o", "json"))["gaps"] == []


def test_more_shards_than_one_read_takes(stack: Stack) -> None:
    settle_layout(stack.database, read_index(stack.database), 128)
    create(stack.database, Head("2.127", 1, NOON))
    shards = json.loads(stack.ok("status", "-o", "json"))["shards"]
    assert len(shards) == 128
    assert (shards[126]["cursor"], shards[127]["cursor"]) == (None, "2026-01-31T12:00:00Z")


def test_groups_that_are_due_and_overdue_are_counted(stack: Stack) -> None:
    stack.source.series = {"full": [{"instance": "a"}]}
    stack.tick(60)

    def groups() -> object:
        return json.loads(stack.ok("status", "-o", "json"))["groups"]

    assert groups() == {"held": 1, "due": 0, "overdue": 0}
    stack.clock.sleep(31)
    assert groups() == {"held": 1, "due": 1, "overdue": 0}
    stack.clock.sleep(60)
    assert groups() == {"held": 1, "due": 1, "overdue": 1}


def test_the_rest_of_the_document(stack: Stack) -> None:
    stack.tick(60)
    stack.ok("rules", "pause", "node/disks/DiskSlow")
    stack.clock.sleep(2.5)
    document = json.loads(stack.ok("status", "-o", "json"))
    [shard] = document.pop("shards")
    assert document == {
        "at": "2026-01-31T12:01:02.5Z",
        "configuration": 1,
        "layout": {"version": 1, "shards": 1},
        "rules": 2,
        "paused": 1,
        "groups": {"held": 0, "due": 0, "overdue": 0},
        "gaps": [],
        "missed": [],
        "unhealthy": [],
    }
    assert shard == {
        "shard": "1.0",
        "cursor": "2026-01-31T12:01:00Z",
        "lagSeconds": 2.5,
        "lateSince": None,
        "setAside": [],
        "lagging": [],
    }
