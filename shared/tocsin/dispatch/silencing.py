"""Setting and ending silences: first it is written, with a note, then whoever has waited is woken.

A crash in between loses nothing, for the sweep works off the note. The other way round a group could look again before
the end is there to be seen, and sleep on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tocsin.dispatch.controls import begin_key, wake_key
from tocsin.dispatch.silence import Silence, validate
from tocsin.dispatch.silenceedit import Change, Edit, Limits, check_limits, edit, expired
from tocsin.dispatch.silencestore import log_changes, put_silence, read_silence
from tocsin.dispatch.waiting import wake_waiters
from tocsin.history import Change as Told
from tocsin.history import Via, What, record
from tocsin.instants import millis, rfc3339
from tocsin.matchers import format_matchers
from tocsin.ports import Database, Put, Queue, Write

ONLY_SIZE = Limits()


class UnknownSilenceError(LookupError):
    """There is no silence of that id."""


def put(
    database: Database,
    queue: Queue | None,
    wanted: Silence,
    now: datetime,
    *,
    fresh_id: str,
    limits: Limits = ONLY_SIZE,
    by: str = "",
    via: Via = Via.UNKNOWN,
) -> Edit:
    """Set a silence and wake who has waited for it; without a queue the sweep does that, within two minutes.

    Raises what `set_silence` does.
    """
    done = set_silence(database, wanted, now, fresh_id=fresh_id, limits=limits, by=by, via=via)
    _wake(database, queue, done.wakes, now)
    return done


def end(
    database: Database,
    queue: Queue | None,
    silence_id: str,
    now: datetime,
    *,
    by: str = "",
    via: Via = Via.UNKNOWN,
) -> Silence | None:
    """End a silence now, wake who has waited for that, and return it; None if there is no such silence."""
    ended = expire_silence(database, silence_id, now, by=by, via=via)
    _wake(database, queue, silence_id if ended else None, now)
    return ended


def _wake(database: Database, queue: Queue | None, silence_id: str | None, now: datetime) -> None:
    if queue is not None and silence_id is not None:
        wake_waiters(database, queue, silence_id, now)


def set_silence(
    database: Database,
    wanted: Silence,
    now: datetime,
    *,
    fresh_id: str,
    limits: Limits = ONLY_SIZE,
    by: str = "",
    via: Via = Via.UNKNOWN,
) -> Edit:
    """Write a silence: a new one if its id is empty, else an edited one; note whose waiters are to be woken.

    `fresh_id` is what it is stored under if it is new or cannot stay the same one; `by` is whom the history names,
    its author if nobody is known to have asked. Raises SilenceError for what is refused, and UnknownSilenceError for
    an id that is not stored.
    """
    validate(wanted, now)
    while True:
        existing = read_silence(database, wanted.id) if wanted.id else None
        if wanted.id and existing is None:
            raise UnknownSilenceError("silence not found")
        wish = edit(existing, wanted, now, fresh_id)
        check_limits(wish, _stored(database, limits), limits)
        in_place = wish.change is Change.UPDATED
        writes = [put_silence(wish.silence, existing if in_place else None)]
        begins = [] if in_place and existing and existing.starts_at <= now else [_begin(wish.silence, now)]
        if wish.ended is not None:
            writes.append(put_silence(wish.ended, existing))
        told = _told(wish, existing, Told("", now, by or wanted.created_by, via))
        if _commit(database, writes, wish.wakes, now, begins, told):
            return wish


def expire_silence(
    database: Database, silence_id: str, now: datetime, *, by: str = "", via: Via = Via.UNKNOWN
) -> Silence | None:
    """Write that a silence ends now, note that its waiters are to be woken, and return it; None if there is none.

    One that has passed already is left as it is.
    """
    while True:
        silence = read_silence(database, silence_id)
        if silence is None:
            return None
        ended = expired(silence, now)
        if ended == silence:
            return ended
        told = _told_of_end(ended, silence, Told("", now, by, via))
        if _commit(database, [put_silence(ended, silence)], silence_id, now, (), [told]):
            return ended


def _told(wish: Edit, existing: Silence | None, told: Told) -> list[Told]:
    """Return what the history says of an edit."""
    told = replace(told, targets=(wish.silence.id,), summary=wish.silence.comment, after=_shown(wish.silence))
    if wish.change is Change.UPDATED and existing is not None:
        return [replace(told, what=What.SILENCE_UPDATED, before=_shown(existing))]
    ends = [_told_of_end(wish.ended, existing, told)] if wish.ended and existing else []
    return [*ends, replace(told, what=What.SILENCE_CREATED)]


def _told_of_end(ended: Silence, existing: Silence, told: Told) -> Told:
    return replace(
        told,
        what=What.SILENCE_EXPIRED,
        targets=(ended.id,),
        summary=existing.comment,
        before=_shown(existing),
        after=_shown(ended),
    )


def _shown(silence: Silence) -> dict[str, str | int | None]:
    times = {"startsAt": rfc3339(silence.starts_at), "endsAt": rfc3339(silence.ends_at)}
    return {"matchers": format_matchers(silence.matchers), **times}


def _stored(database: Database, limits: Limits) -> int:
    return len(database.query("config", "silence")) if limits.silences else 0


def _begin(silence: Silence, now: datetime) -> Put:
    """Return the note that makes the sweep see which groups a silence concerns, once it has begun."""
    return Put(begin_key(silence.id), {"at": millis(max(silence.starts_at, now))})


def _commit(
    database: Database,
    puts: Sequence[Put],
    wakes: str | None,
    now: datetime,
    notes: Sequence[Put],
    told: Sequence[Told],
) -> bool:
    """Write silences, whose waiters are to be woken, the next version, the history; False if somebody was faster."""
    note = [] if wakes is None else [Put(wake_key(wakes), {"at": millis(now)})]
    log = log_changes(database, [put.key.sk for put in puts], now)
    writes: list[Write] = [*puts, *note, *notes, *log, *map(record, told)]
    return database.transact(writes)
