"""Routes, groups and alerts for the tests of dispatch."""

from datetime import UTC, datetime, timedelta
from textwrap import indent

from tocsin.alert import Alert
from tocsin.configfile.parse import parse_config
from tocsin.dispatch.config import Config, Route
from tocsin.dispatch.delivery import View
from tocsin.dispatch.group import Meta
from tocsin.dispatch.muting import Muted

START = datetime(2026, 3, 4, 12, tzinfo=UTC)

_TOP = """
receivers: [{name: default}, {name: a}, {name: b}, {name: c}]
time_intervals:
  - {name: nights, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}
  - {name: noon, time_intervals: [{times: [{start_time: '12:00', end_time: '13:00'}]}]}
  - {name: office, time_intervals: [{times: [{start_time: '09:00', end_time: '17:00'}]}]}
  - {name: always, time_intervals: [{}]}
route:
  receiver: default
"""


def at(seconds: float) -> datetime:
    """Return the time so many seconds after START, which is a noon."""
    return START + timedelta(seconds=seconds)


def config(root: str = "") -> Config:
    """Return a configuration with receivers default, a, b and c; `root` is more YAML of its root route."""
    return parse_config(_TOP + indent(root, "  "), "am.yml")


def route(root: str = "") -> Route:
    """Return the root route of such a configuration."""
    return config(root).route


def alert(name: str = "Down", since: float = 0, until: float | None = None, **labels: str) -> Alert:
    """Return an alert that fires since, and perhaps until, so many seconds after START."""
    ends = None if until is None else at(until)
    return Alert({"alertname": name, **labels}, {}, at(since), ends)


def meta(grid: float | None = 0, interval: float = 300, claimed_until: float | None = 75) -> Meta:
    """Return the own item of a group that is claimed."""
    return Meta(
        id="group.0123456789abcdef01234567",
        route_id="{}",
        key='{}:{alertname="Down"}',
        labels={"alertname": "Down"},
        receiver="default",
        grid=None if grid is None else at(grid),
        interval=timedelta(seconds=interval),
        claim="token",
        claimed_until=None if claimed_until is None else at(claimed_until),
    )


def view(
    *alerts: Alert, now: float = 0, muted: dict[str, Muted] | None = None, owner: Meta | None = None
) -> View:
    """Return a group with these alerts as a flush reads it at so many seconds after START."""
    return View(owner or meta(), route(), alerts, muted or {}, at(now), "token", "http://am.example")
