"""net_response: what a port answers, under Telegraf's names."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.gathering import LONG, gathered, stored, tools
from tocsin.inputs.net_response import KIND, _line
from tocsin.inputs.reach import Reach
from tocsin.metric import Metric

Behaviour = Callable[[socket.socket], None]


@contextmanager
def listening(behave: Behaviour) -> Iterator[str]:
    """Serve one connection as told; what is accepted stays open until the end."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def serve() -> None:
            with suppress(OSError):
                connection = stack.enter_context(server.accept()[0])
                behave(connection)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(LONG)


@contextmanager
def datagrams(reply: Callable[[bytes], bytes] | None) -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LONG)

        def serve() -> None:
            asked, peer = server.recvfrom(1024)
            if reply is not None:
                server.sendto(reply(asked), peer)

        thread = Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(LONG)


def says(text: bytes) -> Behaviour:
    return lambda connection: connection.sendall(text)


def closes(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def metric(settings: dict[str, Any], **options: Any) -> Metric:
    gather = gathered(KIND, settings, **options)
    assert gather.failures == []
    (found,) = gather.metrics
    return found


def test_a_port_that_is_open() -> None:
    with listening(says(b"")) as address:
        found = metric({"address": address})
    assert found.name == "net_response"
    assert {key: value for key, value in found.fields.items() if key != "response_time"} == {
        "result_code": 0,
        "result_type": "success",
    }
    assert isinstance(found.fields["response_time"], float)
    assert found.tags == {
        "server": "127.0.0.1",
        "port": address.rpartition(":")[2],
        "protocol": "tcp",
        "result": "success",
    }


@pytest.mark.parametrize(
    ("said", "expect", "result", "string_found"),
    [
        (b"220 ready\r\nmore", "ready", "success", True),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "^SSH-[12].*9$", "success", True),
        (b"busy\n", "ready", "string_mismatch", False),
        (b"first\nready\n", "ready", "string_mismatch", False),
        (b"\nready\n", ".*", "string_mismatch", False),
        (b"\xff\xfe ready\n", "ready", "success", True),
    ],
    ids=["found", "a pattern", "not found", "only the first line counts", "an empty line", "not UTF-8"],
)
def test_what_is_expected_is_looked_for_in_the_first_line(
    said: bytes, expect: str, result: str, string_found: bool
) -> None:
    with listening(says(said)) as address:
        found = metric({"address": address, "expect": expect, "read_timeout": "30s"})
    assert (found.tags["result"], found.fields["result_type"]) == (result, result)
    assert found.fields["string_found"] is string_found
    assert "response_time" in found.fields


def test_a_line_without_an_end_counts_when_the_peer_has_ended_it() -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(b"+PONG")
        connection.shutdown(socket.SHUT_WR)

    with listening(half) as address:
        assert metric({"address": address, "expect": "PONG"}).tags["result"] == "success"


def test_a_line_without_an_end_counts_when_the_time_has_passed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"+PONG")
        ours.settimeout(0.05)
        assert _line(ours) == b"+PONG"
        ours.settimeout(0.01)
        assert _line(ours) is None


def test_what_is_sent_arrives() -> None:
    def echo(connection: socket.socket) -> None:
        connection.sendall(connection.recv(64) + b"\n")

    with listening(echo) as address:
        found = metric({"address": address, "send": "PING", "expect": "^PING$", "read_timeout": "30s"})
    assert found.tags["result"] == "success"


@pytest.mark.parametrize("behaviour", [says(b""), closes], ids=["silent", "closed"])
def test_nothing_to_read_is_read_failed(behaviour: Behaviour) -> None:
    with listening(behaviour) as address:
        found = metric({"address": address, "expect": "ready", "read_timeout": "100ms"})
    assert (found.tags["result"], found.fields["result_code"]) == ("read_failed", 3)
    assert found.fields["string_found"] is False


def test_a_peer_that_sends_byte_by_byte_does_not_extend_the_time() -> None:
    def trickle(connection: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection.sendall(b"x")

    with listening(trickle) as address:
        found = metric({"address": address, "expect": "ready", "read_timeout": "30s"}, seconds=0.1)
    assert found.tags["result"] == "string_mismatch"


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    found = metric({"address": address, "expect": "x"})
    assert found.fields == {"result_code": 2, "result_type": "connection_failed", "string_found": False}


def test_a_name_that_hangs_is_a_timeout_and_one_that_is_none_a_failed_connection() -> None:
    assert (
        metric({"address": "hang.example:1"}, given=tools(addresses=[])).tags["result"] == "connection_failed"
    )
    assert metric({"address": "10.255.255.1:9"}, seconds=0).tags["result"] == "timeout"


def test_a_forbidden_address_is_said_and_still_a_series() -> None:
    gather = gathered(KIND, {"address": "127.0.0.1:80"}, tools(Reach()))
    assert gather.failures == ["127.0.0.1: 127.0.0.1 is this machine"]
    assert [found.tags["result"] for found in gather.metrics] == ["connection_failed"]


@pytest.mark.parametrize(
    ("reply", "result"),
    [(lambda asked: b"you said " + asked, "success"), (lambda asked: b"what?", "string_mismatch")],
    ids=["answered", "something else"],
)
def test_udp(reply: Callable[[bytes], bytes], result: str) -> None:
    with datagrams(reply) as address:
        found = metric(
            {"address": address, "protocol": "udp", "send": "hi", "expect": "said hi", "read_timeout": "30s"}
        )
    assert (found.tags["protocol"], found.tags["result"]) == ("udp", result)
    assert "response_time" in found.fields


def test_udp_without_an_answer_has_no_time() -> None:
    with datagrams(None) as address:
        found = metric(
            {"address": address, "protocol": "udp", "send": "hi", "expect": "hi", "read_timeout": "100ms"}
        )
    assert found.fields == {"result_code": 3, "result_type": "read_failed", "string_found": False}


@pytest.mark.parametrize(
    ("address", "server", "port"),
    [("[::1]:5432", "::1", "5432"), (":80", "localhost", "80"), ("db.example:1", "db.example", "1")],
)
def test_addresses_as_they_are_written(address: str, server: str, port: str) -> None:
    gather = gathered(KIND, {"address": address}, tools(addresses=[]), seconds=0)
    (found,) = gather.metrics
    assert (found.tags["server"], found.tags["port"]) == (server, port)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"address": "example.org"}, "HOST:PORT"),
        ({"address": "::1:80"}, "HOST:PORT"),
        ({"address": "a:0"}, "HOST:PORT"),
        ({"address": "a:65536"}, "HOST:PORT"),
        ({"address": "a:http"}, "HOST:PORT"),
        ({"address": "a:80", "protocol": "icmp"}, "tcp"),
        ({"address": "a:80", "protocol": "udp"}, "send and expect"),
        ({"address": "a:80", "expect": "("}, "missing"),
        ({"address": "a:80", "timeout": "0s"}, "more than 0s"),
        ({"address": "a:80", "interface": "eth0"}, "Extra inputs"),
        ({}, "Field required"),
    ],
    ids=lambda case: str(case),
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored(KIND, settings)


def test_settings_are_stored_with_their_defaults() -> None:
    assert stored(KIND, {"address": "a:80", "timeout": "1500ms"}) == {
        "protocol": "tcp",
        "address": "a:80",
        "timeout_seconds": 1.5,
        "read_timeout_seconds": 1.0,
        "send": "",
        "expect": "",
    }
