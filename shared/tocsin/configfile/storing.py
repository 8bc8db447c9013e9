"""Putting a configuration in force, and an earlier one in force again."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.configfile.parse import Parsed, read_config
from tocsin.dispatch.config import Config
from tocsin.dispatch.configcodec import to_document
from tocsin.dispatch.controls import store_config
from tocsin.dispatch.versions import Version, read_version
from tocsin.history import Via
from tocsin.index import read_index
from tocsin.ports import Database

FILE = "alertmanager.yml"
"""What a stored configuration is called."""


class OvertakenError(RuntimeError):
    """Somebody else has stored a configuration since the one that was to be replaced was read."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The version in force, and whether it is a new one."""

    number: int
    changed: bool


def store(
    database: Database,
    text: str,
    config: Config,
    *,
    by: str,
    via: Via,
    now: datetime,
    note: str = "",
    seen: int | None = None,
) -> InForce:
    """Put a configuration in force if another one is.

    Raises OvertakenError if somebody was faster, also if what is in force is not the version that was `seen` to be.
    """
    current = read_index(database).config
    if seen not in (None, current):
        raise _overtaken()
    in_force = read_version(database, current)
    if in_force is not None and in_force.says(text, config):
        return InForce(current, changed=False)
    number = store_config(database, to_document(config), text, by=by, via=via, now=now, note=note)
    if number is None:
        raise _overtaken()
    return InForce(number, changed=True)


def read_again(version: Version) -> Parsed:
    """Read a stored version as it would be read today, with the template files that it had; raises DocumentError."""
    return read_config(version.text, FILE, lambda _: version.templates)


def note_of_return(version: Version) -> str:
    """Return what the history says of an earlier version put in force again if nobody gives a reason."""
    return f"rollback to version {version.number}"


def _overtaken() -> OvertakenError:
    return OvertakenError("somebody else has just stored a configuration: look at it, then try again")
