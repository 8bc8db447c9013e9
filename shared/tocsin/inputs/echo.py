"""ICMP echoes by a socket that needs no privilege, where the system permits it (Linux: `net.ipv4.ping_group_range`)."""

import secrets
import socket
import struct
from dataclasses import dataclass
from time import perf_counter

_HEADER = struct.Struct("!BBHHH")
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_IP_RECVTTL = 12
"""Of Linux; the module `socket` names it from Python 3.14 on."""
_MOST_BYTES = 2048
_TOKEN_BYTES = 8


@dataclass(frozen=True, slots=True)
class Echo:
    """An answer: to which of the requests, when, and how many hops it had left if the system says so."""

    number: int
    at: float
    ttl: int | None = None


@dataclass(slots=True)
class Echoes:
    """Requests to one address and their answers; times are those of `perf_counter`.

    An answer is known by the random token that it brings back: the system may have changed the identifier.
    """

    connection: socket.socket
    family: socket.AddressFamily
    payload: bytes

    def request(self, number: int) -> float:
        """Send a request and return when; raises OSError."""
        body = _HEADER.pack(_REQUEST[self.family], 0, 0, 0, number) + self.payload
        sent = perf_counter()
        self.connection.send(body[:2] + struct.pack("!H", checksum(body)) + body[4:])
        return sent

    def answer(self, timeout_seconds: float) -> Echo | None:
        """Return what comes next if it is an answer; raises OSError, TimeoutError if nothing comes."""
        self.connection.settimeout(max(0.001, timeout_seconds))
        packet, ancillary, _, _ = self.connection.recvmsg(_MOST_BYTES, 64)
        at = perf_counter()
        ttl = next((data[0] for level, kind, data in ancillary if _is_ttl(level, kind) and data), None)
        if (
            self.family == socket.AF_INET and packet[:1] and packet[0] >> 4 == 4
        ):  # macOS: with the header of IP
            ttl, packet = packet[8] if len(packet) > 8 else None, packet[4 * (packet[0] & 15) :]
        if len(packet) < _HEADER.size or packet[_HEADER.size :] != self.payload:
            return None
        kind, _, _, _, number = _HEADER.unpack_from(packet)
        return Echo(number, at, ttl) if kind == _REPLY[self.family] else None

    def close(self) -> None:
        """Close the socket."""
        self.connection.close()


def open_echoes(address: str, size: int) -> Echoes:
    """Return a way to send requests of so many bytes to an address.

    Raises OSError: PermissionError where there is no such socket, also if the system does not know of them at all.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        connection = socket.socket(family, socket.SOCK_DGRAM, _PROTOCOL[family])
    except OSError as error:
        raise PermissionError(error.errno, error.strerror) from None
    try:
        if family == socket.AF_INET6:
            connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            connection.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        connection.connect((address, 0))
    except OSError:
        connection.close()
        raise
    return Echoes(connection, family, secrets.token_bytes(_TOKEN_BYTES).ljust(size, b"\0"))


def checksum(packet: bytes) -> int:
    """Return the checksum of a packet whose own is zero (RFC 1071)."""
    padded = packet + b"\0" * (len(packet) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    return (total + (total >> 16) & 0xFFFF) ^ 0xFFFF


def _is_ttl(level: int, kind: int) -> bool:
    return (level, kind) in ((socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT))
