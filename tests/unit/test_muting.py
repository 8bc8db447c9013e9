"""Muting: by active times, mute times and silences, in this order, and until when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.unit.dispatching import at, config
from tocsin.alert import Alert
from tocsin.dispatch.config import InhibitRule
from tocsin.dispatch.inhibition import RuleSources, Sources, place
from tocsin.dispatch.muting import Muted, MuteReason, Mutes, mute, muted_by_silence, muted_by_time
from tocsin.dispatch.silence import Silence
from tocsin.dispatch.silences import SilenceIndex
from tocsin.matchers import parse_matcher

HOUR = 3600.0
LABELS = {"alertname": "Down"}
ALERT = Alert(LABELS, {}, at(0))


def silence(name: str, ends: float, starts: float = -60, matcher: str = 'alertname="Down"') -> Silence:
    return Silence(name, (parse_matcher(matcher),), at(starts), at(ends), "me", "", at(starts))


def muted(reason: MuteReason, *by: str, until: float | None) -> Muted:
    return Muted(reason, by, None if until is None else at(until))


ACTIVE, MUTE, SILENCE = MuteReason.ACTIVE_TIME, MuteReason.MUTE_TIME, MuteReason.SILENCE

# Active times, mute times, hours after noon, and what mutes the route. All times of day are UTC.
TIMES: dict[str, tuple[tuple[str, ...], tuple[str, ...], float, Muted | None]] = {
    "no intervals": ((), (), 0, None),
    "inside its active time": (("office",), (), 0, None),
    "outside its active time": (("office",), (), 6, muted(ACTIVE, "office", until=21 * HOUR)),
    "inside one of its active times": (("nights", "office"), (), 0, None),
    "outside all of its active times": (
        ("nights", "office"),
        (),
        6,
        muted(ACTIVE, "nights", "office", until=12 * HOUR),
    ),
    "an end is no part of an active time": (("office",), (), 5, muted(ACTIVE, "office", until=21 * HOUR)),
    "inside its mute time": ((), ("noon",), 0.5, muted(MUTE, "noon", until=HOUR)),
    "outside its mute time": ((), ("noon",), 1, None),
    "inside some of its mute times": (
        (),
        ("nights", "noon", "office"),
        0,
        muted(MUTE, "noon", "office", until=5 * HOUR),
    ),
    "a mute time that always is": ((), ("always",), 0, muted(MUTE, "always", until=None)),
    "active and muted": (("office",), ("noon",), 0, muted(MUTE, "noon", until=HOUR)),
    "outside its active time and muted: the first counts": (
        ("nights",),
        ("noon",),
        0,
        muted(ACTIVE, "nights", until=12 * HOUR),
    ),
}


@pytest.mark.parametrize(("active", "mutes", "hours", "expected"), TIMES.values(), ids=TIMES)
def test_a_route_is_muted_outside_its_active_times_and_inside_its_mute_times(
    active: tuple[str, ...], mutes: tuple[str, ...], hours: float, expected: Muted | None
) -> None:
    known = config()
    route = replace(known.route, active_time_intervals=active, mute_time_intervals=mutes)
    assert muted_by_time(route, known, at(hours * HOUR)) == expected


SILENCED: dict[str, tuple[list[Silence], Muted | None]] = {
    "by none": ([], None),
    "by one": ([silence("one", 60)], muted(SILENCE, "one", until=60)),
    "by two: until the first of them ends": (
        [silence("one", 90), silence("two", 60)],
        muted(SILENCE, "one", "two", until=60),
    ),
    "by one that matches": (
        [silence("other", 30, matcher='job="x"'), silence("one", 60)],
        muted(SILENCE, "one", until=60),
    ),
    "not by one that has ended": ([silence("over", 0)], None),
    "not by one to come": ([silence("later", 60, starts=1)], None),
}


@pytest.mark.parametrize(("silences", "expected"), SILENCED.values(), ids=SILENCED)
def test_an_alert_is_silenced_until_one_of_its_silences_ends(
    silences: list[Silence], expected: Muted | None
) -> None:
    assert muted_by_silence(SilenceIndex(silences), LABELS, at(0)) == expected


ORDER: dict[str, tuple[tuple[str, ...], tuple[str, ...], bool, MuteReason | None]] = {
    "nothing": ((), (), False, None),
    "a silence": ((), (), True, SILENCE),
    "a mute time before a silence": ((), ("noon",), True, MUTE),
    "an active time before both": (("nights",), ("noon",), True, ACTIVE),
    "active, not muted, silenced": (("office",), ("nights",), True, SILENCE),
}


@pytest.mark.parametrize(("active", "mutes", "silent", "expected"), ORDER.values(), ids=ORDER)
def test_the_first_that_mutes_in_alertmanagers_order_is_told(
    active: tuple[str, ...], mutes: tuple[str, ...], silent: bool, expected: MuteReason | None
) -> None:
    known = config()
    route = replace(known.route, active_time_intervals=active, mute_time_intervals=mutes)
    mutes_all = Mutes(known, Sources(), SilenceIndex([silence("one", 60)] if silent else []))
    found = mute(route, mutes_all, [ALERT], at(0)).get(ALERT.fingerprint)
    assert (found and found.reason) == expected


def test_inhibition_comes_before_all_else_and_says_what_the_group_waits_for() -> None:
    known = config()
    route = replace(known.route, mute_time_intervals=("noon",))
    rule = InhibitRule((parse_matcher("severity=critical"),), (parse_matcher("alertname=Down"),), ("job",))
    source = Alert({"alertname": "Gone", "severity": "critical"}, {}, at(0), at(90))
    mutes = Mutes(known, Sources([RuleSources(rule, [source])]), SilenceIndex([silence("one", 60)]))
    found = mute(route, mutes, [ALERT], at(0))[ALERT.fingerprint]
    assert found == Muted(MuteReason.INHIBITION, (source.fingerprint,), at(90), (place(rule), (("job", ""),)))


@pytest.mark.parametrize("minutes", range(0, 24 * 60, 47))
def test_nothing_changes_before_the_time_to_look_again(minutes: int) -> None:
    known = config()
    route = replace(
        known.route, mute_time_intervals=("noon", "nights"), active_time_intervals=("office", "nights")
    )
    now: datetime = at(60 * minutes)
    found = muted_by_time(route, known, now)
    if found is not None:
        assert found.until is not None
        assert found.until > now
        last = found.until - timedelta(seconds=1)
        assert muted_by_time(route, known, last) == found


def test_an_active_time_that_nobody_defined_mutes_for_ever() -> None:
    known = config()
    route = replace(known.route, active_time_intervals=("gone",))
    assert muted_by_time(route, known, at(0)) == muted(ACTIVE, "gone", until=None)
