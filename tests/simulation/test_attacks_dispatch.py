"""The attacks that the invariants of the design were written against, each as a scene: the dispatcher's."""

import random
from unittest.mock import patch

import pytest

from tests.simulation.baton import Order
from tests.simulation.scenes import BUSY, believed, ending, one_rule, race, settle
from tests.simulation.system import System, config, rule
from tocsin.notification import Delivered, Failed, Failure, Notification, Reason, Sent

FIRES, ENDED = "A/a fires", "A/a ended"
REFUSAL = Failed(Failure.CLIENT_ERROR, retry=False)


# -- 7: a failed condition means "someone, perhaps me" --------------------------------------------------------


@pytest.mark.parametrize("call", ["claim", "intend", "log", "prune", "finish"])
def test_a_write_that_meets_itself_delays_nothing(call: str) -> None:
    system = ending()
    system.flush().past(call, order=Order.AGAIN).finish()
    assert system.told() == [FIRES, ENDED]
    assert system.groups() == []


def test_eight_dispatchers_on_one_group_at_once_tell_it_once() -> None:
    for seed in range(6):
        system = one_rule((5, True), (35, False))
        for second in (20, 50):
            system.run(second - 1)
            system.go_to(second)
            race(random.Random(seed), [system.flush() for _ in range(8)])
        assert settle(system, 120) == [FIRES, ENDED]
        assert len(system.ledger.sent) == 2


# -- 10: pruning -------------------------------------------------------------------------------------------


def test_a_refire_that_is_put_during_a_flush_is_not_pruned() -> None:
    system = one_rule((5, True), (35, False), (45, True))
    system.run(49)
    system.go_to(50)
    flush = system.flush().until("prune")
    system.tick(50).finish()
    flush.finish()
    assert settle(system, 120) == [FIRES, ENDED, FIRES]


def test_ends_survive_the_division_of_their_chunk() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_by=("alertname",)))
    for number in range(12):
        system.present("A", (5, True), (25, False), instance=f"old{number}")
        system.present("A", (35, True), instance=f"new{number}")
    with patch("tocsin.packing.CHUNK_BYTES", 300):
        told = settle(system, 120)
    assert [len(text.split(", ")) for text in told] == [12, 24]
    assert believed(system).keys() == {f"A/new{number}" for number in range(12)}


# -- 11: a group that holds an alert always has a due time ---------------------------------------------------


def test_a_claimed_group_of_a_dead_worker_is_told_after_the_claim() -> None:
    system = one_rule((5, True))
    system.tick(10).finish()
    system.go_to(20)
    system.flush().past("claim").crash()
    assert settle(system, 94) == []
    assert settle(system, 160) == [FIRES]


def test_a_message_for_a_group_that_is_not_due_tells_nothing() -> None:
    system = one_rule((5, True))
    system.tick(10).finish()
    system.flush().finish()
    assert system.told() == []
    assert settle(system, 30) == [FIRES]


def test_a_group_that_is_woken_while_it_is_claimed_is_not_claimed_again() -> None:
    system = one_rule((5, True), group_by=("alertname",))
    system.present("A", (5, True), instance="b")
    system.silence('instance="b"')
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().until("tell web")
    system.unsilence()
    system.flush().finish()
    flush.finish()
    assert settle(system, 60) == [FIRES, "A/a fires, A/b fires"]
    assert len(system.ledger.sent) == 2


def test_a_group_whose_messages_are_all_lost_is_swept() -> None:
    system = one_rule((5, True))
    system.tick(10).finish()
    system.flushes.waiting.clear()
    assert settle(system, 61) == [FIRES]


# -- 12: a claim is an intent --------------------------------------------------------------------------------


