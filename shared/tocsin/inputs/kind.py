"""A kind of input: what a plug-in brings, and what it is given. docs/inputs.md has an example."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tocsin.collection.gather import Gather
from tocsin.inputs.tools import Tools

if TYPE_CHECKING:
    from tocsin.documents import Block

Probe = Callable[[Gather], None]
"""Gathers from one target: adds metrics and failures to what it is given, and comes back before the deadline."""


class Kind(Protocol):
    """One kind of input, found by the name of its entry point in the group `tocsin.inputs`.

    `settings` is called where users' files are read and imports what it needs when it is called (pydantic); `open` is
    called in the collector, when an input of this kind first runs.
    """

    def settings(self) -> type["Block"]:
        """Return the model of the settings; what it dumps as JSON is stored and given to `open`."""
        ...

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each target, to be run side by side at every run.

        It may read secrets, and raise what they raise: then the run has failed, and the next one tries again.
        """
        ...
