"""What Tocsin says of itself: one structured line a tick and a flush, and the figures of both."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from tocsin.collection import collector
from tocsin.dispatch import flush
from tocsin.evaluation.report import Report
from tocsin.instants import rfc3339
from tocsin.ports import Meter

NAMESPACE = "Tocsin"


class EmfMeter:
    """Writes each figure as one line of CloudWatch's embedded metric format, by service."""

    def __init__(self, service: str) -> None:
        self._service = service

    def count(self, name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:
        """Write one figure."""
        with single_metric(name=name, unit=MetricUnit(unit), value=value, namespace=NAMESPACE) as metric:
            metric.add_dimension("service", self._service)
            for dimension, text in dimensions.items():
                metric.add_dimension(dimension, text)


def tick_line(report: Report) -> dict[str, Any]:
    """Return what the log says of a tick."""
    return {
        "shard": report.shard,
        "tick": rfc3339(report.tick),
        "outcome": report.reason,
        "cursor": rfc3339(report.cursor) if report.cursor else None,
        "behind_seconds": report.behind_seconds,
        "commits": report.commits,
        "rules_evaluated": report.rules_evaluated,
        "failures": report.failures,
        "failed_rules": dict(list(report.failed_rules.items())[:20]),
        "ticks_replayed": report.ticks_replayed,
        "ticks_dropped": report.ticks_dropped,
        "lagging": report.lagging,
        "quarantined": report.quarantined,
        "set_aside": report.set_aside or None,
        "sources_down": report.sources_down,
        "rule_changes": {name: number for name, number in asdict(report.rules).items() if number},
        "samples_unwritten": report.samples_unwritten or None,
        "alerts_unheard": report.alerts_unheard or None,
        "alerts_handed_over": report.alerts_handed_over,
        "writers": report.writers,
    }


def count_tick(meter: Meter, report: Report) -> None:
    """Count what a tick came to; a message that found nothing to do counts nothing."""
    if report.commits == 0:
        return
    meter.count("heartbeat")
    meter.count("rules_evaluated", report.rules_evaluated)
    meter.count("units_lagging", report.lagging)
    meter.count("units_quarantined", report.quarantined)
    for name, value in (
        ("ticks_replayed", report.ticks_replayed),
        ("ticks_dropped", report.ticks_dropped),
        ("evaluation_failures", sum(report.failures.values())),
        ("units_set_aside", report.set_aside),
        ("sources_down", len(report.sources_down)),
        ("samples_unwritten", report.samples_unwritten),
        ("alerts_unheard", report.alerts_unheard),
    ):
        if value:
            meter.count(name, value)


def collection_line(report: collector.Report) -> dict[str, Any]:
    """Return what the log says of a tick of inputs, or of a long run."""
    return {
        "shard": report.shard or None,
        "input": report.input or None,
        "tick": rfc3339(report.tick),
        "outcome": report.reason,
        "cursor": rfc3339(report.cursor) if report.cursor else None,
        "behind_seconds": report.behind_seconds,
        "commits": report.commits,
        "inputs_ran": report.ran,
        "outcomes": report.outcomes,
        "failed_inputs": dict(list(report.failed.items())[:20]),
        "missed": report.missed or None,
        "long_runs": report.long_runs or None,
        "metrics": report.metrics,
        "metrics_dropped": report.dropped or None,
    }


def count_collection(meter: Meter, report: collector.Report) -> None:
    """Count what a tick of inputs came to; a message that found nothing to do counts nothing."""
    if report.commits == 0:
        return
    meter.count("inputs_ran", report.ran)
    meter.count("metrics_gathered", report.metrics)
    for name, value in (
        ("inputs_failed", report.ran - report.outcomes.get("success", 0)),
        ("input_timeouts", report.outcomes.get("timeout", 0)),
        ("input_runs_missed", report.missed),
        ("metrics_dropped", report.dropped),
    ):
        if value:
            meter.count(name, value)


def flush_line(report: flush.Report) -> dict[str, Any]:
    """Return what the log says of a flush."""
    return {
        "group": report.group,
        "group_key": report.key,
        "receiver": report.receiver,
        "outcome": report.reason,
        "alerts": report.alerts,
        "muted": report.muted,
        "due": rfc3339(report.due) if report.due else None,
        "told": [
            {
                "integration": told.integration,
                "notification": told.id,
                "reason": told.reason.value,
                "firing": told.firing,
                "resolved": told.resolved,
                "outcome": told.outcome,
                "detail": told.detail,
                "retry_at": rfc3339(told.retry_at) if told.retry_at else None,
            }
            for told in report.told
        ],
    }


def count_flush(meter: Meter, report: flush.Report) -> None:
    """Count the notifications of a flush, those that failed by reason, and how long a page took."""
    for told in report.told:
        if told.outcome == "delivered":
            meter.count("notifications")
            meter.count("notification_latency", told.latency_seconds, unit="Seconds")
        else:
            meter.count("notifications_failed")
            meter.count("notifications_failed", reason=told.outcome)
    for reason, number in report.muted.items():
        meter.count("notifications_suppressed", number, reason=reason)


def fields(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line without what says nothing, as the extra of a log record."""
    return {name: value for name, value in line.items() if value not in (None, {}, [], "")}
