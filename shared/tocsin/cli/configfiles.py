"""Configurations as commands name them: a file, a stored version, or the one in force."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from tocsin.cli.files import Checked, check
from tocsin.cli.output import warn
from tocsin.cli.session import Session
from tocsin.configfile.parse import Parsed, read_config
from tocsin.configfile.templates import TemplateFiles, beside
from tocsin.dispatch.config import Config
from tocsin.dispatch.versions import Version, read_version
from tocsin.index import read_index

if TYPE_CHECKING:
    from tocsin.bootstrap import World


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration and the text that says it."""

    text: str = field(repr=False)
    config: Config


ConfigFile = Checked[Written]


def config_file_option(command: click.decorators.FC) -> click.decorators.FC:
    """Let a command look at a file instead of what is stored (amtool's option)."""
    text = "The configuration of a file instead of the one in force."
    return click.option("--config.file", "config_file", metavar="FILE", help=text)(command)


def check_config(name: str) -> ConfigFile:
    """Return a configuration file, `-` being standard input, or why it is refused."""
    return check(name, lambda text, file: read(text, file, beside(file)))


def read(text: str, file: str, templates: TemplateFiles) -> Written:
    """Return a configuration with its template files, what is odd in it said on stderr; raises DocumentError."""
    parsed = read_config(text, file, templates)
    warn_of_oddities(parsed)
    return Written(text, parsed.config)


def warn_of_oddities(parsed: Parsed) -> None:
    """Say on stderr what is odd in a configuration and no mistake."""
    for oddity in parsed.warnings:
        warn(f"warning: {oddity}")


def warn_refused(file: ConfigFile) -> None:
    """Say on stderr why a file is refused (amtool's words)."""
    warn(f"Checking '{file.title}'  FAILED:")
    for problem in file.problems:
        warn(str(problem))


def written(name: str) -> Written:
    """Return a configuration file; the command ends here if it is refused."""
    file = check_config(name)
    if file.content is None:
        warn_refused(file)
        raise Exit(1)
    return file.content


def stored(world: "World", number: int | None = None) -> Version:
    """Return a stored version, the one in force if none is named; raises click's one-line error."""
    number = number or read_index(world.database).config
    if not number:
        raise click.ClickException("no configuration is stored")
    version = read_version(world.database, number)
    if version is None:
        raise click.ClickException(f"no version {number} of the configuration is stored")
    return version


def chosen(session: Session, file: str | None) -> Config:
    """Return the configuration of a file, or else the one in force."""
    if file is not None:
        return written(file).config
    with session.world() as world:
        return stored(world).config()
