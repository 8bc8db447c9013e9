"""The JSON schemas of what operations take and answer, as pydantic derives them from the types they are read by."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from tocsin.api.openapi_answers import content, refusals_of
from tocsin.api.operation import Operation

Schema = dict[str, Any]
Key = tuple[str, str]
"""An operation's id, and what of it: its query, its body, or the answer of a status."""
QUERY, BODY = "query", "body"
Mode = Literal["validation", "serialization"]
_REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas by their place, and those by name that they refer to."""

    of: Mapping[Key, Schema]
    components: Mapping[str, Schema]


class _Generate(GenerateJsonSchema):
    """Titles that only repeat a field's name are left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def schemas_of(operations: Iterable[Operation]) -> Schemas:
    """Return the schemas of all that operations take and answer."""
    types = {(key, mode): type_ for operation in operations for key, mode, type_ in _types(operation)}
    described, document = TypeAdapter.json_schemas(
        [(key, mode, TypeAdapter(type_)) for (key, mode), type_ in types.items()],
        ref_template=_REFERENCE,
        schema_generator=_Generate,
    )
    of, components = {key: schema for (key, _), schema in described.items()}, document.get("$defs", {})
    # The model of a query stands for its parameters and for nothing that could be referred to.
    named = {key: schema["$ref"].rpartition("/")[2] for key, schema in of.items() if key[1] == QUERY}
    queries = {key: components[name] for key, name in named.items()}
    kept = {name: schema for name, schema in components.items() if name not in named.values()}
    return Schemas({**of, **queries}, kept)


def _types(operation: Operation) -> Iterator[tuple[Key, Mode, Any]]:
    yield (operation.id, QUERY), "validation", operation.query
    if operation.body is not None:
        yield (
            (operation.id, BODY),
            "validation",
            Any if operation.body.schema is None else operation.body.schema,
        )
    for status in {*operation.answers, *refusals_of(operation)}:
        if (said := content(operation, status)) is not None:
            yield (operation.id, str(status)), "serialization", said[1]
