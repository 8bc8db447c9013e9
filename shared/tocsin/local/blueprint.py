"""What a template says that a stack is made of: functions, what sets them off, queues, tables, topics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tocsin.local.queues import QueueSettings
from tocsin.local.template import Template, TemplateError

_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60}


@dataclass(frozen=True, slots=True)
class Function:
    """A function: where its code is, what its environment says, how long it may run."""

    name: str
    """Of its folder, by which we speak of it: `ticker`."""
    code: Path
    environment: Mapping[str, str]
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function that is called at a rate."""

    function: str
    arn: str
    rate: timedelta


@dataclass(frozen=True, slots=True)
class Subscription:
    """A function that is called with a queue's messages, so many at a time, so many times at once."""

    function: str
    queue: str
    arn: str
    batch_size: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A stack as its template draws it; queues, tables and topics by logical id."""

    functions: Mapping[str, Function]
    schedules: tuple[Schedule, ...]
    subscriptions: tuple[Subscription, ...]
    queues: Mapping[str, QueueSettings]
    tables: Mapping[str, Mapping[str, Any]]
    """What `create_table` is asked for each."""
    topics: Mapping[str, str]
    """ARNs as the template would have them."""


def draw(template: Template, root: Path) -> Blueprint:
    """Return the blueprint of a template whose paths are relative to `root`."""
    functions: dict[str, Function] = {}
    schedules: list[Schedule] = []
    subscriptions: list[Subscription] = []
    defaults = template.document.get("Globals", {}).get("Function", {})
    common = template.resolve(defaults.get("Environment", {}).get("Variables", {}))
    for logical_id, properties in template.of_type("AWS::Serverless::Function").items():
        function = _function(template, logical_id, properties, common, root)
        functions[function.name] = function
        for name, event in properties.get("Events", {}).items():
            if event["Type"] == "ScheduleV2":
                schedules.append(_schedule(template, function.name, event["Properties"]))
            elif event["Type"] == "SQS":
                subscriptions.append(_subscription(template, function.name, event["Properties"]))
            else:
                raise TemplateError(f"{logical_id}: event {name} of type {event['Type']} is not supported")
    return Blueprint(
        functions,
        tuple(schedules),
        tuple(subscriptions),
        {name: _queue(template, name, held) for name, held in template.of_type("AWS::SQS::Queue").items()},
        {
            name: _table(template, name, held)
            for name, held in template.of_type("AWS::DynamoDB::Table").items()
        },
        {name: template.arn(name) for name in template.of_type("AWS::SNS::Topic")},
    )


def _function(
    template: Template, logical_id: str, properties: Mapping[str, Any], common: Mapping[str, Any], root: Path
) -> Function:
    code = root / properties["CodeUri"]
    variables = common | properties.get("Environment", {}).get("Variables", {})
    # What Lambda itself adds, as far as anything of ours reads it.
    variables |= {"AWS_REGION": template.region, "AWS_LAMBDA_FUNCTION_NAME": template.physical(logical_id)}
    environment = {name: str(value) for name, value in variables.items()}
    return Function(code.name, code, environment, int(properties.get("Timeout", 3)))


def _schedule(template: Template, function: str, properties: Mapping[str, Any]) -> Schedule:
    expression = str(properties["ScheduleExpression"])
    words = expression.removeprefix("rate(").removesuffix(")").split()
    if len(words) != 2 or not words[0].isdigit() or words[1] not in _MINUTES:
        raise TemplateError(f"{function}: expected rate(N minutes), got {expression!r}")
    arn = f"arn:aws:scheduler:{template.region}:{template.account}:schedule/default/{properties['Name']}"
    return Schedule(function, arn, timedelta(minutes=int(words[0]) * _MINUTES[words[1]]))


def _subscription(template: Template, function: str, properties: Mapping[str, Any]) -> Subscription:
    arn = str(properties["Queue"])
    queue = next(name for name in template.of_type("AWS::SQS::Queue") if template.arn(name) == arn)
    concurrency = int(properties.get("ScalingConfig", {}).get("MaximumConcurrency", 10))
    return Subscription(function, queue, arn, int(properties.get("BatchSize", 10)), concurrency)


def _queue(template: Template, logical_id: str, properties: Mapping[str, Any]) -> QueueSettings:
    # SQS' own defaults where the template says nothing.
    return QueueSettings(
        timedelta(seconds=int(properties.get("VisibilityTimeout", 30))),
        timedelta(seconds=int(properties.get("MessageRetentionPeriod", 345_600))),
        int(properties.get("RedrivePolicy", {}).get("maxReceiveCount", 1 << 31)),
        str(template.ref(logical_id)),
    )


def _table(template: Template, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    asked = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    return {
        "TableName": template.ref(logical_id),
        **{name: properties[name] for name in asked if name in properties},
    }
