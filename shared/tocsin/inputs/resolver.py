"""Names looked up in time: a lookup cannot be ended, so it is left behind in a thread of its own."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import dataclass, field
from ipaddress import ip_address
from threading import Lock, Thread

MOST_LOOKUPS = 128
"""At once: a lookup that hangs holds its thread until the system's resolver gives up (glibc: 5 s a try)."""


class UnresolvedError(socket.gaierror):
    """A name has no address; the text says why."""


class SlowNameError(TimeoutError):
    """A name was not resolved in time."""


Lookup = Callable[[str], Sequence[str]]


def system_lookup(host: str) -> Sequence[str]:
    """Return the addresses of a name as this machine resolves it; raises OSError and ValueError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class Resolver:
    """Looks up each name once at a time, however many ask for it: one that hangs holds one thread.

    The threads are daemons (those of a pool are not): the process ends without those that hang.
    """

    lookup: Lookup
    most: int = MOST_LOOKUPS
    _looking: dict[str, Future[Sequence[str]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def addresses(self, host: str, timeout_seconds: float) -> Sequence[str]:
        """Return the addresses of a name, or the address itself; raises UnresolvedError and SlowNameError.

        If too many other names hang it fails at once, instead of waiting for its turn until it is late.
        """
        if _is_address(host):
            return [host]
        begun = self._begun(host)
        try:
            found = begun.result(timeout_seconds)
        except StillWaiting:
            raise SlowNameError(f"{host}: not resolved within {timeout_seconds:.3g} s") from None
        except OSError as error:
            raise UnresolvedError(f"{host}: {error.strerror or 'no address'}") from None
        except ValueError:
            raise UnresolvedError(f"{host}: not a name") from None
        if not found:
            raise UnresolvedError(f"{host}: no address")
        return found

    def _begun(self, host: str) -> Future[Sequence[str]]:
        with self._lock:
            if host in self._looking:
                return self._looking[host]
            if len(self._looking) >= self.most:
                raise SlowNameError(f"{host}: not looked up, {self.most} other names hang")
            begun: Future[Sequence[str]] = Future()
            Thread(target=self._look, args=(host, begun), name="resolve", daemon=True).start()
            self._looking[host] = begun
            return begun

    def _look(self, host: str, begun: Future[Sequence[str]]) -> None:
        problem: OSError | ValueError | None = None
        found: Sequence[str] = ()
        try:
            found = self.lookup(host)
        except (OSError, ValueError) as error:
            problem = error
        finally:
            with self._lock:  # first: who asks after this answer gets one of its own
                del self._looking[host]
        begun.set_exception(problem) if problem else begun.set_result(found)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
