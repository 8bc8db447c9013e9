"""How a test runs an input: opened by its settings as users write them, each probe once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from tests.unit.source_access import FakeAccess
from tocsin.access.port import Access
from tocsin.collection.gather import Gather
from tocsin.inputs.network import Network
from tocsin.inputs.reach import LOCAL
from tocsin.inputs.registry import kind
from tocsin.inputs.tools import Tools

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Run = Callable[..., Gather]


def stored(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are stored; raises pydantic's ValidationError."""
    return kind(name).settings().model_validate(settings).model_dump(mode="json", by_alias=True)


def opened(
    name: str, settings: Mapping[str, Any], access: Access | None = None, *, local: bool = True
) -> Run:
    """Open an input and return what runs all of its probes, one after the other, into one gathering."""
    tools = Tools(access or FakeAccess(), Network(LOCAL), local)
    probes = kind(name).open(stored(name, settings), tools)

    def run(now: datetime = NOON, seconds: float = 5.0) -> Gather:
        gather = Gather(monotonic() + seconds, lambda: now)
        for probe in probes:
            probe(gather)
        return gather

    return run


def gathered(name: str, settings: Mapping[str, Any], access: Access | None = None, **how: Any) -> Gather:
    """Run an input once."""
    return opened(name, settings, access)(**how)
