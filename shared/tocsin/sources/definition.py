"""A source as users define it: a name, a kind, the kind's settings, and how it is to be treated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from tocsin.ports import HOLD

BUILT_IN = "prometheus"
"""The source that the template's parameters define; `cloudwatch` and `inputs` are always there."""


class OnError(StrEnum):
    """What becomes of alerts that fire while their source does not answer.

    `freeze`: nothing is sent, so they end when what was sent last has run out, as in Prometheus. `hold`: they
    are kept alive for as long as the definition's `hold_for`.
    """

    FREEZE = "freeze"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Definition:
    """One source of `sources.yml`; `settings` is JSON, as the kind's own model has normalised it.

    None leaves `timeout` (of one query), `max_concurrency` (queries at once, in one function) and `retries`
    (of one query, in one tick) to the kind. It holds references to secrets and never a secret.
    """

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    on_error: OnError = OnError.HOLD
    hold_for: timedelta = HOLD
    timeout: timedelta | None = None
    max_concurrency: int | None = None
    retries: int | None = None
    write_to: str = ""
    """Another source: what rules on this one record is stored where that one's settings say."""


def to_document(definition: Definition) -> dict[str, Any]:
    """Return the definition as JSON."""
    timeout = definition.timeout
    return {
        "name": definition.name,
        "kind": definition.kind,
        "settings": dict(definition.settings),
        "on_error": definition.on_error.value,
        "hold_for_seconds": definition.hold_for.total_seconds(),
        "timeout_seconds": None if timeout is None else timeout.total_seconds(),
        "max_concurrency": definition.max_concurrency,
        "retries": definition.retries,
        "write_to": definition.write_to,
    }


def from_document(document: Mapping[str, Any]) -> Definition:
    """Return the definition that `to_document` wrote."""
    timeout = document["timeout_seconds"]
    return Definition(
        name=document["name"],
        kind=document["kind"],
        settings=document["settings"],
        on_error=OnError(document["on_error"]),
        hold_for=timedelta(seconds=document["hold_for_seconds"]),
        timeout=None if timeout is None else timedelta(seconds=timeout),
        max_concurrency=document["max_concurrency"],
        retries=document["retries"],
        write_to=document["write_to"],
    )
