"""A kind of output: what a plug-in brings, and what it is given."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from tocsin.access.port import Access
from tocsin.shipping.output import Writer

if TYPE_CHECKING:
    from tocsin.documents import Block


class Kind(Protocol):
    """One kind of output, found by the name of its entry point in the group `tocsin.outputs`.

    `settings` is called where users' files are read; `open` is called by who writes, and may read secrets and raise.
    """

    def settings(self) -> type["Block"]:
        """Return the model of the settings; what it dumps as JSON is stored and given to `open`."""
        ...

    def open(self, settings: Mapping[str, Any], access: Access) -> Writer:
        """Return where the metrics are written."""
        ...
