"""Delivery: one integration of one group is told what it is to be told, under an intent.

A send is tried for at most 10 s inside a flush; then the time of the next try is stored and the worker let
go. A permanent refusal, or too many tries, closes the intent in the log, so that it blocks nothing after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tocsin.alert import Alert, sort_alerts
from tocsin.dispatch import nflog, tally, timeline
from tocsin.dispatch.config import Integration, Route
from tocsin.dispatch.group import Meta
from tocsin.dispatch.muting import Muted, MuteReason
from tocsin.dispatch.nflog import Entry, Intent, label_hash
from tocsin.dispatch.timeline import Event
from tocsin.instants import millis
from tocsin.notification import Delivered, Failed, Failure, Notification, Reason, Sent
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
    boundary: datetime | None = None
    """When a time interval of the route may begin to mute it."""

    @property
    def shut_off(self) -> list[Alert]:
        """The alerts that fire and are silenced, or muted by the time: not for what another alert explains."""
        return [
            alert
            for alert in self.alerts
            if not alert.resolved(self.now)
            and (muted := self.muted.get(alert.fingerprint))
            and muted.reason is not MuteReason.INHIBITION
        ]

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


@dataclass(frozen=True, slots=True)
class Attempts:
    """What came of trying for a while: the last answer, and how many seconds each request took."""

    sent: Sent
    seconds: tuple[float, ...] = ()


@dataclass(slots=True)
class Delivery:
    """What came of one integration: its log entry as it is now, what was told, and when to come back."""

    entry: Entry
    told: list[Told] = field(default_factory=list)
    again_at: datetime | None = None
    interrupted: bool = False
    """It was refused, or somebody else has written to the log: the group is looked at again at its next slot."""
    heeds_ends: bool = True
    """Whether it is told of ends: nothing is kept for one that is not."""


class Deliverer:
    """Tells one integration at a time; many may run at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def deliver(self, view: View, entry: Entry, integration: Integration, receiver: Receiver) -> Delivery:
        """Repeat an intent that is open, then decide afresh and tell what is news; log what is muted by now."""
        present = frozenset(map(label_hash, view.alerts))
        delivery = Delivery(entry.within(present), heeds_ends=integration.send_resolved)
        if entry.intent is not None and present.isdisjoint(map(label_hash, entry.intent.alerts)):
            # Of another time: the integration was not there when its alerts ended.
            self._give_up(delivery, entry.intent, timeline.OVERTAKEN, unheard=True)
        self._tell_all(view, delivery, integration, receiver)
        self._leave_out(view, delivery)
        return delivery

    def _tell_all(self, view: View, delivery: Delivery, integration: Integration, receiver: Receiver) -> None:
        for _ in range(_ROUNDS):
            if _too_late(view.meta, self._clock.now()):  # left behind, or slow: somebody else may be at it
                delivery.again_at = self._clock.now() + _FIRST_RETRY
                return
            intent = delivery.entry.intent
            inherited = intent is not None
            if intent is None:
                intent = self._decide(view, delivery, integration)
            elif intent.retry_at is not None and intent.retry_at > view.now:
                delivery.again_at = intent.retry_at
                return
            elif all(view.holds(alert, delivery.entry) for alert in intent.alerts):
                if not self._makes_way(view, delivery, intent, integration):
                    return
                continue
            if (
                intent is None
                or not self._tell(view, delivery, intent, integration, receiver)
                or not inherited
            ):
                return

    def _makes_way(self, view: View, delivery: Delivery, intent: Intent, integration: Integration) -> bool:
        """Set an open intent aside all of which is muted by now, if there is other news: else it waits, as it is."""
        without = delivery.entry.without(intent, view.now)
        return _reason(view, without, integration) is not Reason.NONE and self._give_up(
            delivery, intent, timeline.MUTED
        )

    def _give_up(self, delivery: Delivery, intent: Intent, why: str, *, unheard: bool = False) -> bool:
        """Set an intent aside untried."""
        noted = _noted(delivery.entry, _untried(intent, why, self._clock.now()), {})
        return self._set_aside(delivery, noted, intent, unheard=unheard)

    def _set_aside(self, delivery: Delivery, noted: Entry, intent: Intent, *, unheard: bool) -> bool:
        aside = nflog.set_aside(self._database, noted, intent, now=self._clock.now(), unheard=unheard)
        delivery.entry = aside or delivery.entry
        delivery.interrupted |= aside is None
        return aside is not None

    def _leave_out(self, view: View, delivery: Delivery) -> None:
        """Log what was told and is muted for a time by now: when it is heard again and still fires, it is news."""
        entry = delivery.entry
        muted = {told for told in map(label_hash, view.shut_off) if entry.heard(told)}
        late = _too_late(view.meta, self._clock.now())
        if muted and entry.intent is None and not delivery.again_at and not late:
            left = nflog.leave_out(self._database, entry, muted)
            delivery.entry = left or entry
            delivery.interrupted |= left is None

    def _decide(self, view: View, delivery: Delivery, integration: Integration) -> Intent | None:
        """Return what to tell, written down; None if there is nothing to tell."""
        entry = delivery.entry
        audible = view.audible(entry)
        reason = _reason(view, entry, integration)
        if reason is Reason.NONE:
            return None
        content = [alert for alert in audible if integration.send_resolved or not alert.resolved(view.now)]
        intent = Intent(entry.number + 1, reason, view.now, tuple(content), view.token, held=view.held(entry))
        if not content:
            # Only ends, of which this receiver does not want to hear: logged, so that they are over.
            event = _untried(intent, timeline.SKIPPED, self._clock.now())
            delivery.entry = nflog.record(self._database, _noted(entry, event, {}), intent, now=event.at)
            return None
        stored = nflog.intend(self._database, entry, intent)
        delivery.interrupted = stored is None
        return stored

    def _tell(
        self, view: View, delivery: Delivery, intent: Intent, integration: Integration, receiver: Receiver
    ) -> bool:
        """Send an intent and log the outcome; tell whether it was delivered."""
        entry = delivery.entry
        notification = _notification(view, entry, intent)
        attempts = self._send(view, notification, receiver)
        sent, now = attempts.sent, self._clock.now()
        retry_at: datetime | None = None
        if isinstance(sent, Failed) and sent.retry and intent.tries + 1 < MAX_TRIES:
            retry_at = now + _pause(intent.tries, sent.retry_after_seconds)
        told = _told(notification, integration, sent, retry_at, now)
        noted = _noted(entry, _tried(intent, told, attempts, now), tally.of_try(sent, attempts.seconds))
        if retry_at is not None:
            nflog.postpone(self._database, noted, intent, retry_at)
            delivery.again_at = retry_at
        elif isinstance(sent, Failed):
            unheard = not (sent.retry or intent.tries or intent.token != view.token)
            self._set_aside(delivery, noted, intent, unheard=unheard)
            delivery.interrupted = True  # As in Alertmanager it is tried again, with what is news then.
        else:
            delivery.entry = nflog.record(self._database, noted, intent, now=now, memory=sent.memory)
        delivery.told.append(told)
        return isinstance(sent, Delivered)

    def _send(self, view: View, notification: Notification, receiver: Receiver) -> Attempts:
        """Try until it is delivered, refused for good, or 10 s have passed."""
        ends = self._clock.now() + timedelta(seconds=SEND_SECONDS)
        pause = _FIRST_PAUSE_SECONDS
        took: tuple[float, ...] = ()
        while True:
            began = self._clock.now()
            if _too_late(view.meta, began):
                late = Failed(Failure.DEADLINE, retry=True, detail="the claim is about to end")
                return Attempts(late, took)
            sent = receiver.send(notification, ATTEMPT_SECONDS)
            now = self._clock.now()
            took += (max(0.0, (now - began).total_seconds()),)
            if isinstance(sent, Delivered) or not sent.retry:
                return Attempts(sent, took)
            wait = sent.retry_after_seconds or pause
            if now + timedelta(seconds=wait) >= ends:
                return Attempts(sent, took)
            self._clock.sleep(wait)
            pause *= 1.5


