"""The OpenAPI document: all operations, made of the very values that requests are routed and checked by.

`python -m tocsin.api.openapi > docs/openapi.json` writes it anew. A deployed function builds it when somebody asks.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from tocsin.api.openapi_answers import REFUSALS, content, refusals_of
from tocsin.api.openapi_schemas import BODY, QUERY, Schemas, schemas_of
from tocsin.api.operation import Body, Operation
from tocsin.api.operations import OPERATIONS
from tocsin.identity.scope import Scope

Document = dict[str, Any]

_VERSION = "1"
"""Of what is described; it has nothing to do with Tocsin's own."""
_ABOUT = """\
What Alertmanager (API v2), Prometheus and Mimir speak, and InfluxDB for who writes, under the paths that their \
clients know, and Tocsin's own API for what none of them has words for.

- An operation is described under its first path; `x-also-at` names the others that lead to it.
- `x-scope` is what whoever asks needs; `admin` may do everything. `tocsin local` asks nobody who they are.
- GET answers HEAD too. A path that is not there is answered by 404, a method that it does not take by 405, both in \
the form of the path's family.
- Answers of 1 KiB and more are compressed for who accepts gzip.
"""
_SCHEMES: Document = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token (`tocsin token create`); `Token` instead of `Bearer` is the same.",
    },
    "basic": {"type": "http", "scheme": "basic", "description": "A user and a password."},
    "sigv4": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4, service `lambda`.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
}
_SCOPES: dict[Scope, str] = {
    Scope.READ: "read",
    Scope.ALERTS_WRITE: "post alerts",
    Scope.SAMPLES_WRITE: "post samples",
    Scope.SILENCES_WRITE: "make and end silences",
    Scope.RULES_WRITE: "change rules and pause them",
    Scope.ADMIN: "do everything, the configuration included",
}
_PATH_FORMATS = {"silenceID": {"format": "uuid"}}
_PARAMETER = re.compile(r"{(\w+)}")


class TwiceError(ValueError):
    """Two operations are to be found at the same place; the text names it."""


def document(operations: Iterable[Operation] = OPERATIONS) -> Document:
    """Return the document of operations."""
    operations = tuple(operations)
    schemas = schemas_of(operations)
    paths: dict[str, Document] = {}
    for operation in operations:
        there = paths.setdefault(operation.paths[0], {})
        if operation.method.lower() in there:
            raise TwiceError(f"{operation.method} {operation.paths[0]} is there twice")
        there[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tocsin",
            "version": _VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": dict(sorted(_refusals(operations, schemas).items())),
            "securitySchemes": _SCHEMES,
        },
        "x-scopes": {scope.value: f"May {what}." for scope, what in _SCOPES.items()},
    }


@cache
def text() -> str:
    """Return the document as the repository and the API have it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _operation(operation: Operation, schemas: Schemas) -> Document:
    described: Document = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [{name: []} for name in _SCHEMES] if operation.scope else [],
    }
    if operation.scope:
        described["description"] = f"Needs the scope `{operation.scope.value}`."
        described["x-scope"] = operation.scope.value
    if operation.paths[1:]:
        described["x-also-at"] = list(operation.paths[1:])
    if parameters := [*_path_parameters(operation), *_query_parameters(schemas.of[operation.id, QUERY])]:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = _request_body(operation.body, schemas.of[operation.id, BODY])
    described["responses"] = _answers(operation, schemas)
    return described


def _path_parameters(operation: Operation) -> list[Document]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, **_PATH_FORMATS.get(name, {})},
        }
        for name in _PARAMETER.findall(operation.paths[0])
    ]


def _query_parameters(model: Document) -> list[Document]:
    required = model.get("required", ())
    return [
        _query_parameter(name, schema, required=name in required)
        for name, schema in model.get("properties", {}).items()
    ]


def _query_parameter(name: str, schema: Mapping[str, Any], *, required: bool) -> Document:
    described: Document = {"name": name, "in": "query"}
    if "description" in schema:
        described["description"] = schema["description"]
    if required:
        described["required"] = True
    kept = {key: value for key, value in schema.items() if key != "description"}
    if kept.get("default", "") is None:  # what is not there: a query cannot say null
        del kept["default"]
    options = [option for option in kept.pop("anyOf", ()) if option != {"type": "null"}]
    described["schema"] = {
        **(options[0] if len(options) == 1 else {"anyOf": options} if options else {}),
        **kept,
    }
    return described


def _request_body(body: Body, schema: Document) -> Document:
    first, *others = body.media_types
    described: Document = {"required": not body.optional, "content": {first: {"schema": schema}}}
    if others:
        also = "whatever it is said to be" if "*/*" in others else f"as {', '.join(others)}"
        described["description"] = f"Taken {also}, too."
    return described


def _answers(operation: Operation, schemas: Schemas) -> Document:
    answers: dict[int, Document] = {
        status: {"$ref": f"#/components/responses/{_name(operation, status)}"}
        for status in refusals_of(operation)
    }
    for status, answer in operation.answers.items():
        answers[status] = {"description": answer.description, **_content(operation, status, schemas)}
    return {str(status): described for status, described in sorted(answers.items())}


def _refusals(operations: Iterable[Operation], schemas: Schemas) -> dict[str, Document]:
    """Return what the operations of each family may refuse requests with, by its name."""
    return {
        _name(operation, status): _refusal(operation, status, schemas)
        for operation in operations
        for status in refusals_of(operation)
        if status not in operation.answers
    }


def _refusal(operation: Operation, status: int, schemas: Schemas) -> Document:
    refusal = REFUSALS[status]
    described = {"description": refusal.description, **_content(operation, status, schemas)}
    if refusal.header:
        described["headers"] = {refusal.header: {"schema": {"type": "string"}}}
    return described


def _content(operation: Operation, status: int, schemas: Schemas) -> Document:
    said = content(operation, status)
    return {"content": {said[0]: {"schema": schemas.of[operation.id, str(status)]}}} if said else {}


def _name(operation: Operation, status: int) -> str:
    return f"{operation.form.__name__}-{status}"


if __name__ == "__main__":
    print(text(), end="")
