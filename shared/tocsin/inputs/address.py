"""Addresses as users write them: a host and a port."""

_HIGHEST_PORT = 65535


def split(address: str) -> tuple[str, int]:
    """Return the host and the port of `host:port` or `[address]:port`; no host is this machine. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if (
        not colon
        or not port.isdecimal()
        or not 0 < int(port[:6]) <= _HIGHEST_PORT
        or (bare == host and ":" in host)
    ):
        raise ValueError("expected HOST:PORT, like db.example:5432 or [::1]:5432")
    return bare or "localhost", int(port)
