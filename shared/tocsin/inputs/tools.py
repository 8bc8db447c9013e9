"""What a plug-in is given to reach the world with."""

from dataclasses import dataclass

from tocsin.access.port import Access
from tocsin.inputs.network import Network


@dataclass(frozen=True, slots=True)
class Tools:
    """Secrets, AWS and the time by `access`; names, sockets and HTTP by `network`, which knows who may be reached.

    `local` says that this is the user's own machine: then programs may be run.
    """

    access: Access
    network: Network
    local: bool = False
