"""ping: who answers, by ICMP and by TCP, under Telegraf's names."""

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.unit.gathering import LONG, gathered, gathering, stored, tools
from tocsin.inputs.echo import Echoes, checksum, open_echoes
from tocsin.inputs.ping import KIND, PingKind, Pings, percentile
from tocsin.inputs.reach import Reach

Answers = Callable[[bytes], Sequence[bytes]]


def echo(request: bytes) -> bytes:
    return b"\0" + request[1:]


@contextmanager
def host(answers: Answers) -> Iterator[PingKind]:
    """A kind whose echoes go to a host on this machine, over UDP: ICMP needs a system that permits it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (received := server.recvfrom(2048))[0]:
                for answer in answers(received[0]):
                    server.sendto(answer, received[1])

        def opened(address: str, size: int) -> Echoes:
            connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            connection.connect(server.getsockname())
            return Echoes(connection, socket.AF_INET, b"token".ljust(size, b"\0"))

        thread = Thread(target=serve)
        thread.start()
        yield PingKind(opened)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", server.getsockname())
        thread.join(LONG)


def forbidden(address: str, size: int) -> Echoes:
    raise PermissionError(1, "Operation not permitted")


WITHOUT_ICMP = PingKind(forbidden)
HERE = {"urls": ["127.0.0.1"]}
BRIEF = {**HERE, "timeout": "50ms"}


def test_a_host_that_answers() -> None:
    settings = {
        "urls": ["host.example"],
        "timeout": "30s",
        "count": 2,
        "ping_interval": "200ms",
        "percentiles": [50],
    }
    with host(lambda request: [echo(request)]) as kind:
        gather = gathered(kind, settings, tools(addresses=["127.0.0.1"]))
    (found,) = gather.metrics
    assert (found.name, found.tags, gather.failures) == ("ping", {"url": "host.example"}, [])
    times = [f"{kind}_response_ms" for kind in ("minimum", "average", "maximum")]
    assert found.fields.keys() == {
        "result_code",
        "packets_transmitted",
        "packets_received",
        "percent_packet_loss",
        "standard_deviation_ms",
        "percentile50_ms",
        *times,
    }
    counts = ("result_code", "packets_transmitted", "packets_received", "percent_packet_loss")
    assert [found.fields[name] for name in counts] == [0, 2, 2, 0.0]
    low, middle, high = (float(found.fields[name]) for name in times)
    assert 0 < low <= middle <= high < LONG * 1000


def test_how_many_hops_are_left_is_said_where_the_header_of_ip_comes_along() -> None:
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 57, 1, 0, bytes(4), bytes(4))
    with host(lambda request: [header + echo(request)]) as kind:
        (found,) = gathered(kind, {**HERE, "timeout": "30s"}).metrics
    assert (found.fields["ttl"], found.fields["packets_received"]) == (57, 1)


@pytest.mark.parametrize(
    "answers",
    [
        lambda request: [],
        lambda request: [request],
        lambda request: [echo(request)[:-1]],
        lambda request: [b"", b"\0", b"E" * 5, b"E" * 2000],
        lambda request: [b"\3" + request[1:]],
        lambda request: [echo(request)[:6] + b"\0\7" + request[8:]],
    ],
    ids=["nothing", "the request", "cut short", "garbage", "unreachable", "of another request"],
)
def test_a_host_that_does_not_answer(answers: Answers) -> None:
    with host(answers) as kind:
        gather = gathered(kind, BRIEF)
    assert [dict(found.fields) for found in gather.metrics] == [
        {"result_code": 1, "packets_transmitted": 1, "packets_received": 0, "percent_packet_loss": 100.0}
    ]
    assert gather.failures == []


def test_an_answer_that_comes_twice_counts_once_and_half_of_them_is_half() -> None:
    requests: list[bytes] = []

    def every_other(request: bytes) -> Sequence[bytes]:
        requests.append(request)
        return [] if len(requests) == 2 else [echo(request)] * 3

    with host(every_other) as kind:
        (found,) = gathered(kind, {**BRIEF, "timeout": "250ms", "count": 2, "ping_interval": "250ms"}).metrics
    assert (found.fields["packets_received"], found.fields["percent_packet_loss"]) == (1, 50.0)


def test_a_run_ends_in_time_whatever_keeps_coming() -> None:
    with host(lambda request: [b"noise"] * 500) as kind:
        (found,) = gathered(kind, {**HERE, "count": 100, "timeout": "30s"}, seconds=0.3).metrics
    assert (found.fields["result_code"], found.fields["packets_transmitted"]) == (1, 1)


def test_requests_are_echo_requests_of_the_size_that_is_asked_for() -> None:
    requests: list[bytes] = []

    def noted(request: bytes) -> Sequence[bytes]:
        requests.append(request)
        return [echo(request)]

    with host(noted) as kind:
        gathered(kind, {**HERE, "size": 100})
    (request,) = requests
    assert (request[0], len(request), checksum(request)) == (8, 108, 0)


@given(st.binary(max_size=100))
def test_a_packet_with_its_checksum_sums_up_to_nothing(body: bytes) -> None:
    body = body if len(body) % 2 == 0 else body + b"\0"
    assert checksum(body + struct.pack("!H", checksum(body + b"\0\0"))) == 0


def test_this_machine_answers_where_the_system_permits_it() -> None:
    try:
        open_echoes("127.0.0.1", 16).close()
    except PermissionError:
        pytest.skip("ICMP is not permitted here (net.ipv4.ping_group_range)")
    gather = gathered(KIND, {**HERE, "timeout": "30s"})
    (found,) = gather.metrics
    assert (found.fields["packets_received"], gather.failures) == (1, [])
    assert isinstance(found.fields["ttl"], int)


def test_without_icmp_a_connection_counts_and_it_is_said_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = {**HERE, "port": server.getsockname()[1], "timeout": "30s"}
        (probe,) = WITHOUT_ICMP.open(stored(WITHOUT_ICMP, settings), tools())
        first, second = gathering(), gathering()
        probe(first)
        probe(second)
    for gather in (first, second):
        (found,) = gather.metrics
        assert found.tags == {"url": "127.0.0.1", "method": "tcp"}
        assert (found.fields["result_code"], found.fields["packets_received"]) == (0, 1)
        assert "ttl" not in found.fields
    assert [len(gather.failures) for gather in (first, second)] == [1, 0]
    assert "ICMP is not permitted" in first.failures[0]


def test_by_tcp_a_closed_port_is_an_answer_and_nothing_needs_to_be_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    gather = gathered(KIND, {**HERE, "method": "tcp", "port": port})
    (found,) = gather.metrics
    assert (found.fields["result_code"], found.tags["method"], gather.failures) == (0, "tcp", [])


def test_by_tcp_another_port_is_tried_if_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    given, tried = tools(), []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[1])
        if address[1] == 443:
            raise TimeoutError("timed out")
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    (found,) = gathered(KIND, {**HERE, "method": "tcp"}, given).metrics
    assert tried == [443, 80]
    assert found.fields["packets_received"] == 1


def test_by_tcp_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", connect)
    (found,) = gathered(KIND, {**HERE, "method": "tcp"}).metrics
    assert dict(found.fields) == {
        "result_code": 1,
        "packets_transmitted": 1,
        "packets_received": 0,
        "percent_packet_loss": 100.0,
    }


@pytest.mark.parametrize(
    ("addresses", "settings", "code", "said"),
    [
        ([], {}, 1, "no address"),
        (["127.0.0.1"], {"ipv6": True}, 1, "no address of IPv6"),
        (["::1"], {"ipv4": True}, 1, "no address of IPv4"),
        (["169.254.1.1"], {}, 2, "link-local"),
    ],
    ids=["no such host", "only IPv6 is wanted", "only IPv4 is wanted", "forbidden"],
)
def test_a_host_without_an_address_that_may_be_pinged(
    addresses: Sequence[str], settings: dict[str, Any], code: int, said: str
) -> None:
    gather = gathered(WITHOUT_ICMP, {"urls": ["x.example"], **settings}, tools(addresses=addresses))
    assert [dict(found.fields) for found in gather.metrics] == [{"result_code": code}]
    assert said in gather.failures[0]


def test_where_inputs_may_not_go_nothing_is_sent() -> None:
    gather = gathered(WITHOUT_ICMP, HERE, tools(Reach()))
    assert [found.fields["result_code"] for found in gather.metrics] == [2]


def test_statistics() -> None:
    fields = Pings(sent=4, took=[0.001, 0.003, 0.002], ttl=64).fields([0, 50, 75, 100])
    assert {name: round(float(value), 6) for name, value in fields.items()} == {
        "result_code": 0,
        "packets_transmitted": 4,
        "packets_received": 3,
        "percent_packet_loss": 25.0,
        "minimum_response_ms": 1.0,
        "average_response_ms": 2.0,
        "maximum_response_ms": 3.0,
        "standard_deviation_ms": 0.816497,
        "percentile0_ms": 1.0,
        "percentile50_ms": 2.0,
        "percentile75_ms": 2.5,
        "percentile100_ms": 3.0,
        "ttl": 64,
    }
    assert Pings().fields([]) == {"result_code": 2, "packets_transmitted": 0, "packets_received": 0}


@given(st.lists(st.floats(0, 1000), min_size=1), st.integers(0, 100))
def test_a_percentile_lies_among_the_values(values: list[float], percent: int) -> None:
    assert min(values) - 1e-6 <= percentile(sorted(values), percent) <= max(values) + 1e-6


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "Field required"),
        ({"urls": ["https://example.org"]}, "a name or an address"),
        ({"urls": ["a"], "method": "smoke"}, "'native'"),
        ({"urls": ["a"], "count": 0}, "greater than"),
        ({"urls": ["a"], "binary": "ping6"}, "Extra inputs"),
    ],
    ids=lambda case: str(case),
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored(KIND, settings)
