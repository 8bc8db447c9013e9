"""From tick to page: what users are promised, in virtual time."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.acceptance.harness import CONFIG, DeliveredTwice, NeverDeletedAtFirst, World, alert, rule_file
from tocsin.durations import parse_duration
from tocsin.local.virtual import VirtualStack

DOWN = 'alert: Down, expr: "up == 0"'
DOWN_A, DOWN_B = alert("Down", job="a"), alert("Down", job="b")
FIRST, NEW, REPEAT = "first notification", "new alerts added", "repeat interval elapsed"
ALL_RESOLVED, SOME_RESOLVED = "all alerts resolved", "some alerts resolved"


# -- from pending to resolved ---------------------------------------------------------------------


def test_an_alert_fires_after_for_and_pages_after_group_wait_and_resolves_at_the_next_interval() -> None:
    world = World(rule_file(f"{DOWN}, for: 30s"))
    world.at(0).series("up", 1, job="a")
    world.at(25).series("up", 0, job="a")
    world.at(100).series("up", 1, job="a")
    world.run(until=35)
    assert world.states() == {DOWN_A: "pending"}
    world.run(until=65)
    assert world.states() == {DOWN_A: "firing"}
    world.run(until=600)
    assert world.states() == {}
    world.expect((70, 71), firing=[DOWN_A], reason=FIRST)
    world.expect((130, 131), resolved=[DOWN_A], reason=ALL_RESOLVED)
    world.expect_no_other_page()


def test_what_recovers_before_for_pages_nobody() -> None:
    world = World(rule_file(f"{DOWN}, for: 30s"))
    world.at(25).series("up", 0, job="a")
    world.at(55).series("up", 1, job="a")
    world.run(until=300)
    assert world.states() == {}
    world.expect_no_other_page()


def test_an_alert_stays_firing_for_keep_firing_for() -> None:
    world = World(rule_file(f"{DOWN}, keep_firing_for: 1m"))
    world.at(5).series("up", 0, job="a")
    world.at(35).series("up", 1, job="a")
    world.run(until=95)
    assert world.states() == {DOWN_A: "firing"}
    world.run(until=300)
    world.expect((20, 21), firing=[DOWN_A])
    world.expect((140, 141), resolved=[DOWN_A])
    world.expect_no_other_page()


# -- groups ---------------------------------------------------------------------------------------


def test_alerts_of_a_group_are_told_together_and_later_ones_at_its_next_interval() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.at(15).series("up", 0, job="b")
    world.at(35).series("up", 0, job="c")
    down_c = alert("Down", job="c")
    world.at(100).series("up", 1, job="a")
    world.run(until=170)
    world.expect((20, 21), firing=[DOWN_A, DOWN_B], reason=FIRST)
    world.expect((80, 81), firing=[DOWN_A, DOWN_B, down_c], reason=NEW)
    world.expect((140, 141), firing=[DOWN_B, down_c], resolved=[DOWN_A], reason=SOME_RESOLVED)
    world.expect_no_other_page()


def test_alerts_of_different_groups_are_told_apart() -> None:
    world = World(rule_file(DOWN), CONFIG.replace("[alertname]", "[job]"))
    world.at(5).series("up", 0, job="a").series("up", 0, job="b")
    world.run(until=60)
    world.expect((20, 21), firing=[DOWN_A])
    world.expect((20, 21), firing=[DOWN_B])
    world.expect_no_other_page()


def test_what_fires_on_is_told_again_after_repeat_interval() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.run(until=2 * 3600 + 300)
    world.expect((20, 21), firing=[DOWN_A], reason=FIRST)
    world.expect((3600, 3721), firing=[DOWN_A], reason=REPEAT)
    world.expect((7200, 7501), firing=[DOWN_A], reason=REPEAT)
    world.expect_no_other_page()


def test_a_refire_within_one_interval_is_news() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.at(35).series("up", 1, job="a")
    world.at(55).series("up", 0, job="a")
    world.run(until=300)
    world.expect((20, 21), firing=[DOWN_A], reason=FIRST)
    world.expect((80, 81), firing=[DOWN_A], reason=NEW)
    world.expect_no_other_page()


# -- receivers ------------------------------------------------------------------------------------

TWO_RECEIVERS = """\
route:
  receiver: team
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  routes:
    - {receiver: duty, matchers: [severity="page"], continue: true}
    - {receiver: team}
