"""Delivery: one integration of one group is told what it is to be told, under an intent.

A send is tried for at most 10 s inside a flush; then the time of the next try is stored and the worker let
go. A permanent refusal, or too many tries, closes the intent in the log, so that it blocks nothing after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.alert import Alert, sort_alerts
from tocsin.dispatch import nflog
from tocsin.dispatch.config import Integration, Route
from tocsin.dispatch.group import Meta
from tocsin.dispatch.muting import Muted
from tocsin.dispatch.nflog import Entry, Intent, label_hash
from tocsin.instants import millis
from tocsin.notification import Delivered, Failed, Failure, Memory, Notification, Reason, Sent
from tocsin.ports import Clock, Database, Receiver

SEND_SECONDS = 10.0
"""How long a flush tries to send before it stores the time of the next try."""
ATTEMPT_SECONDS = 10.0
MAX_TRIES = 30
"""Flushes that try one intent: with the longest pause of 5 minutes, over two hours."""
_FIRST_PAUSE_SECONDS = 0.5
_FIRST_RETRY = timedelta(seconds=15)
_LONGEST_RETRY = timedelta(minutes=5)
_LONGEST_ASKED = timedelta(minutes=15)
"""A receiver that asks for more is tried all the same: what is new in the group waits behind it."""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class View:
    """A group as a flush read it: its route, its alerts, and which of them are muted and why."""

    meta: Meta
    route: Route
    alerts: tuple[Alert, ...]
    muted: Mapping[str, Muted]
    """By fingerprint."""
    now: datetime
    token: str
    external_url: str
    muted_ends: bool = False

    def audible(self, entry: Entry) -> list[Alert]:
        """Return the alerts that an integration is to hear of, in the order of a notification.

        Those are what nothing mutes, and with `muted_ends` what has ended and the integration believes to fire.
        """
        return sort_alerts(alert for alert in self.alerts if not self.holds(alert, entry))

    def holds(self, alert: Alert, entry: Entry) -> bool:
        """Tell whether an alert is held back from an integration because it is muted."""
        if alert.fingerprint not in self.muted:
            return False
        return not (self.muted_ends and alert.resolved(self.now) and label_hash(alert) in entry.firing)

    def held(self, entry: Entry) -> frozenset[bytes]:
        """Return the hashes of the alerts that are held back from an integration."""
        return frozenset(label_hash(alert) for alert in self.alerts if self.holds(alert, entry))


@dataclass(frozen=True, slots=True)
class Told:
    """One notification that was tried, and what became of it."""

    integration: str
    id: str
    reason: Reason
    firing: int
    resolved: int
    outcome: str
    """`delivered`, or the fixed reason of the failure."""
    detail: str
    retry_at: datetime | None
    latency_seconds: float


@dataclass(slots=True)
class Delivery:
    """What came of one integration: its log entry as it is now, what was told, and when to come back."""

    entry: Entry
    told: list[Told] = field(default_factory=list)
    again_at: datetime | None = None
    interrupted: bool = False
    """Somebody else has written to the log: the group is looked at again at its next slot."""
    heeds_ends: bool = True
    """Whether it is told of ends: nothing is kept for one that is not."""


class Deliverer:
    """Tells one integration at a time; many may run at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def deliver(self, view: View, entry: Entry, integration: Integration, receiver: Receiver) -> Delivery:
        """Repeat an intent that is open, then decide afresh and tell what is news."""
        delivery = Delivery(entry, heeds_ends=integration.send_resolved)
        for _ in range(_ROUNDS):
            intent = delivery.entry.intent
            inherited = intent is not None
            if intent is None:
                intent = self._decide(view, delivery, integration)
            elif self._waits(view, intent, delivery):
                return delivery
            if intent is None or not self._tell(view, delivery, intent, receiver) or not inherited:
                return delivery
        return delivery

    def _waits(self, view: View, intent: Intent, delivery: Delivery) -> bool:
        """Tell whether an open intent has to wait: for its next try, or because all of it is muted by now."""
        if intent.retry_at is not None and intent.retry_at > view.now:
            delivery.again_at = intent.retry_at
            return True
        return all(view.holds(alert, delivery.entry) for alert in intent.alerts)

    def _decide(self, view: View, delivery: Delivery, integration: Integration) -> Intent | None:
        """Return what to tell, written down; None if there is nothing to tell."""
        entry = delivery.entry
        audible = view.audible(entry)
        reason = nflog.decide(
            entry,
            nflog.activations(alert for alert in audible if not alert.resolved(view.now)),
            nflog.activations(alert for alert in audible if alert.resolved(view.now)),
            send_resolved=integration.send_resolved,
            repeat_interval=view.route.repeat_interval,
            now=view.now,
        )
        if reason is Reason.NONE:
            return None
        content = [alert for alert in audible if integration.send_resolved or not alert.resolved(view.now)]
        intent = Intent(entry.number + 1, reason, view.now, tuple(content), view.token, held=view.held(entry))
        if not content:
            # Only ends, of which this receiver does not want to hear: logged, so that they are over.
            delivery.entry = self._record(entry, intent, "not sent: send_resolved is false")
            return None
        stored = nflog.intend(self._database, entry, intent)
        delivery.interrupted = stored is None
        return stored

    def _tell(self, view: View, delivery: Delivery, intent: Intent, receiver: Receiver) -> bool:
        """Send an intent and log the outcome; tell whether it is closed."""
        entry = delivery.entry
        notification = _notification(view, entry, intent)
        sent = self._send(view, notification, receiver)
        now = self._clock.now()
        retry_at: datetime | None = None
        if isinstance(sent, Failed) and sent.retry and intent.tries + 1 < MAX_TRIES:
            retry_at = now + _pause(intent.tries, sent.retry_after_seconds)
            nflog.postpone(self._database, entry, intent, retry_at)
            delivery.again_at = retry_at
        else:
            outcome = "delivered" if isinstance(sent, Delivered) else f"refused: {sent.reason} {sent.detail}"
            memory = sent.memory if isinstance(sent, Delivered) else None
            delivery.entry = self._record(entry, intent, outcome, memory)
        delivery.told.append(_told(notification, entry, sent, retry_at, now))
        return retry_at is None

    def _record(self, entry: Entry, intent: Intent, outcome: str, memory: Memory | None = None) -> Entry:
        now = self._clock.now()
        return nflog.record(self._database, entry, intent, now=now, outcome=outcome, memory=memory)

    def _send(self, view: View, notification: Notification, receiver: Receiver) -> Sent:
        """Try until it is delivered, refused for good, or 10 s have passed."""
        ends = self._clock.now() + timedelta(seconds=SEND_SECONDS)
        pause = _FIRST_PAUSE_SECONDS
        while True:
            if _too_late(view.meta, self._clock.now()):
                return Failed(Failure.DEADLINE, retry=True, detail="the claim is about to end")
            sent = receiver.send(notification, ATTEMPT_SECONDS)
            if isinstance(sent, Delivered) or not sent.retry:
                return sent
            wait = sent.retry_after_seconds or pause
            if self._clock.now() + timedelta(seconds=wait) >= ends:
                return sent
            self._clock.sleep(wait)
            pause *= 1.5


