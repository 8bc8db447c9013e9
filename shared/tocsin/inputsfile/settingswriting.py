"""Stored settings written as their kind's users write them: `read_settings` reads what is stored from it.

A model dumps its settings under serialization aliases, with durations as seconds; this is the way back, by the types
of the model's own fields.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from tocsin.documents import Block
from tocsin.durations import format_duration


def as_written(stored: Mapping[str, Any], block: type[Block]) -> dict[str, Any]:
    """Return what a user would write for `stored`, what is left to the model's defaults left out."""
    unsaid = block.model_construct().model_dump(mode="json", by_alias=True, warnings=False)
    return {
        each.alias or name: _value(stored[key], each.annotation)
        for name, each in block.model_fields.items()
        if (key := each.serialization_alias or name) in stored and stored[key] != unsaid.get(key, ...)
    }


def _value(value: Any, annotation: Any) -> Any:
    kinds = list(alternatives(annotation))
    if isinstance(value, Mapping):
        return _mapping(value, kinds)
    if isinstance(value, list):
        inner = next((get_args(kind)[0] for kind in kinds if _origin_is(kind, Sequence)), Any)
        return [_value(item, inner) for item in value]
    if timedelta in kinds and isinstance(value, int | float) and not isinstance(value, bool):
        return format_duration(timedelta(seconds=value))
    return value


def _mapping(value: Mapping[str, Any], kinds: Sequence[Any]) -> dict[str, Any]:
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Block) and value.keys() <= _stored_keys(kind):
            return as_written(value, kind)
    inner = next((get_args(kind)[1] for kind in kinds if _origin_is(kind, Mapping)), Any)
    return {key: _value(item, inner) for key, item in value.items()}


def _stored_keys(block: type[Block]) -> set[str]:
    return {each.serialization_alias or name for name, each in block.model_fields.items()}


def _origin_is(kind: Any, base: type) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, base) and len(get_args(kind)) > 0


def alternatives(annotation: Any) -> Iterator[Any]:
    """Yield the types that a value may have: of `Annotated[str, …] | None`, str and None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for part in get_args(annotation):
            yield from alternatives(part)
    else:
        yield annotation
