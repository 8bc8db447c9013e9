"""The life of a group: when it is flushed, what stays in it, and what a new configuration makes of it."""

from tests.acceptance.alerting import Alerting, alert, answer, config, webhooks

FIRST, NEW, SOME, ALL = (
    "first notification",
    "new alerts added",
    "some alerts resolved",
    "all alerts resolved",
)


def world() -> Alerting:
    return Alerting(config())


def test_a_new_group_waits_for_group_wait_so_that_what_belongs_together_is_told_together() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=500, instance="a"))
    tocsin.at(9).post(alert("Down", ends=500, instance="b"))
    tocsin.at(30)
    assert tocsin.told() == [(10, FIRST, "Down/a fires, Down/b fires")]


def test_what_comes_after_the_first_flush_waits_for_the_next_tick() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=500, instance="a"))
    tocsin.at(11).post(alert("Down", ends=500, instance="b"))
    tocsin.at(60)
    assert tocsin.told()[1:] == [(40, NEW, "Down/a fires, Down/b fires")]


def test_ticks_stay_on_a_grid_from_the_first_flush_whenever_alerts_come() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=500, instance="a"))
    tocsin.at(55).post(alert("Down", ends=500, instance="b"))
    tocsin.at(95).post(alert("Down", ends=500, instance="c"))
    tocsin.at(180)
    assert [at for at, _, _ in tocsin.told()] == [10, 70, 100]


def test_ticks_stay_on_the_grid_though_a_flush_takes_long() -> None:
    tocsin = world()
    tocsin.answer("team", answer(503), answer(503), answer(503))
    tocsin.post(alert("Down", ends=500, instance="a"))
    tocsin.at(15).post(alert("Down", ends=500, instance="b"))
    tocsin.at(60)
    assert [at for at, _, _ in tocsin.told()] == [12.375, 40]


def test_an_alert_that_has_fired_for_longer_than_group_wait_is_told_at_once() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=-11, ends=500))
    tocsin.at(5)
    assert tocsin.told() == [(0, FIRST, "Down fires")]


def test_an_alert_that_has_fired_for_just_group_wait_waits() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=-10, ends=500))
    tocsin.at(30)
    assert [at for at, _, _ in tocsin.told()] == [10]


def test_only_the_alert_that_makes_the_group_can_have_it_told_at_once() -> None:
    """As of Alertmanager 0.30; before, any alert could until the first flush."""
    tocsin = world()
    tocsin.post(alert("Down", ends=500, instance="a"))
    tocsin.at(5).post(alert("Down", starts=-100, ends=500, instance="b"))
    tocsin.at(30)
    assert [at for at, _, _ in tocsin.told()] == [10]


def test_without_group_wait_the_first_flush_is_at_once() -> None:
    tocsin = Alerting(config({"group_wait": "0s"}))
    tocsin.post(alert("Down", ends=500))
    tocsin.at(5)
    assert tocsin.told() == [(0, FIRST, "Down fires")]


def test_what_ends_before_the_first_flush_is_never_told() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=8))
    tocsin.at(600)
    assert tocsin.told() == []


def test_a_group_that_has_told_all_ends_is_gone_and_the_next_alert_waits_anew() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=30))
    tocsin.at(45).post(alert("Down", starts=45, ends=500))
    tocsin.at(100)
    assert tocsin.told() == [(10, FIRST, "Down fires"), (40, ALL, "Down ended"), (55, FIRST, "Down fires")]


def test_a_group_that_is_gone_is_flushed_no_more() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=30))
    tocsin.at(5000)
    assert [at for at, _ in tocsin.reports] == [10, 40]


def test_what_has_ended_and_been_told_so_is_in_no_later_notification() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=20, instance="a"), alert("Down", ends=500, instance="b"))
    tocsin.at(50).post(alert("Down", ends=500, instance="c"))
    tocsin.at(100)
    assert tocsin.told()[1:] == [
        (40, SOME, "Down/a ended, Down/b fires"),
        (70, NEW, "Down/b fires, Down/c fires"),
    ]


def test_what_fires_says_no_end_though_it_has_one_ahead() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=500))
    tocsin.at(30)
    [fires] = tocsin.notifications()[0].body["alerts"]
    assert fires["endsAt"] == "0001-01-01T00:00:00Z"


def test_groups_are_by_the_labels_of_group_by_and_one_that_is_missing_is_left_out() -> None:
    tocsin = Alerting(config({"group_by": ["alertname", "rack"]}))
    tocsin.post(alert("Down", ends=500, rack="1"), alert("Down", ends=500), alert("Slow", ends=500, rack="1"))
    tocsin.at(30)
    assert sorted(told.body["groupKey"] for told in tocsin.notifications()) == [
        '{}:{alertname="Down", rack="1"}',
        '{}:{alertname="Down"}',
        '{}:{alertname="Slow", rack="1"}',
    ]


def test_without_group_by_all_alerts_of_a_route_are_one_group() -> None:
    tocsin = Alerting(config({"group_by": []}))
    tocsin.post(alert("Down", ends=500), alert("Slow", ends=500))
    tocsin.at(30)
    assert tocsin.told() == [(10, FIRST, "Down fires, Slow fires")]


