"""tocsin silence: what amtool does with silences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import click
from click.exceptions import Exit

from tocsin.cli.arguments import parse_words, to_annotation, to_duration, to_time
from tocsin.cli.command import Group
from tocsin.cli.output import print_json, warn
from tocsin.cli.session import Session
from tocsin.cli.silences import export_silences, import_silences, put, read_stored, update
from tocsin.cli.silenceviews import print_silences
from tocsin.dispatch import silencing
from tocsin.dispatch.silence import Silence, SilenceError, SilenceState, has_matchers
from tocsin.history import Via
from tocsin.matchers import Matcher


@click.group(cls=Group)
def silence() -> None:
    """Add, query, update and expire silences.

    \b
    Examples:
      tocsin silence add DiskFull instance=db-1 -d 2h -c "moving the disk"
      tocsin silence query --within 8h
      tocsin silence update $(tocsin silence query -q DiskFull) -d 4h
      tocsin silence expire $(tocsin silence query -q DiskFull)
      amtool silence query -o json | tocsin silence import
    """


for command in (update, export_silences, import_silences):
    silence.add_command(command)


@silence.command()
@click.argument("matchers", nargs=-1, metavar="MATCHER...")
@click.option("-a", "--author", metavar="NAME", help="Who silences; you, if left out.")
@click.option("-c", "--comment", default="", metavar="TEXT", help="Why.")
@click.option(
    "-d", "--duration", type=to_duration, metavar="1h30m", default="1h", show_default=True, help="How long."
)
@click.option("--start", type=to_time, metavar="TIME", help="From when on (RFC 3339); now, if left out.")
@click.option("--end", type=to_time, metavar="TIME", help="Until when (RFC 3339), instead of a duration.")
@click.option(
    "--annotation",
    "annotations",
    multiple=True,
    type=to_annotation,
    metavar="NAME=VALUE",
    help="A text to keep with the silence, such as a ticket; may be repeated.",
)
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
    annotations: Sequence[tuple[str, str]],
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
        by = author or session.user()
        wanted = Silence("", parsed, begins, ends, by, comment, now, dict(annotations))
        try:
            done = put(session, world, wanted, now, fresh_id=str(uuid4()))
        except SilenceError as error:
            raise click.ClickException(str(error)) from error
    if session.json:
        print_json({"silenceID": done.id})
    else:
        click.echo(done.id)


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
            and has_matchers(found, self.matchers)
        )


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
    """List silences, those that end first at the top.

    With MATCHERs only those that have each of them, written as they are.
    """
    wanted = _Filter(parse_words(matchers), **asked)
    with session.world() as world:
        stored, now = read_stored(world), world.clock.now()
    print_silences(session, [one for one in stored if wanted.passes(one, now)], now, quiet=quiet)


@silence.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_obj
def expire(session: Session, ids: Sequence[str]) -> None:
    """End silences now; what they held back is sent at once."""
    with session.world() as world:
        by, now = session.user(), world.clock.now()
        ended = {
            silence_id: silencing.end(world.database, world.flushes, silence_id, now, by=by, via=Via.CLI)
            for silence_id in ids
        }
    unknown = [silence_id for silence_id, silence in ended.items() if silence is None]
    for silence_id in unknown:
        warn(f"Error: no such silence: {silence_id}")
    if session.json:
        print_json({"expired": [one for one in ids if one not in unknown], "unknown": unknown})
    if unknown:
        raise Exit(1)
