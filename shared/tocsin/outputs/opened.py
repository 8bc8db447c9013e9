"""Outputs that are open: each is opened when it is first written to, and kept while its definition is the same."""

from collections.abc import Sequence
from threading import Lock

from tocsin.access.auth import AuthError
from tocsin.access.port import Access
from tocsin.metric import Metric
from tocsin.outputs import registry
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.shipping.output import Output, Writer
from tocsin.tls import TransportError

_BROKEN = frozenset({"auth", "unreachable"})


class Opened:
    """A `Writer` that does not answer for as long as its plug-in cannot be opened, and whatever that does wrong."""

    def __init__(self, output: Output, access: Access) -> None:
        self.output = output
        self._access = access
        self._lock = Lock()
        self._writer: Writer | None = None

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Write a batch."""
        writer = self._open()
        if isinstance(writer, Unanswered):
            return writer
        try:
            answer: object = writer.write(metrics, timeout_seconds)
        except Exception as error:  # noqa: BLE001 - the boundary to plug-ins; what it says may hold a secret
            return Unanswered(f"it failed: {type(error).__name__}", "crashed")
        if not isinstance(answer, Stored | Refused | Unanswered):
            return Unanswered(f"it answered with a {type(answer).__name__}", "crashed")
        if isinstance(answer, Unanswered) and answer.reason in _BROKEN:
            self._writer = None  # opened afresh next time, with the certificates of then
        return answer

    def _open(self) -> Writer | Unanswered:
        with self._lock:
            if self._writer is None:
                try:
                    self._writer = registry.kind(self.output.kind).open(self.output.settings, self._access)
                except AuthError as error:
                    return Unanswered(str(error), "auth")
                except (registry.KindError, TransportError) as error:
                    return Unanswered(str(error), "misconfigured")
                except Exception as error:  # noqa: BLE001 - the boundary to plug-ins, as above
                    return Unanswered(f"cannot be opened: {type(error).__name__}", "misconfigured")
            return self._writer


class OpenOutputs:
    """Finds the writer of an output."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._opened: dict[str, Opened] = {}

    def __call__(self, output: Output) -> Writer:
        """Return the writer, the one from before if the output is as it was."""
        kept = self._opened.get(output.name)
        if kept is None or kept.output != output:
            kept = self._opened[output.name] = Opened(output, self._access)
        return kept
