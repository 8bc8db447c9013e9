"""The documentation of the API: the OpenAPI document, and for who runs Tocsin here a page to try it on.

The document is made when it is asked for (the imports inside): a cold start pays nothing for it.
"""

from importlib.resources import files

from tocsin.api.operation import Answer, Call, Operation
from tocsin.api.problems import ApiError, tocsin
from tocsin.api.responses import JSON, Response, text_response
from tocsin.api.services import Services
from tocsin.settings import Access

_HTML = "text/html; charset=utf-8"
_ASSETS = "aws_lambda_powertools.event_handler.openapi.swagger_ui"


def openapi(_services: Services, _call: Call) -> Response:
    """Answer the OpenAPI document of all operations."""
    from tocsin.api.openapi import text

    return text_response(text(), media_type=JSON)


def swagger_ui(services: Services, _call: Call) -> Response:
    """Answer Swagger UI, whole in one page (Powertools brings it along); raises ApiError where access is asked for."""
    if services.settings.api.access is not Access.OFF:
        raise ApiError(
            404,
            "this page is there while access is off (`tocsin local` on loopback); read /tocsin/api/v1/openapi.json",
        )
    from aws_lambda_powertools.event_handler.openapi.swagger_ui import generate_swagger_html

    from tocsin.api.openapi import text

    script = files(_ASSETS).joinpath("swagger-ui-bundle.min.js").read_text("utf-8")
    style = files(_ASSETS).joinpath("swagger-ui.min.css").read_text("utf-8")
    document = text().replace("</", "<\\/")  # no text of it may end the script that it stands in
    page = generate_swagger_html(document, script, style, "", oauth2_config=None)
    return text_response(page, media_type=_HTML)


DOCUMENTATION: tuple[Operation, ...] = (
    Operation(
        id="openapi",
        method="GET",
        paths=("/tocsin/api/v1/openapi.json",),
        scope=None,
        handle=openapi,
        form=tocsin,
        summary="This document",
        tag="management",
        answers={200: Answer("The OpenAPI document of all operations.", dict[str, object])},
    ),
    Operation(
        id="swaggerUi",
        method="GET",
        paths=("/docs",),
        scope=None,
        handle=swagger_ui,
        form=tocsin,
        summary="Swagger UI, while access is off",
        tag="management",
        answers={200: Answer("A page.", str, _HTML), 404: Answer("Access is not off.")},
    ),
)
