"""The twelve readings of the protocol, each by the interleaving that breaks without it: the evaluator's."""

from datetime import timedelta

from tests.simulation.baton import Order
from tests.simulation.scenes import divide, one_rule, outage, settle
from tests.simulation.system import System, rule
from tocsin.schedule.buckets import slot

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


def test_1_states_read_late_are_not_remembered_under_the_head_read_before() -> None:
    system = one_rule((5, True), hold=timedelta(seconds=20))
    slow = system.container("evaluator")
    worker = system.tick(10, on=slow).until("query state/")
    system.tick(10).finish()
    system.tick(20).finish()
    worker.finish()
    system.tick(30, on=slow).finish()
    assert settle(system, 120) == [FIRES]


def test_1_a_rule_is_evaluated_and_ended_from_the_next_tick_on_in_any_container() -> None:
    system = one_rule((5, True))
    system.present("B", (5, True))
    container = system.container("evaluator")
    system.tick(10, on=container).finish()
    system.apply(rule("B"), deleted=[rule("A")])
    system.tick(20, on=container).finish()
    assert [found.alert for found in system.oracle.results] == ["A", "A", "B"]
    assert settle(system, 60) == ["B/a fires"]


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


def test_2_a_loser_deletes_no_redo_but_its_own() -> None:
    system = one_rule((5, True))
    loser = system.tick(10).until(COMMIT)
    winner = system.tick(10).past(COMMIT)
    loser.finish()
    winner.crash()
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


# -- 6: tombstones; a pending hand-over keeps its instance; a quiet tick hands over what differs -------------


def test_6_a_zombie_does_not_raise_a_state_that_is_over() -> None:
    system = one_rule((5, True), (15, False), (35, True))
    zombie = system.tick(10).past(COMMIT).until(f"put state/{slot(rule('A').id)}/")
    system.tick(20).finish()
    zombie.step()
    zombie.crash()
    assert system.faults == []
    assert settle(system, 120) == [FIRES]


def test_6_a_zombie_does_not_turn_a_state_back() -> None:
    system = one_rule((5, True), hold=timedelta(seconds=20))
    zombie = system.tick(10).past(COMMIT).until(f"put state/{slot(rule('A').id)}/")
    for second in (10, 20, 30):
        system.tick(second).finish()
    zombie.finish()
    assert system.faults == []
    assert settle(system, 120) == [FIRES]


def test_6_a_zombie_does_not_raise_an_alert_that_was_pruned() -> None:
    system = one_rule((5, True), (15, False))
    zombie = system.tick(10).until("put dispatch/group")
    system.tick(20).finish()
    system.run(60)
    zombie.finish()
    assert settle(system, 200) == []


def late_once(system: System) -> None:
    """Let the next answer take 90 s: what comes of it is too old to be handed over."""

    def slowly() -> str:
        system.source.doubt = lambda: ""
        system.clock.sleep(90)
        return ""

    system.source.doubt = slowly


def test_6_an_end_that_was_not_handed_over_yet_is_handed_over_by_a_quiet_tick() -> None:
    system = one_rule((5, True), (45, False))
    system.run(40)
    late_once(system)
    system.tick(50).past(COMMIT).crash()
    assert settle(system, 400) == [FIRES, ENDED]


def test_6_a_firing_that_was_not_handed_over_yet_is_handed_over_by_a_quiet_tick() -> None:
    system = one_rule((45, True))
    system.run(40)
    late_once(system)
    system.tick(50).past(COMMIT).crash()
    assert settle(system, 400) == [FIRES]


def test_a_firing_that_is_replayed_is_told_as_what_it_is_now() -> None:
    system = one_rule((100, True))
    system.run(40)
    outage(system, 40 + 15 * 60)
    assert settle(system, 1100) == [FIRES]
    [(_, _, page)] = system.ledger.sent
    assert (page.alerts[0].starts_at - page.at) < timedelta(minutes=-13)


# -- 8: deleting a rule is an ordinary commit of its shard's evaluator --------------------------------------


def test_8_a_rule_deleted_between_commit_and_hand_over_ends_after_it_began() -> None:
    system = one_rule((5, True))
    system.tick(10).past(COMMIT).crash()
    system.apply(deleted=[rule("A")])
    system.tick(20).past("arm dispatch/group").crash()
    assert settle(system, 120) == []
    assert not any("alerts" in item for item in system.items("dispatch"))


def test_8_a_firing_rule_that_is_deleted_ends() -> None:
    system = one_rule((5, True))
    system.run(60)
    system.apply(deleted=[rule("A")])
    assert settle(system, 120) == [FIRES, ENDED]


# -- 12: an absent HEAD is sealed before anybody looks behind it; sealing counts up ---------------------------


def test_12_two_changes_of_the_layout_in_quick_succession_leave_one_line_of_shards() -> None:
    system = one_rule((15, True))
    divide(system, 2)
    creator = system.tick(10, layout=2).until("create state/2.0/HEAD")
    # A batch is no snapshot: the index is of layout 2 still, the HEAD will be read when there is one.
    worker = system.tick(10, layout=2).past("get rules/INDEX/INDEX")
    divide(system, 1)
    third = system.tick(10, layout=3).until("create state/3.0/HEAD")
    creator.finish()
    worker.finish()
    third.finish()
    assert settle(system, 120) == [FIRES]


def test_12_a_commit_that_was_under_way_when_its_shard_was_sealed_is_refused() -> None:
    system = one_rule((5, True))
    old = system.tick(10).until(COMMIT)
    divide(system, 2)
    new = system.tick(20, layout=2).until("create state/2.0/HEAD")
    old.finish()
    new.finish()
    assert settle(system, 120) == [FIRES]


def test_12_the_redo_of_a_shard_is_applied_before_it_is_sealed() -> None:
    system = one_rule((5, True))
    system.tick(10).past(COMMIT).crash()
    divide(system, 2)
    system.tick(20, layout=2).finish()
    assert settle(system, 120) == [FIRES]
