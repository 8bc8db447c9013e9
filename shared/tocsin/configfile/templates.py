"""The template files that alertmanager.yml names: found, read, and checked with the configuration."""

import pathlib
import re
from collections.abc import Callable, Mapping
from glob import glob

from tocsin.configfile.fields import texts
from tocsin.configfile.receivers import blocks
from tocsin.dispatch.config import Config, Integration
from tocsin.documents import Document, Path
from tocsin.messages.library import compiled, library
from tocsin.messages.writer import Writer
from tocsin.templates.source import TemplateError

_PATTERN = re.compile(r"(?:[^\\\[]|\\.|\[\^?(?:[^\\\]]|\\.)+\])*", re.DOTALL)
"""What Go's `filepath.Match` takes: every bracket is closed, and something stands behind every backslash."""

TemplateFiles = Callable[[str], Mapping[str, str]]
"""Returns the files that a glob matches, their texts by name; raises ValueError for what cannot be read."""


def no_files(pattern: str) -> Mapping[str, str]:  # noqa: ARG001
    """Refuse: whoever reads a configuration that has come without its files cannot follow `templates`."""
    raise ValueError("template files cannot be read from here")


def beside(file: str) -> TemplateFiles:
    """Return the way to template files whose globs are relative to where the configuration file is.

    Names are paths as the glob writes them. As in Alertmanager a glob that matches nothing is no mistake.
    """
    directory = pathlib.Path(file).parent

    def read(pattern: str) -> Mapping[str, str]:
        if not _PATTERN.fullmatch(pattern):
            raise ValueError("syntax error in pattern")
        names = sorted(glob(pattern, root_dir=directory, include_hidden=True))
        return {name: _text(directory / name) for name in names}

    return read


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} cannot be read: not UTF-8") from None


def read_templates(document: Document, files: TemplateFiles) -> dict[str, str]:
    """Return the texts of all files by name, in the order in which a later definition replaces an earlier one.

    If a problem has been noted, they must not be used; a file's own mistake is noted with its line and column.
    """
    found: dict[str, str] = {}
    places: dict[str, Path] = {}
    for path in document.items(("templates",)):
        pattern = document.at(path)
        if not isinstance(pattern, str) or not pattern:
            continue
        try:
            matched = files(pattern)
        except ValueError as error:
            document.refuse(path, str(error))
            continue
        found = {name: text for name, text in found.items() if name not in matched} | dict(matched)
        places |= dict.fromkeys(matched, path)
    _check(document, found, places)
    return found


def _check(document: Document, files: Mapping[str, str], places: Mapping[str, Path]) -> None:
    refused = document.refused
    for name, text in files.items():
        try:
            compiled(text, name, {}, html=False)
        except TemplateError as error:
            document.refuse(places[name], str(error))
    if document.refused > refused:
        return
    defined = library(files, html=False) if files else {}
    for name, text in files.items():
        for unknown in compiled(text, name, defined, html=False).undefined():
            document.warn(places[name], str(unknown))


def warn_of_unknown(document: Document, config: Config) -> None:
    """Note templates that are invoked and defined nowhere: their notifications will be plain ones."""
    writer = Writer(config.templates)
    for number, receiver in enumerate(config.receivers.values()):
        for one in receiver.integrations:
            for text in _shown_texts(one):
                for unknown in _undefined(writer, text):
                    document.warn(("receivers", number, f"{one.kind}_configs", one.index), str(unknown))


def _undefined(writer: Writer, text: str) -> list[TemplateError]:
    try:
        return writer.template(text, html=False).undefined()
    except TemplateError:  # a text that is no template, and need not be one
        return []


def _shown_texts(integration: Integration) -> list[str]:
    """Return the templates among an integration's settings, but for those that are secret."""
    fields = blocks()[integration.kind].model_fields
    shown = [value for name, value in integration.settings.items() if name in fields and fields[name].repr]
    return [text for text in texts(shown) if "{{" in text]