def test_grouped_by_all_labels_each_alert_is_a_group() -> None:
    tocsin = Alerting(config({"group_by": ["..."]}))
    tocsin.post(alert("Down", ends=500, instance="a"), alert("Down", ends=500, instance="b"))
    tocsin.at(30)
    assert sorted(said for _, _, said in tocsin.told()) == ["Down/a fires", "Down/b fires"]


def test_a_slow_receiver_of_one_group_holds_no_other_group() -> None:
    tocsin = world()
    tocsin.answer("team", *[answer(503)] * 6)
    tocsin.post(alert("Down", ends=500))
    tocsin.at(1).post(alert("Slow", ends=500))
    tocsin.at(60)
    assert (11, FIRST, "Slow fires") in tocsin.told()


# -- a new configuration --------------------------------------------------------------------------


def test_a_new_configuration_repeats_nothing_to_whom_it_was_told() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=500))
    tocsin.at(20).configure(config({"group_wait": "20s", "group_interval": "1m", "repeat_interval": "2h"}))
    tocsin.at(400)
    assert tocsin.told() == [(10, FIRST, "Down fires")]


def test_a_route_that_is_put_before_another_repeats_nothing_of_it() -> None:
    tocsin = Alerting(config({"routes": [{"receiver": "team", "matchers": ["job=a"]}]}))
    tocsin.post(alert("Down", ends=500, job="a"))
    before = {"receiver": "crew", "matchers": ["job=b"]}
    tocsin.at(20).configure(config({"routes": [before, {"receiver": "team", "matchers": ["job=a"]}]}))
    tocsin.at(400)
    assert tocsin.told() == [(10, FIRST, "Down fires")]


def test_a_new_receiver_is_told_and_the_former_one_hears_that_it_is_over() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000))
    tocsin.at(20).configure(config({"receiver": "crew"}))
    tocsin.at(400)
    assert tocsin.told("crew") == [(20, FIRST, "Down fires")]
    assert tocsin.told("team") == [(10, FIRST, "Down fires"), (40, ALL, "Down ended")]


def test_what_is_grouped_otherwise_is_told_as_the_new_group_and_over_in_the_former() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000, rack="1"))
    tocsin.at(20).configure(config({"group_by": ["rack"]}))
    tocsin.at(400)
    assert [(told.body["groupKey"], told.said) for told in tocsin.notifications()] == [
        ('{}:{alertname="Down"}', "Down fires"),
        ('{}:{rack="1"}', "Down fires"),
        ('{}:{alertname="Down"}', "Down ended"),
    ]


def test_an_alert_that_was_not_told_yet_is_told_as_the_new_configuration_says() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000))
    tocsin.at(5).configure(config({"receiver": "crew"}))
    tocsin.at(400)
    assert [told.to for told in tocsin.notifications()] == ["crew"]


def test_an_integration_that_is_added_is_told_what_fires_and_the_others_nothing_again() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000))
    tocsin.at(20).configure(config(receivers={"team": webhooks("team", "added")}))
    tocsin.at(400)
    assert tocsin.told("added") == [(40, FIRST, "Down fires")]
    assert tocsin.told("team") == [(10, FIRST, "Down fires")]


def test_a_shorter_repeat_interval_counts_from_the_next_tick_on() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000))
    tocsin.at(20).configure(config({"repeat_interval": "75s"}))
    tocsin.at(150)
    assert tocsin.told()[1:] == [(100, "repeat interval elapsed", "Down fires")]


def test_another_group_interval_counts_from_the_same_first_flush() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000, instance="a"))
    tocsin.at(20).configure(config({"group_interval": "2m"}))
    tocsin.at(50).post(alert("Down", ends=5000, instance="b"))
    tocsin.at(400)
    assert [at for at, _, _ in tocsin.told()] == [10, 130]


INHIBITS = {"source_matchers": ["alertname=Cause"], "target_matchers": ["alertname=Down"]}
ALWAYS = {"name": "always", "time_intervals": [{}]}


def test_what_an_inhibit_rule_held_is_told_at_the_next_tick_when_the_rule_is_gone() -> None:
    tocsin = Alerting(config(inhibit_rules=[INHIBITS]))
    tocsin.post(alert("Down", ends=5000), alert("Cause", ends=5000))
    tocsin.at(20).configure(config())
    tocsin.at(400)
    assert tocsin.told() == [(10, FIRST, "Cause fires"), (40, FIRST, "Down fires")]


def test_what_a_mute_interval_held_is_told_at_the_next_tick_when_the_route_has_none() -> None:
    tocsin = Alerting(config({"routes": [{"mute_time_intervals": ["always"]}]}, time_intervals=[ALWAYS]))
    tocsin.post(alert("Down", ends=5000))
    tocsin.at(20).configure(config({"routes": [{}]}, time_intervals=[ALWAYS]))
    tocsin.at(400)
    assert tocsin.told() == [(40, FIRST, "Down fires")]
