"""The API asked by schemathesis what its documents allow and what they do not: nothing but documented answers.

TOCSIN_SCHEMATHESIS=30 asks for 30 examples of each operation in each phase, and for all limits of all schemas.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import MissingContentType

from tests.integration.schemathesis_runs import Counted, Outcome, filled, run
from tocsin.api.openapi import document

pytestmark = pytest.mark.slow  # once is enough, whichever Python
EXAMPLES = int(os.environ.get("TOCSIN_SCHEMATHESIS", "3"))
FEW = "TOCSIN_SCHEMATHESIS" not in os.environ
UPSTREAM = Path(__file__).parent / "upstream" / "alertmanager-v2.yaml"

_TEXT = {"type": "string"}
_FRAMEWORK = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "integer"}, "message": _TEXT},
}
"""In front of Alertmanager's handlers stands go-openapi, which tells of what it refuses in an object."""
UNDOCUMENTED: tuple[tuple[str, int, Any, str], ...] = (
    ("postAlerts", 400, {"anyOf": [_TEXT, _FRAMEWORK]}, "go-openapi cannot parse the body"),
    ("postAlerts", 415, _FRAMEWORK, "go-openapi reads no such media type"),
    ("postAlerts", 422, _FRAMEWORK, "go-openapi: the body is not what the document says"),
    ("postSilences", 400, {"anyOf": [_TEXT, _FRAMEWORK]}, "go-openapi cannot parse the body"),
    ("postSilences", 415, _FRAMEWORK, "go-openapi reads no such media type"),
    ("postSilences", 422, _FRAMEWORK, "go-openapi: the body is not what the document says"),
    ("getSilence", 422, _FRAMEWORK, "go-openapi: the id is no UUID"),
    ("deleteSilence", 422, _FRAMEWORK, "go-openapi: the id is no UUID"),
)
"""Answers that Alertmanager gives and its own document does not name: operation, status, schema, and why."""


def _upstream() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(UPSTREAM.read_text())
    operations = {
        operation["operationId"]: operation
        for path in found["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }
    for id_, status, schema, why in UNDOCUMENTED:
        operations[id_]["responses"][str(status)] = {"description": why, "schema": schema}
    return found


def _empty(failure: Failure, response: Response) -> bool:
    """The document says JSON of all answers; of an empty one go-swagger says nothing, and neither do we."""
    return isinstance(failure, MissingContentType) and not response.content


def _judge(outcome: Outcome, least: int) -> None:
    print(f"{outcome.requests} requests: {dict(sorted(outcome.answers.items()))}")
    assert not outcome.failures, "\n\n".join(outcome.failures)
    assert outcome.requests >= least


def test_every_answer_is_one_of_alertmanagers_document() -> None:
    """Upstream's own document of API v2, with what it leaves out; it has few operations, so each is asked more."""
    _judge(run(_upstream(), Counted(filled()), 5 * EXAMPLES, coverage=True, allowed=_empty), 300)


def test_every_answer_is_one_of_our_document() -> None:
    """All operations, by the document that is made of them."""
    _judge(run(document(), Counted(filled()), EXAMPLES, coverage=not FEW), 200)
