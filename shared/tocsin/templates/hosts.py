"""Hosts and ports as Go's net package takes them apart."""

import re
from ipaddress import ip_address

_HOST_PORT = re.compile(r"(?:\[(?P<bracketed>[^\[\]]*)\]|(?P<host>[^:\[\]]*)):(?P<port>[^:\[\]]*)", re.DOTALL)


def strip_port(host_port: str) -> str:
    """Return the host of `host:port`; a text that is not of that form as it is."""
    return _split(host_port)[0]


def strip_domain(host_port: str) -> str:
    """Return the first label of a host's name, with its port; an address as it is."""
    host, port = _split(host_port)
    if _is_address(host):
        return host_port
    name = host.split(".")[0]
    if not port:
        return name
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _split(host_port: str) -> tuple[str, str]:
    match = _HOST_PORT.fullmatch(host_port)
    if match is None:
        return host_port, ""
    return match["bracketed"] or match["host"] or "", match["port"]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host
