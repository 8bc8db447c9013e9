"""Reach: which addresses an input may connect to, decided on addresses before each connection."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(texts: Iterable[str]) -> Networks:
    """Return networks written as CIDR; raises ValueError."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


_LINK_LOCAL = networks(
    (
        "169.254.0.0/16",  # the metadata of instances, tasks and functions
        "fe80::/10",
        "fd00:ec2::/32",  # the same services of AWS in IPv6
    )
)
_NOBODY = networks(("224.0.0.0/4", "ff00::/8", "240.0.0.0/4"))
_THIS_MACHINE = networks(("127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128"))
"""Who connects to 0.0.0.0 or :: reaches itself."""
PRIVATE = networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))

# What Python calls global differs from version to version. Of IPv6 only these are the Internet (RFC 4291 2.5.4, RFC
# 6052 2.1): that leaves out site-local, IPv4-compatible and -translated addresses, and NAT64 of a network's own.
_TRANSLATED = ip_network("64:ff9b::/96")
_TRANSLATED_HERE = ip_network("64:ff9b:1::/48")  # RFC 8215: NAT64 of a network's own
_PUBLIC_V6 = (ip_network("2000::/3"), _TRANSLATED)
_SPECIAL_V4 = ip_network("192.0.0.0/24")
_COMPATIBLE = networks(("::/96", "::ffff:0:0:0/96"))


@dataclass(frozen=True, slots=True)
class Reach:
    """Public addresses, and of the others those in `allowed`; `loopback` is for this machine's own development.

    Link-local addresses, and the metadata services with them, are reached only if `metadata` says so.
    """

    allowed: Networks = field(default=())
    loopback: bool = False
    metadata: bool = False

    def refusal(self, address: str) -> str | None:
        """Say why an address may not be reached; None if it may.

        An IPv4 address inside one of IPv6 (mapped, compatible, 6to4, Teredo, NAT64) counts as well.
        """
        try:
            found = _plain(ip_address(address.partition("%")[0]))
        except ValueError:
            return f"{address} is no address"
        return next(filter(None, map(self._refusal, (*_inside(found), found))), None)

    def _refusal(self, address: Address) -> str | None:
        if _within(address, _NOBODY):
            return f"{address} is multicast or reserved"
        if _within(address, _LINK_LOCAL):
            return None if self.metadata else f"{address} is link-local"
        if _within(address, _THIS_MACHINE):
            return None if self.loopback else f"{address} is this machine"
        if _public(address) or _within(address, self.allowed):
            return None
        return f"{address} is private: name its network in InputNetworks"


LOCAL = Reach(allowed=PRIVATE, loopback=True)
"""What a stack on this machine may reach: all but link-local addresses."""


def _within(address: Address, those: Networks) -> bool:
    return any(address in network for network in those if network.version == address.version)


def _public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and address not in _SPECIAL_V4
    return address.is_global and any(address in network for network in _PUBLIC_V6)


def _plain(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _inside(address: Address) -> list[Address]:
    """Return the IPv4 addresses that a packet to an IPv6 address may come to."""
    if not isinstance(address, IPv6Address) or _within(address, _THIS_MACHINE):
        return []
    found: list[Address] = [address.sixtofour] if address.sixtofour else []
    if _within(address, (_TRANSLATED, _TRANSLATED_HERE, *_COMPATIBLE)):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [*found, *(address.teredo or ())]
