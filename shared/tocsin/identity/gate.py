"""The gate: who somebody is, by what they bring."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tocsin.identity.identity import NOBODY, Identity


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody we know; `reason` says why in a few words, and nothing of what they brought."""

    reason: str


class Gate(Protocol):
    """Tells who somebody is."""

    challenge: str
    """What `WWW-Authenticate` says to a stranger; empty if it says nothing."""

    def identify(self, authorization: str, iam: str, now: datetime) -> Identity | Stranger:
        """Return who somebody is by the header `Authorization`, or by the ARN that AWS has recognised."""
        ...


class Open:
    """Everybody may do everything: `tocsin local`, where only this machine can ask."""

    challenge = ""

    def identify(self, authorization: str, iam: str, now: datetime) -> Identity:  # noqa: ARG002
        """Return nobody in particular."""
        return NOBODY