receivers:
  - name: team
    webhook_configs: [{url: http://team.invalid/}]
  - name: duty
    webhook_configs: [{url: http://duty.invalid/}]
"""


def test_routes_tell_two_receivers() -> None:
    world = World(
        rule_file(f"{DOWN}, labels: {{severity: page}}", 'alert: Slow, expr: "slow == 1"'), TWO_RECEIVERS
    )
    world.at(5).series("up", 0, job="a").series("slow", 1)
    world.run(until=60)
    paging = alert("Down", job="a", severity="page")
    world.expect((20, 21), receiver="duty", firing=[paging])
    world.expect((20, 21), receiver="team", firing=[paging])
    world.expect((20, 21), receiver="team", firing=[alert("Slow")])
    world.expect_no_other_page()


def test_a_receiver_that_is_down_is_tried_again_and_loses_nothing_and_holds_no_other() -> None:
    world = World(rule_file(f"{DOWN}, labels: {{severity: page}}"), TWO_RECEIVERS)
    world.at(0).down("team")
    world.at(5).series("up", 0, job="a")
    world.at(300).up("team")
    world.run(until=900)
    paging = alert("Down", job="a", severity="page")
    world.expect((20, 31), receiver="duty", firing=[paging])
    world.expect((300, 620), receiver="team", firing=[paging], reason=FIRST)
    world.expect_no_other_page()


# -- silences -------------------------------------------------------------------------------------


def test_a_silence_holds_a_page_and_its_end_wakes_the_group_at_once() -> None:
    world = World(rule_file(DOWN))
    world.at(0).silence("job=a", until=7200)
    world.at(5).series("up", 0, job="a")
    world.at(200).expire()
    world.run(until=300)
    world.expect((200, 201), firing=[DOWN_A], reason=FIRST)
    world.expect_no_other_page()


def test_the_natural_end_of_a_silence_pages_what_still_fires() -> None:
    world = World(rule_file(DOWN))
    world.at(0).silence("job=a", until=185)
    world.at(5).series("up", 0, job="a")
    world.run(until=300)
    world.expect((185, 190), firing=[DOWN_A], reason=FIRST)
    world.expect_no_other_page()


def test_a_resolve_under_a_silence_is_held_until_the_silence_ends() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.at(60).silence("job=a", until=7200)
    world.at(100).series("up", 1, job="a")
    world.at(400).expire()
    world.run(until=600)
    world.expect((20, 21), firing=[DOWN_A])
    world.expect((400, 401), resolved=[DOWN_A], reason=ALL_RESOLVED)
    world.expect_no_other_page()


def test_a_refire_after_a_resolve_under_a_silence_pages() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.at(60).silence("job=a", until=7200)
    world.at(100).series("up", 1, job="a")
    world.at(200).series("up", 0, job="a")
    world.at(400).expire()
    world.run(until=600)
    world.expect((20, 21), firing=[DOWN_A])
    world.expect((400, 401), firing=[DOWN_A], reason=NEW)
    world.expect_no_other_page()


def test_what_a_page_left_out_because_it_was_silenced_is_told_again_when_the_silence_ends() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a").series("up", 0, job="b")
    world.at(60).silence("job=a", until=7200)
    world.at(100).series("up", 1, job="b")
    world.at(400).expire()
    world.run(until=600)
    world.expect((20, 21), firing=[DOWN_A, DOWN_B])
    # To a receiver that keeps an incident a group all is well now.
    world.expect((140, 141), resolved=[DOWN_B], reason=ALL_RESOLVED)
    world.expect((400, 401), firing=[DOWN_A], reason=NEW)
    world.expect_no_other_page()


def test_a_silence_of_one_alert_leaves_the_others_of_its_group() -> None:
    world = World(rule_file(DOWN))
    world.at(0).silence("job=a", until=7200)
    world.at(5).series("up", 0, job="a").series("up", 0, job="b")
    world.run(until=60)
    world.expect((20, 21), firing=[DOWN_B])
    world.expect_no_other_page()


# -- rules that change ----------------------------------------------------------------------------

SLOW = 'alert: Slow, expr: "slow == 1"'


def test_deleting_a_firing_rule_resolves_it() -> None:
    world = World(rule_file(DOWN, SLOW))
    world.at(5).series("up", 0, job="a").series("slow", 1)
    world.at(45).delete_rule("Down")
    world.run(until=300)
    world.expect((20, 21), firing=[DOWN_A])
    world.expect((20, 21), firing=[alert("Slow")])
    world.expect((80, 81), resolved=[DOWN_A])
    world.expect_no_other_page()


def test_pausing_resolves_and_resuming_fires_again() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.at(45).pause("Down")
    world.at(205).pause("Down", paused=False)
    world.run(until=400)
    assert not {60.0, 100.0, 200.0} & set(world.evaluated("up == 0"))
    world.expect((20, 21), firing=[DOWN_A])
    world.expect((80, 81), resolved=[DOWN_A])
    world.expect((220, 261), firing=[DOWN_A])
    world.expect_no_other_page()


def test_a_rule_that_is_added_is_evaluated_at_the_next_tick() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("slow", 1)
    world.at(44).apply_rules(rule_file(DOWN, SLOW))
    world.run(until=120)
    assert world.evaluated("slow == 1")[0] == 50
    world.expect((60, 61), firing=[alert("Slow")])
    world.expect_no_other_page()


def test_editing_one_rule_takes_effect_at_the_next_tick_and_touches_no_other() -> None:
    world = World(rule_file(f"{DOWN}, for: 1m", f"{SLOW}, for: 1m"))
    world.at(5).series("up", 0, job="a").series("slow", 1).series("slower", 1)
    world.at(44).apply_rules(rule_file(f"{DOWN}, for: 1m", 'alert: Slow, expr: "slower == 1", for: 1m'))
    world.run(until=200)
    assert max(world.evaluated("slow == 1")) == 40
    assert min(world.evaluated("slower == 1")) == 50
    world.expect((80, 81), firing=[DOWN_A])
    world.expect((80, 81), firing=[alert("Slow")])
    world.expect_no_other_page()


def test_editing_an_annotation_resolves_and_refires_nothing() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.at(44).apply_rules(rule_file(f'{DOWN}, annotations: {{summary: "new"}}'))
    world.run(until=300)
    world.expect((20, 21), firing=[DOWN_A])
    world.expect_no_other_page()


# -- outages --------------------------------------------------------------------------------------


def test_ten_minutes_without_an_evaluator_are_replayed_as_if_there_had_been_no_outage() -> None:
    rules = rule_file(f"{DOWN}, for: 5m", 'alert: Kept, expr: "kept == 1", keep_firing_for: 5m')
    worlds = [World(rules), World(rules)]
    for world in worlds:
        world.at(5).series("kept", 1)
        world.at(250).series("kept", 0)
        world.at(350).series("up", 0, job="a")
        world.at(750).series("up", 1, job="a").series("up", 0, job="b")
    with_outage, without = worlds
    with_outage.at(301).stop("evaluator")
    with_outage.at(901).start("evaluator")
    for world in worlds:
        world.run(until=920)
    assert with_outage.states() == without.states() == {DOWN_B: "pending"}
    assert sorted(set(with_outage.evaluated("up == 0"))) == sorted(set(without.evaluated("up == 0")))
    for world in worlds:
        world.run(until=1500)
    with_outage.expect((20, 21), firing=[alert("Kept")])
    with_outage.expect((900, 970), resolved=[alert("Kept")])
    for world in worlds:
        world.expect((1060, 1071), firing=[DOWN_B])
    # Job a went down for more than 5 minutes and came back inside the outage: no page of its own, but one digest.
    digest = alert("FiredWhileLate", shard="1.0")
    with_outage.expect((901, 925), firing=[digest])
    with_outage.expect((1190, 1215), resolved=[digest])
    with_outage.expect_no_other_page()
    [(start, end, replayed, dropped)] = with_outage.gaps()
    assert (start, dropped) == (300, 0)
    assert 830 <= end <= 850
    assert replayed == (end - start) / 10
    assert without.gaps() == []


def test_what_fires_through_an_outage_pages_once_and_as_of_now() -> None:
    world = World(rule_file(f"{DOWN}, for: 1m"))
    world.at(301).stop("evaluator")
    world.at(350).series("up", 0, job="a")
    world.at(901).start("evaluator")
    world.run(until=1500)
    world.expect((901, 920), firing=[DOWN_A], reason=FIRST)
    world.expect_no_other_page()


def test_time_beyond_the_catch_up_limit_is_given_up_and_recorded() -> None:
    world = World(rule_file(f"{DOWN}, for: 10m"))
    world.at(5).series("up", 0, job="a")
    world.at(301).stop("evaluator")
    world.at(301 + 2 * 3600).start("evaluator")
    world.run(until=320 + 2 * 3600)
    assert sum(dropped for _, _, _, dropped in world.gaps()) == pytest.approx(360, abs=3)
    assert sum(replayed for _, _, replayed, _ in world.gaps()) == pytest.approx(354, abs=9)
    world.run(until=600 + 2 * 3600)
    assert world.states() == {DOWN_A: "firing"}


def test_a_dispatcher_that_was_down_pages_when_it_is_back() -> None:
    world = World(rule_file(DOWN))
    world.at(5).series("up", 0, job="a")
    world.at(10).stop("dispatcher")
    world.at(301).start("dispatcher")
    world.run(until=600)
    world.expect((301, 302), firing=[DOWN_A], reason=FIRST)
    world.expect_no_other_page()


def test_a_source_that_hangs_delays_its_rule_alone() -> None:
    world = World(rule_file(DOWN, SLOW))
    world.metrics.hung.add("slow == 1")
    world.at(5).series("up", 0, job="a").series("slow", 1)
    world.run(until=300)
    assert world.evaluated("up == 0") == [0, *range(10, 310, 10)]
    world.expect((20, 21), firing=[DOWN_A])
    world.expect_no_other_page()
    world.metrics.hung.clear()
    world.run(until=900)
    world.expect((300, 700), firing=[alert("Slow")])
    world.expect_no_other_page()


# -- configuration that changes -------------------------------------------------------------------


def test_a_new_configuration_places_alerts_anew_and_owes_their_end_to_who_was_told() -> None:
    world = World(rule_file(DOWN), TWO_RECEIVERS)
    world.at(5).series("up", 0, job="a")
    everything = TWO_RECEIVERS.replace('severity="page"', "job=a").replace(", continue: true", "")
    world.at(100).apply_config(everything)
    world.at(400).series("up", 1, job="a")
    world.run(until=600)
    world.expect((20, 21), receiver="team", firing=[DOWN_A])
    world.expect((100, 125), receiver="duty", firing=[DOWN_A], reason=FIRST)
    world.expect((100, 141), receiver="team", resolved=[DOWN_A], reason=ALL_RESOLVED)
    world.expect((400, 480), receiver="duty", resolved=[DOWN_A])
    world.expect_no_other_page()


def test_alerts_wait_for_the_first_configuration() -> None:
    world = World(rule_file(DOWN), config="")
    world.at(5).series("up", 0, job="a")
    world.at(100).apply_config(CONFIG)
    world.run(until=300)
    world.expect((100, 125), firing=[DOWN_A], reason=FIRST)
    world.expect_no_other_page()


# -- shards ---------------------------------------------------------------------------------------


def test_the_number_of_shards_changes_without_a_lost_or_doubled_tick() -> None:
    names = [f"n{number}" for number in range(24)]
    world = World(rule_file(*(f'alert: {name}, expr: "{name} == 1", for: 2m' for name in names)))
    for name in names:
        world.at(205).series(name, 1)
    world.at(100).shards(3)
    world.at(300).shards(2)
    world.run(until=609)
    for name in names:
        assert world.evaluated(f"{name} == 1") == [0, *range(10, 610, 10)], name
        world.expect((330, 360), firing=[alert(name)], reason=FIRST)
    world.expect_no_other_page()
    assert {line["shard"] for line in world.ticks()} == {"1.0", "2.0", "2.1", "2.2", "3.0", "3.1"}


# -- the scheduler --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "firings",
    [
        pytest.param([5, 118, 125, 238, 245, 298], id="at :05, then at :58"),
        pytest.param([5, 65, 185, 245], id="one firing fails"),
        pytest.param([5, 65, 65.001, 125, 125.001, 185, 245], id="some firings are doubled"),
    ],
)
def test_no_tick_is_late_whenever_the_scheduler_fires(firings: list[float]) -> None:
    world = World(rule_file(DOWN), firings=firings)
    world.run(until=300)
    assert world.evaluated("up == 0") == [0, *range(10, 310, 10)]
    assert all(line["behind_seconds"] == 0 for line in world.ticks())


def test_a_scheduler_that_rests_for_ten_minutes_loses_no_tick() -> None:
    world = World(rule_file(f"{DOWN}, for: 2m"), firings=[5, 65, 665, 725])
    world.at(400).series("up", 0, job="a")
    world.run(until=760)
    assert sorted(set(world.evaluated("up == 0"))) == [0, *range(10, 770, 10)]
    world.expect((665, 680), firing=[DOWN_A], reason=FIRST)
    world.expect_no_other_page()


# -- queues that deliver at least once ------------------------------------------------------------


@pytest.mark.parametrize("queues", [DeliveredTwice, NeverDeletedAtFirst])
def test_messages_that_come_twice_and_out_of_order_change_nothing(queues: type[VirtualStack]) -> None:
    world = World(rule_file(f"{DOWN}, for: 30s", SLOW), queues=queues)
    world.at(25).series("up", 0, job="a").series("slow", 1)
    world.at(45).series("up", 0, job="b")
    world.at(400).series("up", 1, job="a").series("up", 1, job="b").series("slow", 0)
    world.run(until=1200)
    assert world.evaluated("up == 0") == [0, *range(10, 1210, 10)]
    world.expect((40, 41), firing=[alert("Slow")])
    world.expect((70, 71), firing=[DOWN_A])
    world.expect((130, 131), firing=[DOWN_A, DOWN_B])
    world.expect((400, 461), resolved=[alert("Slow")])
    world.expect((400, 491), resolved=[DOWN_A, DOWN_B])
    world.expect_no_other_page()


# -- times and intervals --------------------------------------------------------------------------

MUTED = """\
route:
  receiver: team
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  routes:
    - {receiver: team, matchers: [quiet="yes"], mute_time_intervals: [noon]}
receivers:
  - name: team
    webhook_configs: [{url: http://team.invalid/}]
time_intervals:
  - name: noon
    time_intervals: [{times: [{start_time: "12:00", end_time: "12:10"}]}]
"""


def test_the_end_of_a_mute_time_pages_what_still_fires_and_says_nothing_of_what_does_not() -> None:
    world = World(rule_file(f'{DOWN}, labels: {{quiet: "yes"}}', SLOW), MUTED)
    world.at(5).series("up", 0, job="a").series("up", 0, job="b").series("slow", 1)
    world.at(300).series("up", 1, job="b")
    world.run(until=900)
    world.expect((20, 21), firing=[alert("Slow")])
    world.expect((600, 601), firing=[alert("Down", job="a", quiet="yes")], reason=FIRST)
    world.expect_no_other_page()


@pytest.mark.parametrize(
    "interval",
    [
        pytest.param("15s", id="longer than a tick and no multiple"),
        pytest.param("5s", id="shorter than a tick"),
        pytest.param("7s", id="no divisor of anything"),
        pytest.param("1m", id="a minute, spread over its ticks"),
    ],
)
def test_any_interval_is_evaluated_at_its_own_timestamps(interval: str) -> None:
    world = World(rule_file(DOWN, interval=interval))
    world.run(until=305)
    asked = world.evaluated("up == 0")
    step = parse_duration(interval).total_seconds()
    assert len(asked) == len(set(asked))
    assert {b - a for a, b in pairwise(asked)} == {step}
    assert asked[0] <= step
    assert 300 - asked[-1] < step


# -- a day ----------------------------------------------------------------------------------------


def test_a_day_of_ticks_takes_seconds() -> None:
    world = World(rule_file(DOWN, interval="1m"))
    world.at(3600).series("up", 0, job="a")
    world.at(7200).series("up", 1, job="a")
    day = timedelta(days=1).total_seconds()
    world.run(until=day)
    assert len(world.ticks()) == day / 10 + 1
    assert len(world.pager.pages) == 2
