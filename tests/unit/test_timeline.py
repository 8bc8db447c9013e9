"""The timeline of a group's integration: few short lines, the newest first, whatever receivers say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatching import at
from tocsin.dispatch.tally import Tally
from tocsin.dispatch.timeline import DELIVERED, Event, Timeline, unpacked
from tocsin.notification import Failure, Reason

EVENT = Event(1, Reason.FIRST, at(0), at(1), DELIVERED, "HTTP 200", firing=2, resolved=1, tries=1)
BUSY = replace(EVENT, outcome=Failure.SERVER_ERROR.value, detail="HTTP 503", final=False)
MOST_BYTES = 512


def timeline(*events: Event) -> Timeline:
    found = Timeline()
    for event in events:
        found = found.after(event, {})
    return found


def test_the_newest_event_stands_first() -> None:
    second = replace(EVENT, number=2)
    assert timeline(EVENT, second).events == (second, EVENT)


def test_tries_that_end_alike_are_one_event() -> None:
    again = replace(BUSY, at=at(20), tries=17)
    given_up = replace(BUSY, at=at(90), tries=3, final=True)
    assert timeline(BUSY, again).events == (replace(again, tries=18),)
    assert timeline(BUSY, again, given_up).events == (replace(given_up, tries=21),)


def test_another_answer_another_outcome_or_another_notification_is_another_event() -> None:
    others = (replace(BUSY, detail="HTTP 502"), EVENT, replace(EVENT, number=2))
    assert len(timeline(BUSY, *others).events) == 4


def test_what_fails_alike_at_every_slot_is_one_event_and_what_is_delivered_never_is() -> None:
    slots = [replace(BUSY, number=number, at=at(10 * number), firing=number) for number in range(1, 5)]
    assert timeline(*slots).events == (replace(slots[-1], tries=4),)
    assert len(timeline(*(replace(one, outcome=DELIVERED) for one in slots)).events) == 4


def test_twenty_events_are_kept() -> None:
    found = timeline(*(replace(EVENT, number=number, at=at(300 * number)) for number in range(100)))
    assert [event.number for event in found.events] == list(range(99, 79, -1))
    assert len(found.packed()) <= MOST_BYTES


def test_long_answers_are_cut_and_push_out_older_ones() -> None:
    answers = ("".join(chr(33 + (7 * n * n + m * m * n) % 90) for m in range(500)) for n in range(1, 20))
    found = timeline(*(replace(EVENT, number=n, detail=text) for n, text in enumerate(answers)))
    assert 1 <= len(found.events) < 20
    assert {len(event.detail) for event in found.events} == {200}
    assert len(found.packed()) <= MOST_BYTES


def test_half_a_character_becomes_a_question_mark() -> None:
    assert timeline(replace(EVENT, detail="\ud83d")).events[0].detail == "?"


def test_what_is_counted_goes_with_it() -> None:
    found = Timeline().after(EVENT, {"total": 1}).after(replace(EVENT, number=2), {"total": 1})
    assert unpacked(found.packed()).tally == Tally(20516, {"total": 2})


def test_an_entry_of_an_earlier_release_has_none() -> None:
    assert unpacked(None) == Timeline()


MOMENTS = st.integers(0, 10**9).map(lambda ms: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
EVENTS = st.builds(
    Event,
    number=st.integers(1, 5),
    reason=st.sampled_from(Reason),
    decided_at=MOMENTS,
    at=MOMENTS,
    outcome=st.sampled_from([DELIVERED, *(failure.value for failure in Failure)]),
    detail=st.text(),
    firing=st.integers(0, 10_000),
    resolved=st.integers(0, 10_000),
    tries=st.integers(0, 50),
    final=st.booleans(),
)


@given(st.lists(EVENTS, max_size=30), st.dictionaries(st.text(max_size=5), st.integers(), max_size=3))
def test_what_is_stored_is_what_was_known(events: list[Event], counts: dict[str, int]) -> None:
    found = Timeline()
    for event in events:
        found = found.after(event, counts)
    assert unpacked(found.packed()) == found
