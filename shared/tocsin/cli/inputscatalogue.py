"""The catalogue of inputs from the command line: read, and changed by somebody."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import click

from tocsin.cli.session import Session
from tocsin.collection.catalogue import (
    Catalogue,
    Cataloguer,
    ContendedError,
    ExistsError,
    MissingError,
    read_catalogue,
)
from tocsin.history import Via, What
from tocsin.index import read_index

if TYPE_CHECKING:
    from tocsin.bootstrap import World


def stored(world: "World") -> Catalogue:
    """Return the catalogue in force."""
    return read_catalogue(world.database, read_index(world.database).inputs)


def change(
    session: Session,
    world: "World",
    how: Callable[[Catalogue], Catalogue],
    what: What,
    targets: Collection[str],
) -> Catalogue:
    """Put in force what `how` makes of the catalogue; what is refused is raised as click's one-line error."""
    try:
        return Cataloguer(world.database, world.token).change(
            how, what, targets, by=session.user(), via=Via.CLI, now=world.clock.now()
        )
    except (ExistsError, MissingError) as error:
        raise click.ClickException(f"{error} (nothing is changed)") from error
    except ContendedError as error:
        raise click.ClickException(str(error)) from error
