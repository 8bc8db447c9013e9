"""The project's templates as the tests read them: short tags are the long functions they stand for."""

from pathlib import Path
from typing import Any

from tocsin.local.template import read

ROOT = Path(__file__).parent.parent


def load_template(path: str) -> dict[str, Any]:
    """Return the template at `path` in the checkout."""
    return read(ROOT / path)


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the template's resources of a type (`AWS::SQS::Queue`) by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
