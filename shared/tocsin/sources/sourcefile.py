"""sources.yml: the sources that rules may ask, read into definitions."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from tocsin.documents import Block, Document, Duration, Path
from tocsin.ports import HOLD
from tocsin.sources import registry
from tocsin.sources.definition import BUILT_IN, Definition, OnError
from tocsin.sources.registry import KindError
from tocsin.sources.settings_blocks import positive

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("expected up to 64 letters, digits and any of . _ -")
    return text


class _File(Block):
    sources: tuple[Any, ...] = ()


class _Source(Block):
    name: Annotated[str, AfterValidator(_name)]
    kind: str
    settings: Any = None
    on_error: OnError = OnError.HOLD
    hold_for: Annotated[Duration, AfterValidator(positive)] = HOLD
    timeout: Annotated[Duration, AfterValidator(positive)] | None = None
    max_concurrency: Annotated[int, Field(ge=1, le=256)] | None = None
    retries: Annotated[int, Field(ge=0, le=10)] | None = None
    write_to: str = ""


def parse_sources(text: str, file: str) -> Sequence[Definition]:
    """Return the definitions of a sources.yml; raises DocumentError with all problems of the file."""
    document = Document(text, file)
    if document.at(()) is not None:
        document.read((), _File)
    found: dict[str, Definition] = {}
    for path in document.items(("sources",)):
        definition = _read(document, path)
        if definition is not None and definition.name in found:
            document.refuse((*path, "name"), f"duplicate source: {definition.name} is there already")
        elif definition is not None:
            found[definition.name] = definition
    _refuse_unwritable(document, found)
    document.check()
    return list(found.values())


def _refuse_unwritable(document: Document, found: Mapping[str, Definition]) -> None:
    for path in document.items(("sources",)):
        place = (*path, "write_to")
        name = document.at(place)
        if not isinstance(name, str) or not name:
            continue
        if name == BUILT_IN and name not in found:  # where that writes is the template's affair
            continue
        if name not in found:
            document.refuse(place, f"no source is named {name} in this file")
        elif not found[name].settings.get("write"):
            document.refuse(place, f"the settings of source {name} have no write")


def _read(document: Document, path: Path) -> Definition | None:
    source = document.read(path, _Source)
    settings = _settings(document, path)
    if source is None or settings is None:
        return None
    given = {name: getattr(source, name) for name in _Source.model_fields if name != "settings"}
    return Definition(settings=settings, **given)


def _settings(document: Document, path: Path) -> Mapping[str, Any] | None:
    """Return the settings as the source's kind takes and normalises them."""
    name, place = document.at((*path, "kind")), (*path, "settings")
    if not isinstance(name, str):
        return None
    try:
        block = registry.kind(name).settings()
    except KindError as error:
        document.refuse((*path, "kind"), str(error))
        return None
    read = (
        document.read(place, block) if document.at(place) is not None else _defaults(document, place, block)
    )
    return None if read is None else read.model_dump(mode="json", by_alias=True)


def _defaults(document: Document, place: Path, block: type[Block]) -> Block | None:
    try:
        return block()
    except ValidationError as error:
        missing = ", ".join(str(details["loc"][0]) for details in error.errors() if details["loc"])
        document.refuse(place, f"required, but missing: this kind needs {missing}")
        return None
