"""A connection to a database that breaks when its time is over, whatever it is at."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Timer
from traceback import clear_frames

from tocsin.inputs.databases.dsn import Target
from tocsin.inputs.databases.table import QueryError
from tocsin.inputs.network import Network
from tocsin.tls import Tls, TransportError, ssl_context


@contextmanager
def reached(network: Network, target: Target, seconds: float) -> Iterator[socket.socket]:
    """Connect, and break the connection after `seconds`; raises OSError.

    A socket's own timeout begins anew with each byte, and a server may send one at a time for ever.
    """
    with (
        closing(network.connect(target.host, target.port, seconds)) as connected,
        closing(connected.dup()) as same,
    ):
        # TLS takes the socket over; the other one is of the same connection.
        timer = Timer(seconds, _break, [same])
        timer.daemon = True
        timer.start()
        try:
            yield connected
        finally:
            timer.cancel()


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)


def let_go(error: BaseException | None) -> None:
    """Let go of what a call that failed held: its frames keep the connection's files, and those the socket, open.

    The frames and their errors name each other, so that only the collector of garbage would, at some time.
    """
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__context__


def verifying(ca: str, *, hostname: bool = True) -> ssl.SSLContext:
    """Return a context that asks for a certificate of `ca` (PEM; empty: those that the system trusts).

    Raises QueryError.
    """
    try:
        context = ssl_context(Tls(ca=ca))
    except TransportError as error:
        raise QueryError(f"tls_{error}") from None
    context.check_hostname = hostname
    return context
