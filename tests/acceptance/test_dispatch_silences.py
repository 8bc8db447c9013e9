"""Silences: how they are set, edited and ended, and what that lets through (Alertmanager, `silence.Silences`)."""

from datetime import timedelta

import pytest

from tests.acceptance.alerting import WHOLE_DAY, Alerting, Post, alert, config
from tocsin.dispatch.silence import SilenceError, SilenceState
from tocsin.dispatch.silenceedit import Change, Limits
from tocsin.dispatch.silencing import UnknownSilenceError

DOWN = alert("Down", ends=5000)


def world() -> Alerting:
    return Alerting(config())


def told(tocsin: Alerting) -> list[tuple[float, str]]:
    return [(at, said) for at, _, said in tocsin.told()]


# -- what they mute -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matchers", "silenced"),
    [
        ("alertname=Down", True),
        ("alertname=~D.*", True),
        ("alertname=~D", False),
        ("alertname=Down,instance=a", False),
        ("alertname!=Slow,alertname=~.+", True),
        ('alertname=Down,instance=""', True),
        ("alertname=Down,instance!=a", True),
        ("alertname=down", False),
    ],
)
def test_all_matchers_have_to_match_and_a_missing_label_is_empty(matchers: str, silenced: bool) -> None:
    tocsin = world()
    tocsin.silence(matchers)
    tocsin.post(DOWN)
    tocsin.at(600)
    assert (told(tocsin) == []) is silenced


def test_a_silence_mutes_from_its_start() -> None:
    tocsin = world()
    tocsin.silence("alertname=Down", starts=35, ends=1000)
    tocsin.post(alert("Down", ends=5000, instance="a"))
    tocsin.at(20).post(alert("Down", ends=5000, instance="b"))
    tocsin.at(500)
    assert told(tocsin) == [(10, "Down/a fires")]


def test_until_a_silence_has_ended_nothing_is_told_and_then_at_once() -> None:
    tocsin = world()
    tocsin.silence("alertname=Down", ends=333)
    tocsin.post(DOWN)
    tocsin.at(600)
    assert told(tocsin) == [(333, "Down fires")]


def test_of_two_silences_the_later_end_counts() -> None:
    tocsin = world()
    tocsin.silence("alertname=Down", ends=100)
    tocsin.silence("alertname=~Do.*", ends=200)
    tocsin.post(DOWN)
    tocsin.at(600)
    assert told(tocsin) == [(200, "Down fires")]


def test_two_silences_back_to_back_mute_as_one() -> None:
    tocsin = world()
    tocsin.silence("alertname=Down", ends=100)
    tocsin.silence("alertname=Down", starts=100, ends=200)
    tocsin.post(DOWN)
    tocsin.at(600)
    assert told(tocsin) == [(200, "Down fires")]


def test_of_a_group_that_is_silenced_in_part_the_rest_is_told_and_then_all() -> None:
    tocsin = world()
    a, b, c = (alert("Down", ends=5000, instance=name) for name in "abc")
    tocsin.post(a, b)
    tocsin.at(20).silence("instance=a", ends=333)
    tocsin.at(100).post(c)
    tocsin.at(600)
    assert told(tocsin) == [
        (10, "Down/a fires, Down/b fires"),
        (130, "Down/b fires, Down/c fires"),
        (333, "Down/a fires, Down/b fires, Down/c fires"),
    ]


def test_a_group_that_is_silenced_sleeps_until_the_silence_is_over_whenever_it_was_to_be_repeated() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=WHOLE_DAY))
    tocsin.at(20).silence("alertname=Down", ends=36_000)
    tocsin.at(36_010)
    assert told(tocsin) == [(10, "Down fires"), (36_000, "Down fires")]
    assert len(tocsin.reports) <= 4


# -- editing --------------------------------------------------------------------------------------


def test_an_active_silence_is_extended_in_place() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", ends=100).silence
    tocsin.post(DOWN)
    edit = tocsin.at(50).silence("alertname=Down", starts=0, ends=200, of=first.id, comment="longer")
    tocsin.at(600)
    assert (edit.change, edit.silence.id) == (Change.UPDATED, first.id)
    assert tocsin.stored(first.id).comment == "longer"
    assert told(tocsin) == [(200, "Down fires")]


