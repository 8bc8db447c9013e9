"""What a deployed `http_response` never connects to: whoever leads it there, and however the address is written."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.gathering import gathering, stored
from tests.unit.misbehaving_server import reply, serving
from tests.unit.test_inputs_reach import FORBIDDEN, NOT_PUBLIC, OF_A_NETWORK, OF_THIS_MACHINE
from tocsin.bootstrap import World, with_inputs
from tocsin.clock import SystemClock
from tocsin.collection.gather import Gather
from tocsin.collection.input import Input
from tocsin.inputs import http_response
from tocsin.settings import Collecting, Settings, SettingsError
from tocsin.stores.memory import MemoryDatabase

PUBLIC = "93.184.215.14"
LAMBDA = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}
OUT_OF_REACH = {**FORBIDDEN, **OF_THIS_MACHINE, **OF_A_NETWORK, **NOT_PUBLIC}
WRITTEN = {
    "metadata, decimal": "2852039166",
    "metadata, hexadecimal": "0xa9.0xfe.0xa9.0xfe",
    "metadata, octal": "0251.0376.0251.0376",
    "metadata, shortened": "169.254.43518",
    "this machine, decimal": "2130706433",
    "this machine, shortened": "127.1",
    "this machine, by its name": "localhost",
    "nothing but zero": "0",
}
"""Hosts that no address is written as, and that the resolver of the system takes for one."""


@dataclass
class Wire:
    """The names and connections of this process: `means` are addresses of names, `made` where somebody connected to.

    Who connects to the public address comes out at `server`.
    """

    means: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    server: tuple[str, int] | None = None

    def lookup(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return a resolver that knows these names too."""
        return lambda host, *more, **named: real(self.means.get(host, host), *more, **named)

    def connect(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return a way to connect that goes nowhere else."""

        def connect(made: socket.socket, address: Any) -> None:
            self.made.append(address[0])
            if address[0] != PUBLIC or self.server is None:
                raise ConnectionRefusedError
            real(made, self.server)

        return connect


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found = Wire({"public.example": PUBLIC})
    monkeypatch.setattr(socket, "getaddrinfo", found.lookup(socket.getaddrinfo))
    monkeypatch.setattr(socket.socket, "connect", found.connect(socket.socket.connect))
    return found


def checked(url: str) -> Gather:
    """Run a check as a stack does that was deployed with no parameters."""
    settings = Settings.from_environment(LAMBDA)
    probes = with_inputs(World(MemoryDatabase(), SystemClock()), settings).probes
    assert probes is not None
    given = stored(http_response.KIND, {"urls": [url], "follow_redirects": True})
    [probe] = probes(Input("check", "http_response", settings=given))
    gather = gathering()
    probe(gather)
    return gather


def is_refused(gather: Gather) -> bool:
    """Tell whether a check has failed because it may not go there, and says so."""
    [metric] = gather.metrics
    return metric.fields["result_type"] == "connection_failed" and len(gather.failures) == 1


def host_of(address: str) -> str:
    return f"[{address.replace('%', '%25')}]" if ":" in address else address


LITERAL = {name: host_of(address) for name, address in OUT_OF_REACH.items() if "%" not in address}


@pytest.mark.parametrize("host", [*LITERAL.values(), *WRITTEN.values()], ids=[*LITERAL, *WRITTEN])
def test_it_is_not_connected_to_by_its_address(wire: Wire, host: str) -> None:
    assert is_refused(checked(f"http://{host}/"))
    assert wire.made == []


@pytest.mark.parametrize("address", OUT_OF_REACH.values(), ids=OUT_OF_REACH)
def test_it_is_not_connected_to_by_a_name(wire: Wire, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    answer = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 0))]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *m, **n: answer if host == "evil.example" else real(host, *m, **n)
    )
    assert is_refused(checked("http://evil.example/"))
    assert wire.made == []


HOSTS = {name: host_of(address) for name, address in OUT_OF_REACH.items()}


@pytest.mark.parametrize("host", [*HOSTS.values(), *WRITTEN.values()], ids=[*HOSTS, *WRITTEN])
def test_it_is_not_connected_to_by_a_redirect(wire: Wire, host: str) -> None:
    with serving(reply(302, b"", Location=f"http://{host}/latest/meta-data/")) as server:
        address, port = server.url.removeprefix("http://").split(":")
        wire.server = (address, int(port))
        gather = checked("http://public.example/")
    assert gather.metrics[0].fields["result_type"] != "success"
    assert wire.made == [PUBLIC]


def test_what_is_public_is_connected_to(wire: Wire) -> None:
    with serving(reply(200, b"well")) as server:
        address, port = server.url.removeprefix("http://").split(":")
        wire.server = (address, int(port))
        gather = checked("http://public.example/")
    assert gather.metrics[0].fields["result_type"] == "success"
    assert wire.made == [PUBLIC]


def test_this_machine_alone_has_all_networks() -> None:
    assert Settings.from_environment({"TOCSIN_INPUT_NETWORKS": "local"}).collecting.networks is None
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"TOCSIN_INPUT_NETWORKS": "local", **LAMBDA})
    assert str(caught.value) == (
        "TOCSIN_INPUT_NETWORKS: expected networks, for local is for this machine alone"
    )


def test_networks_are_named_one_by_one() -> None:
    assert Settings.from_environment(LAMBDA).collecting == Collecting()
    named = Settings.from_environment({"TOCSIN_INPUT_NETWORKS": "10.0.0.0/8,fd00::/8", **LAMBDA})
    assert named.collecting.networks == ("10.0.0.0/8", "fd00::/8")
