"""Inputs and outputs as our own API writes them."""

from datetime import datetime

from tocsin.api.own.administration_shapes import PauseShape
from tocsin.api.own.inputs_shapes import InputShape, InputStateShape, OutputShape, RunShape, TroubleShape
from tocsin.api.own.times import maybe_time_text, time_text
from tocsin.collection.catalogue import Scheduled
from tocsin.collection.health import Health
from tocsin.shipping.cursor import Trouble
from tocsin.views.inputs import InputView
from tocsin.views.outputs import OutputView
from tocsin.views.sourcesettings import shown


def input_document(view: InputView, now: datetime) -> InputShape:
    """Return an input."""
    given, health = view.held.input, view.health
    schedule = given.schedule
    return {
        **state_document(view.held, now),
        "kind": given.kind,
        "alias": given.alias,
        "state": view.state(now).value,
        "stateSince": maybe_time_text(health.since),
        "schedule": {
            "intervalSeconds": schedule.interval.total_seconds(),
            "offsetSeconds": schedule.offset.total_seconds(),
            "jitterSeconds": schedule.jitter.total_seconds(),
            "cron": schedule.cron,
            "location": schedule.location,
        },
        "deadlineSeconds": given.deadline.total_seconds(),
        "overrun": given.overrun.value,
        "lastRun": _run(health),
        "counts": {
            "runs": health.runs,
            "failures": health.failures,
            "timeouts": health.timeouts,
            "overruns": health.overruns,
            "missed": health.missed,
        },
        "changedAt": maybe_time_text(view.held.at),
        "changedBy": view.held.by,
    }


def _run(health: Health) -> RunShape | None:
    if health.outcome is None:
        return None
    return {
        "dueAt": maybe_time_text(health.due),
        "outcome": health.outcome.value,
        "detail": health.detail,
        "tookSeconds": health.took_seconds,
        "lagSeconds": health.lag_seconds,
        "metrics": health.metrics,
    }


def state_document(held: Scheduled, now: datetime) -> InputStateShape:
    """Return a stored input and its pause, null if it is not paused now."""
    return {"id": held.input.id, "paused": _pause(held, now)}


def _pause(held: Scheduled, now: datetime) -> PauseShape | None:
    if held.pause is None or not held.paused(now):
        return None
    return {"until": maybe_time_text(held.pause.until), "by": held.pause.by}


def output_document(view: OutputView) -> OutputShape:
    """Return an output."""
    output, cursor = view.output, view.cursor
    counts = cursor.counts
    return {
        "name": output.name,
        "kind": output.kind,
        "state": view.state.value,
        "entriesWaiting": view.waiting,
        "movedAt": maybe_time_text(cursor.at),
        "trouble": _trouble(cursor.trouble),
        "counts": {
            "written": counts.written,
            "unwritable": counts.unwritable,
            "refused": counts.refused,
            "dropped": counts.dropped,
            "gone": counts.gone,
        },
        "batchSize": output.batch_size,
        "bufferLimit": output.buffer_limit,
        "settings": shown(output.settings),
    }


def _trouble(trouble: Trouble | None) -> TroubleShape | None:
    if trouble is None:
        return None
    return {
        "since": time_text(trouble.since),
        "tries": trouble.tries,
        "retryAt": time_text(trouble.retry_at),
        "reason": trouble.reason,
        "detail": trouble.detail,
    }
