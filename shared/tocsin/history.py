"""The history: every change that people make, with who made it and how.

A row goes with its change in one transaction, so there is no change without it and none that did not happen. All rows
are in one partition: people change rules, silences and configuration some times a minute at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from json import dumps
from typing import Any

from tocsin.instants import instant, millis
from tocsin.ports import Database, Item, Key, Put, Value

KEPT = timedelta(days=400)
MOST_NAMES = 50
LONGEST_TEXT = 1000
"""In characters: a row is for people to read, and what it tells of can be looked up."""
ID = "[0-9]{15}-[0-9a-f]{12}"
"""The form of a change's id: its time in milliseconds, so that they are in order, and a hash of all it says."""
_FIRST_RANGE = timedelta(days=1)


class Via(StrEnum):
    """The way on which a change came."""

    UNKNOWN = ""
    CLI = "cli"
    API = "api"
    LOCAL = "local"
    """The files that `tocsin local` was started with."""


class What(StrEnum):
    """What was done."""

    RULES = "rules"
    """Created or edited."""
    RULES_DELETED = "rules_deleted"
    RULE_PAUSE = "rule_pause"
    RULE_RESUME = "rule_resume"
    CONFIG = "config"
    SOURCES = "sources"
    INPUTS = "inputs"
    """Created or edited."""
    INPUTS_DELETED = "inputs_deleted"
    INPUT_PAUSE = "input_pause"
    INPUT_RESUME = "input_resume"
    OUTPUTS = "outputs"
    SILENCE_CREATED = "silence_created"
    SILENCE_UPDATED = "silence_updated"
    SILENCE_EXPIRED = "silence_expired"
    TOKEN_CREATED = "token_created"  # noqa: S105 - what happened to one
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    ACCESS = "access"
    """An access file: users and grants."""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did: `targets` are names of what was changed, `before` and `after` what is worth telling of it.

    It holds no secret. `id` says where in the history it is; it is set on what was read.
    """

    what: str
    at: datetime
    by: str = ""
    via: str = Via.UNKNOWN
    targets: tuple[str, ...] = ()
    summary: str = ""
    before: Mapping[str, str | int | None] = field(default_factory=dict)
    after: Mapping[str, str | int | None] = field(default_factory=dict)
    count: int = 0
    """Of the targets, if not all of their names are kept."""
    id: str = ""


def record(change: Change) -> Put:
    """Return the write of a change, for the transaction that does it."""
    item: dict[str, Value] = {
        "at": millis(change.at),
        "by": _short(change.by),
        "via": str(change.via),
        "what": str(change.what),
        "targets": [_short(name) for name in change.targets[:MOST_NAMES]],
        "count": max(change.count, len(change.targets)),
        "summary": _short(change.summary),
        "before": _shortened(change.before),
        "after": _shortened(change.after),
        "expires": millis(change.at + KEPT) // 1000,
    }
    digest = sha256(dumps([item, change.targets], sort_keys=True).encode()).hexdigest()[:12]
    return Put(Key("config", "history", f"{_first_id(change.at)}{digest}"), item)


def new_version(what: What, version: int, at: datetime, *, by: str, via: Via, note: str = "") -> Change:
    """Return the change that puts the version after `version` in force."""
    name = f"version {version + 1}"
    return Change(what, at, by, via, (name,), note, {"version": version}, {"version": version + 1})


def read_history(database: Database, now: datetime, limit: int, before: str = "") -> tuple[list[Change], str]:
    """Return some changes, newest first, and what to give as `before` for those that follow; empty if none do.

    A partition is read by ranges, so ever wider ranges are read until there is enough.
    """
    end, span = before or f"{_first_id(now + _FIRST_RANGE)}~", _FIRST_RANGE
    oldest, found = now - KEPT, list[Item]()
    until = now if end > _first_id(now) else _time_of(end)
    while len(found) <= limit and until > oldest:
        until = max(until - span, oldest)
        items = database.query("config", "history", between=(_first_id(until), end))
        found += [item for item in reversed(items) if str(item["sk"]) < end]
        end, span = _first_id(until), span * 4
    changes = [_from_item(item) for item in found[:limit]]
    return changes, changes[-1].id if len(found) > limit else ""


def _first_id(at: datetime) -> str:
    """Return what is before the ids of all changes of a time and after those of earlier ones."""
    return f"{millis(at):015d}-"


def _time_of(change_id: str) -> datetime:
    return instant(int(change_id.partition("-")[0]))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _shortened(values: Mapping[str, str | int | None]) -> dict[str, Value]:
    return {name: _short(value) if isinstance(value, str) else value for name, value in values.items()}


def _from_item(item: Item) -> Change:
    stored: Mapping[str, Any] = item
    return Change(
        what=stored["what"],
        at=instant(stored["at"]),
        by=stored["by"],
        via=stored["via"],
        targets=tuple(stored["targets"]),
        summary=stored["summary"],
        before=stored["before"],
        after=stored["after"],
        count=stored["count"],
        id=stored["sk"],
    )
