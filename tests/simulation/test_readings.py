"""The twelve readings of the protocol, each with the interleaving that goes wrong without it."""

from datetime import timedelta

import pytest

from tests.simulation.baton import Order
from tests.simulation.system import System, config, rule
from tocsin.ports import Key


def fires_at(seconds: float, **fields: timedelta) -> System:
    """Return a system whose only rule has a series from a time on, two ticks into its life."""
    system = System()
    system.apply(rule("A", **fields))
    system.configure(config(group_wait=10, group_interval=30))
    system.present("A", (seconds, True))
    system.tick(0).finish()
    system.tick(10).finish()
    return system


def settle(system: System, until: float) -> None:
    """Let everything happen as it should, and see that the oracle has nothing to say."""
    system.run(until)
    assert system.faults == []


def redos(system: System) -> list[str]:
    """Return the REDOs that are stored."""
    return [str(item["sk"]) for item in system.inner.query("state", "1.0") if "REDO#" in str(item["sk"])]


# 1 --------------------------------------------------------------------------------------------------


def test_1_states_read_late_are_not_taken_for_those_of_the_head_read_before() -> None:
    system = fires_at(15, hold=timedelta(seconds=20))
    slow = system.container("evaluator")
    worker = system.tick(20, on=slow).until("query state/")
    # Others go on while its HEAD is in its hand: pending, and on the way to firing.
    system.tick(20).finish()
    system.tick(30).finish()
    worker.finish()
    # What it remembers now belongs to no HEAD there will ever be; it must not serve for the next tick.
    system.tick(40, on=slow).finish()
    settle(system, 120)
    assert system.told() == ["A/a fires"]


def test_1_states_remembered_are_not_taken_for_those_of_a_later_head() -> None:
    system = fires_at(25, hold=timedelta(seconds=20))
    warm = system.container("evaluator")
    system.tick(20, on=warm).finish()
    system.tick(30).finish()
    system.tick(40).finish()
    system.tick(50, on=warm).finish()
    system.go_to(61)
    system.flush().finish()
    assert system.told() == ["A/a fires"]
    assert system.faults == []


# 2 --------------------------------------------------------------------------------------------------


def test_2_a_loser_leaves_the_redo_of_the_winner_alone() -> None:
    system = fires_at(15)
    winner = system.tick(20).until("commit")
    loser = system.tick(20).until("commit")
    assert len(redos(system)) == 2
    winner.past("commit").crash()
    loser.finish()
    settle(system, 100)
    assert system.told() == ["A/a fires"]
    assert redos(system) == []


def test_2_a_redo_that_is_gone_means_that_head_is_read_again() -> None:
    system = fires_at(15)
    system.tick(20).past("commit").crash()
    late = system.tick(20).until("REDO#")
    system.tick(20).finish()
    assert redos(system) == []
    late.finish()
    settle(system, 100)
    assert system.told() == ["A/a fires"]


# 3 --------------------------------------------------------------------------------------------------


def test_3_clearing_forgets_only_the_redo_that_was_applied() -> None:
    system = fires_at(15)
    system.present("A", (25, True), instance="b")
    zombie = system.tick(20).until("clear")
    system.tick(20).finish()  # applies the same REDO, clears it
    system.tick(30).past("commit").crash()  # the next one is committed and not applied
    zombie.finish()
    assert system.head().redo is not None
    settle(system, 120)
    assert system.told() == ["A/a fires", "A/b fires"]


def test_3_a_worker_that_dies_between_clearing_and_deleting_leaves_nothing_that_counts() -> None:
    system = fires_at(15)
    system.tick(20).until("delete").crash()
    assert system.head().redo is None
    assert len(redos(system)) == 1
    settle(system, 100)
    assert system.told() == ["A/a fires"]
    system.tick(110).finish()  # a cold container sweeps what HEAD has passed
    assert redos(system) == []


# 4 --------------------------------------------------------------------------------------------------


def test_4_a_put_that_is_refused_still_arms() -> None:
    system = fires_at(15)
    system.tick(20).until("arm").crash()
    assert system.groups() == []
    system.tick(30).finish()
    assert len(system.groups()) == 1
    settle(system, 100)
    assert system.told() == ["A/a fires"]


