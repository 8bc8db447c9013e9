"""What the kinds that speak HTTP make of their settings: who asks, with which headers, over what transport.

A value in settings is text, or a mapping that refers to a secret.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.access.auth import Auth, AuthError, Kept, Together, anonymous, sigv4
from tocsin.access.port import Access
from tocsin.access.secrets import Reference
from tocsin.http import Transport, basic_credentials
from tocsin.ports import Sink
from tocsin.sinks.cloudwatch import CONCURRENT_CALLS, CloudWatchSink
from tocsin.sinks.remote_write import MAX_CONCURRENCY, RemoteWriteSink
from tocsin.sources import aws
from tocsin.sources.guard import Guard
from tocsin.tls import Tls

TENANT_HEADER = "X-Scope-OrgID"
"""How Mimir, Loki, Cortex and Tempo are told whose data is asked for."""
Value = str | Mapping[str, str]


def value(given: Value | None, access: Access) -> str:
    """Return a value of the settings, read if it is a reference; raises SecretError."""
    if given is None or isinstance(given, str):
        return given or ""
    return access.secret(Reference.of(given)).strip()


def auth(settings: Mapping[str, Any], access: Access) -> Auth:
    """Return how requests say who asks: as `auth` says, and by headers whose values are secret."""
    ways = [*_signed(settings.get("auth") or {}, access), *_secret_headers(settings, access)]
    return Together(tuple(ways)) if len(ways) > 1 else ways[0] if ways else anonymous


def headers(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers whose values are no secret."""
    found = {name: text for name, text in (settings.get("headers") or {}).items() if isinstance(text, str)}
    tenant = settings.get("tenant")
    return {**found, TENANT_HEADER: tenant} if tenant else found


def transport(settings: Mapping[str, Any], access: Access, connections: int) -> Transport:
    """Return the transport with the settings' certificates and proxy; raises SecretError and TransportError."""
    proxy_url = value(settings.get("proxy_url"), access)
    tls = settings.get("tls")
    if tls is None:
        return access.transport(connections, proxy_url=proxy_url)
    proofs = {name: value(tls.get(name), access) for name in ("ca", "certificate", "key")}
    server_name, verify = tls.get("server_name", ""), not tls.get("insecure_skip_verify", False)
    return access.transport(connections, Tls(**proofs, server_name=server_name, verify=verify), proxy_url)


def sink(settings: Mapping[str, Any], access: Access) -> Sink | None:
    """Return where `write` says that samples are stored; None if it is not there."""
    write = settings.get("write")
    if not write:
        return None
    if write["kind"] == "cloudwatch":
        return CloudWatchSink(
            aws.client("cloudwatch", Guard(max_concurrency=CONCURRENT_CALLS), write, access),
            write["namespace"],
            access.clock,
            high_resolution=write["high_resolution"],
            parallel=access.parallel(CONCURRENT_CALLS),
        )
    return RemoteWriteSink(
        write["url"],
        auth(settings, access),
        headers(settings),
        transport=transport(settings, access, MAX_CONCURRENCY),
        parallel=access.parallel(MAX_CONCURRENCY),
    )


def _signed(given: Mapping[str, Any], access: Access) -> Sequence[Auth]:
    if basic := given.get("basic"):
        values = (basic["username"], basic["password"])
        return [_kept(values, access, lambda texts: {"Authorization": basic_credentials(*texts)})]
    if bearer := given.get("bearer"):
        return [_kept((bearer,), access, lambda texts: {"Authorization": f"Bearer {texts[0]}"})]
    if signing := given.get("sigv4"):
        return [signature(signing, access, signing.get("service") or "aps")]
    return []


def signature(given: Mapping[str, str], access: Access, service: str) -> Auth:
    """Return a way to sign for a service of AWS, in the region and as the role that the settings name."""
    session = access.session(given.get("role_arn", ""), given.get("external_id", ""), given.get("region", ""))
    if not session.region_name:
        raise AuthError("no region to sign for")
    return sigv4(session.get_credentials(), session.region_name, service)


def _secret_headers(settings: Mapping[str, Any], access: Access) -> Sequence[Auth]:
    secret = {
        name: text for name, text in (settings.get("headers") or {}).items() if not isinstance(text, str)
    }
    if not secret:
        return []
    return [_kept(tuple(secret.values()), access, lambda texts: dict(zip(secret, texts, strict=True)))]


def _kept(values: Sequence[Value], access: Access, headers: Any) -> Kept:
    references = [Reference.of(given) for given in values if not isinstance(given, str)]

    def look_up() -> Mapping[str, str]:
        found: Mapping[str, str] = headers([value(given, access) for given in values])
        return found

    def read_again() -> None:
        for reference in references:
            access.renew(reference)

    return Kept(look_up, read_again)
