"""Alerts that are posted, by the interleavings that lose one."""

from tests.simulation.scenes import posted, settle
from tests.simulation.system import config

FIRES, ENDED = "A/a fires", "A/a ended"


def test_what_was_stored_and_not_handed_over_is_handed_over_by_who_posts_next() -> None:
    system = posted(("A", 4000))
    system.post("A", 4000, instance="b").past("put dispatch/api").crash()
    system.go_to(20)
    system.post("A", 4000, instance="c").finish()
    assert sorted(settle(system, 60)) == [FIRES, "A/b fires", "A/c fires"]


def test_who_posts_the_same_again_hands_it_over_though_it_is_known() -> None:
    system = posted()
    system.post("A", 4000).past("put dispatch/api").crash()
    system.post("A", 4000).finish()
    assert settle(system, 60) == [FIRES]


def test_two_who_post_at_once_are_both_heard() -> None:
    system = posted()
    slow = system.post("A", 4000).until("put dispatch/api")
    system.post("A", 4000, instance="b").finish()
    slow.finish()
    assert sorted(settle(system, 60)) == [FIRES, "A/b fires"]


def test_who_has_handed_over_does_not_say_so_of_what_another_stored_meanwhile() -> None:
    system = posted()
    slow = system.post("A", 4000, instance="b").until("update dispatch/api")
    system.post("A", 4000).past("put dispatch/api").crash()
    slow.finish()
    system.post("A", 4000).finish()
    assert sorted(settle(system, 60)) == [FIRES, "A/b fires"]


def test_a_sweep_that_dies_with_what_was_posted_half_placed_is_made_up_for() -> None:
    system = posted(("A", 4000))
    system.run(59)
    assert system.told() == [FIRES]
    system.configure(config(receiver="crew"))
    system.go_to(60)
    system.minute().past("put dispatch/api").crash()
    assert sorted(settle(system, 150)) == [ENDED, FIRES, FIRES]


def test_a_sweep_does_not_forget_a_configuration_that_is_newer_than_the_one_it_has_seen_to() -> None:
    system = posted(("A", 4000))
    system.run(59)
    system.configure(config(receiver="crew"))
    system.go_to(60)
    sweep = system.minute().until("delete config/wake")
    system.clock.sleep(1)
    system.configure(config(receiver="crew", group_by=()))
    sweep.finish()
    assert sorted(settle(system, 240)) == [ENDED, ENDED, FIRES, FIRES, FIRES]


def test_an_alert_that_is_repeated_is_told_of_though_who_posted_it_first_died_before_arming() -> None:
    system = posted(("A", 4000))
    system.post("A", 400, instance="b").past("put dispatch/group").crash()
    system.post("A", 4000, instance="b").finish()
    assert sorted(settle(system, 60)) == [FIRES, "A/b fires"]


def test_who_stores_a_later_end_after_the_earlier_one_was_told_wakes_the_group() -> None:
    system = posted(("A", 200))
    system.run(59)
    slow = system.post("A", 4000).until("put dispatch/group")
    system.run(300)
    assert system.told() == [FIRES, ENDED]
    slow.finish()
    assert settle(system, 400) == [FIRES, ENDED, FIRES]


def test_an_alert_that_is_repeated_is_told_of_where_it_was_half_moved() -> None:
    system = posted(("A", 400))
    system.run(59)
    system.configure(config(receiver="crew"))
    system.go_to(60)
    system.minute().past("put dispatch/group").crash()
    system.post("A", 4000).finish()
    assert sorted(settle(system, 150)) == [ENDED, FIRES, FIRES]
