"""The OpenAPI document: valid, whole, the same as in docs/, and of no cost to who does not ask for it."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from tests.unit.asking_api import Api
from tocsin.api.openapi import TwiceError, document, text
from tocsin.api.operation import Answer, Body, Call, Operation
from tocsin.api.operations import OPERATIONS
from tocsin.api.problems import alertmanager, mimir, prometheus, tocsin
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.identity.scope import Scope
from tocsin.settings import Access, Settings
from tocsin.settings import Api as ApiSettings

DOCS = Path(__file__).parents[2] / "docs" / "openapi.json"


class Color(TypedDict):
    """What a thing looks like."""

    name: str


class Asked(BaseModel):
    """A query."""

    filter: list[str] = Field(default=[], description="Matchers.")
    limit: int | None = Field(default=None, ge=1)
    name: str = Field(alias="as")


def _nothing(_services: Services, _call: Call) -> Response:
    return Response(200)


def operation(**more: Any) -> Operation:
    """Return an operation, some of it other than usual."""
    usual: dict[str, Any] = {
        "id": "paint",
        "method": "POST",
        "paths": ("/things/{thing}",),
        "scope": Scope.RULES_WRITE,
        "handle": _nothing,
        "form": tocsin,
        "summary": "Paint a thing",
        "tag": "things",
        "answers": {200: Answer("Painted.", Color)},
    }
    return Operation(**{**usual, **more})


def described(**more: Any) -> Any:
    """Return how such an operation is described."""
    return document([operation(**more)])["paths"]["/things/{thing}"]["post"]


def test_the_document_is_valid() -> None:
    validate(document())


def test_docs_say_what_the_code_does() -> None:
    """If this fails: python -m tocsin.api.openapi > docs/openapi.json."""
    assert DOCS.read_text("utf-8") == text()


@pytest.mark.parametrize(
    "operation",
    [operation for operation in OPERATIONS if operation.paths[0].startswith("/tocsin/")],
    ids=lambda operation: operation.id,
)
def test_the_page_about_the_api_names_our_own_operations(operation: Operation) -> None:
    assert f"`{operation.method} {operation.paths[0]}`" in DOCS.with_name("api.md").read_text("utf-8")


def test_each_operation_is_described_once() -> None:
    found = {
        (path, method.upper(), described["operationId"])
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
    }
    assert found == {(operation.paths[0], operation.method, operation.id) for operation in OPERATIONS}
    assert [
        id_ for id_, count in Counter(operation.id for operation in OPERATIONS).items() if count > 1
    ] == []


def test_two_operations_at_one_place_are_refused() -> None:
    with pytest.raises(TwiceError, match=r"POST /things/\{thing\} is there twice"):
        document([operation(), operation(id="again")])


def test_what_it_needs_and_where_else_it_is_is_said() -> None:
    found = described(paths=("/things/{thing}", "/other/{thing}"))
    assert found["x-scope"] == "rules:write"
    assert found["security"] == [{"bearer": []}, {"basic": []}, {"sigv4": []}]
    assert found["x-also-at"] == ["/other/{thing}"]
    assert described(scope=None)["security"] == []
    assert "x-scope" not in described(scope=None)


def test_parameters_are_those_of_path_and_query() -> None:
    thing, filter_, limit, name = described(query=Asked)["parameters"]
    assert thing == {
        "name": "thing",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
    }
    assert (filter_["name"], filter_["in"], filter_["description"]) == ("filter", "query", "Matchers.")
    assert filter_["schema"] == {"type": "array", "items": {"type": "string"}, "default": []}
    assert limit == {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}
    assert name == {"name": "as", "in": "query", "required": True, "schema": {"type": "string"}}
    assert "Asked" not in document([operation(query=Asked)])["components"]["schemas"]


def test_a_body_is_described_as_its_first_media_type() -> None:
    body = described(body=Body(Color, ("application/yaml", "text/yaml")))["requestBody"]
    assert body == {
        "required": True,
        "content": {"application/yaml": {"schema": {"$ref": "#/components/schemas/Color"}}},
        "description": "Taken as text/yaml, too.",
    }


@pytest.mark.parametrize(
    ("more", "statuses"),
    [
        ({}, {200, 401, 403, 429, 500, 503}),
        ({"scope": None}, {200, 500, 503}),
        ({"query": Asked, "scope": None}, {200, 400, 500, 503}),
        ({"body": Body(Color), "scope": None}, {200, 400, 413, 415, 500, 503}),
        ({"body": Body(None, ("application/yaml", "*/*")), "scope": None}, {200, 400, 413, 500, 503}),
        ({"scope": None, "answers": {204: Answer("Done."), 404: Answer("None.")}}, {204, 404, 500, 503}),
    ],
    ids=["scope", "everybody", "query", "body", "any body", "answers"],
)
def test_answers_are_those_of_the_handler_and_those_that_any_may_give(
    more: dict[str, Any], statuses: set[int]
) -> None:
    assert set(map(int, described(**more)["responses"])) == statuses


@pytest.mark.parametrize(
    ("form", "status", "media_type", "name"),
    [
        (alertmanager, 404, "application/json", "FrameworkRefusal"),
        (alertmanager, 500, "application/json", None),
        (prometheus, 404, "application/json", "PrometheusRefusal"),
        (mimir, 404, "text/plain", None),
        (tocsin, 404, "application/problem+json", "TocsinRefusal"),
    ],
)
def test_refusals_have_the_form_of_the_family(
    form: Any, status: int, media_type: str, name: str | None
) -> None:
    found = described(form=form, answers={200: Answer("Done."), status: Answer("Not.")})["responses"][
        str(status)
    ]
    schema = {"$ref": f"#/components/schemas/{name}"} if name else {"type": "string"}
    assert found == {"description": "Not.", "content": {media_type: {"schema": schema}}}


def test_empty_answers_have_no_content() -> None:
    answers = described(answers={204: Answer("Done."), 404: Answer("None.", NoneType)})["responses"]
    assert answers["204"] == {"description": "Done."}
    assert answers["404"] == {"description": "None."}


def test_the_document_is_served_to_everybody() -> None:
    tokens = Settings(api=ApiSettings(access=Access.TOKENS))
    response = Api(settings=tokens).get("/tocsin/api/v1/openapi.json")
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    assert response.body.decode() == text()


def test_swagger_ui_is_there_where_nobody_has_to_be_anybody() -> None:
    response = Api().ask("GET", "/docs", accept_encoding="")
    page = response.body.decode()
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "SwaggerUIBundle" in page
    assert "src='http" not in page
    assert page.count("</script>") == 2  # no text of the document ends a script
    spec = page.partition("spec: ")[2].partition("\n    presets:")[0].rstrip().rstrip(",")
    assert json.loads(spec) == document()


@pytest.mark.parametrize("access", [Access.IAM, Access.TOKENS])
def test_swagger_ui_is_nowhere_else(access: Access) -> None:
    assert Api(settings=Settings(api=ApiSettings(access=access))).get("/docs").status == 404


def test_a_cold_start_does_not_pay_for_it() -> None:
    names = "'tocsin.api.openapi', 'aws_lambda_powertools.event_handler'"
    code = f"import sys, tocsin.api.build; print([name for name in ({names}) if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