def _reason(view: View, entry: Entry, integration: Integration) -> Reason:
    """Return why an integration is to be told something now, or that it is not."""
    audible = view.audible(entry)
    return nflog.decide(
        entry,
        nflog.activations(alert for alert in audible if not alert.resolved(view.now)),
        nflog.activations(alert for alert in audible if alert.resolved(view.now)),
        send_resolved=integration.send_resolved,
        repeat_interval=view.route.repeat_interval,
        now=view.now,
    )


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
    notification: Notification,
    integration: Integration,
    sent: Sent,
    retry_at: datetime | None,
    now: datetime,
) -> Told:
    firing: Sequence[Alert] = notification.firing
    newest = max((alert.starts_at for alert in firing), default=notification.at)
    return Told(
        integration=f"{integration.kind}/{integration.index}",
        id=notification.id,
        reason=notification.reason,
        firing=len(firing),
        resolved=len(notification.resolved),
        outcome=timeline.DELIVERED if isinstance(sent, Delivered) else sent.reason.value,
        detail=sent.detail,
        retry_at=retry_at,
        latency_seconds=max(0.0, (now - newest).total_seconds()),
    )


def _noted(entry: Entry, event: Event, counts: tally.Counts) -> Entry:
    return replace(entry, timeline=entry.timeline.after(event, counts))


def _untried(intent: Intent, why: str, now: datetime) -> Event:
    firing, resolved = len(intent.firing), len(intent.resolved)
    return Event(intent.number, intent.reason, intent.at, now, why, firing=firing, resolved=resolved)


def _tried(intent: Intent, told: Told, attempts: Attempts, now: datetime) -> Event:
    return Event(
        number=intent.number,
        reason=intent.reason,
        decided_at=intent.at,
        at=now,
        outcome=told.outcome,
        detail=told.detail,
        firing=told.firing,
        resolved=told.resolved,
        tries=len(attempts.seconds),
        final=told.retry_at is None,
    )
