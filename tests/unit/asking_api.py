"""An API on a stack in memory: real handlers, a clock that tests set, and nobody who has to be anybody."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.unit.commandline import SetClock, Sink
from tocsin.api.build import build
from tocsin.api.requests import Request
from tocsin.api.responses import Response
from tocsin.bootstrap import World
from tocsin.local.watching import Line, Tally, log
from tocsin.ports import one_by_one
from tocsin.settings import Access, Settings
from tocsin.settings import Api as ApiSettings
from tocsin.stores.memory import MemoryDatabase

if TYPE_CHECKING:
    from tocsin.api.app import App

OFF = Settings(api=ApiSettings(access=Access.OFF))
"""As `tocsin local` has it on loopback."""


@dataclass
class Api:
    """Asks an API; `lines` are what it has logged, `headers` go with every request."""

    settings: Settings = OFF
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    clock: SetClock = field(default_factory=SetClock)
    flushes: Sink = field(default_factory=Sink)
    meter: Tally = field(default_factory=Tally)
    headers: Mapping[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(self.database, self.clock, flushes=self.flushes, parallel=one_by_one)
        self.app: App = build(self.world, self.settings, self.meter, log("api", self.lines.append))

    def get(self, path: str, **parameters: str | Sequence[str]) -> Response:
        """GET a path."""
        return self.ask("GET", path, query=urlencode(parameters, doseq=True))

    def post(self, path: str, document: Any = None) -> Response:
        """POST a document as JSON."""
        return self.ask("POST", path, json.dumps(document).encode(), content_type="application/json")

    def ask(self, method: str, path: str, body: bytes = b"", *, query: str = "", **headers: str) -> Response:
        """Send a request; `content_type` is the header Content-Type."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.answer(Request(method, path, query, {**self.headers, **named}, body, "192.0.2.7"))


def document(response: Response) -> Any:
    """Return what a JSON answer says."""
    return json.loads(response.body)
