"""What setting or ending a silence comes to, against Alertmanager's rules."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.dispatching import at
from tocsin.dispatch.silence import Silence, SilenceError
from tocsin.dispatch.silenceedit import Change, Limits, check_limits, edit, expired
from tocsin.matchers import parse_matchers

MATCHERS = parse_matchers('alertname="Down",job=~"a|b"')
ACTIVE = Silence("old", MATCHERS, at(-60), at(3600), "me", "moving", at(-60), {"ticket": "1"})
PENDING = replace(ACTIVE, starts_at=at(60))
EXPIRED = replace(ACTIVE, ends_at=at(-1))

IN_PLACE: dict[str, tuple[Silence, dict[str, Any], str | None]] = {
    "nothing changes": (ACTIVE, {}, None),
    "a later end": (ACTIVE, {"ends_at": at(7200)}, None),
    "an earlier end": (ACTIVE, {"ends_at": at(10)}, "old"),
    "an end that is now": (ACTIVE, {"ends_at": at(0)}, "old"),
    "a start in the same second": (ACTIVE, {"starts_at": at(-59.001)}, None),
    "who, why and what else": (ACTIVE, {"created_by": "you", "comment": "", "annotations": {}}, None),
    "pending: a later start": (PENDING, {"starts_at": at(90)}, None),
    "pending: a start that is now": (PENDING, {"starts_at": at(0)}, None),
    "pending: an earlier end": (PENDING, {"ends_at": at(120)}, "old"),
}


@pytest.mark.parametrize(("existing", "changes", "wakes"), IN_PLACE.values(), ids=IN_PLACE)
def test_a_silence_stays_the_same_one(existing: Silence, changes: dict[str, Any], wakes: str | None) -> None:
    wanted = replace(existing, **changes)
    done = edit(existing, wanted, at(0), "new")
    assert done.silence == replace(wanted, updated_at=at(0))
    assert (done.change, done.ended, done.wakes) == (Change.UPDATED, None, wakes)


REPLACED: dict[str, tuple[Silence, dict[str, Any]]] = {
    "another start": (ACTIVE, {"starts_at": at(-58.999)}),
    "other matchers": (ACTIVE, {"matchers": MATCHERS[:1]}),
    "the same matchers in another order": (ACTIVE, {"matchers": MATCHERS[::-1]}),
    "pending: a start that is past": (PENDING, {"starts_at": at(-1)}),
}


@pytest.mark.parametrize(("existing", "changes"), REPLACED.values(), ids=REPLACED)
def test_a_silence_that_would_be_another_ends_and_another_one_begins(
    existing: Silence, changes: dict[str, Any]
) -> None:
    wanted = replace(existing, **changes)
    done = edit(existing, wanted, at(0), "new")
    starts_at = max(wanted.starts_at, at(0))
    assert done.silence == replace(wanted, id="new", starts_at=starts_at, updated_at=at(0))
    assert done.ended == expired(existing, at(0))
    assert (done.change, done.wakes) == (Change.REPLACED, "old")


def test_one_that_has_passed_is_left_as_it_was_and_another_one_begins() -> None:
    done = edit(EXPIRED, replace(EXPIRED, ends_at=at(60)), at(0), "new")
    assert (done.silence.id, done.silence.starts_at) == ("new", at(0))
    assert (done.change, done.ended, done.wakes) == (Change.REPLACED, None, None)


@pytest.mark.parametrize(("starts", "expected"), [(-60, 0), (0, 0), (60, 60)])
def test_a_new_silence_starts_now_or_later(starts: float, expected: float) -> None:
    done = edit(None, replace(ACTIVE, id="", starts_at=at(starts)), at(0), "new")
    assert done.silence == replace(ACTIVE, id="new", starts_at=at(expected), updated_at=at(0))
    assert (done.change, done.ended, done.wakes) == (Change.CREATED, None, None)


def test_what_is_active_ends_now_what_is_pending_never_was_and_what_has_passed_stays() -> None:
    assert expired(ACTIVE, at(0)) == replace(ACTIVE, ends_at=at(0), updated_at=at(0))
    assert expired(PENDING, at(0)) == replace(PENDING, starts_at=at(0), ends_at=at(0), updated_at=at(0))
    assert expired(EXPIRED, at(0)) is EXPIRED


CREATED = edit(None, ACTIVE, at(0), "new")
UPDATED = edit(ACTIVE, ACTIVE, at(0), "new")


@pytest.mark.parametrize(
    ("wanted", "stored", "limits"),
    [
        (CREATED, 10_000, Limits()),
        (CREATED, 9, Limits(silences=10)),
        (UPDATED, 10, Limits(silences=10)),
        (CREATED, 0, Limits(size_bytes=0)),
    ],
    ids=["no limit", "the last one", "one that is stored", "any size"],
)
def test_what_is_within_the_limits_passes(wanted: Any, stored: int, limits: Limits) -> None:
    check_limits(wanted, stored, limits)


def test_one_too_many_is_refused() -> None:
    with pytest.raises(SilenceError, match=r"^exceeded maximum number of silences: 10 \(limit: 10\)$"):
        check_limits(CREATED, 10, Limits(silences=10))


def test_one_that_is_too_large_is_refused_also_in_place() -> None:
    large = edit(ACTIVE, replace(ACTIVE, comment="é" * 200_000), at(0), "new")
    with pytest.raises(
        SilenceError, match=r"^silence exceeded maximum size: 400\d\d\d bytes \(limit: 300000 bytes\)$"
    ):
        check_limits(large, 0, Limits())
