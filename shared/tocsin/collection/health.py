"""Health: how the runs of each input went, kept by its shard beside its log and by long runs with their claims."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tocsin.instants import maybe_instant, maybe_millis
from tocsin.packing import unpack
from tocsin.ports import Database, Key
from tocsin.samples.log import SampleLog
from tocsin.samples.writers import writers
from tocsin.schedule.layout import Layout

_AT_ONCE = 100
_MOST_DETAILS = 500
"""An item of DynamoDB holds 400 KB, and nothing may stop a shard: so many reasons of 300 characters fit into it."""


class Outcome(StrEnum):
    """How a run ended."""

    SUCCESS = "success"
    FAILED = "failed"
    """The plug-in said so, whatever else it gathered."""
    TIMEOUT = "timeout"
    """It had not ended at its deadline."""
    CRASHED = "crashed"
    """The plug-in raised something, or could not be opened."""
    NO_ROOM = "no_room"
    """It was never begun: too many others took too long."""


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of an input's runs; `lag_seconds` is how late after its due time the last one began."""

    due: datetime | None = None
    """The time at which the last run was due."""
    outcome: Outcome | None = None
    detail: str = ""
    took_seconds: float = 0.0
    lag_seconds: float = 0.0
    metrics: int = 0
    """Of the last run."""
    since: datetime | None = None
    """From when on the outcome is success, or is not."""
    runs: int = 0
    failures: int = 0
    timeouts: int = 0
    overruns: int = 0
    """Runs that were due while the one before still ran."""
    missed: int = 0
    """Runs that nobody was there for."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run came to."""

    due: datetime
    outcome: Outcome
    took_seconds: float
    lag_seconds: float
    metrics: int = 0
    detail: str = ""


def after(health: Health, ran: Ran) -> Health:
    """Return the health after a run."""
    well, was_well = ran.outcome is Outcome.SUCCESS, health.outcome is Outcome.SUCCESS
    same = health.outcome is not None and well == was_well
    return replace(
        health,
        due=ran.due,
        outcome=ran.outcome,
        detail=ran.detail,
        took_seconds=ran.took_seconds,
        lag_seconds=ran.lag_seconds,
        metrics=ran.metrics,
        since=health.since if same else ran.due,
        runs=health.runs + 1,
        failures=health.failures + (not well),
        timeouts=health.timeouts + (ran.outcome is Outcome.TIMEOUT),
    )


def to_document(healths: Mapping[str, Health]) -> dict[str, list[Any]]:
    """Return healths by input as JSON that packs well; of very many that fail some are told without their reasons."""
    reasons = [name for name, each in healths.items() if each.detail]
    told = set(reasons[:_MOST_DETAILS])
    return {
        name: [
            *(
                maybe_millis(each.due),
                each.outcome,
                each.detail if name in told else "",
                round(each.took_seconds, 3),
            ),
            *(round(each.lag_seconds, 3), each.metrics, maybe_millis(each.since), each.runs),
            *(each.failures, each.timeouts, each.overruns, each.missed),
        ]
        for name, each in healths.items()
    }


def from_document(document: Mapping[str, Any]) -> dict[str, Health]:
    """Return what `to_document` was given."""
    return {name: _health(*stored) for name, stored in document.items()}


def _health(
    due: int | None,
    outcome: str | None,
    detail: str,
    took: float,
    lag: float,
    metrics: int,
    since: int | None,
    *counts: int,
) -> Health:
    ended = Outcome(outcome) if outcome else None
    return Health(maybe_instant(due), ended, detail, took, lag, metrics, maybe_instant(since), *counts)


def read_health(database: Database, layout: Layout, long_runs: Iterable[str] = ()) -> dict[str, Health]:
    """Return the health of each input that has run, of the newest run where several tell of it.

    `long_runs` are the ids of inputs whose runs have claims of their own.
    """
    found: dict[str, Health] = {}
    kept = [from_document(head.notes) for head in SampleLog(database).heads(writers(layout))]
    kept.append(claimed_health(database, long_runs))
    for healths in kept:
        for name, health in healths.items():
            known = found.get(name)
            if known is None or _newer(health, known):
                found[name] = health
    return found


def _newer(health: Health, than: Health) -> bool:
    return than.due is None or (health.due is not None and health.due > than.due)


def overrun(health: Health) -> Health:
    """Return the health after a run that was due while the one before still ran."""
    return replace(health, overruns=health.overruns + 1)


def run_key(name: str) -> Key:
    """Return where the claim of an input is whose runs may last longer than a tick."""
    return Key("samples", f"run.{name}", "RUN")


def claimed_health(database: Database, ids: Iterable[str]) -> dict[str, Health]:
    """Return the health that long runs keep with their claims."""
    wanted = list(ids)
    found: dict[str, Health] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for item in database.get(*map(run_key, some)):
            packed = item.get("health") if item else None
            if isinstance(packed, bytes):
                found |= from_document(unpack(packed))
    return found
