"""Silences that are edited and silences that begin, by the interleavings that leave a group asleep."""

from tests.simulation.scenes import one_rule, settle
from tests.simulation.system import System

FIRES, ENDED = "A/a fires", "A/a ended"


def silenced_later() -> System:
    system = one_rule((5, True))
    system.run(30)
    system.silence('alertname="A"')
    system.run(100)
    return system


def silenced() -> System:
    system = one_rule((5, True))
    system.silence('alertname="A"')
    system.run(30)
    return system


def test_a_silence_that_is_shortened_ends_at_its_new_time() -> None:
    system = silenced()
    system.edit('alertname="A"', 17).finish()
    assert settle(system, 46) == []
    assert settle(system, 47) == [FIRES]


def test_who_is_no_longer_meant_by_a_silence_is_told_at_once() -> None:
    system = silenced()
    system.edit('alertname="B"', 3600).finish()
    assert settle(system, 30) == [FIRES]


def test_a_silence_that_is_prolonged_goes_on() -> None:
    system = one_rule((5, True))
    system.silence('alertname="A"', 40)
    system.run(30)
    system.edit('alertname="A"', 30).finish()
    assert settle(system, 59) == []
    assert settle(system, 60) == [FIRES]


def test_who_edits_may_die_the_sweep_works_off_the_note() -> None:
    system = silenced()
    system.edit('alertname="B"', 3600).past("transact").crash()
    assert settle(system, 121) == [FIRES]


def test_who_has_woken_does_not_forget_that_the_silence_was_ended_meanwhile() -> None:
    system = silenced()
    system.run(100)
    slow = system.edit('alertname="A"', 1800).until("delete config/wake")
    system.run(150)
    system.waker().past("transact").crash()
    slow.finish()
    assert settle(system, 181) == [FIRES]


# -- silences that begin ------------------------------------------------------------------------------------


def test_what_was_told_and_fires_still_when_its_silence_ends_is_news() -> None:
    system = silenced_later()
    system.unsilence()
    assert settle(system, 100) == [FIRES, FIRES]


def test_who_sweeps_may_die_before_it_wakes_whom_a_new_silence_concerns() -> None:
    system = one_rule((5, True))
    system.run(30)
    system.silence('alertname="A"')
    system.run(59)
    system.go_to(60)
    system.minute().until("arm dispatch/group").crash()
    system.run(160)
    system.unsilence()
    assert settle(system, 160) == [FIRES, FIRES]


def test_an_intent_that_is_muted_makes_way_for_other_news() -> None:
    system = one_rule((5, True), group_by=("alertname",))
    system.present("A", (35, True), instance="b")
    system.tick(10).finish()
    system.go_to(20)
    system.flush().past("intend").crash()
    system.silence('instance="a"')
    assert settle(system, 130) == ["A/b fires"]
    system.unsilence()
    assert settle(system, 130) == ["A/b fires", "A/a fires, A/b fires"]
