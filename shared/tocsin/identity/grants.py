"""Grants: what those may do whom AWS has recognised, by their ARNs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.identity.scope import EVERYTHING, Scope

_ROLE = re.compile(r"arn:[^:]+:sts::(\d+):assumed-role/([^/]+)/(.+)")


@dataclass(frozen=True, slots=True)
class Grant:
    """What those may do whose ARN a pattern matches: in it `*` stands for any characters, `?` for one (as in IAM)."""

    pattern: str
    scopes: frozenset[Scope]

    def matches(self, arn: str) -> bool:
        """Tell whether somebody is meant."""
        parts = (re.escape(part).replace(r"\?", ".") for part in self.pattern.split("*"))
        return re.fullmatch(".*".join(parts), arn, re.DOTALL) is not None


def scopes_of(arn: str, grants: Sequence[Grant]) -> frozenset[Scope]:
    """Return what somebody may do: what all grants that mean them say, everything while there are no grants at all."""
    if not grants:
        return EVERYTHING
    return frozenset(scope for grant in grants if grant.matches(arn) for scope in grant.scopes)


def name_of(arn: str) -> str:
    """Return what people call somebody: `role/session (account)` for who has assumed a role, else the ARN."""
    found = _ROLE.fullmatch(arn)
    return f"{found[2]}/{found[3]} ({found[1]})" if found else arn
