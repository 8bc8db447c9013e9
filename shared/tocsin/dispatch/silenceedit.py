"""What setting or ending a silence comes to: the rules of Alertmanager's `silence.Silences` (`Set`, `expire`)."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tocsin.dispatch.silence import Silence, SilenceError, SilenceState, to_document


class Change(StrEnum):
    """How a silence is stored: as a new one, in place of its old self, or anew beside its old self's end."""

    CREATED = "created"
    UPDATED = "updated"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Edit:
    """What to store: the silence, and the one it replaces as it ended; whoever waits for `wakes` must look again."""

    change: Change
    silence: Silence
    ended: Silence | None = None
    wakes: str | None = None


def edit(existing: Silence | None, wanted: Silence, now: datetime, fresh_id: str) -> Edit:
    """Return what setting a silence comes to; `fresh_id` is its id if it is not stored in place of `existing`."""
    if existing is not None and _in_place(existing, wanted, now):
        shorter = existing.id if wanted.ends_at < existing.ends_at else None
        return Edit(Change.UPDATED, replace(wanted, updated_at=now), wakes=shorter)
    starts_at = max(wanted.starts_at, now)
    created = replace(wanted, id=fresh_id, starts_at=starts_at, updated_at=now)
    if existing is None:
        return Edit(Change.CREATED, created)
    ended = expired(existing, now)
    if ended == existing:
        return Edit(Change.REPLACED, created)
    return Edit(Change.REPLACED, created, ended, wakes=existing.id)


def _in_place(existing: Silence, wanted: Silence, now: datetime) -> bool:
    """Tell whether a silence stays the same one: it still mutes what it has muted, when it has muted it."""
    if wanted.matchers != existing.matchers:
        return False
    match existing.state(now):
        case SilenceState.ACTIVE:
            same_second = int(wanted.starts_at.timestamp()) == int(existing.starts_at.timestamp())
            return same_second and wanted.ends_at >= now
        case SilenceState.PENDING:
            return wanted.starts_at >= now
        case SilenceState.EXPIRED:
            return False


def expired(silence: Silence, now: datetime) -> Silence:
    """Return the silence as it is once it has been ended; one that has passed already is left as it is."""
    match silence.state(now):
        case SilenceState.ACTIVE:
            return replace(silence, ends_at=now, updated_at=now)
        case SilenceState.PENDING:
            return replace(silence, starts_at=now, ends_at=now, updated_at=now)
        case SilenceState.EXPIRED:
            return silence


@dataclass(frozen=True, slots=True)
class Limits:
    """How many silences may be kept, those that have ended included, and how large each; 0 is no limit.

    The size is that of the document as JSON, in bytes; DynamoDB takes no item of more than 400 KB.
    """

    silences: int = 0
    size_bytes: int = 300_000


def check_limits(wanted: Edit, stored: int, limits: Limits) -> None:
    """Raise SilenceError if one more than the number stored is too many, or the silence is too large."""
    if wanted.change is not Change.UPDATED and 0 < limits.silences < stored + 1:
        raise SilenceError(f"exceeded maximum number of silences: {stored} (limit: {limits.silences})")
    size = len(json.dumps(to_document(wanted.silence), separators=(",", ":"), ensure_ascii=False).encode())
    if 0 < limits.size_bytes < size:
        raise SilenceError(f"silence exceeded maximum size: {size} bytes (limit: {limits.size_bytes} bytes)")
