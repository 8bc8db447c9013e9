"""Groups, receivers and the notification log over the API: what was told, what is muted, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.acceptance.alerting import Alerting, alert, answer, busy, config
from tests.unit.asking_api import Api, document
from tests.unit.commandline import SetClock

FIRST, NEW = "first notification", "new alerts added"
DOWN = alert("Down", ends=50_000, text="it is down")
TWO = {"team": {"webhook_configs": [{"url": "http://team/"}, {"url": "http://pager/"}]}}


def told(text: str = "", replies: Sequence[Any] = (), until: float = 60, **route: Any) -> Alerting:
    """Return a world in which an alert was posted at noon, and that its receiver has answered so."""
    tocsin = Alerting(text or config(route))
    tocsin.answer("team", *replies)
    tocsin.post(DOWN)
    return tocsin.at(until)


def ask(tocsin: Alerting, path: str, **parameters: str | Sequence[str]) -> Any:
    """Return what the API answers with 200."""
    response = api(tocsin).get(f"/tocsin/api/v1{path}", **parameters)
    assert response.status == 200, response.body
    return document(response)


def api(tocsin: Alerting) -> Api:
    """Return the API of a world."""
    return Api(database=tocsin.database, clock=SetClock(tocsin.clock.now()))


def only_group(tocsin: Alerting) -> Any:
    """Return its only group."""
    [group] = ask(tocsin, "/groups")["groups"]
    return group


def lines(tocsin: Alerting, **parameters: str) -> list[tuple[str, str, int]]:
    """Return of each line of the log what came of it, the answer, and how many tries."""
    found = ask(tocsin, "/notifications", **parameters)["notifications"]
    return [(line["outcome"], line["detail"], line["tries"]) for line in found]


# -- the log ---------------------------------------------------------------------------------------


def test_what_was_told_stands_in_the_log_with_why_and_the_answer() -> None:
    tocsin = told()
    answered = ask(tocsin, "/notifications")
    assert answered["total"] == 1
    [line] = answered["notifications"]
    assert line["integrationName"].startswith("webhook.")
    assert line["id"] == tocsin.requests[0].id
    assert {**line, "id": "", "integrationName": ""} == {
        "id": "",
        "number": 1,
        "groupId": only_group(tocsin)["id"],
        "groupKey": '{}:{alertname="Down"}',
        "groupLabels": {"alertname": "Down"},
        "receiver": "team",
        "integration": "webhook",
        "integrationName": "",
        "reason": FIRST,
        "outcome": "delivered",
        "final": True,
        "detail": "HTTP 200",
        "decidedAt": "2026-03-02T12:00:10.000Z",
        "at": "2026-03-02T12:00:10.000Z",
        "firing": 1,
        "resolved": 0,
        "tries": 1,
    }


def test_tries_that_end_alike_are_one_line_and_the_delivery_another() -> None:
    tocsin = told(replies=[answer(503)] * 20, until=300)
    assert lines(tocsin) == [("delivered", "HTTP 200", 3), ("serverError", "HTTP 503", 18)]


def test_lines_are_chosen_by_receiver_integration_and_outcome() -> None:
    tocsin = told(config(receivers=TWO), [answer(400)], until=200)
    assert lines(tocsin, outcome="failed") == [("clientError", "HTTP 400", 1)]
    assert lines(tocsin, outcome="clientError") == lines(tocsin, outcome="failed")
    assert [line[0] for line in lines(tocsin, outcome="delivered")] == ["delivered"] * 2
    assert len(lines(tocsin, integration="webhook", receiver="team")) == 3
    assert lines(tocsin, receiver="crew") == lines(tocsin, integration="slack") == []
    name = ask(tocsin, "/notifications", outcome="failed")["notifications"][0]["integrationName"]
    assert [line[0] for line in lines(tocsin, integration=name)] == ["delivered", "clientError"]


def test_lines_come_in_parts() -> None:
    tocsin = told(config(receivers=TWO), [answer(400)], until=200)
    whole = lines(tocsin)
    assert [lines(tocsin, limit="1", offset=str(at)) for at in range(4)] == [*([one] for one in whole), []]
    assert ask(tocsin, "/notifications", limit="1")["total"] == 3


@pytest.mark.parametrize("limit", ["0", "1001", "all"])
def test_a_limit_that_is_none_is_refused(limit: str) -> None:
    assert api(told()).get("/tocsin/api/v1/notifications", limit=limit).status == 400


def test_a_group_that_is_over_keeps_its_timeline() -> None:
    tocsin = Alerting(config())
    tocsin.post(alert("Down", ends=15))
    tocsin.at(600)
    assert ask(tocsin, "/groups")["total"] == 0
    [group] = {line["groupId"] for line in ask(tocsin, "/notifications")["notifications"]}
    found = ask(tocsin, f"/groups/{group}/notifications")["notifications"]
    assert [(line["reason"], line["firing"], line["resolved"]) for line in found] == [
        ("all alerts resolved", 0, 1),
        (FIRST, 1, 0),
    ]
    assert ask(tocsin, f"/groups/{group}")["alerts"] == []


def test_ends_that_nobody_wants_to_hear_of_are_skipped_and_say_so() -> None:
    quiet = {"team": {"webhook_configs": [{"url": "http://team/", "send_resolved": False}]}}
    tocsin = Alerting(config(receivers=quiet))
    tocsin.post(alert("Down", ends=15))
    tocsin.at(600)
    assert [line[0] for line in lines(tocsin)] == ["skipped", "delivered"]


@pytest.mark.parametrize("name", ["group.0", "config", "api.00"])
@pytest.mark.parametrize("path", ["/groups/{}", "/groups/{}/notifications"])
def test_a_group_that_never_was_is_not_found(name: str, path: str) -> None:
    assert api(told()).get("/tocsin/api/v1" + path.format(name)).status == 404


# -- groups ----------------------------------------------------------------------------------------


def test_a_group_says_whom_it_tells_when_and_of_what() -> None:
    group = only_group(told())
    [held] = group.pop("alerts")
    assert group.pop("id").startswith("group.")
    assert group == {
        "key": '{}:{alertname="Down"}',
        "labels": {"alertname": "Down"},
        "receiver": "team",
        "routeId": "{}",
        "due": "2026-03-02T13:00:40.000Z",
        "nextFlush": "2026-03-02T12:01:10.000Z",
        "claimed": False,
        "groupIntervalSeconds": 30.0,
        "notifiedAt": "2026-03-02T12:00:10.000Z",
        "retryAt": None,
    }
    assert (held["labels"], held["annotations"]) == ({"alertname": "Down"}, {"summary": "it is down"})
    assert (held["state"], held["startsAt"]) == ("active", "2026-03-02T12:00:00.000Z")
    assert held["muted"] == {"silences": [], "inhibitedBy": [], "timeIntervals": []}


def test_groups_are_chosen_by_receiver_and_come_in_parts() -> None:
    tocsin = told(group_by=["instance"])
    tocsin.post(alert("Down", instance="b"), alert("Down", instance="c"))
    whole = [group["id"] for group in ask(tocsin, "/groups", receiver="team")["groups"]]
    parts = [ask(tocsin, "/groups", limit="1", offset=str(at))["groups"] for at in range(3)]
    assert (len(whole), [group["id"] for [group] in parts]) == (3, whole)
    assert ask(tocsin, "/groups", receiver="crew") == {
        "at": "2026-03-02T12:01:00.000Z",
        "total": 0,
        "groups": [],
    }


def muted(tocsin: Alerting, name: str = "Down") -> Mapping[str, Any]:
    """Return what mutes an alert of a group."""
    groups = ask(tocsin, "/groups")["groups"]
    [held] = [held for group in groups for held in group["alerts"] if held["labels"]["alertname"] == name]
    assert held["state"] == "suppressed"
    found: Mapping[str, Any] = held["muted"]
    return found


def test_a_silenced_alert_says_by_whom_and_why() -> None:
    tocsin = told()
    tocsin.silence("alertname=Down", ends=3600, comment="moving it")
    assert muted(tocsin)["silences"] == [
        {
            "id": "silence-1",
            "comment": "moving it",
            "createdBy": "me",
            "endsAt": "2026-03-02T13:00:00.000Z",
            "matchers": ['alertname="Down"'],
        }
    ]


RULE = {
    "name": "the cluster",
    "source_matchers": ["alertname=Cluster"],
    "target_matchers": ["alertname=Down"],
}


def test_an_inhibited_alert_says_by_which_alert_and_rule() -> None:
    tocsin = told(config(inhibit_rules=[{**RULE, "equal": ["region"]}]))
    tocsin.post(alert("Cluster", ends=500, severity="page"))
    [found] = muted(tocsin)["inhibitedBy"]
    assert len(found.pop("fingerprint")) == 16
    assert found == {
        "labels": {"alertname": "Cluster", "severity": "page"},
        "rule": "the cluster",
        "source": ['alertname="Cluster"'],
        "equal": ["region"],
        "until": "2026-03-02T12:08:20.000Z",
    }


TIMES = [
    {"name": "noon", "time_intervals": [{"times": [{"start_time": "12:00", "end_time": "13:00"}]}]},
    {"name": "night", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "06:00"}]}]},
]


@pytest.mark.parametrize(
    ("kind", "name", "until"),
    [
        ("mute_time_interval", "noon", "2026-03-02T13:00:00.000Z"),
        ("active_time_interval", "night", "2026-03-03T00:00:00.000Z"),
    ],
)
def test_an_alert_that_the_time_mutes_says_by_which_interval(kind: str, name: str, until: str) -> None:
    by_time = {"matchers": ["alertname=Down"], f"{kind}s": [name]}
    tocsin = told(config({"routes": [by_time]}, time_intervals=TIMES))
    assert muted(tocsin)["timeIntervals"] == [{"name": name, "kind": kind, "until": until}]


def test_without_a_configuration_there_are_no_groups_and_no_receivers() -> None:
    empty = Api()
    assert document(empty.get("/tocsin/api/v1/groups"))["groups"] == []
    assert document(empty.get("/tocsin/api/v1/receivers")) == {"receivers": []}
    assert empty.get("/tocsin/api/v1/explain", label="a=b").status == 404


# -- receivers -------------------------------------------------------------------------------------


def team(tocsin: Alerting) -> Any:
    """Return the first integration of the receiver `team`."""
    found = {receiver["name"]: receiver for receiver in ask(tocsin, "/receivers")["receivers"]}
    return found["team"]["integrations"][0]


def test_receivers_stand_in_the_order_of_the_configuration_with_their_integrations() -> None:
    found = ask(told(), "/receivers")["receivers"]
    assert [receiver["name"] for receiver in found] == ["team", "crew", "boss"]
    [crew] = found[1]["integrations"]
    assert (crew["integration"], crew["index"], crew["sendResolved"]) == ("webhook", 0, True)
    assert (crew["lastDelivery"], crew["lastFailure"], crew["failing"]) == (None, None, False)


def test_an_integration_says_what_it_last_took_and_what_it_did_not() -> None:
    tocsin = told(replies=[answer(400, {"error": "no such channel"})])
    found = team(tocsin)
    assert (found["lastDelivery"]["detail"], found["lastFailure"]["outcome"]) == ("HTTP 200", "clientError")
    assert (found["failing"], found["retrying"]) == (False, [])


def test_what_is_tried_again_says_when() -> None:
    tocsin = told(replies=[busy()] * 100, until=25)
    found = team(tocsin)
    assert found["failing"]
    [retry] = found["retrying"]
    assert (retry["number"], retry["tries"], retry["groupLabels"]) == (1, 1, {"alertname": "Down"})
    assert retry["retryAt"] == only_group(tocsin)["retryAt"]
    assert retry["retryAt"] > "2026-03-02T12:00:25.000Z"
    assert found["lastFailure"]["final"] is False


# -- explanations ----------------------------------------------------------------------------------


def explained(tocsin: Alerting, *labels: str) -> list[tuple[str, str, str]]:
    """Return of each route its receiver, the verdict and the sentence."""
    found = ask(tocsin, "/explain", label=labels or ["alertname=Down"])["routes"]
    return [(route["receiver"], route["verdict"], route["explanation"]) for route in found]


def test_what_was_told_is_explained() -> None:
    assert explained(told()) == [("team", "told", "Every integration of team has been told of it.")]


def test_what_fires_nowhere_is_explained() -> None:
    sentence = "No alert with these labels fires in this group."
    assert explained(told(), "alertname=Other") == [("team", "notHeld", sentence)]


def test_what_waits_for_its_group_is_explained() -> None:
    [(_, verdict, sentence)] = explained(told(until=5))
    assert (verdict, sentence[:38]) == ("waiting", "Its group is told at 2026-03-02T12:00:10Z"[:38])


def test_what_is_tried_again_is_explained() -> None:
    [(_, verdict, sentence)] = explained(told(replies=[busy()] * 100, until=25))
    assert verdict == "failing"
    assert sentence.startswith(
        "webhook of team last answered rateLimited HTTP 429; it is tried again at 2026"
    )


def test_what_a_silence_mutes_is_explained() -> None:
    tocsin = told()
    tocsin.silence("alertname=Down", ends=3600, comment="moving it")
    assert explained(tocsin) == [
        ("team", "silenced", "It is silenced until 2026-03-02T13:00:00Z by me: moving it")
    ]


def test_what_another_alert_inhibits_is_explained() -> None:
    tocsin = told(config(inhibit_rules=[RULE]))
    tocsin.post(alert("Cluster"))
    assert explained(tocsin) == [("team", "inhibited", "It is inhibited by Cluster until that ends.")]


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        (
            "mute_time_intervals",
            "noon",
            "Its route is mute until 2026-03-02T13:00:00Z: it is inside of noon.",
        ),
        (
            "active_time_intervals",
            "night",
            "Its route is not active before 2026-03-03T00:00:00Z: it is outside of night.",
        ),
    ],
)
def test_what_the_time_mutes_is_explained(kind: str, name: str, sentence: str) -> None:
    by_time = {"matchers": ["alertname=Down"], kind: [name]}
    assert explained(told(config({"routes": [by_time]}, time_intervals=TIMES))) == [
        ("team", "timeMuted", sentence)
    ]


def test_a_receiver_without_an_integration_tells_nobody() -> None:
    assert explained(told(config(receivers={"team": {}}))) == [
        ("team", "noIntegration", "The receiver team has no integration: nobody is told.")
    ]


def test_every_route_of_an_alert_is_explained_with_the_way_there_and_its_times() -> None:
    both = {"matchers": ["severity=page"], "continue": True, "receiver": "crew", "group_by": ["..."]}
    tocsin = told(config({"routes": [{**both, "routes": [{"receiver": "boss"}]}, {"receiver": "crew"}]}))
    found = ask(tocsin, "/explain", label=["alertname=Down", "severity=page", "empty="])
    assert found["labels"] == {"alertname": "Down", "severity": "page"}
    first, second = found["routes"]
    assert (first["receiver"], first["path"]) == ("boss", ["{}", '{severity="page"}', "{}"])
    assert (first["groupBy"], first["groupLabels"]) == (None, found["labels"])
    assert (second["receiver"], second["path"], second["groupBy"]) == ("crew", ["{}", "{}"], ["alertname"])
    assert (second["groupWaitSeconds"], second["repeatIntervalSeconds"]) == (10.0, 3600.0)
    assert (second["groupKey"], second["integrations"]) == ('{}/{}:{alertname="Down"}', ["webhook"])


def test_labels_may_stand_in_a_body() -> None:
    tocsin = told()
    response = api(tocsin).post("/tocsin/api/v1/explain", {"labels": {"alertname": "Down"}})
    assert document(response) == ask(tocsin, "/explain", label="alertname=Down")


@pytest.mark.parametrize("label", ["alertname", "=Down", ""])
def test_a_label_that_is_none_is_refused(label: str) -> None:
    assert api(told()).get("/tocsin/api/v1/explain", label=label).status == 400
