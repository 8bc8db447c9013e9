"""AWS as inputs ask it: calls that end in time, and failures in words."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from tocsin.access.auth import AuthError
from tocsin.access.port import Access
from tocsin.sources.aws import failure

_CONNECT_SECONDS = 2.0
_CONNECTIONS = 32
# What botocore raises for an answer of a shape that it does not expect, and for an endpoint that is no URL.
_MISREAD = (ResponseParserError, LookupError, TypeError, AttributeError, ValueError)


class CallError(Exception):
    """A call of AWS has failed: the text says why, without secrets; `reason` is one of a few fixed words."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(slots=True)
class Service:
    """A service of AWS, in the region and as the role that an input's settings name.

    There is a client for each time limit in whole seconds: botocore's clients have one limit for their lives. A call
    that may be `repeatable` is made again if its connection had been dropped before (a Lambda thaws with such); beyond
    that the next run is the next try.
    """

    name: str
    settings: Mapping[str, Any]
    access: Access
    region_name: str = ""
    repeatable: bool = True
    pace: Callable[[], None] = lambda: None
    _clients: dict[int, Any] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """Where it is: as the settings say, else where what is asked for is, else where everything else is."""
        own: str = self.settings.get("region") or self.region_name or self.access.session().region_name or ""
        return own

    def call(self, operation: str, left_seconds: float, **parameters: Any) -> Mapping[str, Any]:
        """Return the answer to one call, within the settings' timeout and what is left; raises CallError."""
        if left_seconds <= 0:
            raise CallError(f"{self.name}: no time left to ask", "unanswered")
        self.pace()
        with self.read():
            method = getattr(self._client(left_seconds), operation)
            try:
                answer: Mapping[str, Any] = method(**parameters)
            except ConnectionClosedError:
                if not self.repeatable:
                    raise
                answer = method(**parameters)
        return answer

    @contextmanager
    def read(self) -> Iterator[None]:
        """Raise as CallError whatever goes wrong while an answer is waited for and read."""
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            found = failure(error, self.name)
            raise CallError(found.detail, found.reason) from None
        except AuthError as error:
            raise CallError(f"{self.name}: {error}", "auth") from None
        except _MISREAD:
            raise CallError(f"{self.name}: an answer that makes no sense", "garbage") from None

    def _client(self, left_seconds: float) -> Any:
        seconds = max(1, int(min(self.settings["timeout_seconds"], left_seconds)))
        if seconds not in self._clients:
            self._clients[seconds] = self._made(seconds)
        return self._clients[seconds]

    def _made(self, seconds: int) -> Any:
        role = {name: self.settings.get(name, "") for name in ("role_arn", "external_id")}
        region = self.settings.get("region") or self.region_name
        return self.access.client(self.name, _config(seconds), region=region, **role)


@dataclass(frozen=True, slots=True)
class Services:
    """The services that one input asks: each once for each region, because clients are large."""

    settings: Mapping[str, Any]
    access: Access
    _made: dict[tuple[str, str], Service] = field(default_factory=dict)

    def of(self, name: str, region: str = "", *, repeatable: bool = True) -> Service:
        """Return a service; `region` is where what is asked for is, empty for where everything is."""
        made = Service(name, self.settings, self.access, region, repeatable)
        return self._made.setdefault((name, region), made)


def _config(seconds: float) -> Config:
    """Return how a client is made: neither connecting nor waiting takes longer than `seconds`, and it tries once."""
    return Config(
        connect_timeout=min(_CONNECT_SECONDS, seconds),
        read_timeout=seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
    )


def region_of(arn: str) -> str:
    """Return the region that an ARN names; empty for what is none."""
    parts = arn.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 3 else ""
