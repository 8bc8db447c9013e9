"""Delivery: one content under one id, tried for a while, then later, then given up; muted ones are not told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.dispatching import alert, at, meta, view
from tocsin.alert import Alert
from tocsin.dispatch.config import Integration
from tocsin.dispatch.delivery import MAX_TRIES, Deliverer, Delivery, View
from tocsin.dispatch.muting import Muted, MuteReason
from tocsin.dispatch.nflog import (
    Entry,
    Intent,
    activations,
    from_item,
    intend,
    label_hash,
    owed,
    postpone,
    record,
)
from tocsin.instants import maybe_millis
from tocsin.local.clocks import VirtualClock
from tocsin.notification import Delivered, Failed, Failure, Notification, Reason, Sent
from tocsin.stores.memory import MemoryDatabase

ENTRY = Entry(meta().id, "ops", "webhook/0")
WEBHOOK = Integration("webhook", 0, {})
QUIET_ENDS = Integration("webhook", 0, {}, send_resolved=False)
BUSY = Failed(Failure.SERVER_ERROR, retry=True, detail="HTTP 503")
REFUSED = Failed(Failure.CLIENT_ERROR, retry=False, detail="HTTP 400")
A, B = alert(job="a"), alert(job="b")
A_OVER, B_OVER = alert(job="a", until=5), alert(job="b", until=5)
SILENCED = Muted(MuteReason.SILENCE, ("s-1",), at(3600))


class Desk:
    """A receiver that answers as it is told, and everything around it."""

    def __init__(self, *answers: Sent, seconds: float = 0) -> None:
        self.database, self.clock = MemoryDatabase(), VirtualClock(at(10))
        self.heard: list[tuple[float, Notification]] = []
        self._answers, self._seconds = list(answers), seconds

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Answer; the last answer is given for ever."""
        self.heard.append(((self.clock.now() - at(10)).total_seconds(), notification))
        self.clock.sleep(self._seconds)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def deliver(self, seen: View, entry: Entry = ENTRY, integration: Integration = WEBHOOK) -> Delivery:
        """Do what a flush does with one integration."""
        return Deliverer(self.database, self.clock).deliver(seen, entry, integration, self)

    def logged(self) -> Entry:
        """Return what the log says."""
        [item] = self.database.get(ENTRY.key)
        return from_item(item) if item else ENTRY

    @property
    def content(self) -> list[tuple[Reason, Sequence[Alert]]]:
        """What was told, in order, why, and of which alerts."""
        return [(told.reason, told.alerts) for _, told in self.heard]


def seen(
    *alerts: Alert, muted: Sequence[Alert] = (), now: float = 10, claimed_until: float | None = None
) -> View:
    owner = meta(claimed_until=claimed_until or now + 75)
    return view(*alerts, now=now, muted={found.fingerprint: SILENCED for found in muted}, owner=owner)


def told(desk: Desk, *alerts: Alert) -> Entry:
    """Return the log of a group of which these alerts were told at 0 s."""
    intent = Intent(1, Reason.FIRST, at(0), alerts, "earlier")
    assert intend(desk.database, ENTRY, intent)
    return record(desk.database, ENTRY, intent, now=at(0))


# -- what is news ---------------------------------------------------------------------------------


def test_the_first_alert_is_told_and_logged() -> None:
    desk = Desk(Delivered("200"))
    delivery = desk.deliver(seen(B, A))
    assert desk.content == [(Reason.FIRST, (A, B))]
    assert delivery.entry == desk.logged()
    assert (delivery.entry.number, delivery.entry.firing) == (1, activations([A, B]))
    assert (delivery.again_at, delivery.interrupted) == (None, False)
    [line] = delivery.told
    assert (line.outcome, line.reason, line.firing, line.resolved) == ("delivered", Reason.FIRST, 2, 0)
    assert (line.detail, line.latency_seconds, line.integration) == ("200", 10.0, "webhook/0")


def test_a_notification_says_whose_it_is() -> None:
    desk = Desk(Delivered())
    desk.deliver(seen(A))
    [(_, notification)] = desk.heard
    assert notification == Notification(
        id=ENTRY.notification_id(1),
        receiver="ops",
        reason=Reason.FIRST,
        group_key='{}:{alertname="Down"}',
        group_labels={"alertname": "Down"},
        alerts=(A,),
        at=at(10),
        external_url="http://am.example",
    )


