"""Whose requests this machine takes without asking who they are: those of its own programs.

A web page is none of them, though a browser here sends its requests: it may have a name of its own that resolves to
this machine (DNS rebinding), or post a form to it.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tocsin.api.cors import forged


def is_own(environ: Mapping[str, Any]) -> bool:
    """Tell whether a WSGI request comes from a program of this machine, or from a page that this machine serves."""
    host, origin = str(environ.get("HTTP_HOST", "")), str(environ.get("HTTP_ORIGIN", ""))
    media_type = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    return (
        is_loopback(str(environ.get("REMOTE_ADDR", "")))
        and (not host or is_loopback(_name(f"//{host}")))
        and (not origin or is_loopback(_name(origin)))
        and not forged(str(environ.get("REQUEST_METHOD", "")), media_type, origin, host)
    )


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address can only mean this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761 section 6.3
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
