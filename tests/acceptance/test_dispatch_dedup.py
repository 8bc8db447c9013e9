"""When a group is told again, and why; how long it is remembered (Alertmanager, `DedupStage.needsUpdate`, `nflog`)."""

from tests.acceptance.alerting import WHOLE_DAY, Alerting, alert, answer, config, webhooks

FIRST, NEW, SOME, ALL, REPEAT = (
    "first notification",
    "new alerts added",
    "some alerts resolved",
    "all alerts resolved",
    "repeat interval elapsed",
)
A, B = alert("Down", ends=5000, instance="a"), alert("Down", ends=5000, instance="b")
A_ENDS = alert("Down", ends=20, instance="a")
FIRING_ONLY = config(receivers={"team": webhooks("team", send_resolved=False)})


def world() -> Alerting:
    return Alerting(config())


# -- rule 1: nothing was ever told ----------------------------------------------------------------


def test_what_fires_and_was_never_told_is_a_first_notification() -> None:
    tocsin = world()
    tocsin.post(A)
    tocsin.at(600)
    assert tocsin.told() == [(10, FIRST, "Down/a fires")]


def test_ends_alone_are_no_first_notification() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=-60, ends=0))
    tocsin.at(600)
    assert tocsin.told() == []


# -- rule 2: something fires that was not told ----------------------------------------------------


def test_an_alert_that_joins_is_told_with_all_that_fires() -> None:
    tocsin = world()
    tocsin.post(A)
    tocsin.at(15).post(B)
    tocsin.at(600)
    assert tocsin.told()[1:] == [(40, NEW, "Down/a fires, Down/b fires")]


def test_an_alert_that_joins_while_another_ends_is_what_the_reason_names() -> None:
    tocsin = world()
    tocsin.post(A_ENDS)
    tocsin.at(15).post(B)
    tocsin.at(100)
    assert tocsin.told()[1:] == [(40, NEW, "Down/a ended, Down/b fires")]


def test_what_fires_after_all_had_ended_is_a_first_notification_again() -> None:
    tocsin = world()
    tocsin.post(A_ENDS)
    tocsin.at(50).post(A)
    tocsin.at(100)
    assert [reason for _, reason, _ in tocsin.told()] == [FIRST, ALL, FIRST]


def test_an_alert_that_leaves_because_it_is_silenced_is_no_news() -> None:
    tocsin = world()
    tocsin.post(A, B)
    tocsin.at(20).silence("instance=a")
    tocsin.at(600)
    assert tocsin.told() == [(10, FIRST, "Down/a fires, Down/b fires")]


def test_other_annotations_are_no_news() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000, text="one"))
    tocsin.at(20).post(alert("Down", ends=5000, text="another"))
    tocsin.at(600)
    assert tocsin.told() == [(10, FIRST, "Down fires")]


def test_other_annotations_are_in_the_next_notification() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=5000, text="one"))
    tocsin.at(20).post(alert("Down", ends=5000, text="another"))
    tocsin.at(3700)
    assert [told.body["commonAnnotations"]["summary"] for told in tocsin.notifications()] == [
        "one",
        "another",
    ]


# -- rule 3: all has ended ------------------------------------------------------------------------


def test_when_all_has_ended_that_is_told_once() -> None:
    tocsin = world()
    tocsin.post(A_ENDS, alert("Down", ends=25, instance="b"))
    tocsin.at(600)
    assert tocsin.told()[1:] == [(40, ALL, "Down/a ended, Down/b ended")]


def test_who_wants_no_ends_is_not_told_but_what_fires_again_is_a_first_notification() -> None:
    tocsin = Alerting(FIRING_ONLY)
    tocsin.post(A_ENDS)
    tocsin.at(50).post(A)
    tocsin.at(100)
    assert tocsin.told() == [(10, FIRST, "Down/a fires"), (60, FIRST, "Down/a fires")]


# -- rule 4: some have ended ----------------------------------------------------------------------


def test_when_some_have_ended_that_is_told_with_what_still_fires() -> None:
    tocsin = world()
    tocsin.post(A_ENDS, B)
    tocsin.at(600)
    assert tocsin.told()[1:] == [(40, SOME, "Down/a ended, Down/b fires")]


def test_who_wants_no_ends_is_not_told_when_some_have_ended() -> None:
    tocsin = Alerting(FIRING_ONLY)
    tocsin.post(A_ENDS, B)
    tocsin.at(600)
    assert tocsin.told() == [(10, FIRST, "Down/a fires, Down/b fires")]


def test_who_wants_no_ends_is_told_of_what_fires_only() -> None:
    tocsin = Alerting(FIRING_ONLY)
    tocsin.post(A_ENDS, B)
    tocsin.at(15).post(alert("Down", ends=5000, instance="c"))
    tocsin.at(100)
    assert tocsin.told()[1:] == [(40, NEW, "Down/b fires, Down/c fires")]