def test_no_news_is_not_told() -> None:
    desk = Desk(Delivered())
    before = told(desk, A)
    delivery = desk.deliver(seen(A), before)
    assert (desk.heard, delivery.told, delivery.again_at) == ([], [], None)
    assert desk.logged() == before


def test_what_is_muted_is_not_told_and_stays_on_the_books() -> None:
    desk = Desk(Delivered())
    before = told(desk, A)
    desk.deliver(seen(A, muted=[A]), before)
    assert desk.heard == []
    delivery = desk.deliver(seen(A, B, muted=[A]), before)
    assert desk.content == [(Reason.NEW_ALERTS, (B,))]
    assert delivery.entry.firing.keys() == activations([A, B]).keys()


def test_an_end_that_was_held_is_told_when_the_mute_is_over() -> None:
    desk = Desk(Delivered())
    before = told(desk, A)
    held = desk.deliver(seen(A_OVER, muted=[A_OVER]), before)
    assert (desk.heard, held.told) == ([], [])
    desk.deliver(seen(A_OVER), before)
    assert desk.content == [(Reason.ALL_RESOLVED, (A_OVER,))]


def test_ends_are_left_out_for_who_does_not_want_them() -> None:
    desk = Desk(Delivered())
    desk.deliver(seen(A_OVER, B), told(desk, A), QUIET_ENDS)
    assert desk.content == [(Reason.NEW_ALERTS, (B,))]


def test_only_ends_are_logged_unsent_for_who_does_not_want_them_so_that_they_are_over() -> None:
    desk = Desk(Delivered())
    delivery = desk.deliver(seen(A_OVER), told(desk, A), QUIET_ENDS)
    assert desk.heard == []
    assert delivery.entry.firing == {}
    assert desk.logged().firing == {}
    again = desk.deliver(seen(A), desk.logged(), QUIET_ENDS)
    assert desk.content == [(Reason.FIRST, (A,))]
    assert again.entry.number == 3


def test_a_log_that_somebody_else_has_written_interrupts() -> None:
    desk = Desk(Delivered())
    theirs = told(desk, B)
    delivery = desk.deliver(seen(A))
    assert desk.heard == []
    assert delivery.interrupted
    assert desk.logged() == theirs


# -- trying ---------------------------------------------------------------------------------------


def test_a_failure_that_may_pass_is_tried_again_with_the_same_id_and_content() -> None:
    desk = Desk(BUSY, BUSY, Delivered())
    delivery = desk.deliver(seen(A))
    assert [after for after, _ in desk.heard] == [0, 0.5, 1.25]
    [first, *others] = [notification for _, notification in desk.heard]
    assert (first.id, others) == (ENTRY.notification_id(1), [first, first])
    assert [line.outcome for line in delivery.told] == ["delivered"]


def test_after_10_s_the_next_try_is_left_to_a_later_flush() -> None:
    desk = Desk(BUSY)
    delivery = desk.deliver(seen(A))
    last = desk.heard[-1][0]
    assert 5 < last < 10
    assert delivery.again_at == at(10 + last + 15)
    [line] = delivery.told
    assert (line.outcome, line.detail, line.retry_at) == ("serverError", "HTTP 503", delivery.again_at)
    waiting = desk.logged().intent
    assert waiting is not None
    assert (waiting.number, waiting.tries) == (1, 1)
    assert maybe_millis(waiting.retry_at) == maybe_millis(delivery.again_at)


def test_a_slow_failure_is_tried_once() -> None:
    desk = Desk(BUSY, seconds=10)
    desk.deliver(seen(A))
    assert len(desk.heard) == 1


def test_a_receiver_that_says_when_to_come_back_is_asked_then() -> None:
    desk = Desk(replace(BUSY, retry_after_seconds=4.0), Delivered())
    desk.deliver(seen(A))
    assert [after for after, _ in desk.heard] == [0, 4]


PAUSES: dict[str, tuple[int, float | None, float]] = {  # tries before, what the receiver asked for, the pause
    "first": (0, None, 15),
    "second": (1, None, 30),
    "third": (2, None, 60),
    "sixth": (5, None, 300),
    "last": (MAX_TRIES - 2, None, 300),
    "asked for more": (0, 120.0, 120),
    "asked for less than our own": (5, 60.0, 300),
    "asked for more than our longest": (5, 600.0, 600),
    "asked for more than is reasonable": (0, 86400.0, 900),
}


