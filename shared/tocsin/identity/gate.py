"""The gate: who somebody is, by what they bring."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tocsin.identity.identity import NOBODY, Identity


@dataclass(frozen=True, slots=True)
class Brought:
    """What somebody brings: the header `Authorization`, the ARN by which AWS has recognised them, their address."""

    authorization: str = field(default="", repr=False)
    iam: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody we know; `reason` says why in a few words, and nothing of what they brought.

    Who has been wrong too often has to wait before they are looked at again.
    """

    reason: str
    wait_seconds: int = 0


class Gate(Protocol):
    """Tells who somebody is."""

    challenge: str
    """What `WWW-Authenticate` says to a stranger; empty if it says nothing."""

    def identify(self, brought: Brought, now: datetime) -> Identity | Stranger:
        """Return who somebody is."""
        ...


class Open:
    """Everybody may do everything: `tocsin local`, where only this machine can ask."""

    challenge = ""

    def identify(self, brought: Brought, now: datetime) -> Identity:  # noqa: ARG002
        """Return nobody in particular."""
        return NOBODY
