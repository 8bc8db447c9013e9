"""Names and connections of inputs: what is checked is what is connected to, and what hangs harms nobody else."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from threading import Event, Thread
from time import sleep

import pytest

from tocsin.http import ForbiddenError, Request, Unreachable, Why
from tocsin.inputs.network import Network, SlowNameError, UnresolvedError
from tocsin.inputs.reach import LOCAL, Reach
from tocsin.inputs.resolver import MOST_LOOKUPS, Resolver

LONG = 30.0
"""Seconds that nobody waits for."""


def answering(*addresses: str) -> Network:
    return Network(LOCAL, lambda host: addresses)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield listening


@pytest.mark.parametrize(
    "host",
    ["0x7f.1", "2130706433", "017700000001", "127.1", "[::1]", "::ffff:127.0.0.1", "0.0.0.0", "localhost"],  # noqa: S104
)
def test_however_a_host_is_written_its_address_is_what_is_checked(host: str) -> None:
    with pytest.raises(ForbiddenError, match="this machine"):
        Network(Reach()).addresses(host, LONG)


def test_of_several_addresses_those_that_are_forbidden_are_left_out() -> None:
    network = answering("169.254.169.254", "127.0.0.1", "::ffff:169.254.169.254")
    assert network.addresses("mixed.example", LONG) == ["127.0.0.1"]
    with pytest.raises(ForbiddenError, match="link-local"):
        answering("169.254.169.254").connect("evil.example", 80, LONG)


def test_a_name_that_changes_after_the_check_is_connected_where_it_was_checked(server: socket.socket) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    network = Network(LOCAL, lambda host: next(answers))
    with closing(network.connect("rebinding.example", server.getsockname()[1], LONG)) as connected:
        assert connected.getpeername() == server.getsockname()
    with pytest.raises(ForbiddenError):
        network.connect("rebinding.example", server.getsockname()[1], LONG)


def test_a_request_over_http_to_a_forbidden_name_says_so() -> None:
    transport = Network(Reach(), lambda host: ["169.254.169.254"]).transport()
    reply = transport(Request("GET", "http://evil.example/latest/meta-data"), LONG)
    assert isinstance(reply, Unreachable)
    assert reply.why == Why.FORBIDDEN


def test_the_next_address_is_tried_if_one_does_not_answer(server: socket.socket) -> None:
    port = server.getsockname()[1]
    with closing(answering("::1", "127.0.0.1").connect("two.example", port, LONG)) as connected:
        assert connected.getpeername()[0] == "127.0.0.1"
        assert 0 < (connected.gettimeout() or 0) <= LONG


def test_nobody_there_is_an_error_of_the_system(server: socket.socket) -> None:
    port = server.getsockname()[1]
    server.close()
    with pytest.raises(ConnectionRefusedError):
        answering("127.0.0.1").connect("gone.example", port, LONG)


@pytest.mark.parametrize("host", ["..", "a" * 300, "no.such.host.invalid", "a\0b", ""])
def test_what_is_no_name_is_not_resolved(host: str) -> None:
    def lookup(host: str) -> Sequence[str]:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
        return [str(entry[4][0]) for entry in found]

    with pytest.raises(UnresolvedError):
        Network(LOCAL, lookup).addresses(host, LONG)


def test_a_name_without_addresses_is_not_resolved() -> None:
    with pytest.raises(UnresolvedError, match="no address"):
        answering().addresses("empty.example", LONG)


class Hanging:
    """A lookup that hangs for names that begin with `hang`, and counts who asks."""

    def __init__(self) -> None:
        self.release = Event()
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("hang"):
            self.release.wait(LONG)
        return ["127.0.0.1"]


@pytest.fixture
def lookup() -> Iterator[Hanging]:
    with ExitStack() as stack:
        hanging = Hanging()
        stack.callback(hanging.release.set)
        yield hanging


def test_a_lookup_that_hangs_is_left_behind(lookup: Hanging) -> None:
    with pytest.raises(SlowNameError, match="not resolved within"):
        Resolver(lookup).addresses("hang.example", 0.01)


def test_a_name_that_hangs_is_looked_up_once_however_often_it_is_asked_for(lookup: Hanging) -> None:
    resolver = Resolver(lookup)
    for _ in range(2 * MOST_LOOKUPS):
        with pytest.raises(SlowNameError):
            resolver.addresses("hang.example", 0)
    assert lookup.asked == ["hang.example"]
    assert resolver.addresses("fine.example", LONG) == ["127.0.0.1"]


def test_who_asks_for_a_name_that_is_being_looked_up_gets_its_answer(lookup: Hanging) -> None:
    resolver = Resolver(lookup)
    with pytest.raises(SlowNameError):
        resolver.addresses("hang.example", 0)
    found: list[Sequence[str]] = []
    waiting = Thread(target=lambda: found.append(resolver.addresses("hang.example", LONG)))
    waiting.start()
    lookup.release.set()
    waiting.join(LONG)
    assert found == [["127.0.0.1"]]


def test_an_answer_is_not_given_again_to_who_asks_after_it() -> None:
    answers = iter(range(500))
    resolver = Resolver(lambda host: [f"192.0.2.{next(answers)}"])
    found = [resolver.addresses("changing.example", LONG)[0] for _ in range(500)]
    assert found == [f"192.0.2.{number}" for number in range(500)]


def test_if_too_many_names_hang_others_fail_at_once_and_addresses_never(lookup: Hanging) -> None:
    resolver = Resolver(lookup, most=3)
    for number in range(3):
        with pytest.raises(SlowNameError, match="not resolved within"):
            resolver.addresses(f"hang{number}.example", 0)
    with pytest.raises(SlowNameError, match="3 other names hang"):
        resolver.addresses("fine.example", LONG)
    assert resolver.addresses("127.0.0.1", 0) == ["127.0.0.1"]
    lookup.release.set()
    while resolver._looking:
        sleep(0.001)
    assert resolver.addresses("fine.example", LONG) == ["127.0.0.1"]


def test_a_datagram_goes_only_to_the_address_that_was_checked() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as peer:
        peer.bind(("127.0.0.1", 0))
        with closing(answering("127.0.0.1").datagrams("peer.example", peer.getsockname()[1], LONG)) as made:
            made.send(b"here")
            assert peer.recv(16) == b"here"
    with pytest.raises(ForbiddenError):
        answering("fe80::1").datagrams("evil.example", 53, LONG)
