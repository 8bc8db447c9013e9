"""The network as inputs have it: names resolved in time, and connections only to addresses that may be reached."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from tocsin.http import ForbiddenError, HttpClient, Transport
from tocsin.inputs.reach import Reach
from tocsin.inputs.resolver import Lookup, Resolver, system_lookup
from tocsin.inputs.resolver import SlowNameError as SlowNameError
from tocsin.inputs.resolver import UnresolvedError as UnresolvedError
from tocsin.tls import Tls

_BODY_BYTES = 1 << 20


@dataclass(slots=True)
class Network:
    """Connects to what `reach` allows, wherever a name or a redirect points.

    Each connection goes to an address that was checked, never to a name that could by then mean another one.
    """

    reach: Reach
    lookup: Lookup = system_lookup
    _resolver: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self._resolver = Resolver(self.lookup)

    def addresses(self, host: str, timeout_seconds: float) -> Sequence[str]:
        """Return the addresses of a name or an address that may be reached.

        Raises UnresolvedError, SlowNameError, and ForbiddenError if none of them may.
        """
        found = self._resolver.addresses(host.strip("[]"), timeout_seconds)
        refusals = {address: self.reach.refusal(address) for address in found}
        allowed = [address for address, refusal in refusals.items() if refusal is None]
        if not allowed:
            raise ForbiddenError(f"{host}: {next(iter(refusals.values()))}")
        return allowed

    def connect(self, host: str, port: int, timeout_seconds: float) -> socket.socket:
        """Return a TCP connection whose timeout is what is left of `timeout_seconds`.

        The addresses are tried in their order, with equal shares of the time. Raises as `addresses` does, and OSError.
        """
        ends = monotonic() + timeout_seconds
        found = self.addresses(host, timeout_seconds)
        trouble: OSError = TimeoutError("timed out")
        for number, address in enumerate(found):
            left = ends - monotonic()
            if left <= 0:
                break
            try:
                connected = socket.create_connection((address, port), left / (len(found) - number))
            except OSError as error:
                trouble = error
                continue
            connected.settimeout(max(0.001, ends - monotonic()))
            return connected
        raise trouble

    def datagrams(self, host: str, port: int, timeout_seconds: float) -> socket.socket:
        """Return a UDP socket that speaks with one address only; raises as `connect` does."""
        ends = monotonic() + timeout_seconds
        address = self.addresses(host, timeout_seconds)[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM)
        try:
            made.settimeout(max(0.001, ends - monotonic()))
            made.connect((address, port))
        except OSError:
            made.close()
            raise
        return made

    def transport(
        self,
        *,
        max_body_bytes: int = _BODY_BYTES,
        connections: int = 1,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """Return a way to send HTTP requests, redirects not followed; raises TransportError."""
        return HttpClient(
            max_body_bytes,
            connections,
            tls=tls,
            proxy_url=proxy_url,
            proxy_headers=proxy_headers,
            connect=self.connect,
        )
