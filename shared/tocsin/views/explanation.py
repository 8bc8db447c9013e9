"""Why somebody is told of an alert, or is not: its routes, what mutes it there, what its receivers were told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.alert import Alert
from tocsin.dispatch import nflog
from tocsin.dispatch.config import Config, Integration, Route
from tocsin.dispatch.group import Meta, Placement, placements
from tocsin.dispatch.lognames import log_names
from tocsin.dispatch.muting import MuteReason, Mutes
from tocsin.dispatch.nflog import Entry, label_hash
from tocsin.instants import rfc3339
from tocsin.labels import Labels
from tocsin.matchers import format_matchers
from tocsin.ports import Database
from tocsin.views.groups import from_items
from tocsin.views.muting import Reasons, reasons
from tocsin.views.notifications import Log, logs


class Verdict(StrEnum):
    """What keeps a receiver from being told, the first thing that does; `told` if nothing does."""

    NO_INTEGRATION = "noIntegration"
    NOT_HELD = "notHeld"
    INHIBITED = "inhibited"
    TIME_MUTED = "timeMuted"
    SILENCED = "silenced"
    FAILING = "failing"
    WAITING = "waiting"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Placed:
    """An alert at one of its routes: its group there as it is stored, and what the receiver's integrations were told.

    `path` are the matchers of the routes that lead there, `meta` and `held` are None without such a group or alert.
    """

    placement: Placement
    path: tuple[str, ...]
    integrations: Mapping[str, Integration]
    """By their names in the log."""
    meta: Meta | None
    held: Alert | None
    entries: Mapping[str, Entry]
    logs: tuple[Log, ...]
    reasons: Reasons

    @property
    def verdict(self) -> Verdict:
        """What becomes of it, by the order in which a flush looks."""
        if not self.integrations:
            return Verdict.NO_INTEGRATION
        if self.held is None:
            return Verdict.NOT_HELD
        if self.reasons.inhibiting:
            return Verdict.INHIBITED
        if self.reasons.time:
            return Verdict.TIME_MUTED
        if self.reasons.silences:
            return Verdict.SILENCED
        if any(log.open and log.open.retry_at for log in self.logs):
            return Verdict.FAILING
        told = label_hash(self.held)
        heard = all(name in self.entries and self.entries[name].heard(told) for name in self.integrations)
        return Verdict.TOLD if heard else Verdict.WAITING

    def explain(self, now: datetime) -> str:
        """Return the verdict as a sentence."""
        receiver, due = self.placement.route.receiver, self.meta.due if self.meta else None
        match self.verdict:
            case Verdict.NO_INTEGRATION:
                return f"The receiver {receiver} has no integration: nobody is told."
            case Verdict.NOT_HELD:
                return "No alert with these labels fires in this group."
            case Verdict.INHIBITED if self.reasons.inhibiting:
                source = self.reasons.inhibiting.source
                return f"It is inhibited by {source.name or source.fingerprint} until that ends."
            case Verdict.TIME_MUTED if self.reasons.time:
                return _of_time(self.reasons)
            case Verdict.SILENCED:
                silence = max(self.reasons.silences, key=lambda silence: silence.ends_at)
                return f"It is silenced until {rfc3339(silence.ends_at)} by {silence.created_by}: {silence.comment}"
            case Verdict.FAILING:
                return self._of_failure()
            case Verdict.WAITING:
                wait = "is due now" if due is None or due <= now else f"is told at {rfc3339(due)}"
                return f"Its group {wait}: not every integration of {receiver} has been told of it."
            case _:
                return f"Every integration of {receiver} has been told of it."

    def _of_failure(self) -> str:
        log = next(log for log in self.logs if log.open and log.open.retry_at)
        at = rfc3339(log.open.retry_at) if log.open and log.open.retry_at else ""
        last = log.newest(failed=True)
        answer = f"{last.event.outcome} {last.event.detail}".strip() if last else "nothing yet"
        return f"{log.kind} of {log.receiver} last answered {answer}; it is tried again at {at}."


def _of_time(found: Reasons) -> str:
    muted = found.time
    if muted is None:
        return ""
    names, until = ", ".join(muted.by), rfc3339(muted.until) if muted.until else "further notice"
    if muted.reason is MuteReason.ACTIVE_TIME:
        return f"Its route is not active before {until}: it is outside of {names}."
    return f"Its route is mute until {until}: it is inside of {names}."


def explain(database: Database, mutes: Mutes, labels: Labels, now: datetime) -> list[Placed]:
    """Return where an alert with these labels belongs and what becomes of it there, in the order of the routes."""
    return [
        _placed(database, mutes, placement, labels, now) for placement in placements(mutes.config, labels)
    ]


def _placed(database: Database, mutes: Mutes, placement: Placement, labels: Labels, now: datetime) -> Placed:
    route = placement.route
    receiver = mutes.config.receivers.get(route.receiver)
    integrations = receiver.integrations if receiver else ()
    items = database.query("dispatch", placement.id)
    by_name = {str(item["sk"]): item for item in items}
    group = from_items(items)
    entries = [nflog.from_item(item, by_name) for item in (group.log if group else ())]
    firing = [one for one in group.alerts if not one.resolved(now)] if group else []
    return Placed(
        placement=placement,
        path=_path(mutes.config, route),
        integrations=dict(zip(log_names(integrations), integrations, strict=True)),
        meta=group.meta if group else None,
        held=next((one for one in firing if one.labels == labels), None),
        entries={entry.integration: entry for entry in entries},
        logs=tuple(logs(group)) if group else (),
        reasons=reasons(mutes, labels, route, now),
    )


def _path(config: Config, route: Route) -> tuple[str, ...]:
    """Return the matchers of a route and of those above it, from the root down."""

    def to(node: Route) -> tuple[str, ...]:
        below = next((found for child in node.routes if (found := to(child))), ())
        return (format_matchers(node.matchers), *below) if below or node.id == route.id else ()

    return to(config.route)
