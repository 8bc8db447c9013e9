"""Alerts as they are posted: what is filled in, refused and merged (Alertmanager, `api/v2` and `types.Alert.Merge`)."""

import pytest

from tests.acceptance.alerting import Alerting, Post, alert, config

ONE_MINUTE = {"global": {"resolve_timeout": "1m"}}


def world() -> Alerting:
    return Alerting(config())


def test_an_alert_without_an_end_is_given_up_after_the_default_resolve_timeout() -> None:
    tocsin = world()
    tocsin.post(alert("Down"))
    tocsin.at(600)
    assert tocsin.told() == [
        (10, "first notification", "Down fires"),
        (310, "all alerts resolved", "Down ended"),
    ]
    [ended] = tocsin.notifications()[-1].body["alerts"]
    assert ended["endsAt"] == "2026-03-02T12:05:00Z"


def test_resolve_timeout_of_the_configuration_counts() -> None:
    tocsin = Alerting(config(None, None, **ONE_MINUTE))
    tocsin.post(alert("Down"))
    tocsin.at(600)
    assert tocsin.told()[1:] == [(70, "all alerts resolved", "Down ended")]


def test_resolve_timeout_does_not_count_for_an_alert_that_says_when_it_ends() -> None:
    tocsin = Alerting(config(None, None, **ONE_MINUTE))
    tocsin.post(alert("Down", ends=500))
    tocsin.at(600)
    assert tocsin.told()[1:] == [(520, "all alerts resolved", "Down ended")]


def test_an_alert_that_is_repeated_is_not_given_up_and_not_told_again() -> None:
    tocsin = world()
    for second in range(0, 1801, 60):
        tocsin.at(second).post(alert("Down"))
    tocsin.at(1800 + 299)
    assert tocsin.told() == [(10, "first notification", "Down fires")]
    tocsin.at(3000)
    assert [told[1:] for told in tocsin.told()[1:]] == [("all alerts resolved", "Down ended")]


def test_an_alert_without_a_start_starts_now() -> None:
    tocsin = world()
    tocsin.at(7).post(Post({"alertname": "Down"}, says_start=False))
    tocsin.at(30)
    [fires] = tocsin.notifications()[0].body["alerts"]
    assert fires["startsAt"] == "2026-03-02T12:00:07Z"


def test_an_alert_with_an_end_and_no_start_starts_when_it_ends() -> None:
    tocsin = world()
    tocsin.post(Post({"alertname": "Down"}, ends=100, says_start=False))
    tocsin.at(30)
    [fires] = tocsin.notifications()[0].body["alerts"]
    assert (fires["startsAt"], fires["endsAt"]) == ("2026-03-02T12:01:40Z", "0001-01-01T00:00:00Z")


def test_a_label_with_an_empty_value_is_no_label() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=500, rack=""))
    tocsin.post(alert("Down", ends=500))
    tocsin.at(100)
    [told] = tocsin.notifications()
    [fires] = told.body["alerts"]
    assert fires["labels"] == {"alertname": "Down"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        pytest.param(alert("Down", starts=9, ends=8), "start time must be before end time", id="ends first"),
        pytest.param(Post({}), "at least one label pair required", id="no labels"),
        pytest.param(Post({"a": ""}), "at least one label pair required", id="only empty labels"),
        pytest.param(Post({"": "x"}), 'invalid label set: invalid name ""', id="no name"),
        pytest.param(Post({"a": "b"}, {"": "x"}), 'invalid annotations: invalid name ""', id="annotation"),
    ],
)
def test_what_is_wrong_is_refused_and_the_rest_of_the_request_is_taken(wrong: Post, why: str) -> None:
    tocsin = world()
    errors = tocsin.post(alert("Good", ends=500), wrong)
    assert [str(error) for error in errors] == [why]
    tocsin.at(20)
    assert [said for _, _, said in tocsin.told()] == ["Good fires"]


def test_an_alert_may_end_when_it_starts() -> None:
    assert world().post(alert("Blip", starts=5, ends=5)) == []


# -- merging --------------------------------------------------------------------------------------


def test_of_two_senders_the_earlier_start_and_the_younger_texts_count() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=-5, ends=100, text="old"))
    tocsin.at(2).post(alert("Down", starts=1, ends=120, text="young"))
    tocsin.at(30)
    [fires] = tocsin.notifications()[0].body["alerts"]
    assert (fires["startsAt"], fires["annotations"]) == ("2026-03-02T11:59:55Z", {"summary": "young"})


def test_the_later_of_two_promised_ends_counts() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=0, ends=200))
    tocsin.at(5).post(alert("Down", starts=0, ends=100))
    tocsin.at(400)
    assert tocsin.told()[1:] == [(220, "all alerts resolved", "Down ended")]


def test_a_giving_up_gives_way_to_an_end_that_is_said() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=0))
    tocsin.at(5).post(alert("Down", starts=0, ends=50))
    tocsin.at(400)
    assert tocsin.told()[1:] == [(70, "all alerts resolved", "Down ended")]


def test_an_end_that_has_come_ends_what_was_promised_longer() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=0, ends=1000))
    tocsin.at(20).post(alert("Down", starts=0, ends=20))
    tocsin.at(400)
    assert tocsin.told()[1:] == [(40, "all alerts resolved", "Down ended")]


def test_of_two_ends_that_have_come_the_later_counts() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=0, ends=1000))
    tocsin.at(20).post(alert("Down", starts=0, ends=18))
    tocsin.at(22).post(alert("Down", starts=0, ends=15))
    tocsin.at(100)
    [ended] = tocsin.notifications()[-1].body["alerts"]
    assert ended["endsAt"] == "2026-03-02T12:00:18Z"


def test_an_alert_that_does_not_overlap_the_known_one_replaces_it() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=0, ends=3, text="old"))
    tocsin.at(5).post(alert("Down", starts=4, ends=500, text="new"))
    tocsin.at(30)
    [told] = tocsin.notifications()
    [fires] = told.body["alerts"]
    assert (fires["startsAt"], fires["annotations"]) == ("2026-03-02T12:00:04Z", {"summary": "new"})


def test_ranges_that_only_touch_do_not_overlap() -> None:
    tocsin = world()
    tocsin.post(alert("Down", starts=0, ends=5))
    tocsin.at(6).post(alert("Down", starts=5, ends=500))
    tocsin.at(30)
    [fires] = tocsin.notifications()[0].body["alerts"]
    assert fires["startsAt"] == "2026-03-02T12:00:05Z"


def test_other_labels_are_another_alert() -> None:
    tocsin = world()
    tocsin.post(alert("Down", ends=500, instance="a"), alert("Down", ends=500, instance="b"))
    tocsin.at(30)
    assert [said for _, _, said in tocsin.told()] == ["Down/a fires, Down/b fires"]
