"""Secrets by reference: read from Secrets Manager and SSM when they are needed, never stored, never shown."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tocsin.access.auth import AuthError
from tocsin.ports import Clock

KEPT_FOR = timedelta(minutes=5)
APART = timedelta(seconds=10)
"""A secret that was refused, or could not be read, is read again no sooner."""

_TEXT = re.compile(
    r"""
    (?: (?P<arn> arn:aws[a-z-]*:(?P<of_arn>secretsmanager|ssm):[^\s\#]+ )
      | (?P<service> secretsmanager | ssm ) : (?P<name> [A-Za-z0-9/_+=.@!-]{1,512} ) )
    (?: \# (?P<key> \S+ ) )?
    """,
    re.VERBOSE,
)

MakeClient = Callable[[str, Config, str], Any]
"""Makes a client: of a service, with a configuration, in a region (empty: the session's own)."""


class SecretError(AuthError):
    """A secret cannot be read; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is: a name or ARN in Secrets Manager or of an SSM parameter, and a key of its JSON if any."""

    secret: str = ""
    parameter: str = ""
    key: str = ""

    @classmethod
    def of(cls, document: Mapping[str, str]) -> "Reference":
        """Return the reference that a definition's settings hold."""
        return cls(document.get("secret", ""), document.get("parameter", ""), document.get("key", ""))

    @classmethod
    def parse(cls, text: str) -> "Reference | None":
        """Return the reference that a text is, None if it is none.

        That is `secretsmanager:NAME`, `ssm:NAME`, or the ARN of either; with `#KEY` at its end one of its keys.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            return None
        name = match["arn"] or match["name"]
        key = match["key"] or ""
        if (match["service"] or match["of_arn"]) == "ssm":
            return cls(parameter=name, key=key)
        return cls(secret=name, key=key)

    def __str__(self) -> str:
        place = f"secret {self.secret}" if self.secret else f"parameter {self.parameter}"
        return f"{place}, key {self.key}" if self.key else place

    @property
    def region(self) -> str:
        """The region that an ARN names; empty for a name."""
        parts = (self.secret or self.parameter).split(":")
        return parts[3] if parts[0] == "arn" and len(parts) > 3 else ""


@dataclass(slots=True)
class _Kept:
    lock: Lock = field(default_factory=Lock)
    read_at: datetime | None = None
    text: str | None = field(default=None, repr=False)
    error: str = ""


class Secrets:
    """Reads secrets, keeps each for five minutes, and keeps using the last one while none can be read."""

    def __init__(self, client: MakeClient, clock: Clock) -> None:
        self._make, self._clock = client, clock
        self._clients: dict[tuple[str, str], Any] = {}
        self._kept: dict[Reference, _Kept] = {}
        self._lock = Lock()

    def read(self, reference: Reference) -> str:
        """Return the secret; raises SecretError."""
        return self._current(reference, lambda kept: KEPT_FOR if kept.text is not None else APART)

    def renew(self, reference: Reference) -> None:
        """Read a secret that was refused again, unless that has just happened; a failure keeps the old one."""
        self._current(reference, lambda kept: APART)  # noqa: ARG005

    def _current(self, reference: Reference, keep_for: Callable[[_Kept], timedelta]) -> str:
        with self._lock:
            kept = self._kept.setdefault(reference, _Kept())
        with kept.lock:  # who comes while it is read waits for it
            now = self._clock.now()
            if kept.read_at is None or now - kept.read_at >= keep_for(kept):
                kept.read_at = now
                self._refresh(kept, reference)
            if kept.text is None:
                raise SecretError(kept.error)
            return kept.text

    def _refresh(self, kept: _Kept, reference: Reference) -> None:
        try:
            kept.text = _part(self._fetch(reference), reference)
        except SecretError as error:
            kept.error = str(error)
        except (ClientError, BotoCoreError) as error:
            kept.error = f"{reference}: {_reason(error)}"

    def _fetch(self, reference: Reference) -> str:
        if reference.secret:
            found = self._client("secretsmanager", reference).get_secret_value(SecretId=reference.secret)
            if "SecretString" not in found:
                raise SecretError(f"{reference}: is not text")
            return str(found["SecretString"])
        ssm = self._client("ssm", reference)
        found = ssm.get_parameter(Name=reference.parameter, WithDecryption=True)
        return str(found["Parameter"]["Value"])

    def _client(self, service: str, reference: Reference) -> Any:
        where = (service, reference.region)
        if where not in self._clients:
            config = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
            self._clients[where] = self._make(service, config, reference.region)
        return self._clients[where]


def _part(text: str, reference: Reference) -> str:
    """Return the value under the reference's key, or all of the text if it names none."""
    if not reference.key:
        return text
    try:
        value = json.loads(text)[reference.key]
    except (ValueError, LookupError, TypeError):
        raise SecretError(f"{reference}: it is no JSON object with that key") from None
    return value if isinstance(value, str) else json.dumps(value)


def _reason(error: ClientError | BotoCoreError) -> str:
    """Return why AWS refused, by its code only: a message may quote what was sent."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or "refused"
    return type(error).__name__