def test_an_active_silence_that_is_shortened_lets_through_what_waited_when_it_ends() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", ends=1000).silence
    tocsin.post(DOWN)
    tocsin.at(50).silence("alertname=Down", starts=0, ends=60, of=first.id)
    tocsin.at(600)
    assert told(tocsin) == [(60, "Down fires")]


def test_a_start_within_the_same_second_is_the_same() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", ends=100).silence
    edit = tocsin.at(50).silence("alertname=Down", starts=0.6, ends=200, of=first.id)
    assert edit.change is Change.UPDATED


@pytest.mark.parametrize(
    ("matchers", "starts"),
    [
        pytest.param("alertname=Slow", 0.0, id="other matchers"),
        pytest.param("alertname=~Down", 0.0, id="another kind of matcher"),
        pytest.param("alertname=Down,job=a", 0.0, id="one more matcher"),
        pytest.param("alertname=Down", 30.0, id="another start"),
    ],
)
def test_an_active_silence_that_becomes_another_is_ended_and_the_new_one_has_an_id_of_its_own(
    matchers: str, starts: float
) -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", ends=100).silence
    edit = tocsin.at(50).silence(matchers, starts=starts, ends=200, of=first.id)
    assert edit.change is Change.REPLACED
    assert edit.silence.id != first.id
    assert edit.silence.starts_at == tocsin.moment(50)
    assert tocsin.stored(first.id).ends_at == tocsin.moment(50)


def test_matchers_in_another_order_are_others() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down,job=a", ends=100).silence
    assert tocsin.silence("job=a,alertname=Down", ends=100, of=first.id).change is Change.REPLACED


def test_what_a_replaced_silence_held_is_told_at_once_if_the_new_one_does_not() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", ends=1000).silence
    tocsin.post(DOWN)
    tocsin.at(50).silence("alertname=Slow", starts=0, ends=1000, of=first.id)
    tocsin.at(600)
    assert told(tocsin) == [(50, "Down fires")]


def test_what_a_replaced_silence_held_stays_held_if_the_new_one_holds_it_too() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", ends=1000).silence
    tocsin.post(DOWN)
    tocsin.at(50).silence("alertname=~Down|Slow", starts=0, ends=300, of=first.id)
    tocsin.at(600)
    assert told(tocsin) == [(300, "Down fires")]


def test_a_pending_silence_is_moved_in_place() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", starts=100, ends=200).silence
    edit = tocsin.at(50).silence("alertname=Down", starts=60, ends=300, of=first.id)
    assert (edit.change, edit.silence.id) == (Change.UPDATED, first.id)
    assert tocsin.stored(first.id).starts_at == tocsin.moment(60)


def test_a_pending_silence_that_is_to_have_begun_already_is_replaced_by_one_that_begins_now() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", starts=100, ends=200).silence
    edit = tocsin.at(50).silence("alertname=Down", starts=20, ends=300, of=first.id)
    assert edit.change is Change.REPLACED
    assert edit.silence.starts_at == tocsin.moment(50)
    assert tocsin.stored(first.id).state(tocsin.moment(50)) is SilenceState.EXPIRED


def test_an_expired_silence_that_is_edited_is_left_as_it_was_and_a_new_one_begins() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", ends=20).silence
    edit = tocsin.at(50).silence("alertname=Down", starts=0, ends=300, of=first.id)
    assert edit.silence.id != first.id
    assert edit.silence.starts_at == tocsin.moment(50)
    assert tocsin.stored(first.id) == first


def test_a_new_silence_with_a_start_in_the_past_begins_now() -> None:
    tocsin = world().at(100)
    assert tocsin.silence("alertname=Down", starts=20).silence.starts_at == tocsin.moment(100)


def test_what_is_not_there_cannot_be_edited() -> None:
    with pytest.raises(UnknownSilenceError, match="silence not found"):
        world().silence("alertname=Down", of="nowhere")


# -- ending ---------------------------------------------------------------------------------------


def test_an_active_silence_that_is_expired_ends_now_and_lets_through_what_waited() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down").silence
    tocsin.post(DOWN)
    tocsin.at(50).expire(first.id)
    tocsin.at(600)
    assert tocsin.stored(first.id).ends_at == tocsin.moment(50)
    assert told(tocsin) == [(50, "Down fires")]


