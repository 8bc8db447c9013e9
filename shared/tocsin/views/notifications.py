"""The notification log as people see it: what was told to whom, when, why and with which answer, the newest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.dispatch.group import Meta
from tocsin.dispatch.nflog import PREFIX, Entry
from tocsin.dispatch.timeline import DELIVERED, Event, Timeline, unpacked
from tocsin.instants import maybe_instant
from tocsin.notification import Failure
from tocsin.ports import Database, Item
from tocsin.views.groups import HeldGroup, from_items

FAILED = "failed"
"""Stands for every failure where an outcome is asked for."""
_FAILURES = frozenset(failure.value for failure in Failure)


@dataclass(frozen=True, slots=True)
class Open:
    """What is being told, or is tried again: its number, how many flushes have tried it, and when the next one does."""

    number: int
    tries: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one integration for one group; `integration` is its name there, which begins with its kind."""

    meta: Meta
    receiver: str
    integration: str
    timeline: Timeline
    open: Open | None = None

    @property
    def kind(self) -> str:
        """The kind of the integration."""
        return kind_of(self.integration)

    @property
    def notices(self) -> list["Notice"]:
        """Its events, the newest first."""
        return [Notice(self, event) for event in self.timeline.events]

    def newest(self, *, failed: bool) -> "Notice | None":
        """Return the newest of its events that failed, or that was delivered."""
        return next((one for one in self.notices if (one.failed if failed else one.delivered)), None)


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of a timeline, and whose it is."""

    log: Log
    event: Event

    @property
    def id(self) -> str:
        """The idempotency key that the receiver was sent."""
        log = self.log
        return Entry(log.meta.id, log.receiver, log.integration).notification_id(self.event.number)

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.event.outcome == DELIVERED

    @property
    def failed(self) -> bool:
        """Whether the receiver was asked and did not take it."""
        return self.event.outcome in _FAILURES


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for; what is empty asks for all. `integration` is a kind or a name in the log."""

    receiver: str = ""
    integration: str = ""
    outcome: str = ""

    def has(self, notice: Notice) -> bool:
        """Tell whether a line is among them."""
        outcomes = ("", notice.event.outcome, FAILED if notice.failed else notice.event.outcome)
        return (
            self.receiver in ("", notice.log.receiver)
            and self.integration in ("", notice.log.kind, notice.log.integration)
            and self.outcome in outcomes
        )


def kind_of(integration: str) -> str:
    """Return the kind of an integration by its name in the log."""
    return integration.partition(".")[0]


def logs(held: HeldGroup) -> list[Log]:
    """Return the logs of a group."""
    return [_log(held.meta, item) for item in held.log]


def _log(meta: Meta, item: Item) -> Log:
    stored: Mapping[str, Any] = item
    receiver, integration = stored["sk"].removeprefix(PREFIX).rsplit("#", 1)
    intended = None
    if "intent" in stored:
        retry_at = maybe_instant(stored.get("retry_at"))
        intended = Open(stored["intended"], stored.get("tries", 0), retry_at)
    return Log(meta, receiver, integration, unpacked(stored.get("timeline")), intended)


def notices(groups: Iterable[HeldGroup], wanted: Wanted = Wanted()) -> list[Notice]:
    """Return the lines of several groups, the newest first."""
    found = (notice for held in groups for log in logs(held) for notice in log.notices)
    return sorted(filter(wanted.has, found), key=_age, reverse=True)


def _age(notice: Notice) -> tuple[datetime, int, str, str]:
    return notice.event.at, notice.event.number, notice.log.meta.id, notice.log.integration


def read_group(database: Database, group: str) -> HeldGroup | None:
    """Read one group; None if there is none."""
    return from_items(database.query("dispatch", group))
