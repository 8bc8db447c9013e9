"""A reader of CloudFormation templates for the tests: short tags become the long functions they stand for."""

from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parent.parent


class _Loader(yaml.SafeLoader):
    pass


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    argument: Any
    match node:
        case yaml.ScalarNode():
            argument = loader.construct_scalar(node)
        case yaml.SequenceNode():
            argument = loader.construct_sequence(node, deep=True)
        case _:
            argument = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
    if suffix == "GetAtt" and isinstance(argument, str):
        argument = argument.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": argument}


_Loader.add_multi_constructor("!", _function)


def load_template(path: str) -> dict[str, Any]:
    """Return the template at `path` in the checkout."""
    text = (ROOT / path).read_text()
    return cast("dict[str, Any]", yaml.load(text, Loader=_Loader))  # noqa: S506 (a subclass of SafeLoader)


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the template's resources of a type (`AWS::SQS::Queue`) by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
