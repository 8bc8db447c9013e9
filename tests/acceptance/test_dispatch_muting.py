"""What mutes an alert: time intervals, inhibition, silences, in this order of reasons, at the moment of sending."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acceptance.alerting import Alerting, Post, alert, config
from tocsin.documents import DocumentError

DOWN = alert("Down", ends=1_000_000)
NEVER, ALWAYS = {"years": ["1999"]}, dict[str, Any]()


def muted_by(
    *, inhibited: bool = False, active: bool = True, muted: bool = False, silenced: bool = False
) -> Mapping[str, int]:
    """Return what the first flush of an alert says mutes it."""
    intervals = {"never": NEVER, "always": ALWAYS}
    route = {
        "active_time_intervals": ["always" if active else "never"],
        "mute_time_intervals": ["always" if muted else "never"],
    }
    tocsin = Alerting(
        config(
            {"routes": [{"matchers": ["alertname=Down"], **route}]},
            time_intervals=[{"name": name, "time_intervals": [one]} for name, one in intervals.items()],
            inhibit_rules=[{"source_matchers": ["alertname=Why"], "target_matchers": ["alertname=Down"]}],
        )
    )
    if silenced:
        tocsin.silence("alertname=Down")
    tocsin.post(DOWN, *([alert("Why", ends=1_000_000)] if inhibited else []))
    tocsin.at(30)
    assert [told.said for told in tocsin.notifications()] == ["Why fires"] * inhibited
    return tocsin.muted()[0][1]


@pytest.mark.parametrize(
    ("mutes", "reason"),
    [
        ({"inhibited": True, "active": False, "muted": True, "silenced": True}, "inhibition"),
        ({"active": False, "muted": True, "silenced": True}, "active_time_interval"),
        ({"muted": True, "silenced": True}, "mute_time_interval"),
        ({"silenced": True}, "silence"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_first_that_mutes_is_the_reason(mutes: Mapping[str, bool], reason: str) -> None:
    assert muted_by(**mutes) == {reason: 1}


def test_what_is_muted_leaves_the_others_of_its_group_to_be_told() -> None:
    tocsin = Alerting(config())
    tocsin.silence("instance=a")
    tocsin.post(alert("Down", ends=5000, instance="a"), alert("Down", ends=5000, instance="b"))
    tocsin.at(30)
    assert tocsin.told() == [(10, "first notification", "Down/b fires")]
    assert tocsin.muted() == [(10, {"silence": 1})]


def test_what_was_muted_for_all_its_life_is_never_told() -> None:
    tocsin = Alerting(config())
    tocsin.silence("alertname=Down", ends=300)
    tocsin.post(alert("Down", ends=100))
    tocsin.at(1000)
    assert tocsin.told() == []


# -- time intervals -------------------------------------------------------------------------------


def told_at(start: datetime, *elements: Mapping[str, Any], active: bool = False) -> datetime | None:
    """Return when an alert that begins at `start` is told in a route with these elements of an interval."""
    name = "active_time_intervals" if active else "mute_time_intervals"
    tocsin = Alerting(
        config(
            {"group_wait": "0s", "routes": [{name: ["it"]}]},
            time_intervals=[{"name": "it", "time_intervals": list(elements)}],
        ),
        start=start,
    )
    tocsin.post(alert("Down", ends=100_000_000))
    for hour in range(1, 4 * 24):
        tocsin.at(hour * 3600)
        if told := tocsin.notifications():
            return tocsin.moment(told[0].at)
    return None


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def times(start: str, end: str) -> list[Mapping[str, str]]:
    return [{"start_time": start, "end_time": end}]


BERLIN = {"location": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("begins", "element", "told"),
    [
        pytest.param(
            "2026-03-02 02:00", {"times": times("01:00", "06:00")}, "2026-03-02 06:00", id="hours, in UTC"
        ),
        pytest.param(
            "2026-03-02 06:00", {"times": times("01:00", "06:00")}, "2026-03-02 06:00", id="without its end"
        ),
        pytest.param(
            "2026-03-02 01:00", {"times": times("01:00", "06:00")}, "2026-03-02 06:00", id="with its begin"
        ),
        pytest.param(
            "2026-03-02 23:00",
            {"times": [*times("22:00", "24:00"), *times("00:00", "06:00")]},
            "2026-03-03 06:00",
            id="a night in two entries",
        ),
        pytest.param(
            "2026-01-10 00:30",
            {"times": times("01:00", "06:00"), **BERLIN},
            "2026-01-10 05:00",
            id="a time zone in winter",
        ),
        pytest.param(
            "2026-07-10 00:30",
            {"times": times("01:00", "06:00"), **BERLIN},
            "2026-07-10 04:00",
            id="a time zone in summer",
        ),
        pytest.param(
            "2026-03-29 00:01",
            {"times": times("01:00", "04:00"), **BERLIN},
            "2026-03-29 02:00",
            id="the night when clocks go forward",
        ),
        pytest.param(
            "2026-10-24 23:01",
            {"times": times("01:00", "04:00"), **BERLIN},
            "2026-10-25 03:00",
            id="the night when clocks go back",
        ),
        pytest.param(
            "2026-03-29 00:30",
            {"times": times("02:00", "03:00"), **BERLIN},
            "2026-03-29 00:30",
            id="an hour that there is not",
        ),
        pytest.param(
            "2026-10-25 00:30",
            {"times": times("02:00", "03:00"), **BERLIN},
            "2026-10-25 02:00",
            id="an hour that there is twice",
        ),
        pytest.param(
            "2026-02-28 10:00", {"days_of_month": ["-1"]}, "2026-03-01 00:00", id="the last day of a month"
        ),
        pytest.param(
            "2028-02-28 10:00", {"days_of_month": ["-1"]}, "2028-02-28 10:00", id="the last but one is not it"
        ),
        pytest.param(
            "2026-04-28 10:00", {"days_of_month": ["-3:-1"]}, "2026-05-01 00:00", id="the last three days"
        ),
        pytest.param(
            "2026-02-26 10:00", {"days_of_month": ["25:31"]}, "2026-03-01 00:00", id="cut to a short month"
        ),
        pytest.param(
            "2026-02-28 10:00", {"days_of_month": ["29:31"]}, "2026-02-28 10:00", id="no such day this month"
        ),
        pytest.param(
            "2026-03-31 22:30",
            {"days_of_month": ["1"], **BERLIN},
            "2026-04-01 22:00",
            id="the first of a month, elsewhere",
        ),
        pytest.param(
            "2026-03-07 10:00", {"weekdays": ["saturday", "sunday"]}, "2026-03-09 00:00", id="a weekend"
        ),
        pytest.param(
            "2026-03-04 10:00", {"weekdays": ["monday:friday"]}, "2026-03-07 00:00", id="working days"
        ),
        pytest.param("2026-02-27 10:00", {"months": ["february"]}, "2026-03-01 00:00", id="a month"),
        pytest.param(
            "2026-02-20 10:00", {"months": ["1:3"], "years": ["2025"]}, "2026-02-20 10:00", id="and"
        ),
        pytest.param("2026-12-31 10:00", {"years": ["2026"]}, "2027-01-01 00:00", id="a year"),
        pytest.param("2026-12-20 10:00", {}, None, id="an empty element is always"),
    ],
)
def test_a_mute_interval_holds_an_alert_until_the_minute_it_ends(
    begins: str, element: Mapping[str, Any], told: str | None
) -> None:
    assert told_at(utc(begins), element) == (None if told is None else utc(told))


def test_elements_of_an_interval_are_alternatives() -> None:
    early, late = ({"times": times(*pair)} for pair in (("01:00", "03:00"), ("02:00", "05:00")))
    assert told_at(utc("2026-03-02 01:30"), early, late) == utc("2026-03-02 05:00")


def test_outside_the_active_intervals_an_alert_waits_for_one() -> None:
    office = {"times": times("09:00", "17:00"), "weekdays": ["monday:friday"], **BERLIN}
    assert told_at(utc("2026-03-06 20:00"), office, active=True) == utc("2026-03-09 08:00")
    assert told_at(utc("2026-03-06 10:00"), office, active=True) == utc("2026-03-06 10:00")


def test_a_child_does_not_inherit_the_mute_intervals_of_its_parent() -> None:
    parent = {"matchers": ["alertname=Down"], "mute_time_intervals": ["always"]}
    child = {"receiver": "crew", "matchers": ["rack=1"]}
    tocsin = Alerting(
        config(
            {"routes": [{**parent, "routes": [child]}]},
            time_intervals=[{"name": "always", "time_intervals": [ALWAYS]}],
        )
    )
    tocsin.post(alert("Down", ends=5000, rack="1"), alert("Down", ends=5000, rack="2"))
    tocsin.at(60)
    assert [told.to for told in tocsin.notifications()] == ["crew"]


def test_mute_time_intervals_are_the_same_as_time_intervals() -> None:
    tocsin = Alerting(
        config(
            {"routes": [{"mute_time_intervals": ["always"]}]},
            mute_time_intervals=[{"name": "always", "time_intervals": [ALWAYS]}],
        )
    )
    tocsin.post(DOWN)
    tocsin.at(60)
    assert tocsin.muted() == [(10, {"mute_time_interval": 1})]


def test_a_night_in_one_entry_is_refused() -> None:
    with pytest.raises(DocumentError, match="start time cannot be equal or greater than end time"):
        told_at(utc("2026-03-02 23:00"), {"times": times("22:00", "06:00")})


# -- inhibition -----------------------------------------------------------------------------------

RULE = {
    "source_matchers": ["severity=critical"],
    "target_matchers": ["severity=warning"],
    "equal": ["rack"],
}


def inhibiting(*rules: Mapping[str, Any]) -> Alerting:
    return Alerting(config({"group_by": ["..."]}, inhibit_rules=list(rules or (RULE,))))


def said(tocsin: Alerting) -> list[str]:
    return [said for _, _, said in tocsin.told()]


def test_an_alert_is_not_told_while_one_fires_that_explains_it_and_is_told_at_the_next_tick_after() -> None:
    tocsin = inhibiting()
    tocsin.post(alert("Slow", ends=5000, severity="warning"), alert("Down", ends=95, severity="critical"))
    tocsin.at(600)
    assert sorted(tocsin.told()) == [
        (10, "first notification", "Down fires"),
        (100, "all alerts resolved", "Down ended"),
        (100, "first notification", "Slow fires"),
    ]


def test_what_was_told_before_is_not_repeated_while_it_is_inhibited() -> None:
    tocsin = inhibiting()
    tocsin.post(alert("Slow", ends=9000, severity="warning"))
    tocsin.at(600).post(alert("Down", ends=9000, severity="critical"))
    tocsin.at(5000)
    assert said(tocsin).count("Slow fires") == 1


@pytest.mark.parametrize(
    ("source", "target", "inhibits"),
    [
        pytest.param({"rack": "1"}, {"rack": "1"}, True, id="equal"),
        pytest.param({"rack": "1"}, {"rack": "2"}, False, id="different"),
        pytest.param({}, {}, True, id="missing on both"),
        pytest.param({"rack": "1"}, {}, False, id="missing on the target"),
        pytest.param({}, {"rack": "1"}, False, id="missing on the source"),
    ],
)
def test_labels_that_must_be_equal_may_be_missing_on_both(
    source: Mapping[str, str], target: Mapping[str, str], inhibits: bool
) -> None:
    tocsin = inhibiting()
    tocsin.post(Post({"alertname": "Down", "severity": "critical", **source}))
    tocsin.post(Post({"alertname": "Slow", "severity": "warning", **target}))
    tocsin.at(60)
    assert ("Slow fires" not in said(tocsin)) is inhibits


def test_any_source_that_fires_suffices_whichever_ends_first() -> None:
    """Alertmanager 0.30 to 0.34 knows the source only that ends last, and lets go when it is resolved."""
    tocsin = inhibiting()
    tocsin.post(alert("Slow", ends=5000, severity="warning"))
    tocsin.post(alert("Down", starts=0, ends=4000, severity="critical", instance="a"))
    tocsin.post(alert("Down", starts=0, ends=310, severity="critical", instance="b"))
    tocsin.at(20).post(alert("Down", starts=0, ends=20, severity="critical", instance="a"))
    tocsin.at(300)
    assert "Slow fires" not in said(tocsin)
    tocsin.at(600)
    assert (310, "first notification", "Slow fires") in tocsin.told()


def test_an_alert_does_not_inhibit_itself_and_two_do_not_inhibit_each_other() -> None:
    tocsin = inhibiting({"source_matchers": ["rack=1"], "target_matchers": ["rack=1"]})
    tocsin.post(alert("Down", ends=5000, rack="1"), alert("Slow", ends=5000, rack="1"))
    tocsin.at(60)
    assert sorted(said(tocsin)) == ["Down fires", "Slow fires"]


def test_one_that_is_source_and_target_is_inhibited_by_one_that_is_source_only() -> None:
    """Alertmanager 0.30 to 0.34 may not see it behind a source of both kinds that ends later (#5162)."""
    tocsin = inhibiting({"source_matchers": ["rack=1"], "target_matchers": ["severity=warning"]})
    tocsin.post(alert("Down", ends=4000, rack="1", severity="critical"))
    tocsin.post(alert("Slow", ends=5000, rack="1", severity="warning"))
    tocsin.post(alert("Late", ends=5000, rack="1", severity="warning"))
    tocsin.at(60)
    assert said(tocsin) == ["Down fires"]


def test_a_rule_without_target_matchers_inhibits_all_others() -> None:
    tocsin = inhibiting({"source_matchers": ["alertname=Outage"]})
    tocsin.post(alert("Outage", ends=5000), alert("Down", ends=5000), alert("Slow", ends=5000))
    tocsin.at(60)
    assert said(tocsin) == ["Outage fires"]


def test_a_source_inhibits_though_it_is_silenced() -> None:
    tocsin = inhibiting()
    tocsin.silence("alertname=Down")
    tocsin.post(alert("Slow", ends=5000, severity="warning"), alert("Down", ends=5000, severity="critical"))
    tocsin.at(60)
    assert said(tocsin) == []


def test_a_source_inhibits_though_it_is_inhibited() -> None:
    chain = {"source_matchers": ["alertname=Root"], "target_matchers": ["severity=critical"]}
    tocsin = inhibiting(chain, RULE)
    tocsin.post(alert("Root", ends=5000))
    tocsin.post(alert("Slow", ends=5000, severity="warning"), alert("Down", ends=5000, severity="critical"))
    tocsin.at(60)
    assert said(tocsin) == ["Root fires"]


def test_a_source_inhibits_though_nobody_is_told_of_it() -> None:
    nobody = {"routes": [{"receiver": "nobody", "matchers": ["severity=critical"]}]}
    tocsin = Alerting(config(nobody, {"nobody": {}}, inhibit_rules=[RULE]))
    tocsin.post(alert("Slow", ends=5000, severity="warning"), alert("Down", ends=5000, severity="critical"))
    tocsin.at(60)
    assert said(tocsin) == []


def test_a_source_that_has_ended_does_not_inhibit() -> None:
    tocsin = inhibiting()
    tocsin.post(alert("Down", starts=-100, ends=-1, severity="critical"))
    tocsin.post(alert("Slow", ends=5000, severity="warning"))
    tocsin.at(60)
    assert said(tocsin) == ["Slow fires"]


def test_the_older_words_of_rules_mean_the_same() -> None:
    older = {"source_match": {"severity": "critical"}, "target_match_re": {"severity": "warn.*"}}
    tocsin = inhibiting(older)
    tocsin.post(alert("Slow", ends=5000, severity="warning"), alert("Down", ends=5000, severity="critical"))
    tocsin.at(60)
    assert said(tocsin) == ["Down fires"]