@pytest.mark.parametrize(("tries", "asked", "pause"), PAUSES.values(), ids=PAUSES)
def test_pauses_between_flushes_grow_and_heed_what_the_receiver_asks(
    tries: int, asked: float | None, pause: float
) -> None:
    desk = Desk(replace(BUSY, retry_after_seconds=asked), seconds=10)
    entry = left_behind(desk, A, tries=tries)
    delivery = desk.deliver(seen(A, now=100), entry)
    assert delivery.again_at == desk.clock.now() + timedelta(seconds=pause)


def test_a_refusal_for_good_closes_the_intent_and_blocks_nothing_after_it() -> None:
    desk = Desk(REFUSED, Delivered())
    delivery = desk.deliver(seen(A))
    assert (delivery.again_at, desk.logged().intent) == (None, None)
    assert [line.outcome for line in delivery.told] == ["clientError"]
    [event] = desk.logged().timeline.events
    assert (event.outcome, event.detail, event.tries, event.final) == ("clientError", "HTTP 400", 1, True)
    assert delivery.interrupted
    desk.deliver(seen(A, B), desk.logged())
    assert desk.content[1:] == [(Reason.FIRST, (A, B))]
    assert len({told.id for _, told in desk.heard}) == 2


def test_nobody_is_owed_the_end_of_what_was_only_ever_refused() -> None:
    desk = Desk(REFUSED)
    entry = desk.deliver(seen(A)).entry
    assert not owed([entry])
    desk.deliver(seen(A_OVER), entry)
    assert len(desk.heard) == 1


def test_the_end_of_what_somebody_may_have_been_told_is_owed() -> None:
    desk = Desk(BUSY, seconds=10)
    entry = desk.deliver(seen(A, now=100), left_behind(desk, A, tries=MAX_TRIES - 1)).entry
    assert owed([entry]) == {label_hash(A)}
    desk.deliver(seen(A_OVER, now=100), entry)
    assert desk.content[-1] == (Reason.ALL_RESOLVED, (A_OVER,))


def test_an_end_that_was_refused_is_told_at_the_next_slot() -> None:
    desk = Desk(REFUSED, Delivered())
    entry = desk.deliver(seen(A_OVER), told(desk, A)).entry
    assert owed([entry]) == {label_hash(A)}
    desk.deliver(seen(A_OVER), entry)
    assert not owed([desk.logged()])


def test_an_end_that_is_refused_is_given_up_after_a_day() -> None:
    desk = Desk(REFUSED)
    entry = told(desk, A)
    for hours in (1, 23, 25):
        entry = desk.deliver(seen(A_OVER, now=hours * 3600), entry).entry
        desk.clock.sleep(3600 * hours)
    assert not owed([entry])


def test_too_many_tries_close_the_intent() -> None:
    desk = Desk(BUSY, seconds=10)
    entry = left_behind(desk, A, tries=MAX_TRIES - 1)
    delivery = desk.deliver(seen(A, now=100), entry)
    assert (delivery.again_at, desk.logged().intent, desk.logged().number) == (None, None, 1)
    assert (len(desk.heard), delivery.interrupted) == (1, True)


def test_no_attempt_begins_that_could_outlive_the_claim() -> None:
    desk = Desk(Delivered())
    delivery = desk.deliver(seen(A, claimed_until=20))
    assert desk.heard == []
    assert (delivery.told, delivery.again_at, desk.logged().intent) == ([], at(25), None)
    desk = Desk(BUSY)
    desk.deliver(seen(A, claimed_until=22))
    assert [after for after, _ in desk.heard] == [0, 0.5, 1.25]


# -- an intent that somebody left behind ------------------------------------------------------------


def left_behind(desk: Desk, *alerts: Alert, tries: int = 0, retry_at: float = 20) -> Entry:
    """Return the log of a worker that wrote an intent at 5 s and never closed it."""
    intent = Intent(1, Reason.FIRST, at(5), alerts, "of the dead")
    assert intend(desk.database, ENTRY, intent)
    for _ in range(tries):
        postpone(desk.database, ENTRY, intent, at(retry_at))
    return desk.logged()


def test_an_open_intent_is_repeated_exactly_and_then_what_is_news_is_told() -> None:
    desk = Desk(Delivered())
    entry = left_behind(desk, A)
    delivery = desk.deliver(seen(A_OVER, B), entry)
    assert desk.content == [(Reason.FIRST, (A,)), (Reason.NEW_ALERTS, (A_OVER, B))]
    assert [told.id for _, told in desk.heard] == [ENTRY.notification_id(1), ENTRY.notification_id(2)]
    assert desk.heard[0][1].at == at(5)
    assert delivery.entry == desk.logged()
    assert (delivery.entry.number, delivery.entry.firing) == (2, activations([B]))