def test_4_arming_begins_again_when_the_due_has_moved_under_it() -> None:
    system = System()
    system.apply(rule("A"), rule("B"), rule("C"))
    system.configure(config(group_by=(), group_wait=10, group_interval=30))
    system.present("C", (5, True))
    system.run(45)
    assert system.told() == ["C/a fires"]
    for name in "AB":
        system.present(name, (45, True))
    worker = system.tick(50)
    for _ in range(3):  # one writer lowers the due; the other finds it early enough, and is about to count
        worker.past("arm")
    worker.until("arm")
    system.go_to(50.5)
    system.flush().finish()  # but the due is moved: claimed, told, and set to the next repeat
    worker.finish()
    settle(system, 160)
    assert ", ".join(system.told()).count("B/a fires") == 1
    assert len(system.groups()) == 1


# 5 --------------------------------------------------------------------------------------------------


def test_5_an_alert_put_during_a_flush_makes_the_group_due_again() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_by=("alertname",), group_wait=10, group_interval=30))
    system.present("A", (5, True))
    system.present("A", (15, True), instance="b")
    system.tick(0).finish()
    system.tick(10).finish()
    system.go_to(20)
    flush = system.flush().until("finish")  # has read a alone
    system.tick(20).finish()  # puts b and arms
    flush.finish()
    assert system.told() == ["A/a fires"]
    settle(system, 60)
    assert system.told() == ["A/a fires", "A/a fires, A/b fires"]


def test_5_a_dispatcher_whose_claim_has_ended_finishes_nothing() -> None:
    system = fires_at(15)
    system.tick(20).finish()
    system.go_to(31)
    zombie = system.flush().until("finish")
    system.go_to(31 + 80)
    working = system.flush().until("finish")
    [group] = system.groups()
    [before] = system.inner.get(Key("dispatch", group, "META"))
    assert before is not None
    zombie.finish()
    [after] = system.inner.get(Key("dispatch", group, "META"))
    assert after == before
    assert after["claim"]
    working.finish()
    assert system.told() == ["A/a fires"]


# 6 --------------------------------------------------------------------------------------------------


def test_6_a_zombie_cannot_raise_a_state_that_is_over() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_wait=10, group_interval=30))
    system.present("A", (15, True), (25, False))
    system.tick(0).finish()
    system.tick(10).finish()
    zombie = (
        system.tick(20).until("put state/").past("put state/").until("put state/")
    )  # REDO, then the chunk
    system.tick(20).finish()
    system.tick(30).finish()  # it resolves; the chunk is a tombstone
    zombie.finish()
    settle(system, 150)
    assert system.told() in ([], ["A/a fires", "A/a ended"])
    [record] = [item for item in system.items("state") if str(item["sk"]).endswith("#")]
    assert "instances" not in record


def test_6_a_zombie_cannot_turn_a_state_back() -> None:
    system = fires_at(15, hold=timedelta(seconds=20))
    zombie = system.tick(20).past("put state/").until("put state/")  # about to write that it is pending
    for second in (20, 30, 40):
        system.tick(second).finish()
    system.go_to(51)
    system.flush().finish()
    zombie.finish()
    for second in (60, 70, 80):
        system.tick(second).finish()
    settle(system, 200)
    assert system.told() == ["A/a fires"]


def test_6_a_quiet_tick_hands_over_what_a_replay_could_not() -> None:
    system = fires_at(15)
    # Ticks 20 to 80 are replayed at a moment when they are old: states move, nobody is told.
    system.go_to(700)
    worker = system.tick(700).until("commit")
    assert system.told() == []
    worker.finish()
    settle(system, 760)
    assert system.told() == ["A/a fires"]


# 7 --------------------------------------------------------------------------------------------------


def test_7_a_resolved_alert_stays_in_its_item_until_its_end_is_told() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_by=("alertname",), group_wait=10, group_interval=60))
    system.present("A", (5, True), (25, False))
    system.present("A", (5, True), (35, False), instance="b")
    for second in (0, 10):
        system.tick(second).finish()
    system.go_to(20)
    system.flush().finish()
    for second in (20, 30, 40):  # a ends, then b: the second put must not drop the first end
        system.tick(second).finish()
    settle(system, 150)
    assert system.told() == ["A/a fires, A/b fires", "A/a ended, A/b ended"]


