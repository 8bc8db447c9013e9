"""Over what requests go: the transports that `tls_config`, `proxy_url` and `no_proxy` ask for."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from tocsin.http import Transport
from tocsin.receivers.tools import Tools
from tocsin.tls import Tls

_PORTS = {"http": 80, "https": 443}
_PROOFS = {"ca": "ca", "cert": "certificate", "key": "key"}


class Transports:
    """The transports of one `http_config` or `oauth2`, each opened when it is first needed.

    A certificate or key that has changed where it is kept makes another transport.
    """

    def __init__(self, config: Mapping[str, Any], tools: Tools) -> None:
        """`config` is the block as it is stored."""
        self._config, self._tools = config, tools
        self._opened: dict[tuple[Tls | None, str], Transport] = {}

    def to(self, url: str) -> Transport:
        """Return the transport to a URL; raises AuthError and TransportError."""
        wanted = (tls(self._config.get("tls_config"), self._tools), self._proxy_url(url))
        if wanted not in self._opened:
            self._opened[wanted] = self._tools.access.transport(1, *wanted, self._proxy_headers())
        return self._opened[wanted]

    def _proxy_headers(self) -> dict[str, str]:
        given: Mapping[str, Any] = self._config.get("proxy_connect_header") or {}
        return {name: ", ".join(map(self._tools.secret, values)) for name, values in given.items()}

    def _proxy_url(self, url: str) -> str:
        proxy_url, no_proxy = self._config.get("proxy_url") or "", self._config.get("no_proxy") or ""
        if self._config.get("proxy_from_environment"):
            environment = getproxies_environment()
            proxy_url, no_proxy = environment.get(url.partition(":")[0], ""), environment.get("no", "")
        return "" if not proxy_url or bypasses(url, no_proxy) else self._tools.secret(proxy_url)


def tls(given: Mapping[str, Any] | None, tools: Tools) -> Tls | None:
    """Return what a `tls_config` says, its secrets read; None if it says nothing. Raises AuthError."""
    if not given or not any(given.values()):
        return None
    proofs = {name: tools.secret(given.get(key) or "") for key, name in _PROOFS.items()}
    words = {name: given.get(name) or "" for name in ("server_name", "min_version", "max_version")}
    return Tls(**proofs, **words, verify=not given.get("insecure_skip_verify", False))


def bypasses(url: str, no_proxy: str) -> bool:
    """Tell whether requests to a URL go past the proxy (the grammar of Go's `httpproxy.Config.NoProxy`).

    Own code, as the standard library's `proxy_bypass_environment` knows neither networks nor ports of its own.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:  # no URL: whoever is to send there will say so
        return False
    if not no_proxy:
        return False
    if host in ("localhost", "::1") or _in_network(host, "127.0.0.0/8"):
        return True
    return any(_matches(host, port, entry.strip().lower()) for entry in no_proxy.split(","))


def _matches(host: str, port: int, entry: str) -> bool:
    if "/" in entry:
        return _in_network(host, entry)
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdecimal() and (":" not in name or name.endswith("]")):
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.strip("[]")
    if entry in ("*", host):
        return True
    domain = entry.removeprefix("*").removeprefix(".")
    return bool(domain) and host.endswith(f".{domain}")


def _in_network(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