def test_who_takes_over_repeats_the_intent_exactly_and_then_decides_afresh() -> None:
    system = one_rule((5, True), group_by=("alertname",))
    system.present("A", (15, True), instance="b")
    system.tick(10).finish()
    system.go_to(20)
    system.flush().until("log").crash()
    system.tick(20).finish()
    assert settle(system, 200) == [FIRES, "A/a fires, A/b fires"]
    first, again, *_ = (page for _, _, page in system.ledger.sent)
    assert (first.id, first.alerts) == (again.id, again.alerts)


def test_an_intent_whose_alerts_are_all_muted_waits_and_is_repeated_by_the_first_flush_that_may() -> None:
    system = one_rule((5, True), (35, False))
    system.tick(10).finish()
    system.go_to(20)
    system.flush().until("log").crash()
    system.silence('alertname="A"')
    assert settle(system, 300) == [FIRES]
    system.unsilence()
    assert settle(system, 310) == [FIRES, ENDED]
    assert [page.id for _, _, page in system.ledger.sent[:2]] == [system.ledger.sent[0][2].id] * 2


def test_an_intent_that_was_never_sent_is_told_after_its_silence() -> None:
    system = one_rule((5, True))
    system.tick(10).finish()
    system.go_to(20)
    system.flush().past("intend").crash()
    system.silence('alertname="A"')
    assert settle(system, 300) == []
    system.unsilence()
    assert settle(system, 310) == [FIRES]


def test_a_permanent_refusal_closes_the_intent() -> None:
    system = one_rule((5, True), group_by=("alertname",))
    system.present("A", (25, True), instance="b")
    system.ledger.answer = lambda name, told: REFUSAL if len(told.alerts) == 1 else Delivered()
    assert settle(system, 60) == ["A/a fires, A/b fires"]


def test_too_many_tries_close_the_intent() -> None:
    system = one_rule((5, True), group_by=("alertname",))
    system.present("A", (25, True), instance="b")
    system.ledger.answer = lambda name, told: BUSY if len(told.alerts) == 1 else Delivered()
    with patch("tocsin.dispatch.delivery.MAX_TRIES", 4):
        assert settle(system, 400) == ["A/a fires, A/b fires"]


def test_a_receiver_that_is_busy_is_tried_again_ever_more_rarely_with_the_same_notification() -> None:
    system = one_rule((5, True))
    tries: list[tuple[float, str]] = []

    def answer(name: str, told: Notification) -> Sent:
        tries.append((system.clock.seconds, told.id))
        return BUSY if system.clock.seconds < 300 else Delivered()

    system.ledger.answer = answer
    assert settle(system, 900) == [FIRES]
    assert len({told for _, told in tries}) == 1
    flushes = [
        second for (second, _), (before, _) in zip(tries[1:], tries, strict=False) if second - before > 12
    ]
    assert len(flushes) <= 6


def test_a_receiver_that_is_busy_does_not_hold_the_other() -> None:
    system = one_rule((5, True), (35, False), receivers=("web", "pager"))
    busy = 300
    system.ledger.answer = lambda name, told: (
        BUSY if name == "web" and system.clock.seconds < busy else Delivered()
    )
    settle(system, 70)
    assert system.told("pager") == [FIRES, ENDED]
    assert settle(system, 900) == [FIRES, ENDED]
    assert system.told("pager") == [FIRES, ENDED]


def test_late_intents_of_a_dead_claim_are_refused() -> None:
    system = one_rule((5, True), (165, False), (315, True))
    system.tick(10).finish()
    system.go_to(20)
    zombie = system.flush().until("intend")
    system.run(300)
    assert system.told() == [FIRES, ENDED]
    zombie.finish()
    assert settle(system, 400) == [FIRES, ENDED, FIRES]
    assert len(system.ledger.sent) == 3


def test_a_late_entry_in_the_log_is_refused() -> None:
    system = one_rule((5, True), (165, False), (215, True))
    system.tick(10).finish()
    system.go_to(20)
    system.flush().past("log", order=Order.DELAY)
    system.run(200)
    assert system.told() == [FIRES, ENDED]
    [late] = system.underway
    late.arrive()
    assert settle(system, 400) == [FIRES, ENDED, FIRES]


