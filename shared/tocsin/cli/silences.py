"""tocsin silence import, export and update: several silences at once, as amtool's JSON or by their ids."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click
from click.exceptions import Exit

from tocsin.cli.arguments import parse_words, to_duration, to_time
from tocsin.cli.command import Command
from tocsin.cli.files import STDIN, read
from tocsin.cli.output import print_json, warn
from tocsin.cli.session import Session
from tocsin.cli.silencefile import SilenceFileError, read_silences
from tocsin.cli.silenceviews import print_silences, to_json
from tocsin.dispatch import silencing
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.silence import Silence, SilenceError, SilenceState, has_matchers
from tocsin.dispatch.silencestore import read_silence
from tocsin.dispatch.silencing import UnknownSilenceError
from tocsin.documents import DocumentError
from tocsin.history import Via
from tocsin.index import read_index

if TYPE_CHECKING:
    from tocsin.bootstrap import World


def read_stored(world: "World") -> Sequence[Silence]:
    """Return every silence that is stored, those that end first at the top."""
    stored = Controls(world.database).silences(read_index(world.database))
    return sorted(stored, key=lambda one: (one.ends_at, one.id))


@click.command("export", cls=Command)
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.pass_obj
def export_silences(session: Session, matchers: Sequence[str]) -> None:
    """Print silences that have not expired as JSON for `import`, and for amtool's.

    With MATCHERs only those that have each of them.
    """
    wanted = parse_words(matchers)
    with session.world() as world:
        now = world.clock.now()
        found = [one for one in read_stored(world) if has_matchers(one, wanted)]
    print_json([to_json(one, now) for one in found if one.state(now) is not SilenceState.EXPIRED])


@click.command("import", cls=Command)
@click.argument("file", default=STDIN, metavar="[FILE]")
@click.option("-f", "--force", is_flag=True, help="Add each as a new silence, whether it is there or not.")
@click.option(
    "-w",
    "--worker",
    type=click.IntRange(1),
    default=8,
    metavar="N",
    help="Taken as amtool's is, and not needed: silences are written one by one.",
)
@click.pass_obj
def import_silences(session: Session, file: str, force: bool, worker: int) -> None:  # noqa: ARG001
    """Store the silences of a JSON file that `query -o json` or amtool wrote, and print their ids.

    One that is stored is edited. One that is not keeps its id, so a file can be imported twice.
    """
    try:
        wanted = read_silences(read(file))
    except (DocumentError, SilenceFileError) as error:
        raise click.ClickException(str(error)) from error
    imported: list[str] = []
    with session.world() as world:
        for one in wanted:
            try:
                imported.append(_import(session, world, one, force=force).id)
            except (SilenceError, UnknownSilenceError) as error:
                warn(f"Error adding silence id='{one.id}': {error}")
                continue
            if not session.json:
                click.echo(imported[-1])
    if session.json:
        print_json({"imported": imported, "failed": len(wanted) - len(imported)})
    if len(imported) < len(wanted):
        raise click.ClickException(
            f"couldn't import {len(wanted) - len(imported)} out of {len(wanted)} silences"
        )


def _import(session: Session, world: "World", wanted: Silence, *, force: bool) -> Silence:
    """Store a silence and return it; raises SilenceError."""
    stored = None if force or not wanted.id else read_silence(world.database, wanted.id)
    now = world.clock.now()
    if stored is not None:
        begun = stored.starts_at <= now and wanted.starts_at <= now  # what is past is not edited
        starts_at = stored.starts_at if begun else wanted.starts_at
        return put(session, world, replace(wanted, starts_at=starts_at), now, fresh_id=str(uuid4()))
    own_id = "" if force else wanted.id
    return put(session, world, replace(wanted, id=""), now, fresh_id=own_id or str(uuid4()))


def put(session: Session, world: "World", wanted: Silence, now: datetime, *, fresh_id: str) -> Silence:
    """Set a silence and return it as it is stored; raises SilenceError and UnknownSilenceError."""
    by = session.user()
    done = silencing.put(world.database, world.flushes, wanted, now, fresh_id=fresh_id, by=by, via=Via.CLI)
    return done.silence


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be changed of a silence; None is left as it is."""

    duration: timedelta | None
    start: datetime | None
    end: datetime | None
    comment: str | None

    def check(self) -> None:
        """Raise click's error for what cannot be wished."""
        if self.duration is not None and not self.duration:
            raise click.ClickException("silence duration must be greater than 0")
        if not any((self.duration, self.start, self.end, self.comment)):
            raise click.UsageError("nothing to change: give --duration, --start, --end or --comment")

    def of(self, silence: Silence) -> Silence:
        """Return the silence as it is wished."""
        starts_at = self.start or silence.starts_at
        ends_at = self.end or (starts_at + self.duration if self.duration else silence.ends_at)
        return replace(silence, starts_at=starts_at, ends_at=ends_at, comment=self.comment or silence.comment)


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("-d", "--duration", type=to_duration, metavar="1h30m", help="How long, counted from its start.")
@click.option("--start", type=to_time, metavar="TIME", help="From when on (RFC 3339).")
@click.option("--end", type=to_time, metavar="TIME", help="Until when (RFC 3339), instead of a duration.")
@click.option("-c", "--comment", metavar="TEXT", help="Why.")
@click.option("-q", "--quiet", is_flag=True, help="Print ids only.")
@click.pass_obj
def update(session: Session, /, ids: Sequence[str], quiet: bool, **options: Any) -> None:
    """Change silences and print them.

    One that has expired, or is to start at another time than it did, cannot be changed: it ends, and another takes
    its place, with an id of its own.
    """
    wish = _Wish(**options)
    wish.check()
    with session.world() as world:
        stored = {one.id: one for one in read_stored(world)}
        updated = [_update(session, world, wish.of(stored[known])) for known in ids if known in stored]
        now = world.clock.now()
    print_silences(session, updated, now, quiet=quiet)
    unknown = [silence_id for silence_id in ids if silence_id not in stored]
    for silence_id in unknown:
        warn(f"Error: no such silence: {silence_id}")
    if unknown:
        raise Exit(1)


def _update(session: Session, world: "World", wanted: Silence) -> Silence:
    """Store an edited silence and return it; raises click's one-line error if it is refused."""
    now = world.clock.now()
    try:
        return put(session, world, wanted, now, fresh_id=str(uuid4()))
    except (SilenceError, UnknownSilenceError) as error:
        raise click.ClickException(f"{wanted.id}: {error}") from error
