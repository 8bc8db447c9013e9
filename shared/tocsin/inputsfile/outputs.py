"""The outputs of an inputs.yml."""

from dataclasses import fields

from tocsin.documents import Block, Document, Path
from tocsin.inputsfile.blocks import FilterBlock, OutputBlock
from tocsin.inputsfile.settings import read_settings
from tocsin.outputs import registry
from tocsin.samples.filters import Filters
from tocsin.shipping.output import Output


def output_model(kind: str) -> type[Block]:
    """Return the model of the settings of a kind of output; raises KindError."""
    return registry.kind(kind).settings()


def read_outputs(document: Document) -> tuple[Output, ...]:
    """Return the outputs of a file; what is wrong with them is noted."""
    found: dict[str, Output] = {}
    for path in document.items(("outputs",)):
        output = _read(document, path)
        if output is not None and output.name in found:
            document.refuse((*path, "name"), f"duplicate output: {output.name} is there already")
        elif output is not None:
            found[output.name] = output
    return tuple(found.values())


def _read(document: Document, path: Path) -> Output | None:
    block = document.read(path, OutputBlock)
    settings = read_settings(document, path, output_model)
    if block is None or settings is None:
        return None
    return Output(
        name=block.name or block.kind,
        kind=block.kind,
        settings=settings.stored,
        filters=filters_of(block),
        batch_size=block.metric_batch_size,
        buffer_limit=block.metric_buffer_limit,
        timeout=block.timeout,
        name_prefix=block.name_prefix,
        name_suffix=block.name_suffix,
    )


def filters_of(block: FilterBlock) -> Filters:
    """Return the filters that a block holds."""
    return Filters(**{part.name: getattr(block, part.name) for part in fields(Filters)})