def test_an_open_intent_that_is_all_there_is_to_say_is_told_once() -> None:
    desk = Desk(Delivered())
    delivery = desk.deliver(seen(A), left_behind(desk, A))
    assert desk.content == [(Reason.FIRST, (A,))]
    assert len(delivery.told) == 1


def test_an_open_intent_waits_for_its_next_try_and_so_does_everything_after_it() -> None:
    desk = Desk(Delivered())
    entry = left_behind(desk, A, tries=1, retry_at=20)
    delivery = desk.deliver(seen(A, B, now=19), entry)
    assert (desk.heard, delivery.again_at) == ([], at(20))
    desk.deliver(seen(A, B, now=20), entry)
    assert [reason for reason, _ in desk.content] == [Reason.FIRST, Reason.NEW_ALERTS]


def test_an_open_intent_all_of_which_is_muted_by_now_waits() -> None:
    desk = Desk(Delivered())
    entry = left_behind(desk, A)
    delivery = desk.deliver(seen(A, muted=[A]), entry)
    assert (desk.heard, delivery.again_at, delivery.entry) == ([], None, entry)
    desk.deliver(seen(A, B), entry)
    assert [reason for reason, _ in desk.content] == [Reason.FIRST, Reason.NEW_ALERTS]


def test_an_open_intent_all_of_which_is_muted_by_now_makes_way_for_other_news() -> None:
    """Somebody may have sent it: what it says is news again when it is heard, and its end is owed."""
    desk = Desk(Delivered())
    entry = desk.deliver(seen(A, B, muted=[A]), left_behind(desk, A)).entry
    assert desk.content == [(Reason.FIRST, (B,))]
    assert owed([entry]) == {label_hash(A), label_hash(B)}
    assert desk.heard[0][1].id != ENTRY.notification_id(1)
    desk.deliver(seen(A, B), entry)
    assert desk.content[1:] == [(Reason.NEW_ALERTS, (A, B))]


def test_what_was_muted_when_an_intent_was_decided_stays_on_the_books_though_it_is_repeated_later() -> None:
    """Its end came under the silence and is owed: who repeats the intent sees neither."""
    desk = Desk(Delivered())
    before = told(desk, A)
    intent = Intent(2, Reason.NEW_ALERTS, at(5), (B,), "of the dead", held=frozenset({label_hash(A)}))
    assert intend(desk.database, before, intent)
    desk.deliver(seen(A_OVER, alert(job="b", until=6)), desk.logged())
    assert desk.content == [
        (Reason.NEW_ALERTS, (B,)),
        (Reason.ALL_RESOLVED, (A_OVER, alert(job="b", until=6))),
    ]


def test_an_open_intent_of_which_a_part_is_muted_is_repeated_whole() -> None:
    desk = Desk(Delivered())
    entry = left_behind(desk, A, B)
    desk.deliver(seen(A, B, muted=[A]), entry)
    assert desk.content == [(Reason.FIRST, (A, B))]


def test_an_open_intent_that_fails_again_tells_nothing_after_it() -> None:
    desk = Desk(BUSY, seconds=10)
    delivery = desk.deliver(seen(A, B), left_behind(desk, A))
    assert {told.id for _, told in desk.heard} == {ENTRY.notification_id(1)}
    assert len(delivery.told) == 1
    assert delivery.again_at is not None


def test_an_open_intent_that_is_refused_makes_way_at_the_next_slot() -> None:
    desk = Desk(REFUSED, Delivered())
    delivery = desk.deliver(seen(A, B), left_behind(desk, A))
    assert [line.outcome for line in delivery.told] == ["clientError"]
    assert delivery.interrupted
    desk.deliver(seen(A, B), desk.logged())
    assert desk.content == [(Reason.FIRST, (A,)), (Reason.FIRST, (A, B))]


# -- a view ---------------------------------------------------------------------------------------


def test_a_view_tells_what_may_be_heard_in_the_order_of_a_notification_from_what_is_held() -> None:
    mine = seen(B, alert(), A, B_OVER, muted=[alert()])
    assert [found.labels.get("job") for found in mine.audible(ENTRY)] == ["a", "b", "b"]
    assert mine.held(ENTRY) == {label_hash(alert())}


