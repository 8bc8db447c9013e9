"""When a group is due again: the earliest of all that may change what is to be told, and always some time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatching import alert, at, meta, view
from tocsin.alert import Alert
from tocsin.dispatch.delivery import Delivery
from tocsin.dispatch.flush import next_due
from tocsin.dispatch.muting import Muted, MuteReason
from tocsin.dispatch.nflog import Entry

DOWN, OVER, TO_END = alert(), alert(until=-60), alert(until=1000)
REPEAT = 14_700.0
"""A group told at 0 s repeats after 4 h, at the first slot of 5 min that comes after that."""


def delivery(told: float | None = 0, again: float | None = None, interrupted: bool = False) -> Delivery:
    entry = Entry("group.0", "ops", "webhook/0", at=None if told is None else at(told))
    return Delivery(entry, again_at=None if again is None else at(again), interrupted=interrupted)


def inhibited(until: float | None) -> dict[str, Muted]:
    muted = Muted(MuteReason.INHIBITION, ("f",), None if until is None else at(until))
    return {DOWN.fingerprint: muted}


def silenced(until: float | None) -> dict[str, Muted]:
    muted = Muted(MuteReason.SILENCE, ("s",), None if until is None else at(until))
    return {DOWN.fingerprint: muted}


# What became of each integration, what mutes the alert, what is left, and when the group is due again.
DUES: dict[str, tuple[list[Delivery], dict[str, Muted], list[Alert], float | None]] = {
    "nothing is left": ([delivery()], {}, [], None),
    "nothing is left, and nobody to tell": ([], {}, [], None),
    "nothing is left but a try": ([delivery(again=40)], {}, [], 40),
    "nothing is left, but somebody else has written to the log": ([delivery(interrupted=True)], {}, [], 300),
    "it fires: when repeat_interval has passed": ([delivery()], {}, [DOWN], REPEAT),
    "it was told a while ago": ([delivery(told=-10_000)], {}, [DOWN], 4500),
    "it was to be repeated long ago": ([delivery(told=-99_999)], {}, [DOWN], 300),
    "it was never told": ([delivery(told=None)], {}, [DOWN], REPEAT),
    "nobody to tell": ([], {}, [DOWN], REPEAT),
    "several: the one that repeats first": ([delivery(), delivery(told=-10_000)], {}, [DOWN], 4500),
    "a try": ([delivery(), delivery(again=40)], {}, [DOWN], 40),
    "several tries": ([delivery(again=90), delivery(again=40)], {}, [DOWN], 40),
    "somebody else has written to the log": ([delivery(), delivery(interrupted=True)], {}, [DOWN], 300),
    "muted until": ([delivery()], silenced(60), [DOWN], 60),
    "muted for ever": ([delivery()], silenced(None), [DOWN], REPEAT),
    "muted for longer than repeat_interval": ([delivery()], silenced(99_999), [DOWN], 99_999),
    "muted, and was to be repeated long ago": ([delivery(told=-99_999)], silenced(99_999), [DOWN], 99_999),
    "muted for longer than its waiting is remembered": (
        [delivery()],
        silenced(90 * 86_400),
        [DOWN],
        7 * 86_400 + 1,
    ),
    "inhibited until its source ends: a recovery is told at the next slot": (
        [delivery()],
        inhibited(60),
        [DOWN],
        300,
    ),
    "inhibited until its source ends, at a slot": ([delivery()], inhibited(300), [DOWN], 300),
    "inhibited while its source fires": ([delivery()], inhibited(None), [DOWN], REPEAT),
    "it will end: told at the next slot": ([delivery()], {}, [TO_END], 1200),
    "it has ended and is owed": ([delivery()], {}, [OVER], REPEAT),
    "a try before its end": ([delivery(again=40)], {}, [TO_END], 40),
}


@pytest.mark.parametrize(("deliveries", "muted", "left", "expected"), DUES.values(), ids=DUES)
def test_a_group_is_due_when_the_first_of_all_things_may_change(
    deliveries: list[Delivery], muted: dict[str, Muted], left: list[Alert], expected: float | None
) -> None:
    due = next_due(view(*left, now=1, muted=muted), deliveries, left)
    assert due == (None if expected is None else at(expected))


later = st.integers(1, 10**6).map(float)
deliveries = st.builds(
    delivery,
    told=st.none() | st.integers(-(10**6), 0).map(float),
    again=st.none() | later,
    interrupted=st.booleans(),
)
alerts = st.builds(
    alert, until=st.none() | st.integers(-(10**6), 10**6).map(float), job=st.sampled_from("abc")
)
mutes = st.dictionaries(
    st.sampled_from([alert(job=job).fingerprint for job in "abc"]),
    st.builds(Muted, st.sampled_from(MuteReason), st.just(("m",)), st.none() | later.map(at)),
)


@given(
    st.lists(deliveries, max_size=3), mutes, st.lists(alerts, min_size=1, max_size=3),
    st.integers(-1000, 0).map(float), st.integers(1, 5000).map(float),
)  # fmt: skip
def test_a_group_that_holds_an_alert_always_has_a_due_time_to_come(
    found: list[Delivery], muted: dict[str, Muted], left: list[Alert], grid: float, interval: float
) -> None:
    owner = meta(grid=grid, interval=interval)
    due = next_due(view(*left, muted=muted, owner=owner), found, left)
    assert due is not None
    assert due > at(0)
    assert due <= at(0) + timedelta(days=7)
    if found and any(one.fingerprint not in muted and not one.resolved(at(0)) for one in left):
        told = [one.entry.at for one in found if one.entry.at is not None]
        assert due <= max([at(0), *told]) + timedelta(hours=4, seconds=interval)
