"""Opening: from an input as it is defined to its probes, ours in this process and foreign ones in their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.access.auth import AuthError
from tocsin.access.secrets import SecretError
from tocsin.collection.input import Input
from tocsin.collection.running import OpenError, Probe
from tocsin.inputs import registry
from tocsin.inputs.isolation import isolated
from tocsin.inputs.registry import KindError
from tocsin.inputs.tools import Tools
from tocsin.tls import TransportError


@dataclass(frozen=True, slots=True)
class Opened:
    """Opens inputs with these tools."""

    tools: Tools

    def __call__(self, given: Input) -> Sequence[Probe]:
        """Return the probes of an input; raises OpenError, and what a plug-in raises."""
        try:
            if given.kind not in registry.BUILT_IN:
                return [isolated(given.kind, given.settings, self.tools)]
            return registry.kind(given.kind).open(given.settings, self.tools)
        except (KindError, SecretError, AuthError, TransportError) as error:
            raise OpenError(str(error)) from None
