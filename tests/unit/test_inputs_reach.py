"""Where inputs may connect to: every way to write a forbidden address."""

import pytest

from tocsin.inputs.reach import LOCAL, PRIVATE, Reach, networks

PUBLIC = Reach()

FORBIDDEN = {
    "metadata": "169.254.169.254",
    "metadata of tasks": "169.254.170.2",
    "link-local of IPv6": "fe80::1",
    "link-local with a scope": "fe80::1%eth0",
    "metadata in IPv6": "fd00:ec2::254",
    "DNS of a VPC in IPv6": "fd00:ec2::253",
    "mapped": "::ffff:169.254.169.254",
    "mapped, in hexadecimal": "::ffff:a9fe:a9fe",
    "mapped, with a scope": "::ffff:169.254.169.254%eth0",
    "compatible": "::169.254.169.254",
    "translated": "::ffff:0:169.254.169.254",
    "6to4": "2002:a9fe:a9fe::1",
    "NAT64": "64:ff9b::169.254.169.254",
    "NAT64 of a network's own": "64:ff9b:1::169.254.169.254",
    "Teredo, its client": "2001:0:4136:e378:8000:63bf:5601:5601",
    "Teredo, its server": "2001:0:a9fe:a9fe::1",
    "multicast": "224.0.0.1",
    "multicast of IPv6": "ff02::1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
}
"""Nobody gets there, whatever networks are allowed."""

OF_THIS_MACHINE = {
    "loopback": "127.0.0.1",
    "another loopback": "127.8.8.8",
    "loopback of IPv6": "::1",
    "loopback, mapped": "::ffff:127.0.0.1",
    "loopback, compatible": "::127.0.0.1",
    "loopback by NAT64": "64:ff9b::127.0.0.1",
    "loopback by 6to4": "2002:7f00:1::",
    "any": "0.0.0.0",  # noqa: S104
    "any of this network": "0.1.2.3",
    "any of IPv6": "::",
    "any, mapped": "::ffff:0.0.0.0",
}

OF_A_NETWORK = {
    "ten": "10.0.0.1",
    "twelve bits": "172.31.255.255",
    "sixteen bits": "192.168.1.1",
    "of a carrier": "100.64.0.1",
    "unique local": "fd12::1",
    "ten, mapped": "::ffff:10.0.0.1",
    "ten by NAT64": "64:ff9b::10.0.0.1",
    "ten by 6to4": "2002:a00:1::",
}

NOT_PUBLIC = {
    "site-local": "fec0::1",
    "NAT64 of its own": "64:ff9b:1::808:808",
    "protocol assignments": "192.0.0.192",
    "documentation": "192.0.2.1",
    "benchmarks": "198.18.0.1",
    "segment routing": "5f00::1",
    "discard": "100::1",
}


def named(cases: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("address", cases.values(), ids=list(cases))


@named(FORBIDDEN)
@pytest.mark.parametrize(
    "reach",
    [PUBLIC, LOCAL, Reach(networks(["0.0.0.0/0", "::/0"]), loopback=True)],
    ids=["public", "local", "all"],
)
def test_some_addresses_are_reached_by_nobody(reach: Reach, address: str) -> None:
    assert reach.refusal(address)


@named(OF_THIS_MACHINE)
def test_this_machine_is_reached_only_by_a_stack_of_its_own(address: str) -> None:
    everything = Reach(networks(["0.0.0.0/0", "::/0"]), metadata=True)
    assert "this machine" in (PUBLIC.refusal(address) or "")
    assert "this machine" in (everything.refusal(address) or "")


@named({name: OF_THIS_MACHINE[name] for name in ("loopback", "loopback of IPv6", "loopback, mapped", "any")})
def test_a_local_stack_reaches_its_own_machine(address: str) -> None:
    assert LOCAL.refusal(address) is None


@named(OF_A_NETWORK)
def test_a_private_network_is_reached_if_it_is_named(address: str) -> None:
    named = Reach((*PRIVATE, *networks(["2002::/16", "64:ff9b::/96"])))
    assert "InputNetworks" in (PUBLIC.refusal(address) or "")
    assert named.refusal(address) is None


@named(NOT_PUBLIC)
def test_what_is_not_the_internet_is_no_public_address_in_any_version_of_python(address: str) -> None:
    assert PUBLIC.refusal(address)


@named({"v4": "93.184.215.14", "v6": "2606:2800::1", "NAT64": "64:ff9b::8.8.8.8", "mapped": "::ffff:8.8.8.8"})
def test_public_addresses_are_reached(address: str) -> None:
    assert PUBLIC.refusal(address) is None


def test_the_metadata_service_is_reached_if_it_is_wanted_and_nothing_else_is_with_it() -> None:
    reach = Reach(metadata=True)
    assert reach.refusal("169.254.169.254") is None
    assert reach.refusal("10.0.0.1")
    assert reach.refusal("127.0.0.1")


@named(
    {"a name": "localhost", "decimal": "2130706433", "hexadecimal": "0x7f.1", "octal": "0177.0.0.1", "": ""}
)
def test_what_is_no_address_in_its_one_form_is_refused(address: str) -> None:
    assert "no address" in (LOCAL.refusal(address) or "")