# 8 --------------------------------------------------------------------------------------------------


def test_8_deleting_a_rule_is_a_commit_like_any_other() -> None:
    system = fires_at(15)
    system.tick(20).finish()
    system.go_to(31)
    system.flush().finish()
    assert system.told() == ["A/a fires"]
    zombie = system.tick(40).until("commit")  # still knows the rule
    system.apply(deleted=[rule("A")])
    system.tick(40).finish()
    zombie.finish()
    settle(system, 120)
    assert system.told() == ["A/a fires", "A/a ended"]


# 9 --------------------------------------------------------------------------------------------------


def test_9_a_refire_between_two_flushes_is_news() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_wait=10, group_interval=60))
    system.present("A", (15, True), (45, False), (65, True))
    settle(system, 200)
    assert system.told() == ["A/a fires", "A/a fires"]
    first, second = system.ledger.to("web")
    assert first.id != second.id
    assert first.alerts[0].starts_at < second.alerts[0].starts_at


# 10 -------------------------------------------------------------------------------------------------


def test_10_a_resolve_under_a_silence_is_held_until_the_silence_ends() -> None:
    system = System()
    system.apply(rule("A"))
    system.configure(config(group_wait=10, group_interval=30))
    system.present("A", (15, True), (45, False))
    system.run(40)
    system.silence('alertname="A"')
    system.run(200)
    assert system.told() == ["A/a fires"]
    system.unsilence()
    settle(system, 240)
    assert system.told() == ["A/a fires", "A/a ended"]


# 11 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["put dispatch/WAIT", "get rules/INDEX/INDEX", "finish"])
def test_11_a_silence_that_ends_while_a_group_falls_asleep_wakes_it(where: str) -> None:
    system = fires_at(15)
    system.silence('alertname="A"')
    system.tick(20).finish()
    system.go_to(31)
    flush = system.flush()
    if where == "get rules/INDEX/INDEX":
        flush.past("put dispatch/WAIT").until(where)
    else:
        flush.until(where)
    system.unsilence()
    flush.finish()
    settle(system, 100)
    assert system.told() == ["A/a fires"]


def test_11_a_waker_that_dies_before_it_wakes_is_made_good_by_the_sweep() -> None:
    system = fires_at(15)
    system.silence('alertname="A"')
    system.tick(20).finish()
    system.run(50)
    assert system.told() == []
    system.end_silence()  # written, with its note; nobody is woken
    settle(system, 180)
    assert system.told() == ["A/a fires"]


# 12 -------------------------------------------------------------------------------------------------


def test_12_an_absent_head_is_sealed_before_anybody_looks_behind_it() -> None:
    system = fires_at(15)
    system.shards = 2
    system.minute().finish()  # layout 2, whose first workers are late
    late = system.tick(20, layout=2, shard=0).until("get state/1.0/HEAD")
    system.shards = 3
    system.go_to(60)
    system.warm("ticker").on(None).finish()  # layout 3, before layout 2 has a HEAD
    for shard in range(3):
        system.tick(60, layout=3, shard=shard).finish()
    late.finish()
    for shard in range(3):
        system.tick(70, layout=3, shard=shard).finish()
    [sealed] = system.inner.get(Key("state", "2.0", "HEAD"))
    assert sealed is not None
    assert sealed["sealed"] is True
    settle(system, 180)
    assert system.told() == ["A/a fires"]


def test_12_sealing_counts_the_sequence_up_so_that_a_commit_under_way_is_refused() -> None:
    system = fires_at(15)
    old = system.tick(20).until("commit")
    system.shards = 2
    system.minute().finish()
    for shard in range(2):
        system.tick(20, layout=2, shard=shard).finish()
    before = system.head()
    old.step(Order.GO).finish()
    assert system.head() == before
    assert before.sealed
    settle(system, 120)
    assert system.told() == ["A/a fires"]