def test_a_pending_silence_that_is_expired_never_begins() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down", starts=100, ends=1000).silence
    tocsin.at(50).expire(first.id)
    tocsin.at(90).post(alert("Down", starts=95, ends=5000))
    stored = tocsin.stored(first.id)
    assert (stored.starts_at, stored.ends_at) == (tocsin.moment(50), tocsin.moment(50))
    tocsin.at(600)
    assert [said for _, said in told(tocsin)] == ["Down fires"]


def test_an_expired_silence_can_be_expired_again() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down").silence
    ended = tocsin.at(50).expire(first.id)
    assert tocsin.at(70).expire(first.id) == ended


def test_expiring_what_is_not_there_says_so() -> None:
    assert world().expire("nowhere") is None


def test_one_silence_that_ends_leaves_the_other_in_force() -> None:
    tocsin = world()
    first = tocsin.silence("alertname=Down").silence
    tocsin.silence("alertname=~Down", ends=300)
    tocsin.post(DOWN)
    tocsin.at(50).expire(first.id)
    tocsin.at(600)
    assert told(tocsin) == [(300, "Down fires")]


# -- states, retention ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (9.999, SilenceState.PENDING),
        (10, SilenceState.ACTIVE),
        (19.999, SilenceState.ACTIVE),
        (20, SilenceState.EXPIRED),
    ],
)
def test_the_start_is_part_of_a_silence_and_the_end_is_not(at: float, state: SilenceState) -> None:
    tocsin = world()
    made = tocsin.silence("alertname=Down", starts=10, ends=20).silence
    assert made.state(tocsin.moment(at)) is state


def test_a_silence_is_kept_for_five_days_after_its_end() -> None:
    tocsin = world()
    made = tocsin.silence("alertname=Down", ends=WHOLE_DAY).silence
    assert tocsin.stored(made.id).kept_until == tocsin.moment(WHOLE_DAY) + timedelta(days=5)


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matchers", "starts", "ends", "why"),
    [
        ("alertname=Down", 20, 10, "start time must be before end time"),
        ("alertname=Down", 20, 20, "start time must be before end time"),
        ("alertname=Down", -20, -10, "end time can't be in the past"),
        ("{}", 0, 10, "at least one matcher required"),
        ('rack=""', 0, 10, "at least one matcher must not match the empty string"),
        ("rack=~.*", 0, 10, "at least one matcher must not match the empty string"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(
    matchers: str, starts: float, ends: float, why: str
) -> None:
    with pytest.raises(SilenceError, match=why):
        world().silence(matchers, starts=starts, ends=ends)


@pytest.mark.parametrize("matchers", ["rack!=a", "rack!~.+", 'rack="",job=a'])
def test_an_exclusion_or_one_matcher_for_something_suffices(matchers: str) -> None:
    assert world().silence(matchers).change is Change.CREATED


def test_one_silence_too_many_is_refused_and_those_that_have_passed_count() -> None:
    tocsin, limits = world(), Limits(silences=1)
    first = tocsin.silence("alertname=Down", limits=limits).silence
    tocsin.at(10).expire(first.id)
    with pytest.raises(SilenceError, match=r"exceeded maximum number of silences: 1 \(limit: 1\)"):
        tocsin.at(20).silence("alertname=Slow", limits=limits)


def test_a_silence_at_the_limit_can_be_extended_and_a_refused_replacement_leaves_it_as_it_is() -> None:
    tocsin, limits = world(), Limits(silences=1)
    first = tocsin.silence("alertname=Down", ends=100, limits=limits).silence
    extended = tocsin.silence("alertname=Down", ends=200, of=first.id, limits=limits).silence
    with pytest.raises(SilenceError, match="exceeded maximum number"):
        tocsin.silence("alertname=Slow", ends=300, of=first.id, limits=limits)
    assert tocsin.stored(first.id) == extended


def test_a_silence_that_is_too_large_is_refused() -> None:
    with pytest.raises(SilenceError, match=r"silence exceeded maximum size: \d+ bytes \(limit: 400 bytes\)"):
        world().silence("alertname=Down", comment="x" * 400, limits=Limits(size_bytes=400))


def test_other_alerts_are_told_meanwhile() -> None:
    tocsin = world()
    tocsin.silence("alertname=Down")
    tocsin.post(DOWN, Post({"alertname": "Slow"}))
    tocsin.at(30)
    assert told(tocsin) == [(10, "Slow fires")]
