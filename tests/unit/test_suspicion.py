"""Suspicion: which unit killed a worker, told from the lease that it left behind."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.evaluating import at, unit
from tocsin.evaluation.head import Head, Lagging, Lease
from tocsin.evaluation.suspicion import suspect

ONE, OTHER = unit("One", revision=3), unit("Other")
UNITS = {found.id: found for found in (ONE, OTHER)}
HEAD = Head("1.0", 7, at(0))


def dead(*in_flight: str, until: float = -1) -> Head:
    return replace(HEAD, lease=Lease("t", at(until), in_flight))


def test_no_lease_suspects_nobody() -> None:
    assert suspect(HEAD, UNITS, at(0)) == HEAD


def test_a_lease_that_runs_suspects_nobody() -> None:
    held = dead(ONE.id, until=1)
    assert suspect(held, UNITS, at(0)) == held


def test_a_lease_runs_out_at_its_end() -> None:
    assert set(suspect(dead(ONE.id, until=0), UNITS, at(0)).lagging) == {ONE.id}


def test_a_lease_that_ran_out_with_nothing_in_flight_suspects_nobody() -> None:
    assert suspect(dead(), UNITS, at(0)) == HEAD


def test_all_that_was_in_flight_is_suspect_and_may_be_tried_at_once() -> None:
    after = suspect(dead(ONE.id, OTHER.id), UNITS, at(0))
    assert after.lease is None
    assert after.lagging == {
        ONE.id: Lagging(at(0), 0, at(0), suspect=True, quarantined=False, revision=3, since=at(0)),
        OTHER.id: Lagging(at(0), 0, at(0), suspect=True, quarantined=False, since=at(0)),
    }


def test_one_death_alone_condemns_nobody() -> None:
    after = suspect(dead(ONE.id), UNITS, at(0))
    assert after.lagging == {
        ONE.id: Lagging(at(0), 0, at(0), suspect=True, quarantined=False, revision=3, since=at(0))
    }


def test_a_suspect_that_killed_alone_is_quarantined() -> None:
    lagging = {ONE.id: Lagging(at(0), 0, at(0), suspect=True, revision=3)}
    after = suspect(replace(dead(ONE.id), lagging=lagging), UNITS, at(0))
    assert after.lagging == {
        ONE.id: Lagging(at(0), 1, at(600), suspect=True, quarantined=True, revision=3, since=at(0)),
    }


PAUSES = {
    "first": (0, 600),
    "second": (1, 1200),
    "third": (2, 2400),
    "sixth": (5, 19200),
    "tenth": (9, 21600),
}


@pytest.mark.parametrize(("tries", "seconds"), PAUSES.values(), ids=PAUSES)
def test_each_death_doubles_the_quarantine_up_to_six_hours(tries: int, seconds: float) -> None:
    lagging = {ONE.id: Lagging(at(-60), tries, at(0), True, True, 3)}
    after = suspect(replace(dead(ONE.id), lagging=lagging), UNITS, at(0))
    assert after.lagging[ONE.id] == Lagging(at(-60), tries + 1, at(seconds), True, True, 3, at(0))


def test_a_unit_that_is_gone_is_not_suspected() -> None:
    assert suspect(dead("gone" * 6), UNITS, at(0)) == HEAD


def test_a_rule_that_was_written_since_gets_another_chance_at_once() -> None:
    held = Lagging(at(-60), 4, at(9999), suspect=True, quarantined=True, revision=2)
    after = suspect(replace(HEAD, lagging={ONE.id: held}), UNITS, at(5))
    assert after.lagging[ONE.id] == Lagging(at(-60), 4, at(5), suspect=True, quarantined=False, revision=3)


def test_a_rule_that_was_not_written_waits_on() -> None:
    held = Lagging(at(-60), 4, at(9999), suspect=True, quarantined=True, revision=3)
    gone = Lagging(at(-60), 1, at(30))
    lagging = {ONE.id: held, "gone" * 6: gone}
    after = suspect(replace(HEAD, lagging=lagging), UNITS, at(5) + timedelta(seconds=1))
    assert after.lagging == lagging
