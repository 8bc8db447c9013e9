"""A CloudFormation template with its intrinsic functions worked out, as far as a stack on this machine needs.

The functions are those of the CloudFormation User Guide, "Intrinsic function reference": Ref, Fn::GetAtt,
Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::If and the conditions. Physical names are
`<stack>-<logical id>`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

_NO_VALUE = object()
_LISTS = ("CommaDelimitedList", "List<Number>", "List<String>")


class TemplateError(ValueError):
    """A template, or a value given for a parameter, that cannot be worked out; the text says what and why."""


class _Loader(yaml.SafeLoader):
    """Reads the short forms (`!Ref x`) as the long functions they stand for."""


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


def read(path: Path) -> dict[str, Any]:
    """Return the document of a template file."""
    return cast("dict[str, Any]", yaml.load(path.read_text(), Loader=_Loader))  # noqa: S506 - a SafeLoader


@dataclass(frozen=True, slots=True)
class Template:
    """A template, the values of its parameters (else their defaults), and where its stack would be."""

    document: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)
    stack: str = "tocsin-local"
    region: str = "us-east-1"
    account: str = "123456789012"

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties, worked out, of every resource of a type that the stack has, by logical id."""
        return {
            name: self.resolve(resource.get("Properties", {}))
            for name, resource in self.document["Resources"].items()
            if resource["Type"] == kind and self._holds(resource.get("Condition"))
        }

    def resolve(self, value: Any) -> Any:
        """Return a value with every function in it worked out; what is AWS::NoValue is left out."""
        if isinstance(value, Mapping):
            if len(value) == 1:
                [(name, argument)] = value.items()
                if name in _FUNCTIONS:
                    return _FUNCTIONS[name](self, argument)
                if name.startswith("Fn::"):
                    raise TemplateError(f"{name} is not supported")
            found = {key: self.resolve(held) for key, held in value.items()}
            return {key: held for key, held in found.items() if held is not _NO_VALUE}
        if isinstance(value, list):
            return [held for held in map(self.resolve, value) if held is not _NO_VALUE]
        return value

    def parameter(self, name: str) -> Any:
        """Return a parameter's value: a list for the types that are lists."""
        declared = self.document.get("Parameters", {})[name]
        text = str(self.parameters.get(name, declared.get("Default", "")))
        if declared["Type"] in _LISTS:
            return [part.strip() for part in text.split(",")] if text else []
        return text

    def arn(self, logical_id: str) -> str:
        """Return the ARN that a resource would have."""
        kind = self._kind(logical_id)
        service, infix = _ARNS.get(kind, (kind.split("::")[1].lower(), ""))
        return f"arn:aws:{service}:{self.region}:{self.account}:{infix}{self.physical(logical_id)}"

    def physical(self, logical_id: str) -> str:
        """Return the name that a resource is given."""
        return f"{self.stack}-{logical_id}"

    def _kind(self, logical_id: str) -> str:
        try:
            kind: str = self.document["Resources"][logical_id]["Type"]
        except KeyError:
            raise TemplateError(f"no resource or parameter is called {logical_id}") from None
        return kind

    def _holds(self, condition: str | None) -> bool:
        return condition is None or bool(self.resolve(self.document["Conditions"][condition]))

    # -- the functions ------------------------------------------------------------------------------

    def ref(self, name: str) -> Any:
        """Return what Ref gives: a pseudo parameter, a parameter, or a resource by what it is referred to as."""
        pseudo = {
            "AWS::StackName": self.stack,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": _NO_VALUE,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.document.get("Parameters", {}):
            return self.parameter(name)
        kind = self._kind(name)
        if kind == "AWS::SNS::Topic":
            return self.arn(name)
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{self.region}.amazonaws.com/{self.account}/{self.physical(name)}"
        return self.physical(name)

    def get_att(self, argument: Any) -> str:
        """Return an attribute of a resource: its ARN, its name, or a name for what only AWS could know."""
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if attribute == "Arn":
            return self.arn(name)
        if attribute == "FunctionUrl":  # of a resource that SAM makes beside a function
            return f"https://{self.physical(name).lower()}.lambda-url.{self.region}.on.aws/"
        self._kind(name)
        return self.physical(name) if attribute.endswith("Name") else f"{self.physical(name)}.{attribute}"

    def sub(self, argument: Any) -> str:
        """Return a text with its ${…} filled in."""
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in variables:
                return str(self.resolve(variables[name]))
            known = name.startswith("AWS::") or "." not in name
            return str(self.ref(name) if known else self.get_att(name))

        return re.sub(r"\$\{([^}]+)\}", fill, text)

    def choose(self, argument: Any) -> Any:
        """Return one of two values by a condition (Fn::If)."""
        condition, then, otherwise = argument
        return self.resolve(then if self._holds(condition) else otherwise)


def _join(template: Template, argument: Any) -> str:
    separator, parts = argument
    return str(separator).join(map(str, template.resolve(parts)))


def _select(template: Template, argument: Any) -> Any:
    index, values = template.resolve(argument)
    return values[int(index)]


def _split(template: Template, argument: Any) -> list[str]:
    separator, text = template.resolve(argument)
    return str(text).split(separator)


def _equals(template: Template, argument: Any) -> bool:
    left, right = template.resolve(argument)
    return bool(str(left) == str(right))


_FUNCTIONS: Mapping[str, Callable[[Template, Any], Any]] = {
    "Ref": Template.ref,
    "Fn::GetAtt": Template.get_att,
    "Fn::Sub": Template.sub,
    "Fn::If": Template.choose,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Equals": _equals,
    "Fn::Not": lambda template, argument: not template.resolve(argument)[0],
    "Fn::And": lambda template, argument: all(template.resolve(argument)),
    "Fn::Or": lambda template, argument: any(template.resolve(argument)),
    "Condition": lambda template, argument: template._holds(argument),
}

_ARNS = {
    "AWS::Serverless::Function": ("lambda", "function:"),
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::Logs::LogGroup": ("logs", "log-group:"),
    "AWS::IAM::Role": ("iam", "role/"),
}
