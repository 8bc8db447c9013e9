"""Scopes: what somebody may do."""

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """What an operation needs; `admin` may do everything, and each of the others may read."""

    READ = "read"
    ALERTS_WRITE = "alerts:write"
    SAMPLES_WRITE = "samples:write"
    SILENCES_WRITE = "silences:write"
    RULES_WRITE = "rules:write"
    ADMIN = "admin"


EVERYTHING = frozenset(Scope)


def allows(held: Iterable[Scope], needed: Scope) -> bool:
    """Tell whether somebody who holds some scopes may do what needs one.

    Who only posts alerts or samples (a Prometheus) has nothing to read: what allows that alone does not allow it.
    """
    held = frozenset(held)
    if Scope.ADMIN in held or needed in held:
        return True
    return needed is Scope.READ and bool(held & {Scope.SILENCES_WRITE, Scope.RULES_WRITE})