def _too_late(meta: Meta, now: datetime) -> bool:
    """Tell whether an attempt begun now could outlive the claim: then another worker may be sending."""
    until = meta.claimed_until
    return until is not None and now + timedelta(seconds=ATTEMPT_SECONDS) >= until


def _pause(tries: int, retry_after_seconds: float | None) -> timedelta:
    """Return how long to wait before the next flush tries again: what the receiver asked for, within reason."""
    own: timedelta = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(tries, 8))
    return max(own, min(_LONGEST_ASKED, timedelta(seconds=retry_after_seconds or 0)))


def _notification(view: View, entry: Entry, intent: Intent) -> Notification:
    """Return what is said; an end that this integration has been told is not told again.

    It is still in the group only because another integration has yet to hear of it.
    """
    told = entry.resolved.items() & intent.resolved.items()
    fresh = (alert for alert in intent.alerts if (label_hash(alert), millis(alert.starts_at)) not in told)
    return Notification(
        id=entry.notification_id(intent.number),
        receiver=entry.receiver,
        reason=intent.reason,
        group_key=view.meta.key,
        group_labels=view.meta.labels,
        alerts=tuple(fresh),
        at=intent.at,
        external_url=view.external_url,
        route_labels=view.route.labels,
        memory=entry.memory_for(intent.reason),
    )


def _told(
    notification: Notification, entry: Entry, sent: Sent, retry_at: datetime | None, now: datetime
) -> Told:
    firing: Sequence[Alert] = notification.firing
    newest = max((alert.starts_at for alert in firing), default=notification.at)
    return Told(
        integration=entry.integration,
        id=notification.id,
        reason=notification.reason,
        firing=len(firing),
        resolved=len(notification.resolved),
        outcome="delivered" if isinstance(sent, Delivered) else sent.reason.value,
        detail=sent.detail,
        retry_at=retry_at,
        latency_seconds=max(0.0, (now - newest).total_seconds()),
    )
