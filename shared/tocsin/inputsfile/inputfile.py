"""inputs.yml read into inputs and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tocsin.collection.input import Input, Shape
from tocsin.collection.schedule import Schedule
from tocsin.documents import Block, Document, Path
from tocsin.inputs import registry
from tocsin.inputsfile.blocks import CommonBlock, FileBlock, InputBlock
from tocsin.inputsfile.outputs import filters_of, read_outputs
from tocsin.inputsfile.settings import read_settings
from tocsin.shipping.output import Output

_DEFAULTS = ("defaults",)


@dataclass(frozen=True, slots=True)
class InputFile:
    """What a file holds; outputs are None if it does not speak of them."""

    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] | None = None


def input_model(kind: str) -> type[Block]:
    """Return the model of the settings of a kind of input; raises KindError."""
    return registry.kind(kind).settings()


def parse_inputs(text: str, file: str) -> InputFile:
    """Return what an inputs.yml holds; raises DocumentError with all problems of the file."""
    document = Document(text, file)
    whole = document.read((), FileBlock) if document.at(()) is not None else FileBlock()
    tags = whole.tags if whole else {}
    defaults = document.read(_DEFAULTS, CommonBlock) if document.at(_DEFAULTS) is not None else None
    found: dict[str, Input] = {}
    names: set[str] = set()
    for path in document.items(("inputs",)):
        read = _read(document, path, defaults or CommonBlock(), tags)
        if read is None:
            continue
        if read.id in found:
            document.refuse((*path, "id"), f"duplicate input: {read.id} is there already")
        elif read.name in names:
            where = "alias" if read.alias else "id"
            document.refuse((*path, where), f"duplicate input: another one is called {read.name}")
        else:
            found[read.id] = read
            names.add(read.name)
    outputs = read_outputs(document)
    document.check()
    return InputFile(tuple(found.values()), outputs if document.at(("outputs",)) is not None else None)


def _read(document: Document, path: Path, defaults: CommonBlock, tags: Mapping[str, str]) -> Input | None:
    block = document.read(path, InputBlock)
    settings = read_settings(document, path, input_model)
    if block is None:
        return None
    merged = _merged(defaults, block, tags)
    _check_rhythm(document, path, merged)
    if settings is None:
        return None
    return Input(
        id=block.id,
        kind=block.kind,
        settings=settings.stored,
        schedule=_schedule(merged),
        deadline=merged.deadline or settings.deadline,
        overrun=merged.overrun,
        shape=_shape(merged),
        filters=filters_of(merged),
        alias=block.alias,
    )


def _merged(defaults: CommonBlock, own: InputBlock, tags: Mapping[str, str]) -> InputBlock:
    """Return the input with what it leaves to the file; of interval and cron its own one counts."""
    inherited, given = _given(defaults), _given(own)
    for one, other in (("interval", "cron"), ("cron", "interval")):
        if one in given:
            inherited.pop(other, None)
    together = {**tags, **defaults.tags, **own.tags}
    return InputBlock.model_construct(**{**inherited, **given, "tags": together})


def _given(block: Block) -> dict[str, Any]:
    return {name: getattr(block, name) for name in block.model_fields_set}


def _check_rhythm(document: Document, path: Path, merged: InputBlock) -> None:
    if merged.cron:
        return
    if merged.collection_offset >= merged.interval:
        document.refuse((*path, "collection_offset"), "expected less than the interval")
    if merged.collection_jitter > merged.interval:
        document.refuse((*path, "collection_jitter"), "expected no more than the interval")


def _schedule(block: InputBlock) -> Schedule:
    return Schedule(
        interval=block.interval,
        offset=block.collection_offset,
        jitter=block.collection_jitter,
        jitter_by=block.jitter_by,
        cron=block.cron,
        location=block.location,
        active=tuple(window.interval() for window in block.active_time_intervals),
        muted=tuple(window.interval() for window in block.mute_time_intervals),
    )


def _shape(block: InputBlock) -> Shape:
    return Shape(**{part.name: getattr(block, part.name) for part in fields(Shape)})
