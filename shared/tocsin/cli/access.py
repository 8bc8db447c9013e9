"""tocsin access: users with passwords, and what IAM's identities may do."""

import click

from tocsin.cli.command import Group
from tocsin.cli.files import read
from tocsin.cli.output import print_json, print_table, warn
from tocsin.cli.session import Session
from tocsin.documents import DocumentError
from tocsin.identity import issuing
from tocsin.identity.accessfile import parse_access
from tocsin.identity.book import Declared, read_known
from tocsin.identity.issuing import AccessError
from tocsin.index import read_index

_HEADERS = ("WHO", "HOW", "SCOPES")


@click.group(cls=Group)
def access() -> None:
    """Check, apply and look at users and what IAM's identities may do.

    \b
    Examples:
      tocsin access check web.yml
      tocsin access apply web.yml
      tocsin access show
    """


@access.command()
@click.argument("file")
@click.pass_obj
def check(session: Session, file: str) -> None:
    """Check an access file: a web configuration of Prometheus, perhaps with `scopes` and `grants` (`-`: stdin)."""
    found = _declared(file)
    if session.json:
        print_json({"users": len(found.users), "grants": len(found.grants)})
    else:
        click.echo(f"{file}: {len(found.users)} users, {len(found.grants)} grants")


@access.command("apply")
@click.argument("file")
@click.pass_obj
def apply_file(session: Session, file: str) -> None:
    """Put an access file in force, whole: from the next request on (`-`: stdin)."""
    found = _declared(file)
    with session.world() as world:
        try:
            changed = issuing.put_in_force(world.database, found, by=session.user(), now=world.clock.now())
        except AccessError as error:
            raise click.ClickException(str(error)) from error
    if session.json:
        print_json({"changed": changed})
    else:
        counts = f"{len(found.users)} users, {len(found.grants)} grants"
        click.echo(f"{'Stored' if changed else 'Unchanged'}: {counts}.")


@access.command()
@click.pass_obj
def show(session: Session) -> None:
    """Show who may do what; hashes of passwords are not shown."""
    with session.world() as world:
        declared = read_known(world.database, read_index(world.database)).declared
    users = {user.name: sorted(user.scopes) for user in declared.users}
    grants = {grant.pattern: sorted(grant.scopes) for grant in declared.grants}
    if session.json:
        print_json({"users": users, "grants": grants})
        return
    rows = [(name, "password", ", ".join(scopes)) for name, scopes in users.items()]
    rows += [(pattern, "iam", ", ".join(scopes)) for pattern, scopes in grants.items()]
    print_table(_HEADERS, rows)


def _declared(file: str) -> Declared:
    try:
        declared, warnings = parse_access(read(file), file)
    except DocumentError as error:
        raise click.ClickException(str(error)) from error
    for warning in warnings:
        warn(f"warning: {warning}")
    return declared
