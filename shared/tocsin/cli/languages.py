"""The languages of the sources that rules name: as a sources.yml or a stack defines them."""

import click

from tocsin.cli.files import read
from tocsin.cli.session import Session
from tocsin.documents import DocumentError
from tocsin.expressions.languages import Languages
from tocsin.sources.languages import of_definitions, of_stack
from tocsin.sources.sourcefile import parse_sources


def of_file(name: str) -> Languages:
    """Return the languages of the sources of a sources.yml; ClickException if it is refused."""
    try:
        definitions = parse_sources(read(name), name)
    except DocumentError as error:
        raise click.ClickException(str(error)) from error
    return of_definitions({definition.name: definition for definition in definitions})


def wanted(session: Session, sources: str | None) -> Languages:
    """Return the languages of a sources.yml if one is named, else of the stack if there is one."""
    if sources:
        return of_file(sources)
    if not session.target.stack:
        return of_definitions({})
    with session.world() as world:
        return of_stack(world.database)
