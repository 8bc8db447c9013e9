"""The clock: the system's time, set right by AWS when it is wrong."""

import time
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from typing import Any

import pytest

from tocsin import clock
from tocsin.clock import SystemClock

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Wall:
    """The system's time, which a test sets; it stands in for `datetime` in the module."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self, zone: tzinfo) -> datetime:
        """Return the time that was set."""
        return self.at.astimezone(zone)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    monkeypatch.setattr(clock, "datetime", made)
    return made


def answer(date: datetime) -> dict[str, Any]:
    """Return what botocore makes of an answer of AWS."""
    return {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(date, usegmt=True)}}}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_before_aws_has_answered_the_systems_time_counts(wall: Wall) -> None:
    assert SystemClock().now() == NOON


SKEWS = {
    "right": (0, 0),
    "a little fast": (-2, 0),
    "a little slow": (2, 0),
    "fast": (-3, -3),
    "slow": (3, 3),
    "wrong by a day": (86_400, 86_400),
}


@pytest.mark.parametrize(("off", "corrected"), SKEWS.values(), ids=SKEWS)
def test_a_clock_that_is_more_than_2_s_off_is_set_by_the_date_of_the_answer(
    wall: Wall, off: float, corrected: float
) -> None:
    mine = SystemClock()
    mine.watch(answer(NOON + seconds(off)), http_response=None, model=None)
    assert mine.now() == NOON + seconds(corrected)
    wall.at += seconds(30)
    assert mine.now() == NOON + seconds(30 + corrected)


def test_answers_are_compared_once_a_minute(wall: Wall) -> None:
    mine = SystemClock()
    mine.watch(answer(NOON))
    wall.at += seconds(59)
    mine.watch(answer(NOON + seconds(99)))
    assert mine.now() == NOON + seconds(59)
    wall.at += seconds(1)
    mine.watch(answer(NOON + seconds(99)))
    assert mine.now() == NOON + seconds(99)


def test_a_clock_that_was_set_right_since_is_believed_again(wall: Wall) -> None:
    mine = SystemClock()
    mine.watch(answer(NOON + seconds(60)))
    wall.at += seconds(120)
    mine.watch(answer(wall.at))
    assert mine.now() == wall.at


NO_DATES: dict[str, dict[str, Any]] = {
    "no metadata": {},
    "no headers": {"ResponseMetadata": {}},
    "no date": {"ResponseMetadata": {"HTTPHeaders": {}}},
}


@pytest.mark.parametrize("parsed", NO_DATES.values(), ids=NO_DATES)
def test_an_answer_without_a_date_says_nothing_and_the_next_is_asked(
    wall: Wall, parsed: dict[str, Any]
) -> None:
    mine = SystemClock()
    mine.watch(parsed)
    assert mine.now() == NOON
    mine.watch(answer(NOON + seconds(9)))
    assert mine.now() == NOON + seconds(9)


def test_to_sleep_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    SystemClock().sleep(1.5)
    assert slept == [1.5]
