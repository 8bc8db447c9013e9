"""What a plug-in is given to reach the world with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore

from tocsin.access.port import Access
from tocsin.collection.gather import Gather
from tocsin.inputs.network import Network
from tocsin.inputs.parsers.parsed import ParseError

_PARSING = 2
"""Of Python's threads one works at a time, and an answer of 1 MiB takes up to 80 MB while it is parsed."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Secrets, AWS and the time by `access`; names, sockets and HTTP by `network`, which knows who may be reached.

    `local` says that this is the user's own machine: then programs may be run.
    """

    access: Access
    network: Network
    local: bool = False
    parsing: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(_PARSING), repr=False, compare=False
    )

    @contextmanager
    def turn(self, gather: Gather) -> Iterator[None]:
        """Hold a turn to parse an answer and add what is in it; raises ParseError if none comes in time."""
        if not self.parsing.acquire(timeout=gather.left_seconds()):
            raise ParseError("no time left to read the answer")
        try:
            yield
        finally:
            self.parsing.release()
