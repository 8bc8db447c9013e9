"""A certificate in Telegraf's words: the tags and fields of the measurement `x509_cert`.

Source: telegraf `plugins/inputs/x509_cert/x509_cert.go`; names of algorithms: Go `crypto/x509`. By asn1crypto, which
the layer holds through scramp: Python's ssl gives a certificate that is not accepted only as bytes, and `cryptography`
weighs ten megabytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509

_SIGNATURES = {
    **{("rsassa_pkcs1v15", f"sha{size}"): f"SHA{size}-RSA" for size in (1, 256, 384, 512)},
    **{("rsassa_pss", f"sha{size}"): f"SHA{size}-RSAPSS" for size in (256, 384, 512)},
    **{("ecdsa", f"sha{size}"): f"ECDSA-SHA{size}" for size in (1, 256, 384, 512)},
    **{("dsa", f"sha{size}"): f"DSA-SHA{size}" for size in (1, 256)},
    ("rsassa_pkcs1v15", "md5"): "MD5-RSA",
    ("rsassa_pkcs1v15", "md2"): "MD2-RSA",
}
_KEYS = {"rsa": "RSA", "dsa": "DSA", "ec": "ECDSA", "ed25519": "Ed25519"}
_UNKNOWN = "0"
_PADDED = 32
_PARTS = {
    "organization": "organization_name",
    "organizational_unit": "organizational_unit_name",
    "country": "country_name",
    "province": "state_or_province_name",
    "locality": "locality_name",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says of itself; nobody has verified it."""

    tags: Mapping[str, str]
    not_before: datetime
    not_after: datetime

    @staticmethod
    def of(der: bytes, *, padded: bool = False) -> "Certificate":
        """Read a certificate, its serial number `padded` to 128 bits if wanted; raises ValueError."""
        try:
            found = x509.Certificate.load(der, strict=True)
            return Certificate(
                dict(_tags(found, padded=padded)), found.not_valid_before, found.not_valid_after
            )
        except (TypeError, LookupError, OverflowError, AttributeError) as error:
            raise ValueError(f"not a certificate: {type(error).__name__}") from None

    def fields(self, now: datetime) -> dict[str, int]:
        """Return how old it is and how long it is good for, in seconds."""
        return {
            "age": int((now - self.not_before).total_seconds()),
            "expiry": int((self.not_after - now).total_seconds()),
            "startdate": int(self.not_before.timestamp()),
            "enddate": int(self.not_after.timestamp()),
        }

    def date_problem(self, now: datetime) -> str | None:
        """Say in OpenSSL's words that it is not good now; None if it is."""
        if now < self.not_before:
            return "certificate is not yet valid"
        return "certificate has expired" if now > self.not_after else None


def _tags(certificate: x509.Certificate, *, padded: bool) -> Iterator[tuple[str, str]]:
    subject, issuer = certificate.subject.native, certificate.issuer.native
    yield "common_name", _first(subject.get("common_name"))
    yield "serial_number", f"{certificate.serial_number:0{_PADDED if padded else 1}x}"
    yield "signature_algorithm", _signature(certificate)
    yield "public_key_algorithm", _KEYS.get(certificate.public_key.algorithm, _UNKNOWN)
    for tag, part in _PARTS.items():
        yield tag, _first(subject.get(part))
    yield "issuer_common_name", _first(issuer.get("common_name"))
    yield "issuer_serial_number", _first(issuer.get("serial_number"))
    yield "san", ",".join(_alternatives(certificate))
    yield "type", _type(certificate)


def _first(found: object) -> str:
    return str(found[0] if isinstance(found, list) and found else found or "")


def _signature(certificate: x509.Certificate) -> str:
    algorithm = certificate["signature_algorithm"]
    name = algorithm.signature_algo
    if name == "ed25519":
        return "Ed25519"
    return _SIGNATURES.get((name, algorithm.hash_algo), _UNKNOWN)


def _alternatives(certificate: x509.Certificate) -> Iterator[str]:
    """Yield the names it is for, in Go's order."""
    found = certificate.subject_alt_name_value or ()
    for kind in ("dns_name", "rfc822_name", "ip_address", "uniform_resource_identifier"):
        yield from (str(name.native) for name in found if name.name == kind)


def _type(certificate: x509.Certificate) -> str:
    """Say what it is: who is its own issuer is a root, whoever else may sign an intermediate."""
    if certificate.self_signed != "no":
        return "root"
    return "intermediate" if certificate.ca else "leaf"
