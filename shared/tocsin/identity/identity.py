"""Who asks."""

from dataclasses import dataclass
from enum import StrEnum

from tocsin.identity.scope import EVERYTHING, Scope, allows


class Proof(StrEnum):
    """How somebody has shown who they are."""

    NONE = "none"
    """They did not have to: `tocsin local` on loopback."""
    IAM = "iam"
    TOKEN = "token"  # noqa: S105 - the word, not one
    BASIC = "basic"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who may do some things; `name` is what the history says of them, empty if nobody has to be anybody."""

    name: str
    scopes: frozenset[Scope]
    proof: Proof

    def may(self, needed: Scope) -> bool:
        """Tell whether they may do what needs a scope."""
        return allows(self.scopes, needed)


NOBODY = Identity("", EVERYTHING, Proof.NONE)
"""Who asks where access is off."""
