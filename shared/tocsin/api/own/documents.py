"""Groups, receivers and notifications as the JSON that is answered."""

from collections.abc import Iterable
from datetime import datetime

from tocsin.api.own.shapes import (
    AlertShape,
    ExplainedRouteShape,
    GroupShape,
    InhibitingShape,
    IntegrationShape,
    MutedShape,
    NotificationShape,
    ReceiverShape,
    RetryShape,
)
from tocsin.api.own.times import maybe_time_text, time_text
from tocsin.dispatch.group import route_of
from tocsin.dispatch.muting import Mutes
from tocsin.views.explanation import Placed
from tocsin.views.groups import HeldGroup, Kept
from tocsin.views.muting import Inhibiting, Reasons, reasons
from tocsin.views.notifications import Log, Notice, logs
from tocsin.views.receivers import IntegrationView, ReceiverView


def of_notice(notice: Notice) -> NotificationShape:
    """Return one line of a timeline."""
    log, event = notice.log, notice.event
    return {
        "id": notice.id,
        "number": event.number,
        "groupId": log.meta.id,
        "groupKey": log.meta.key,
        "groupLabels": log.meta.labels,
        "receiver": log.receiver,
        "integration": log.kind,
        "integrationName": log.integration,
        "reason": event.reason.value,
        "outcome": event.outcome,
        "final": event.final,
        "detail": event.detail,
        "decidedAt": time_text(event.decided_at),
        "at": time_text(event.at),
        "firing": event.firing,
        "resolved": event.resolved,
        "tries": event.tries,
    }


# -- groups ---------------------------------------------------------------------------------------


def of_group(held: HeldGroup, mutes: Mutes | None, now: datetime) -> GroupShape:
    """Return a group and its alerts; nothing is known to mute them without a configuration."""
    meta, known = held.meta, logs(held)
    delivered = [notice.event.at for log in known if (notice := log.newest(failed=False))]
    retries = [log.open.retry_at for log in known if log.open and log.open.retry_at]
    return {
        "id": meta.id,
        "key": meta.key,
        "labels": meta.labels,
        "receiver": meta.receiver,
        "routeId": meta.route_id,
        "due": maybe_time_text(meta.due),
        "nextFlush": time_text(meta.next_slot(now)) if meta.grid else None,
        "claimed": meta.claimed_until is not None and meta.claimed_until > now,
        "groupIntervalSeconds": meta.interval.total_seconds(),
        "notifiedAt": maybe_time_text(max(delivered, default=None)),
        "retryAt": maybe_time_text(min(retries, default=None)),
        "alerts": _alerts(held, mutes, now),
    }


def _alerts(held: HeldGroup, mutes: Mutes | None, now: datetime) -> list[AlertShape]:
    route = route_of(mutes.config, held.meta) if mutes else None
    return [
        _alert(one, reasons(mutes, one.alert.labels, route, now) if mutes else Reasons(), now)
        for one in held.kept
    ]


def _alert(kept: Kept, why: Reasons, now: datetime) -> AlertShape:
    alert = kept.alert
    return {
        "fingerprint": kept.fingerprint,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": time_text(alert.starts_at),
        "endsAt": maybe_time_text(alert.ends_at),
        "updatedAt": maybe_time_text(kept.written_at),
        "generatorUrl": alert.generator_url,
        "state": "resolved" if alert.resolved(now) else "suppressed" if why.suppressed else "active",
        "muted": of_reasons(why),
    }


def of_reasons(why: Reasons) -> MutedShape:
    """Return what mutes an alert."""
    return {
        "silences": [
            {
                "id": silence.id,
                "comment": silence.comment,
                "createdBy": silence.created_by,
                "endsAt": time_text(silence.ends_at),
                "matchers": [str(matcher) for matcher in silence.matchers],
            }
            for silence in why.silences
        ],
        "inhibitedBy": [_inhibiting(why.inhibiting)] if why.inhibiting else [],
        "timeIntervals": [
            {"name": name, "kind": why.time.reason.value, "until": maybe_time_text(why.time.until)}
            for name in (why.time.by if why.time else ())
            if why.time
        ],
    }


def _inhibiting(found: Inhibiting) -> InhibitingShape:
    rule, source = found.by.rule, found.source
    return {
        "fingerprint": source.fingerprint,
        "labels": source.labels,
        "rule": rule.name,
        "source": [str(matcher) for matcher in rule.source],
        "equal": list(rule.equal),
        "until": maybe_time_text(found.by.until),
    }


# -- receivers ------------------------------------------------------------------------------------


def of_receivers(views: Iterable[ReceiverView]) -> list[ReceiverShape]:
    """Return the receivers."""
    return [
        {
            "name": view.receiver.name,
            "labels": view.receiver.labels,
            "integrations": [_integration(integration) for integration in view.integrations],
        }
        for view in views
    ]


def _integration(view: IntegrationView) -> IntegrationShape:
    delivery, failure = view.last_delivery, view.last_failure
    return {
        "integration": view.integration.kind,
        "index": view.integration.index,
        "integrationName": view.name,
        "sendResolved": view.integration.send_resolved,
        "lastDelivery": of_notice(delivery) if delivery else None,
        "lastFailure": of_notice(failure) if failure else None,
        "failing": view.failing,
        "retrying": [_retry(log) for log in view.retrying],
    }


def _retry(log: Log) -> RetryShape:
    number, tries = (log.open.number, log.open.tries) if log.open else (0, 0)
    return {
        "groupId": log.meta.id,
        "groupKey": log.meta.key,
        "groupLabels": log.meta.labels,
        "number": number,
        "tries": tries,
        "retryAt": maybe_time_text(log.open.retry_at if log.open else None),
    }


# -- explanations ---------------------------------------------------------------------------------


def of_placed(placed: Placed, now: datetime) -> ExplainedRouteShape:
    """Return what one route does with an alert."""
    placement = placed.placement
    route = placement.route
    return {
        "routeId": route.id,
        "routeKey": route.key,
        "path": list(placed.path),
        "receiver": route.receiver,
        "integrations": [integration.kind for integration in placed.integrations.values()],
        "groupBy": None if route.group_by is None else sorted(route.group_by),
        "groupLabels": placement.labels,
        "groupId": placement.id,
        "groupKey": placement.key,
        "groupWaitSeconds": route.group_wait.total_seconds(),
        "groupIntervalSeconds": route.group_interval.total_seconds(),
        "repeatIntervalSeconds": route.repeat_interval.total_seconds(),
        "held": placed.held is not None,
        "due": maybe_time_text(placed.meta.due if placed.meta else None),
        "muted": of_reasons(placed.reasons),
        "verdict": placed.verdict.value,
        "explanation": placed.explain(now),
        "notifications": [of_notice(log.notices[0]) for log in placed.logs if log.notices],
    }