def test_no_send_begins_that_could_outlive_its_claim() -> None:
    system = one_rule((5, True))
    system.tick(10).finish()
    system.go_to(20)
    slow = system.flush().until("intend")
    system.go_to(20 + 66)
    slow.finish()
    assert system.told() == []
    assert settle(system, 400) == [FIRES]


def test_a_claim_outlives_its_worker() -> None:
    system = one_rule((5, True), group_by=("alertname",))
    system.present("A", (15, True), instance="b")
    system.tick(10).finish()
    system.go_to(20)
    slow = system.flush().until("tell web")
    system.run(78)
    slow.finish()
    assert settle(system, 200) == [FIRES, "A/a fires, A/b fires"]
    ids = [page.id for _, _, page in system.ledger.sent]
    assert ids == sorted(set(ids), key=ids.index)


# -- 13: silence acts at the moment of sending ----------------------------------------------------------------


def test_the_waker_may_die_the_sweep_works_off_its_note() -> None:
    system = one_rule((5, True))
    system.silence('alertname="A"')
    system.run(65)
    system.waker().past("transact").crash()
    assert settle(system, 200) == [FIRES]
    [(second, _, _)] = system.ledger.sent
    assert second <= 121


def test_a_silence_that_ends_by_itself_wakes_its_group() -> None:
    system = one_rule((5, True))
    system.silence('alertname="A"', seconds=100)
    assert settle(system, 99) == []
    assert settle(system, 121) == [FIRES]


def test_a_refire_under_a_past_silence_is_told() -> None:
    system = one_rule((5, True), (35, False), (55, True))
    system.run(25)
    system.silence('alertname="A"', seconds=70)
    assert settle(system, 90) == [FIRES]
    assert settle(system, 121) == [FIRES, FIRES]


def test_an_end_under_a_silence_that_ends_by_itself_is_told() -> None:
    system = one_rule((5, True), (35, False))
    system.run(25)
    system.silence('alertname="A"', seconds=100)
    assert settle(system, 124) == [FIRES]
    assert settle(system, 181) == [FIRES, ENDED]
    assert system.groups() == []


def test_a_silence_that_begins_during_a_flush_does_not_stop_it() -> None:
    system = one_rule((5, True))
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().until("tell")
    system.silence('alertname="A"')
    flush.finish()
    assert settle(system, 100) == [FIRES]


# -- the rest --------------------------------------------------------------------------------------------------


def test_what_goes_on_is_told_again_after_the_repeat_interval() -> None:
    system = one_rule((5, True))
    system.configure(config(repeat_interval=120))
    assert settle(system, 330) == [FIRES, FIRES, FIRES]
    assert [page.reason for page in system.ledger.to("web")[1:]] == [Reason.REPEAT, Reason.REPEAT]


def test_a_receiver_that_wants_no_ends_hears_none_and_the_group_is_over() -> None:
    system = one_rule((5, True), (35, False), (95, True))
    system.configure(config(send_resolved=False))
    assert settle(system, 80) == [FIRES]
    assert system.groups() == []
    assert settle(system, 150) == [FIRES, FIRES]


def test_what_was_told_before_a_silence_and_fires_on_after_it_is_told_again() -> None:
    system = one_rule((5, True))
    system.run(45)
    system.silence('alertname="A"', seconds=75)
    assert settle(system, 119) == [FIRES]
    assert settle(system, 121) == [FIRES, FIRES]
    assert settle(system, 600) == [FIRES, FIRES]


def test_a_group_whose_labels_contradict_a_silence_is_not_woken_by_its_beginning() -> None:
    system = one_rule((5, True))
    system.run(45)
    wakes = [item["wake"] for item in system.items("dispatch") if item["sk"] == "META"]
    system.silence('alertname="B"', seconds=75)
    system.run(110)
    assert [item["wake"] for item in system.items("dispatch") if item["sk"] == "META"] == wakes
