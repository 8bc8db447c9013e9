"""The way to a stack: its tables and queues, and the one place where what AWS refuses becomes a line."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from tocsin.access.aws import AwsAccess
from tocsin.bootstrap import World, aws, with_receivers, with_sources
from tocsin.cli.session import Target
from tocsin.clock import SystemClock
from tocsin.settings import TABLES, Prometheus, Settings, SettingsError
from tocsin.stores.dynamodb import UnprocessedKeysError, client_config
from tocsin.stores.limits import InvalidRequestError
from tocsin.stores.sqs import UnsentError

if TYPE_CHECKING:
    from tocsin.collection.running import OpenProbes

LOCAL = "tocsin-local"
"""The stack of `tocsin local`: no CloudFormation made it, so its names follow from its own."""
_LOCAL_URL = "http://127.0.0.1:9093"
_LOCAL_REGION = "us-east-1"
_LOCAL_KEY = "local"
_NOT_THERE = ": is `tocsin local` running? If it listens elsewhere, give --endpoint-url"


@contextmanager
def connected(target: Target) -> Iterator[World]:
    """Yield the world of a stack; what AWS or the environment refuses is raised as click's one-line error."""
    try:
        settings = Settings.from_environment(os.environ)
        if target.stack == LOCAL:
            target = local_target(target, os.environ)
        session = _session(target)
        client = {"endpoint_url": target.endpoint_url} if target.endpoint_url else {}
        if target.stack:
            described = _described(session, target.stack, client)
            settings = of_stack(settings, target.stack, _pairs(described, "Output"))
            settings = with_prometheus(settings, _pairs(described, "Parameter"), session.region_name or "")
        world = with_sources(aws(_complete(settings), session, **client), settings, session, **client)
        yield with_receivers(world, session, **client)
    except ClientError as error:
        raise click.ClickException(_refusal(error)) from error
    except EndpointConnectionError as error:
        raise click.ClickException(f"{error}{_NOT_THERE if target.stack == LOCAL else ''}") from error
    except (BotoCoreError, SettingsError, InvalidRequestError, UnprocessedKeysError, UnsentError) as error:
        raise click.ClickException(str(error)) from error


def probes(target: Target) -> "OpenProbes":
    """Return what opens inputs here, with this machine's network and the caller's credentials."""
    from tocsin.inputs.network import Network  # only who tests an input pays for what inputs need
    from tocsin.inputs.opening import Opened
    from tocsin.inputs.reach import LOCAL as LOCAL_REACH
    from tocsin.inputs.tools import Tools

    if target.stack == LOCAL:
        target = local_target(target, os.environ)
    client = {"endpoint_url": target.endpoint_url} if target.endpoint_url else {}
    access = AwsAccess(lambda: _session(target), SystemClock(), client)
    return Opened(Tools(access, Network(LOCAL_REACH), local=True))


def function_url(target: Target) -> tuple[str, boto3.Session]:
    """Return where a stack's API is and a session that may sign for it; refusals are click's one-line errors."""
    if not target.stack:
        raise click.ClickException("which stack? Give --stack NAME or TOCSIN_STACK")
    try:
        session = _session(target)
        client = {"endpoint_url": target.endpoint_url} if target.endpoint_url else {}
        outputs = _pairs(_described(session, target.stack, client), "Output")
    except ClientError as error:
        raise click.ClickException(_refusal(error)) from error
    except BotoCoreError as error:
        raise click.ClickException(str(error)) from error
    if "ApiUrl" not in outputs:
        raise click.ClickException(f"stack {target.stack} has no Function URL (no output ApiUrl)")
    return outputs["ApiUrl"], session


def local_target(target: Target, environment: Mapping[str, str]) -> Target:
    """Return where `tocsin local` listens if nothing else is said."""
    if target.endpoint_url or environment.get("AWS_ENDPOINT_URL"):
        return target
    return replace(target, endpoint_url=_LOCAL_URL, region=target.region or _LOCAL_REGION)


def _session(target: Target) -> boto3.Session:
    profile, region = target.profile or None, target.region or None
    session = boto3.Session(profile_name=profile, region_name=region)
    if target.stack != LOCAL:
        return session
    region = session.region_name or _LOCAL_REGION
    if session.get_credentials() is None:
        return boto3.Session(_LOCAL_KEY, _LOCAL_KEY, region_name=region)
    return boto3.Session(profile_name=profile, region_name=region)


def _described(session: boto3.Session, stack: str, client: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what CloudFormation says of a stack."""
    if stack == LOCAL:
        names = [_output(table) for table in TABLES]
        return {"Outputs": [{"OutputKey": name, "OutputValue": f"{LOCAL}-{name}"} for name in names]}
    formation = session.client("cloudformation", config=client_config(), **client)
    [described] = formation.describe_stacks(StackName=stack)["Stacks"]
    return described


def _pairs(described: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Return a stack's outputs or parameters."""
    return {pair[f"{kind}Key"]: pair.get(f"{kind}Value", "") for pair in described.get(f"{kind}s", ())}


def _output(table: str) -> str:
    return f"{table.capitalize()}Table"


def of_stack(settings: Settings, stack: str, outputs: Mapping[str, str]) -> Settings:
    """Return the settings with what a stack's outputs say; SettingsError if it is no stack of Tocsin's."""
    if missing := [_output(table) for table in TABLES if _output(table) not in outputs]:
        raise SettingsError(f"stack {stack} is not Tocsin's: it has no output {', '.join(missing)}")
    return replace(
        settings,
        tables={table: outputs[_output(table)] for table in TABLES},
        ticks_queue_url=outputs.get("TicksQueueUrl", ""),
        flushes_queue_url=outputs.get("FlushesQueueUrl", ""),
    )


def with_prometheus(settings: Settings, parameters: Mapping[str, str], region: str) -> Settings:
    """Return the settings with the Prometheus that a stack's parameters name; unchanged if they name none."""
    if not parameters.get("PrometheusUrl"):
        return settings
    prometheus = Prometheus(
        parameters["PrometheusUrl"],
        parameters.get("PrometheusAuth", "none"),
        parameters.get("PrometheusSecretArn", ""),
        parameters.get("PrometheusRegion") or region,
        parameters.get("PrometheusWriteUrl", ""),
    )
    return replace(settings, prometheus=prometheus)


def _complete(settings: Settings) -> Settings:
    if missing := [f"TOCSIN_{name.upper()}_TABLE" for name in TABLES if not settings.tables[name]]:
        names = ", ".join(missing)
        raise SettingsError(f"which stack? Give --stack NAME or TOCSIN_STACK (or the tables' names: {names})")
    return settings


def _refusal(error: ClientError) -> str:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code == "ResourceNotFoundException":
        return (
            f"{error.operation_name}: no such table ({message}); is it the right stack, region and endpoint?"
        )
    return f"{error.operation_name}: {message or code}"


def describe_alarms(target: Target, **request: Any) -> list[Mapping[str, Any]]:
    """Return the answers of DescribeAlarms, page by page; what AWS refuses is raised as click's one-line error."""
    try:
        client = _session(target).client("cloudwatch", endpoint_url=target.endpoint_url or None)
        pages: Iterable[Any] = client.get_paginator("describe_alarms").paginate(**request)
        return list(pages)
    except ClientError as error:
        raise click.ClickException(_refusal(error)) from error
    except BotoCoreError as error:
        raise click.ClickException(str(error)) from error
