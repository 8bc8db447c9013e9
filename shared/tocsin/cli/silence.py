"""tocsin silence: what amtool does with silences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import click
from click.exceptions import Exit

from tocsin.cli.arguments import parse_words, to_duration, to_time
from tocsin.cli.command import Group
from tocsin.cli.output import moment, print_json, print_table, warn
from tocsin.cli.session import Session
from tocsin.dispatch.controls import Controls, expire_silence, put_silence
from tocsin.dispatch.silence import Silence, SilenceError, SilenceState, validate
from tocsin.dispatch.waiting import wake_waiters
from tocsin.index import read_index
from tocsin.instants import rfc3339
from tocsin.matchers import Matcher, MatchOp

_HEADERS = ("ID", "Matchers", "Ends At", "Created By", "Comment")


@click.group(cls=Group)
def silence() -> None:
    """Add, query and expire silences.

    \b
    Examples:
      tocsin silence add DiskFull instance=db-1 -d 2h -c "moving the disk"
      tocsin silence query --within 8h
      tocsin silence expire $(tocsin silence query -q DiskFull)
    """


@silence.command()
@click.argument("matchers", nargs=-1, metavar="MATCHER...")
@click.option("-a", "--author", metavar="NAME", help="Who silences; you, if left out.")
@click.option("-c", "--comment", default="", metavar="TEXT", help="Why.")
@click.option(
    "-d", "--duration", type=to_duration, metavar="1h30m", default="1h", show_default=True, help="How long."
)
@click.option("--start", type=to_time, metavar="TIME", help="From when on (RFC 3339); now, if left out.")
@click.option("--end", type=to_time, metavar="TIME", help="Until when (RFC 3339), instead of a duration.")
@click.option("--require-comment/--no-require-comment", default=True, hidden=True)
@click.pass_obj
def add(
    session: Session,
    matchers: Sequence[str],
    author: str | None,
    comment: str,
    duration: timedelta,
    start: datetime | None,
    end: datetime | None,
    require_comment: bool,
) -> None:
    """Silence alerts and print the silence's id.

    Silenced are those that match every MATCHER; a first bare word is an alert's name.
    """
    parsed = parse_words(matchers)
    if require_comment and not comment:
        raise click.ClickException("comment required: say why, with -c")
    with session.world() as world:
        now = world.clock.now()
        begins = start or now
        ends = end or begins + duration
        added = Silence(str(uuid4()), parsed, begins, ends, author or session.user(), comment, now)
        try:
            validate(added, now)
        except SilenceError as error:
            raise click.ClickException(str(error)) from error
        put_silence(world.database, added)
    if session.json:
        print_json({"silenceID": added.id})
    else:
        click.echo(added.id)


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which silences are asked for (amtool's options, with its meanings)."""

    matchers: Sequence[Matcher]
    expired: bool
    within: timedelta | None
    created_by: str | None
    id: str | None

    def passes(self, found: Silence, now: datetime) -> bool:
        """Tell whether a silence is asked for."""
        return (
            (found.state(now) is SilenceState.EXPIRED) is self.expired
            and (not self.within or abs(found.ends_at - now) <= self.within)
            and self.created_by in (None, found.created_by)
            and self.id in (None, found.id)
            and all(self._about(matcher, found) for matcher in self.matchers)
        )

    @staticmethod
    def _about(matcher: Matcher, found: Silence) -> bool:
        """Match against what the silence's matchers compare with (Alertmanager, `GET /api/v2/silences?filter=`)."""
        return matcher.matches({own.name: own.value for own in found.matchers})


@silence.command()
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.option("--expired", is_flag=True, help="Those that have expired, instead of those that have not.")
@click.option(
    "--within",
    type=to_duration,
    metavar="8h",
    help="Only those that expire, or have expired, within this time.",
)
@click.option("--created-by", metavar="NAME", help="Only those of one author.")
@click.option("--id", metavar="ID", help="Only this one.")
@click.option("-q", "--quiet", is_flag=True, help="Print ids only.")
@click.pass_obj
def query(session: Session, /, matchers: Sequence[str], quiet: bool, **asked: Any) -> None:
    """List silences, those that end first at the top."""
    wanted = _Filter(parse_words(matchers), **asked)
    with session.world() as world:
        stored = Controls(world.database).silences(read_index(world.database))
        now = world.clock.now()
    found = sorted((one for one in stored if wanted.passes(one, now)), key=lambda one: (one.ends_at, one.id))
    if quiet:
        for one in found:
            click.echo(one.id)
    elif session.json:
        print_json([to_json(one, now) for one in found])
    else:
        print_table(_HEADERS, [_row(one) for one in found])


@silence.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_obj
def expire(session: Session, ids: Sequence[str]) -> None:
    """End silences now; what they held back is sent at once."""
    unknown = []
    with session.world() as world:
        for silence_id in ids:
            now = world.clock.now()
            if expire_silence(world.database, silence_id, now) is None:
                unknown.append(silence_id)
            elif world.flushes is not None:  # without a queue the sweep wakes them, within two minutes
                wake_waiters(world.database, world.flushes, silence_id, now)
    for silence_id in unknown:
        warn(f"Error: no such silence: {silence_id}")
    if session.json:
        print_json({"expired": [one for one in ids if one not in unknown], "unknown": unknown})
    if unknown:
        raise Exit(1)


def _row(found: Silence) -> tuple[str, ...]:
    matchers = " ".join(map(str, found.matchers))
    return (found.id, matchers, moment(found.ends_at), found.created_by, found.comment)


def to_json(found: Silence, now: datetime) -> dict[str, Any]:
    """Return the silence as Alertmanager's API does (`gettableSilence`)."""
    return {
        "id": found.id,
        "status": {"state": found.state(now).value},
        "matchers": [_matcher_to_json(matcher) for matcher in found.matchers],
        "startsAt": rfc3339(found.starts_at),
        "endsAt": rfc3339(found.ends_at),
        "updatedAt": rfc3339(found.updated_at),
        "createdBy": found.created_by,
        "comment": found.comment,
    }


def _matcher_to_json(matcher: Matcher) -> dict[str, Any]:
    return {
        "name": matcher.name,
        "value": matcher.value,
        "isRegex": matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX),
        "isEqual": matcher.op in (MatchOp.EQUAL, MatchOp.REGEX),
    }
