"""The definitions that a notification's templates invoke: Alertmanager's, and those of the user's files."""

from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.templates.control import Compiled
    from tocsin.templates.engine import Template


def library(files: Mapping[str, str], *, html: bool) -> "Mapping[str, Compiled]":
    """Return the default templates and what the files define, a later one before an earlier one.

    What stands in a file outside of definitions goes by the file's name, as Go's `ParseGlob` has it. Raises
    TemplateError for the first file that is no template.
    """
    found = defaults(html=html)
    for name, text in files.items():
        file = compiled(text, name, found, html=html)
        found = {**file.definitions, PurePosixPath(name).name: file.main}
    return found


@cache
def defaults(*, html: bool) -> "Mapping[str, Compiled]":
    """Return the default templates, made once in a process."""
    from tocsin.messages.defaults import DEFAULTS

    return compiled(DEFAULTS, "default.tmpl", {}, html=html).definitions


def compiled(text: str, name: str, found: "Mapping[str, Compiled]", *, html: bool) -> "Template":
    """Return the template that a text is, which may invoke and replace what was found; raises TemplateError."""
    # Here, for most times that a function runs it puts nothing into words: it need not pay for the engine.
    from tocsin.messages.functions import FUNCTIONS
    from tocsin.templates.engine import compile_template

    return compile_template(text, name, FUNCTIONS, library=found, html=html)
