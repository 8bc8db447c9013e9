"""tocsin log, on a stack in memory."""

import json
from pathlib import Path

import pytest

from tests.acceptance.alerting import Alerting, alert, answer, config
from tests.unit.commandline import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack in which two receivers were told of an alert, one of them in vain at first."""
    tocsin = Alerting(config({"routes": [{"receiver": "crew", "continue": True}, {"receiver": "team"}]}))
    tocsin.answer("crew", answer(400))
    tocsin.post(alert("Down", ends=50_000))
    tocsin.at(60)
    stack = Stack(tmp_path)
    stack.clock.at = tocsin.clock.now()
    stack.world = type(stack.world)(tocsin.database, stack.clock, parallel=stack.world.parallel)
    return stack


GROUP = 'webhook      {alertname="Down"}  first notification  1       0'
DELIVERED = "delivered    HTTP 200"
HEADERS = (
    "TIME                  RECEIVER  INTEGRATION  GROUP               REASON              FIRING  RESOLVED"
    "  OUTCOME      DETAIL"
)


def test_what_was_told_the_newest_first(stack: Stack) -> None:
    assert stack.ok("log").splitlines() == [
        HEADERS,
        f"2026-03-02T12:00:40Z  crew      {GROUP}         {DELIVERED}",
        f"2026-03-02T12:00:10Z  team      {GROUP}         {DELIVERED}",
        f"2026-03-02T12:00:10Z  crew      {GROUP}         clientError  HTTP 400",
    ]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (["--receiver", "crew"], 2),
        (["-r", "nobody"], 0),
        (["--outcome", "failed"], 1),
        (["-i", "slack"], 0),
        (["--limit", "1"], 1),
        (["group."], 3),
        (["group.x"], 0),
    ],
)
def test_only_what_is_asked_for(stack: Stack, words: list[str], number: int) -> None:
    assert len(stack.ok("log", *words).splitlines()) == 1 + number


def test_one_group_by_its_id_which_extended_shows(stack: Stack) -> None:
    [line] = stack.ok("log", "-o", "extended", "--outcome", "failed").splitlines()[1:]
    *_, tries, final, decided, group, _ = line.split()
    assert (tries, final, decided) == ("1", "yes", "2026-03-02T12:00:10Z")
    assert [found["outcome"] for found in json.loads(stack.ok("log", "-o", "json", group))] == [
        "delivered",
        "clientError",
    ]
