"""What a kind of input is given in tests: the network of this machine, no AWS, and time enough."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from tests.unit.source_access import FakeAccess
from tocsin.collection.gather import Gather
from tocsin.inputs.kind import Kind
from tocsin.inputs.network import Network
from tocsin.inputs.reach import LOCAL, Reach
from tocsin.inputs.tools import Tools

LONG = 30.0
"""Seconds that nobody waits for."""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tools(reach: Reach = LOCAL, *, local: bool = True, addresses: Sequence[str] | None = None) -> Tools:
    """Return tools; with `addresses` every name has those."""
    network = Network(reach) if addresses is None else Network(reach, lambda host: addresses)
    return Tools(FakeAccess(), network, local)


def gathering(seconds: float = LONG, now: datetime = NOW) -> Gather:
    """Return a gathering that has so many seconds."""
    return Gather(monotonic() + seconds, lambda: now)


def stored(kind: Kind, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return settings as they are stored."""
    return kind.settings().model_validate(settings).model_dump(mode="json", by_alias=True)


def gathered(
    kind: Kind,
    settings: Mapping[str, Any],
    given: Tools | None = None,
    seconds: float = LONG,
    now: datetime = NOW,
) -> Gather:
    """Run the probes one after the other and return what they gathered."""
    gather = gathering(seconds, now)
    for probe in kind.open(stored(kind, settings), given or tools()):
        probe(gather)
    return gather
