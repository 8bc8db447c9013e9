"""The forms of Mimir's answers: YAML for what is asked, JSON for what is done."""

from typing import Any

from tocsin.api.bodies import check_yaml
from tocsin.api.operation import Call
from tocsin.api.problems import ApiError
from tocsin.api.responses import YAML, Response, json_response, text_response
from tocsin.rules.rulewriting import write_yaml

_ACCEPTED = {"status": "success", "data": None, "errorType": "", "error": ""}


def accepted() -> Response:
    """Return that it is stored, and in force from the next tick on."""
    return json_response(_ACCEPTED, 202)


def yaml_response(document: Any) -> Response:
    """Return a document as YAML."""
    return text_response(write_yaml(document, fast=True), media_type=YAML)


def text_of(call: Call) -> str:
    """Return the body of a request as text; raises ApiError."""
    check_yaml(call.request.body)
    try:
        return call.request.body.decode()
    except UnicodeDecodeError:
        raise ApiError(400, "the body is not UTF-8") from None