def test_an_end_under_a_silence_is_told_at_once_if_that_is_wanted_to_who_was_told_that_it_fires() -> None:
    for wanted in (False, True):
        desk = Desk(Delivered())
        before = told(desk, A)
        desk.deliver(replace(seen(A_OVER, muted=[A]), muted_ends=wanted), before)
        assert desk.content == ([(Reason.ALL_RESOLVED, (A_OVER,))] if wanted else [])


def test_an_end_that_was_told_is_not_told_again_while_another_integration_has_yet_to_hear_of_it() -> None:
    desk = Desk(Delivered())
    after = desk.deliver(seen(A_OVER, B), told(desk, A, B)).entry
    desk.deliver(seen(A_OVER, B, alert(job="c")), after)
    assert [content for _, content in desk.content[-2:]] == [(A_OVER, B), (B, alert(job="c"))]


def test_what_a_receiver_remembers_is_given_to_it_with_the_groups_next_notification_until_all_is_over() -> (
    None
):
    desk = Desk(Delivered(memory={"ts": "1.5"}), Delivered(), Delivered(), Delivered())
    entry = desk.deliver(seen(A)).entry
    for step in (seen(A, B), seen(A_OVER, B_OVER), seen(alert(since=500))):
        entry = desk.deliver(step, desk.logged()).entry
    assert [notification.memory for _, notification in desk.heard] == [{}, {"ts": "1.5"}, {"ts": "1.5"}, {}]
    assert entry.memory == {}


def test_what_was_told_and_is_silenced_is_told_again_when_it_is_heard_and_still_fires() -> None:
    desk = Desk(Delivered())
    entry = told(desk, A)
    entry = desk.deliver(seen(A, muted=[A]), entry).entry
    assert not desk.heard
    entry = desk.deliver(seen(A), entry).entry
    assert desk.content == [(Reason.NEW_ALERTS, (A,))]
    desk.deliver(seen(A), entry)
    assert len(desk.heard) == 1


def test_the_end_of_what_is_silenced_since_it_was_told_is_still_owed() -> None:
    desk = Desk(Delivered())
    entry = desk.deliver(seen(A, muted=[A]), told(desk, A)).entry
    assert owed([entry]) == {label_hash(A)}
    desk.deliver(seen(A_OVER), entry)
    assert desk.content == [(Reason.ALL_RESOLVED, (A_OVER,))]


def test_what_was_told_and_is_inhibited_is_not_told_again() -> None:
    desk = Desk(Delivered())
    inhibited = {A.fingerprint: Muted(MuteReason.INHIBITION, ("f",), None)}
    entry = desk.deliver(replace(seen(A), muted=inhibited), told(desk, A)).entry
    desk.deliver(seen(A), entry)
    assert not desk.heard


def test_an_intent_of_another_time_is_not_told() -> None:
    """Its integration was away when its alerts ended: nobody kept them for it."""
    desk = Desk(Delivered())
    entry = left_behind(desk, A)
    desk.deliver(seen(B), entry)
    assert desk.content == [(Reason.FIRST, (B,))]
    assert desk.logged().firing.keys() == {label_hash(B)}


def test_half_a_character_in_what_a_receiver_says_is_stored_as_a_question_mark() -> None:
    desk = Desk(Failed(Failure.CLIENT_ERROR, retry=False, detail="\ud800"), Delivered(memory={"a": "\udfff"}))
    desk.deliver(seen(A))
    assert [event.detail for event in desk.logged().timeline.events] == ["?"]
    desk.deliver(seen(A), desk.logged())
    assert desk.logged().memory == {"a": "?"}


def test_a_refusal_is_not_forgotten_because_something_else_is_muted_by_now() -> None:
    desk = Desk(REFUSED)
    delivery = desk.deliver(seen(A, B, muted=[A]), told(desk, A))
    assert [line.outcome for line in delivery.told] == ["clientError"]
    assert delivery.interrupted


def test_the_end_of_what_a_dead_worker_may_have_told_is_owed_though_its_repetition_is_refused() -> None:
    desk = Desk(REFUSED)
    entry = left_behind(desk, A)
    assert owed([desk.deliver(seen(A), entry).entry]) == {label_hash(A)}


def test_who_was_left_behind_decides_nothing_any_more() -> None:
    desk = Desk(Delivered())
    desk.clock.sleep(70)
    delivery = desk.deliver(seen(A, muted=[B]), told(desk, B))
    assert (desk.heard, desk.logged().intent) == ([], None)
    assert delivery.again_at is not None