def test_each_integration_of_a_receiver_is_told_what_it_wants() -> None:
    both = {"webhook_configs": [{"url": "http://all/"}, {"url": "http://pages/", "send_resolved": False}]}
    tocsin = Alerting(config(receivers={"team": both}))
    tocsin.post(A_ENDS)
    tocsin.at(600)
    assert [said for _, _, said in tocsin.told("all")] == ["Down/a fires", "Down/a ended"]
    assert [said for _, _, said in tocsin.told("pages")] == ["Down/a fires"]


# -- rule 5: repeat_interval ----------------------------------------------------------------------


def test_what_still_fires_is_repeated_at_the_first_tick_after_repeat_interval() -> None:
    tocsin = Alerting(config({"repeat_interval": "45s"}))
    tocsin.post(A)
    tocsin.at(150)
    assert tocsin.told()[1:] == [(70, REPEAT, "Down/a fires"), (130, REPEAT, "Down/a fires")]


def test_a_tick_at_just_repeat_interval_is_too_early() -> None:
    tocsin = Alerting(config({"repeat_interval": "1m"}))
    tocsin.post(A)
    tocsin.at(110)
    assert tocsin.told()[1:] == [(100, REPEAT, "Down/a fires")]


def test_repeat_interval_counts_from_what_was_told_last() -> None:
    tocsin = Alerting(config({"repeat_interval": "75s"}))
    tocsin.post(A)
    tocsin.at(50).post(B)
    tocsin.at(170)
    assert tocsin.told()[1:] == [
        (70, NEW, "Down/a fires, Down/b fires"),
        (160, REPEAT, "Down/a fires, Down/b fires"),
    ]


def test_nothing_costs_a_flush_between_two_repeats() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=WHOLE_DAY))
    tocsin.at(2 * 3600)
    assert [at for at, _ in tocsin.reports] == [10, 3640]


# -- refires --------------------------------------------------------------------------------------


def test_a_refire_between_two_flushes_is_another_incident() -> None:
    """Alertmanager does not see it: its log knows the labels only (2.8)."""
    tocsin = world()
    tocsin.post(alert("Down", ends=15))
    tocsin.at(20).post(alert("Down", starts=18, ends=5000))
    tocsin.at(600)
    assert tocsin.told()[1:] == [(40, NEW, "Down fires")]


def test_a_refire_that_overlaps_is_the_same_incident() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=25))
    tocsin.at(20).post(alert("Down", starts=18, ends=5000))
    tocsin.at(600)
    assert tocsin.told() == [(10, FIRST, "Down fires")]


# -- the log --------------------------------------------------------------------------------------


def test_what_was_told_is_remembered_for_as_long_as_it_fires() -> None:
    """Alertmanager forgets after 120 h, or two repeat_intervals, and then tells it as if it were new (2.9)."""
    tocsin = Alerting(config({"repeat_interval": "30d"}))
    tocsin.post(alert("Down", ends=8 * WHOLE_DAY))
    tocsin.at(10 * WHOLE_DAY)
    assert [(reason, said) for _, reason, said in tocsin.told()] == [
        (FIRST, "Down fires"),
        (ALL, "Down ended"),
    ]
    assert tocsin.told()[1][0] == 8 * WHOLE_DAY + 10


def test_what_is_over_is_forgotten_after_its_retention() -> None:
    tocsin = world()
    tocsin.post(A_ENDS)
    tocsin.at(100)
    [group] = {report.group for _, report in tocsin.reports}
    [entry] = tocsin.database.query("dispatch", group, prefix="LOG#")
    assert entry["expires"] == int(tocsin.moment(40).timestamp()) + 120 * 3600


def test_nothing_is_logged_as_told_before_it_is_delivered() -> None:
    tocsin = world()
    tocsin.answer("team", *[answer(500)] * 12)
    tocsin.post(A)
    tocsin.at(600)
    [(at, reason, said)] = tocsin.told()
    assert at > 40
    assert (reason, said) == (FIRST, "Down/a fires")


def test_each_integration_has_a_log_of_its_own() -> None:
    tocsin = Alerting(config(receivers={"team": webhooks("one", "other")}))
    tocsin.answer("other", *[answer(500)] * 6)
    tocsin.post(A)
    tocsin.at(600)
    assert [at for at, _, _ in tocsin.told("one")] == [10]
    assert len(tocsin.told("other")) == 1


def test_what_slack_was_told_is_updated_until_a_new_incident_begins() -> None:
    slack = {"slack_configs": [{"app_token": "xoxb", "channel": "#ops", "update_message": True}]}
    told = answer(200, {"ok": True, "ts": "17.5", "channel": "C1"})
    tocsin = Alerting(config(receivers={"team": slack}))
    tocsin.answer("slack.com", told, told, told)
    tocsin.post(A)
    tocsin.at(15).post(B)
    tocsin.at(60)
    first, second = tocsin.requests
    assert "ts" not in first.body
    assert second.body["ts"] == "17.5"
