"""The twelve readings of the protocol, each by the interleaving that breaks without it: the dispatcher's."""

from tests.simulation.baton import Order
from tests.simulation.scenes import BUSY, one_rule, settle

COMMIT = "commit state/1.0/HEAD"
CLEAR = "clear state/1.0/HEAD"
WRITE_REDO = "put state/1.0/REDO"
DELETE_REDO = "delete state/1.0/REDO"
FIRES, ENDED = "A/a fires", "A/a ended"


# -- 4: a put that is refused still arms; arming is one update --------------------------------------------


def test_4_a_put_that_is_refused_still_arms() -> None:
    system = one_rule((5, True))
    system.tick(10).past("put dispatch/group").crash()
    assert settle(system, 120) == [FIRES]


def test_4_arming_that_only_counts_is_refused_once_the_due_has_moved() -> None:
    system = one_rule((5, True), (25, False), group_interval=300)
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().until("finish")
    writer = system.tick(30).past("arm dispatch/group").until("arm dispatch/group")
    flush.finish()
    writer.finish()
    assert settle(system, 400) == [FIRES, ENDED]


# -- 5: finish requires claim and wake as the claim returned them ------------------------------------------


def test_5_what_is_armed_during_a_flush_is_told_at_the_next_slot() -> None:
    system = one_rule((5, True), group_by=("alertname",))
    system.present("A", (15, True), instance="b")
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().past("query dispatch/group")
    system.tick(20).finish()
    flush.finish()
    assert settle(system, 60) == [FIRES, "A/a fires, A/b fires"]


def test_5_a_group_that_is_emptied_while_it_is_armed_stays_due() -> None:
    system = one_rule((5, True), (15, False), (25, True))
    system.tick(10).finish()
    system.tick(20).finish()
    flush = system.flush().until("finish")
    system.tick(30).finish()
    flush.finish()
    assert settle(system, 90) == [FIRES]


def test_5_a_late_finish_does_not_release_somebody_elses_claim() -> None:
    system = one_rule((5, True), (65, False))
    system.tick(10).finish()
    system.go_to(20)
    system.flush().past("finish", order=Order.DELAY)
    system.ticks.waiting.clear()
    for second in range(20, 100, 10):
        system.tick(second).finish()
    refused, system.ledger.answer = system.ledger.answer, lambda name, notification: BUSY
    flush = system.flush().past("claim")
    [late] = system.underway
    late.arrive()
    flush.finish()
    system.ledger.answer = refused
    assert settle(system, 240) == [FIRES, ENDED]


def test_5_a_group_woken_during_a_flush_is_due_as_early_as_it_was_woken_for() -> None:
    system = one_rule((5, True), group_interval=300)
    system.silence('instance="a"')
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().until("finish")
    system.unsilence()
    flush.finish()
    assert settle(system, 25) == [FIRES]


def test_5_a_group_woken_between_the_two_tries_to_finish_is_due_as_early_too() -> None:
    system = one_rule((5, True), group_by=("alertname",), group_interval=300)
    system.present("A", (15, True), instance="b")
    system.silence('alertname="A"')
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().until("finish")
    system.tick(20).finish()
    flush.past("finish").until("finish")
    system.unsilence()
    flush.finish()
    assert settle(system, 25) == ["A/a fires, A/b fires"]


# -- 7: a resolved alert stays in its packed item, and in every later put, until its end is told -------------


def test_7_an_end_survives_the_next_change_of_its_chunk() -> None:
    system = one_rule((5, True), (25, False), group_by=("alertname",))
    system.present("A", (5, True), (35, False), instance="b")
    assert settle(system, 120) == ["A/a fires, A/b fires", "A/a ended, A/b ended"]


# -- 9: what was told of an alert contains its activation ---------------------------------------------------


def test_9_a_refire_between_two_flushes_is_news() -> None:
    system = one_rule((5, True), (25, False), (35, True))
    assert settle(system, 120) == [FIRES, FIRES]


# -- 10: a resolve under a silence is held until the mute ends, then sent ------------------------------------


def test_10_an_end_under_a_silence_is_told_when_the_silence_ends() -> None:
    system = one_rule((5, True), (35, False))
    system.run(25)
    system.silence('alertname="A"')
    assert settle(system, 200) == [FIRES]
    system.unsilence()
    assert settle(system, 210) == [FIRES, ENDED]


def test_10_an_end_under_a_silence_survives_what_is_told_of_others() -> None:
    system = one_rule((5, True), (35, False), group_by=("alertname",))
    system.present("A", (45, True), instance="b")
    system.run(25)
    system.silence('instance="a"')
    assert settle(system, 200) == [FIRES, "A/b fires"]
    system.unsilence()
    assert settle(system, 210) == [FIRES, "A/b fires", "A/a ended, A/b fires"]


def test_10_an_end_under_a_silence_survives_an_intent_repeated_after_it() -> None:
    """Found by seed 110: what was muted when an intent was decided is not over when somebody repeats it."""
    system = one_rule((5, True), (35, False), group_by=("alertname",))
    system.present("A", (45, True), instance="b")
    system.run(25)
    system.silence('instance="a"')
    system.run(49)
    system.tick(50).finish()
    system.flush().until("log").crash()
    system.unsilence()
    assert settle(system, 200) == [FIRES, "A/b fires", "A/a ended, A/b fires"]


# -- 11: a waker writes the silence first, then reads the waiters --------------------------------------------


def test_11_a_group_looks_again_after_it_has_registered_as_a_waiter() -> None:
    system = one_rule((5, True))
    system.silence('alertname="A"')
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().until("put dispatch/WAIT")
    system.unsilence()
    flush.finish()
    assert settle(system, 25) == [FIRES]


def test_11_a_group_that_falls_asleep_while_its_silence_ends_is_woken() -> None:
    system = one_rule((5, True))
    system.silence('alertname="A"')
    system.tick(10).finish()
    system.go_to(20)
    waker = system.waker().past("transact", "query dispatch/WAIT")
    system.flush().finish()
    waker.finish()
    assert settle(system, 25) == [FIRES]


def test_11_a_group_asleep_is_woken_by_the_end_of_its_silence() -> None:
    system = one_rule((5, True))
    system.silence('alertname="A"')
    assert settle(system, 70) == []
    system.unsilence()
    assert settle(system, 71) == [FIRES]
