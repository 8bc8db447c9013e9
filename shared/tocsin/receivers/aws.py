"""Services of AWS as receivers call them: in whose name, where, for how long, and what a failed call means."""

from collections.abc import Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tocsin.notification import Failed, Failure
from tocsin.receivers.classify import classify_aws
from tocsin.receivers.tools import Tools

PAYLOAD_BYTES = 256 << 10
"""What SNS, SQS, EventBridge and an asynchronous Lambda take wherever they are; some take more by now."""
NOTIFICATION = "tocsin-notification"
"""The attribute that holds the notification's id."""
_CONNECT_SECONDS = 3.0
# What botocore's parsers raise for an answer of a shape that they do not expect.
_MISREAD = (ResponseParserError, KeyError, TypeError, AttributeError)


class Aws:
    """One service, called as `sigv4` of an integration says.

    There is a client for each region, endpoint and time limit in whole seconds: botocore's clients have one limit
    for their lives.
    """

    def __init__(self, service: str, sigv4: Mapping[str, Any] | None, tools: Tools) -> None:
        """`sigv4` may hold `region`, `role_arn`, `external_id`, `access_key` and `secret_key`."""
        self._service, self._sigv4, self._tools = service, sigv4 or {}, tools
        self._clients: dict[tuple[str, str, str, str, int], Any] = {}

    def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        timeout_seconds: float,
        *,
        region: str = "",
        endpoint_url: str = "",
    ) -> Mapping[str, Any] | Failed:
        """Call once and return the answer; `region` is where, if `sigv4` does not say. Raises AuthError."""
        try:
            method = getattr(self._client(region, endpoint_url, timeout_seconds), operation)
        except BotoCoreError as error:
            return classify_aws(error, self._tools.now())
        except ValueError:  # what botocore raises for an endpoint that is no URL
            return Failed(
                Failure.CLIENT_ERROR, retry=False, detail=f"{self._service}: its endpoint is no URL"
            )
        try:
            answer: Mapping[str, Any] = method(**parameters)
        except (ClientError, BotoCoreError) as error:
            return classify_aws(error, self._tools.now())
        except _MISREAD:
            return unintelligible(self._service)
        return answer

    def _client(self, region: str, endpoint_url: str, timeout_seconds: float) -> Any:
        access_key = self._tools.secret(self._sigv4.get("access_key") or "")
        secret_key = self._tools.secret(self._sigv4.get("secret_key") or "")
        region = self._sigv4.get("region") or region
        wanted = (access_key, secret_key, region, endpoint_url, max(int(timeout_seconds), 1))
        if wanted not in self._clients:
            self._clients[wanted] = self._made(*wanted)
        return self._clients[wanted]

    def _made(self, access_key: str, secret_key: str, region: str, endpoint_url: str, seconds: int) -> Any:
        access = self._tools.access.signed_in(access_key, secret_key) if access_key else self._tools.access
        role = {name: self._sigv4.get(name) or "" for name in ("role_arn", "external_id")}
        config = client_config(seconds)
        return access.client(self._service, config, region=region, endpoint_url=endpoint_url, **role)


def client_config(seconds: float) -> Config:
    """Return how a client is made: connecting and waiting take no longer than `seconds` together, and it tries once.

    The dispatcher decides about trying again.
    """
    connect = min(_CONNECT_SECONDS, seconds / 2)
    return Config(
        connect_timeout=connect,
        read_timeout=seconds - connect,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )


def region_of(arn: str) -> str:
    """Return the region that an ARN names; empty for what is none, or names none."""
    parts = arn.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 3 else ""


def unintelligible(service: str) -> Failed:
    """Return what an answer means that is none: nobody knows what became of the call."""
    return Failed(Failure.OTHER, retry=True, detail=f"{service}: an answer that makes no sense")
