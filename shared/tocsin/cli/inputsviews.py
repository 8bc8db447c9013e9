"""A stored input as a row, and as JSON."""

from datetime import datetime
from typing import Any

from tocsin.cli.output import maybe_rfc3339, moment
from tocsin.collection.catalogue import Scheduled
from tocsin.collection.health import Health
from tocsin.collection.inputcodec import to_document
from tocsin.collection.schedule import Schedule
from tocsin.durations import format_duration
from tocsin.views.inputs import InputState, InputView

HEADERS = (
    *("ID", "KIND", "SCHEDULE", "STATE", "LAST RUN", "RESULT", "TOOK", "LAG"),
    *("RUNS", "FAILURES", "OVERRUNS", "MISSED"),
)


def row(view: InputView, now: datetime) -> tuple[str, ...]:
    """Return the cells of an input."""
    given, health = view.held.input, view.health
    counts = (health.runs, health.failures, health.overruns, health.missed)
    schedule = schedule_text(given.schedule)
    return (given.id, given.kind, schedule, _state(view, now), *_last(health), *map(str, counts))


def _state(view: InputView, now: datetime) -> str:
    pause, state = view.held.pause, view.state(now)
    until = f" until {moment(pause.until)}" if state is InputState.PAUSED and pause and pause.until else ""
    return state.value + until


def _last(health: Health) -> tuple[str, ...]:
    if health.outcome is None:
        return ("-", "-", "-", "-")
    result = f"{health.outcome.value}: {health.detail}" if health.detail else health.outcome.value
    return (moment(health.due), result, f"{health.took_seconds:.3f}s", f"{health.lag_seconds:.1f}s")


def schedule_text(schedule: Schedule) -> str:
    """Return `30s`, `1m+5s` with an offset, `*/5 * * * * Europe/Berlin`."""
    if schedule.cron:
        return schedule.cron if schedule.location == "UTC" else f"{schedule.cron} {schedule.location}"
    offset = f"+{format_duration(schedule.offset)}" if schedule.offset else ""
    return format_duration(schedule.interval) + offset


def held_to_json(held: Scheduled) -> dict[str, Any]:
    """Return an input as JSON, and who stored it."""
    return to_document(held.input) | {
        "since": maybe_rfc3339(held.since),
        "updatedAt": maybe_rfc3339(held.at),
        "updatedBy": held.by,
    }


def to_json(view: InputView, now: datetime) -> dict[str, Any]:
    """Return an input, whether it is paused, and how it runs."""
    pause = view.held.pause if view.held.paused(now) else None
    return held_to_json(view.held) | {
        "state": view.state(now).value,
        "pausedUntil": maybe_rfc3339(pause.until) if pause else None,
        "health": _health_to_json(view.health),
    }


def _health_to_json(health: Health) -> dict[str, Any]:
    return {
        "lastRun": maybe_rfc3339(health.due),
        "outcome": health.outcome.value if health.outcome else None,
        "detail": health.detail,
        "since": maybe_rfc3339(health.since),
        "tookSeconds": health.took_seconds,
        "lagSeconds": health.lag_seconds,
        "metrics": health.metrics,
        "runs": health.runs,
        "failures": health.failures,
        "timeouts": health.timeouts,
        "overruns": health.overruns,
        "missed": health.missed,
    }
