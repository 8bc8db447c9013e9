"""tocsin token: who may ask the API with a token, and what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from tocsin.cli.arguments import to_duration
from tocsin.cli.command import Group
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table, warn
from tocsin.cli.session import Session
from tocsin.identity import issuing
from tocsin.identity.book import read_known
from tocsin.identity.issuing import AccessError
from tocsin.identity.scope import Scope
from tocsin.identity.tokens import Token
from tocsin.index import read_index

_HEADERS = ("ID", "NAME", "SCOPES", "CREATED BY", "CREATED AT", "EXPIRES AT")


@click.group(cls=Group)
def token() -> None:
    """Create, list and revoke tokens for the API (stacks with ApiAccess=tokens).

    \b
    Examples:
      tocsin token create prometheus --scope alerts:write
      tocsin token create grafana --scope read --scope silences:write --expires 90d
      tocsin token revoke prometheus
    """


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do; may be repeated.",
)
@click.option("--expires", type=to_duration, metavar="90d", help="After how long; never, if left out.")
@click.pass_obj
def create(session: Session, name: str, scopes: Sequence[str], expires: timedelta | None) -> None:
    """Print a new token. It is shown this once: what is stored is a hash."""
    with session.world() as world:
        now = world.clock.now()
        try:
            made, text = issuing.issue(
                world.database,
                name,
                [Scope(scope) for scope in scopes],
                expires_at=None if expires is None else now + expires,
                by=session.user(),
                now=now,
            )
        except AccessError as error:
            raise click.ClickException(str(error)) from error
    if session.json:
        print_json({**_to_json(made, now), "token": text})
    else:
        click.echo(text)
        warn(f"{made.name} ({made.id}): keep it now, it cannot be shown again")


@token.command("list")
@click.pass_obj
def list_tokens(session: Session) -> None:
    """List tokens, those that have expired included; the tokens themselves nobody can show."""
    with session.world() as world:
        known, now = read_known(world.database, read_index(world.database)), world.clock.now()
    tokens = sorted(known.tokens.values(), key=lambda one: one.name)
    if session.json:
        print_json([_to_json(one, now) for one in tokens])
    else:
        print_table(_HEADERS, (_row(one, now) for one in tokens))


@token.command()
@click.argument("tokens", nargs=-1, required=True, metavar="ID|NAME...")
@click.pass_obj
def revoke(session: Session, tokens: Sequence[str]) -> None:
    """Revoke tokens by their ids or names: from the next request on they are refused."""
    with session.world() as world:
        try:
            gone = [
                issuing.revoke(world.database, one, by=session.user(), now=world.clock.now())
                for one in tokens
            ]
        except AccessError as error:
            raise click.ClickException(str(error)) from error
    if session.json:
        print_json({"revoked": [one.id for one in gone]})


def _row(one: Token, now: datetime) -> Sequence[str]:
    expires = "never" if one.expires_at is None else moment(one.expires_at)
    ends = f"{expires} (expired)" if one.has_expired(now) else expires
    return one.id, one.name, ", ".join(sorted(one.scopes)), one.created_by, moment(one.created_at), ends


def _to_json(one: Token, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "createdBy": one.created_by,
        "createdAt": maybe_rfc3339(one.created_at),
        "expiresAt": maybe_rfc3339(one.expires_at),
        "expired": one.has_expired(now),
    }
