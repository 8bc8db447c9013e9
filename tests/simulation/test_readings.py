"""The twelve readings of the protocol, each by the interleaving that breaks without it."""

from datetime import timedelta

from tests.simulation.baton import Order
from tests.simulation.scenes import one_rule, settle
from tests.simulation.system import System, config, rule
from tocsin.schedule.layout import Layout

COMMIT = "commit state/1.0/HEAD"
CLEAR = "clear state/1.0/HEAD"
WRITE_REDO = "put state/1.0/REDO"
DELETE_REDO = "delete state/1.0/REDO"
FIRES, ENDED = "A/a fires", "A/a ended"


# -- 1: HEAD first, its REDO applied, then STATE; caches under that HEAD's version only -----------------


def test_1_head_is_read_before_the_state() -> None:
    system = one_rule((5, True))
    slow = system.tick(10).until("get state/1.0/HEAD")
    system.tick(10).finish()
    system.go_to(20)
    slow.finish()
    assert settle(system, 120) == [FIRES]


def test_1_a_cache_is_used_under_the_version_that_it_was_read_under_only() -> None:
    system = one_rule((5, True))
    container = system.container("evaluator")
    system.tick(0, on=container).finish()
    system.tick(10).finish()
    system.tick(20, on=container).finish()
    assert settle(system, 120) == [FIRES]


def test_1_a_redo_that_head_names_is_applied_before_anything_else() -> None:
    system = one_rule((5, True))
    system.tick(10).past(COMMIT).crash()
    system.tick(20).finish()
    assert settle(system, 120) == [FIRES]


# -- 2: a REDO's token is fresh for every attempt ---------------------------------------------------------


def test_2_a_late_commit_of_the_same_container_is_not_taken_for_the_new_one() -> None:
    system = one_rule((5, True))
    system.source.doubt = lambda: "late"
    container = system.container("evaluator")
    system.tick(10, on=container).past(COMMIT, order=Order.DELAY)
    system.source.doubt = lambda: ""
    again = system.tick(10, on=container).until(COMMIT)
    [late] = system.underway
    late.arrive()
    again.finish()
    assert system.faults == []
    assert settle(system, 120) == [FIRES]


def test_2_a_commit_that_meets_itself_keeps_its_redo() -> None:
    system = one_rule((5, True))
    system.tick(10).past(COMMIT, order=Order.AGAIN).finish()
    assert settle(system, 120) == [FIRES]


def test_2_who_finds_the_redo_gone_reads_head_again() -> None:
    system = one_rule((5, True))
    owner = system.tick(10).past(COMMIT)
    helper = system.tick(10).until("get state/1.0/REDO")
    owner.finish()
    helper.finish()
    assert settle(system, 120) == [FIRES]


# -- 3: clearing is conditional on the REDO's key, keeps the sequence, and comes before the deleting --------


def test_3_a_late_clear_does_not_touch_the_next_redo() -> None:
    system = one_rule((5, True), (15, False))
    slow = system.tick(10).until(CLEAR)
    system.tick(20).past(COMMIT).crash()
    slow.finish()
    assert system.head().redo is not None
    system.tick(30).finish()
    assert system.faults == []


def test_3_clearing_keeps_the_sequence() -> None:
    system = one_rule((5, True))
    worker = system.tick(10).until(CLEAR)
    before = system.head()
    worker.finish()
    after = system.head()
    assert (before.redo is None, after.redo is None, before.seq) == (False, True, after.seq)


def test_3_head_is_cleared_before_the_redo_is_deleted() -> None:
    system = one_rule((5, True))
    system.tick(10).past(CLEAR, DELETE_REDO).crash()
    assert settle(system, 120) == [FIRES]


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
    refused, system.ledger.answer = system.ledger.answer, lambda name: FAILED
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


# -- 6: tombstones; a pending hand-over keeps its instance; a quiet tick hands over what differs -------------


def test_6_a_zombie_does_not_raise_a_state_that_is_over() -> None:
    system = one_rule((5, True), (15, False), (35, True))
    zombie = system.tick(10).past(COMMIT).until("put state/0/")
    system.tick(20).finish()
    zombie.step()
    zombie.crash()
    assert system.faults == []
    assert settle(system, 120) == [FIRES]


