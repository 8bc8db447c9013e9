"""How long certificates are good for, and whether they are trusted: Telegraf's `x509_cert`.

Source: telegraf `plugins/inputs/x509_cert/x509_cert.go`.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from glob import glob
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tocsin.collection.gather import Gather
from tocsin.http import origin
from tocsin.inputs import handshake
from tocsin.inputs.certificate import Certificate
from tocsin.inputs.handshake import Care, HandshakeError, Shown
from tocsin.inputs.kind import Probe
from tocsin.inputs.network import Network
from tocsin.inputs.tools import Tools
from tocsin.sources.connecting import value

if TYPE_CHECKING:
    from tocsin.inputs.network_settings import X509CertSettings
    from tocsin.metric import FieldValue

_FILE_BYTES = 1 << 20
_MOST_FILES = 100
_PEM_BEGINS, _PEM_ENDS = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class _Reading:
    """How certificates become metrics."""

    only_leaf: bool
    padded: bool

    def add(self, shown: Shown, source: str, gather: Gather, *, verified: bool = True) -> None:
        """Add a metric for each certificate; raises ValueError."""
        now = gather.now()
        for place, der in enumerate(shown.chain[:1] if self.only_leaf else shown.chain):
            certificate = Certificate.of(der, padded=self.padded)
            fields: dict[str, FieldValue] = dict(certificate.fields(now))
            tags = {"source": source, **certificate.tags}
            if verified:
                problem = shown.problem(place, certificate.date_problem(now))
                tags["verification"] = "invalid" if problem else "valid"
                fields["verification_code"] = int(bool(problem))
                if problem:
                    fields["verification_error"] = problem
            gather.add("x509_cert", fields, tags)


@dataclass(frozen=True, slots=True)
class _Server:
    """The certificates that a server shows."""

    network: Network
    source: str
    server_name: str
    ca: str
    timeout_seconds: float
    reading: _Reading

    def __call__(self, gather: Gather) -> None:
        parts = urlsplit(self.source)
        host, smtp = parts.hostname or "", parts.scheme == "smtp"
        connect = partial(self.network.connect, host, parts.port or 0)
        ends = monotonic() + min(self.timeout_seconds, gather.left_seconds())
        try:
            shown = handshake.show(connect, self.server_name or host, self.ca, ends, smtp=smtp)
            self.reading.add(shown, self.source, gather)
        except (HandshakeError, OSError, ValueError) as error:
            gather.fail(f"{origin(self.source)}: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {(error.reason or 'broken').lower().replace('_', ' ')}"
    if type(error) is TimeoutError:
        return "timed out"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@dataclass(frozen=True, slots=True)
class _Files:
    """Certificates in files, whose path may have wildcards; there is no handshake that could verify them."""

    source: str
    reading: _Reading
    local: bool

    def __call__(self, gather: Gather) -> None:
        if not self.local:
            gather.fail(f"{self.source}: files are read only by `tocsin local`")
            return
        found = sorted(glob(unquote(urlsplit(self.source).path), recursive=True))
        if not found:
            gather.fail(f"{self.source}: there is no such file")
        for path in found[:_MOST_FILES]:
            try:
                self.reading.add(Shown(_in_file(Path(path))), f"file://{path}", gather, verified=False)
            except (OSError, ValueError) as error:
                gather.fail(f"file://{path}: {_reason(error)}")


def _in_file(path: Path) -> Sequence[bytes]:
    with path.open("rb") as file:
        text = file.read(_FILE_BYTES).decode("ascii", "replace")
    blocks = [_PEM_BEGINS + part.partition(_PEM_ENDS)[0] + _PEM_ENDS for part in text.split(_PEM_BEGINS)[1:]]
    if not blocks:
        raise ValueError("expected certificates in PEM")
    return [ssl.PEM_cert_to_DER_cert(block) for block in blocks]


class X509CertKind:
    """The kind `x509_cert`."""

    def settings(self) -> type["X509CertSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.network_settings import X509CertSettings

        return X509CertSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each source; raises SecretError and TransportError."""
        reading = _Reading(settings["exclude_root_certs"], settings["pad_serial_with_zeroes"])
        name = settings["server_name"] or settings["tls_server_name"]
        ca = value(settings["tls_ca"], tools.access)
        handshake.context(ca, Care.FULL)
        return [
            _Files(source, reading, tools.local)
            if source.startswith("file:")
            else _Server(tools.network, source, name, ca, settings["timeout_seconds"], reading)
            for source in settings["sources"]
        ]


KIND = X509CertKind()
