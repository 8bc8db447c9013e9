"""Receivers on AWS: botocore as it is, and at the other end of the wire a server that does what a test wants."""

import json
from contextlib import AbstractContextManager
from typing import Any

import boto3
from moto import mock_aws

from tests.unit.misbehaving_server import Behaviour, hang, reply, serving
from tests.unit.receiving import integration
from tests.unit.source_access import StillClock
from tocsin.access.aws import AwsAccess
from tocsin.messages.writer import Writer
from tocsin.notification import Notification, Sent
from tocsin.ports import Receiver
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools

SESSION = boto3.Session("AKIDOWN", "s3cret", region_name="us-east-1")
"""Can reach no real account; moto, which stands in for AWS in `moto()`, knows none that is older than itself."""


def moto() -> AbstractContextManager[Any]:
    """Let moto stand in for AWS."""
    stand_in: AbstractContextManager[Any] = mock_aws()
    return stand_in


def on_aws(kind: str, settings: str, **client: Any) -> Receiver:
    """Return a receiver as alertmanager.yml makes it; `client` goes to every client (`endpoint_url`)."""
    return open_receiver(
        integration(kind, settings), Tools(AwsAccess(lambda: SESSION, StillClock(), client), Writer())
    )


def sent_to(
    behaviour: Behaviour, kind: str, settings: str, sent: Notification, timeout_seconds: float = 4
) -> Sent:
    """Send to a service that behaves so; return what came of it. Only one that hangs is given up so soon."""
    patience = timeout_seconds if behaviour is hang else max(timeout_seconds, 20)
    with serving(behaviour) as server:
        return on_aws(kind, settings, endpoint_url=server.url).send(sent, patience)


def json_error(status: int, code: str, message: str = "no", **headers: str) -> Behaviour:
    """Answer with an error as services that speak JSON do."""
    body = json.dumps({"__type": f"com.amazonaws#{code}", "message": message}).encode()
    return reply(status, body, x_amzn_ErrorType=code, **headers)
