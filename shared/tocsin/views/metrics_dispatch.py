"""Alertmanager's metrics: the names that its dashboard and its mixin's alerts read, and a few more of its own."""

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import md5

from tocsin.dispatch import tally
from tocsin.dispatch.config import Integration
from tocsin.dispatch.muting import MuteReason
from tocsin.dispatch.pushed import FIRING, RESOLVED
from tocsin.dispatch.silence import SilenceState
from tocsin.dispatch.tally import Counts
from tocsin.notification import Failure
from tocsin.views.metrics import Family, Figures, Sample, gauge, gauges
from tocsin.views.notifications import Log, logs

_TODAY = "since midnight UTC"
_BITS = 48


def dispatch_families(figures: Figures) -> Iterator[Family]:
    """Yield what there is to be told of, what was told, and by which configuration."""
    yield from _alerts(figures)
    yield from _notifications(figures)
    yield from _configuration(figures)
    yield gauge("alertmanager_cluster_enabled", "Whether this is one of several: it is not.", 0)
    yield gauge("alertmanager_cluster_members", "How many members there are: this one.", 1)


def _alerts(figures: Figures) -> Iterator[Family]:
    now = figures.now
    yield gauges("alertmanager_alerts", "Alerts that fire, by state.", "state", _states(figures))
    received = {status: figures.received.get(status, 0) for status in (FIRING, RESOLVED)}
    yield Family(
        "alertmanager_alerts_received_total",
        "counter",
        f"Posted alerts that said something new, {_TODAY}; those that merely repeat leave no trace.",
        tuple(Sample(number, {"status": status, "version": "v2"}) for status, number in received.items()),
    )
    silences = Counter(silence.state(now).value for silence in figures.silences.all)
    by_state = {state.value: silences[state.value] for state in SilenceState}
    yield gauges("alertmanager_silences", "Silences, by state.", "state", by_state)
    held = sum(bool(group.kept) for group in figures.groups)
    yield gauge("alertmanager_dispatcher_aggregation_groups", "Groups that hold an alert.", held)


def _states(figures: Figures) -> Mapping[str, float]:
    suppressed = {
        one.fingerprint: figures.standings is not None and figures.standings.of(one.alert).suppressed
        for held in figures.groups
        for one in held.kept
        if not one.alert.resolved(figures.now)
    }
    number = sum(suppressed.values())
    return {"active": len(suppressed) - number, "suppressed": number}


# -- notifications --------------------------------------------------------------------------------


def _notifications(figures: Figures) -> Iterator[Family]:
    by_kind = _by_kind(figures)
    for name, counted, what in (
        ("notifications", tally.TOTAL, "Notifications that were tried"),
        ("notification_requests", tally.REQUESTS, "Requests to receivers"),
        ("notification_requests_failed", tally.REQUESTS_FAILED, "Requests to receivers that failed"),
    ):
        samples = (Sample(counts.get(counted, 0), {"integration": kind}) for kind, counts in by_kind.items())
        yield Family(f"alertmanager_{name}_total", "counter", f"{what}, {_TODAY}.", tuple(samples))
    yield Family(
        "alertmanager_notifications_failed_total",
        "counter",
        f"Notifications that were tried in vain, {_TODAY}.",
        tuple(
            Sample(counts.get(tally.FAILED + reason, 0), {"integration": kind, "reason": reason.value})
            for kind, counts in by_kind.items()
            for reason in Failure
        ),
    )
    yield Family(
        "alertmanager_notification_latency_seconds",
        "histogram",
        f"How long requests to receivers took, {_TODAY}.",
        tuple(sample for kind, counts in by_kind.items() for sample in _histogram(kind, counts)),
    )
    muted = tally.total(held.meta.muted.today(figures.now) for held in figures.groups)
    yield Family(
        "alertmanager_notifications_suppressed_total",
        "counter",
        f"Alerts that a flush found muted, {_TODAY}.",
        tuple(Sample(muted.get(reason, 0), {"reason": reason.value}) for reason in MuteReason),
    )


def _by_kind(figures: Figures) -> Mapping[str, Counts]:
    """Return what was counted today for each kind of integration that is configured or was told."""
    found: dict[str, list[Counts]] = {integration.kind: [] for integration in _integrations(figures)}
    for log in _logs(figures):
        found.setdefault(log.kind, []).append(log.timeline.tally.today(figures.now))
    return {kind: tally.total(several) for kind, several in sorted(found.items())}


def _logs(figures: Figures) -> Iterator[Log]:
    for held in figures.groups:
        yield from logs(held)


def _histogram(kind: str, counts: Counts) -> Iterator[Sample]:
    number = 0
    for bound in (*map(str, tally.BUCKETS), tally.BEYOND):
        number += counts.get(tally.WITHIN + bound, 0)
        yield Sample(number, {"integration": kind, "le": bound}, "_bucket")
    yield Sample(counts.get(tally.MILLISECONDS, 0) / 1000, {"integration": kind}, "_sum")
    yield Sample(number, {"integration": kind}, "_count")


# -- configuration --------------------------------------------------------------------------------


def _integrations(figures: Figures) -> list[Integration]:
    config = figures.config
    return [one for name in _told(figures) for one in (config.receivers[name].integrations if config else ())]


def _told(figures: Figures) -> list[str]:
    """Return the receivers that a route leads to, which are those that Alertmanager counts."""
    if figures.config is None:
        return []
    used = {route.receiver for route in figures.config.route.walk()}
    return [name for name in figures.config.receivers if name in used]


def _configuration(figures: Figures) -> Iterator[Family]:
    version, config = figures.version, figures.config
    digest = md5(version.text.encode() if version else b"", usedforsecurity=False).digest()
    stored_at = version.at.timestamp() if version and version.at else 0
    yield gauge(
        "alertmanager_config_hash",
        "Of the text of the configuration in force.",
        int.from_bytes(digest[: _BITS // 8], "little"),
    )
    yield gauge(
        "alertmanager_config_last_reload_successful",
        "Whether a configuration is in force: one with a mistake is refused, and changes nothing.",
        int(config is not None),
    )
    yield gauge("alertmanager_config_last_reload_success_timestamp_seconds", "When it was stored.", stored_at)
    rules = len(config.inhibit_rules) if config else 0
    yield gauge("alertmanager_receivers", "Receivers that a route leads to.", len(_told(figures)))
    yield gauge("alertmanager_integrations", "Their integrations.", len(_integrations(figures)))
    yield gauge("alertmanager_inhibition_rules", "Inhibition rules.", rules)