def test_6_a_zombie_does_not_raise_an_alert_that_was_pruned() -> None:
    system = one_rule((5, True), (15, False))
    zombie = system.tick(10).until("put dispatch/group")
    system.tick(20).finish()
    system.run(60)
    zombie.finish()
    assert settle(system, 200) == []


def test_6_an_end_that_was_not_handed_over_yet_is_handed_over_by_a_quiet_tick() -> None:
    system = one_rule((5, True), (50, False))
    system.run(40)
    outage(system, 40 + 15 * 60)
    replay = system.tick().past(COMMIT).until(COMMIT)
    assert replay.at.startswith(COMMIT), "the past is a commit of its own"
    replay.crash()
    assert settle(system, 1100) == [FIRES, ENDED]


def test_6_a_firing_that_was_not_handed_over_yet_is_handed_over_by_a_quiet_tick() -> None:
    system = one_rule((100, True))
    system.run(40)
    outage(system, 40 + 15 * 60)
    assert settle(system, 1100) == [FIRES]
    [(_, _, page)] = system.ledger.sent
    assert (page.alerts[0].starts_at - page.at) < timedelta(minutes=-13)


# -- 7: a resolved alert stays in its packed item, and in every later put, until its end is told -------------


def test_7_an_end_survives_the_next_change_of_its_chunk() -> None:
    system = one_rule((5, True), (25, False), group_by=("alertname",))
    system.present("A", (5, True), (35, False), instance="b")
    assert settle(system, 120) == ["A/a fires, A/b fires", "A/a ended, A/b ended"]


# -- 8: deleting a rule is an ordinary commit of its shard's evaluator --------------------------------------


def test_8_a_rule_deleted_between_commit_and_hand_over_ends_after_it_began() -> None:
    system = one_rule((5, True))
    system.tick(10).past(COMMIT).crash()
    system.apply(deleted=[rule("A")])
    system.tick(20).past("arm dispatch/group").crash()
    system.flush_at(30)
    assert settle(system, 120) in ([], [FIRES, ENDED])
    assert system.items("dispatch") and not any("alerts" in item for item in system.items("dispatch"))


def test_8_a_firing_rule_that_is_deleted_ends() -> None:
    system = one_rule((5, True))
    system.run(60)
    system.apply(deleted=[rule("A")])
    assert settle(system, 120) == [FIRES, ENDED]


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


def test_11_a_group_that_falls_asleep_while_its_silence_ends_is_woken() -> None:
    system = one_rule((5, True))
    system.silence('alertname="A"')
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().past("put dispatch/WAIT")
    system.unsilence()
    flush.finish()
    assert settle(system, 25) == [FIRES]


# -- 12: an absent HEAD is sealed before anybody looks behind it; sealing counts up ---------------------------


def test_12_two_changes_of_the_layout_in_quick_succession_leave_one_line_of_shards() -> None:
    system = one_rule((15, True))
    relay(system, 2)
    second = system.tick(10, layout=2).until("create state/2.0/HEAD")
    relay(system, 1)
    third = system.tick(20, layout=3).until("create state/3.0/HEAD")
    second.finish()
    system.tick(20, layout=2).finish()
    third.finish()
    assert settle(system, 120) == [FIRES]


def test_12_a_commit_that_was_under_way_when_its_shard_was_sealed_is_refused() -> None:
    system = one_rule((5, True))
    old = system.tick(10).until(COMMIT)
    relay(system, 2)
    new = system.tick(20, layout=2).until("create state/2.0/HEAD")
    old.finish()
    new.finish()
    assert settle(system, 120) == [FIRES]


def test_12_the_redo_of_a_shard_is_applied_before_it_is_sealed() -> None:
    system = one_rule((5, True))
    system.tick(10).past(COMMIT).crash()
    relay(system, 2)
    system.tick(20, layout=2).finish()
    assert settle(system, 120) == [FIRES]
