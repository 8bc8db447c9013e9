"""dns_query: what DNS servers answer, under Telegraf's names."""

import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from pydantic import ValidationError

from tests.unit.gathering import LONG, gathered, stored, tools
from tocsin.inputs.dns_query import KIND
from tocsin.inputs.reach import Reach

Reply = Callable[[dns.message.Message], bytes]


def answering(*records: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> Reply:
    def reply(asked: dns.message.Message) -> bytes:
        answer = dns.message.make_response(asked)
        answer.set_rcode(rcode)
        for name, ttl, *rest in (record.split(maxsplit=4) for record in records):
            answer.answer.append(dns.rrset.from_text(name, int(ttl), *rest))
        return answer.to_wire()

    return reply


@contextmanager
def udp_server(*replies: Reply) -> Iterator[int]:
    """Answer one question, with as many datagrams as there are replies."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LONG)

        def serve() -> None:
            asked, peer = server.recvfrom(4096)
            for reply in replies:
                server.sendto(reply(dns.message.from_wire(asked)), peer)

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(LONG)


@contextmanager
def tcp_server(reply: Callable[[socket.socket, bytes], None]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG)

        def serve() -> None:
            with suppress(OSError), server.accept()[0] as connection:
                reply(connection, connection.recv(4096)[2:])

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(LONG)


def asked(port: int, **settings: Any) -> tuple[Mapping[str, Any], Mapping[str, str], list[str]]:
    seconds = settings.pop("seconds", LONG)
    given = {"servers": ["127.0.0.1"], "domains": ["example.org"], "timeout": "30s", "port": port}
    gather = gathered(KIND, {**given, **settings}, seconds=seconds)
    (found,) = gather.metrics
    assert found.name == "dns_query"
    return found.fields, found.tags, gather.failures


def test_an_answer() -> None:
    with udp_server(answering("example.org. 60 IN A 192.0.2.1")) as port:
        fields, tags, failures = asked(port, record_type="A")
    assert (fields["result_code"], fields["rcode_value"], fields["name"]) == (0, 0, "example.org.")
    assert isinstance(fields["query_time_ms"], float)
    assert 0 < fields["query_time_ms"] < LONG * 1000
    assert tags == {
        "server": "127.0.0.1",
        "domain": "example.org",
        "record_type": "A",
        "result": "success",
        "rcode": "NOERROR",
    }
    assert failures == []


ALIASED = (
    "www.example.org. 60 IN CNAME example.org.",
    "example.org. 60 IN A 192.0.2.1",
    "example.org. 60 IN AAAA ::5",
)


@pytest.mark.parametrize(
    ("records", "settings", "expected"),
    [
        (ALIASED, {"include_fields": ["first_ip"]}, {"name": "example.org.", "ip": "192.0.2.1"}),
        (
            ALIASED,
            {"include_fields": ["all_ips"]},
            {"name": "example.org.", "ip_1": "192.0.2.1", "ip_2": "::5"},
        ),
        (("example.org. 60 IN MX 10 mail.example.org.",), {}, {"name": "example.org.", "preference": 10}),
        (
            ("example.org. 60 IN SOA ns.example.org. root.example.org. 7 3600 600 86400 300",),
            {},
            {
                "name": "example.org.",
                "serial": 7,
                "refresh": 3600,
                "retry": 600,
                "expire": 86400,
                "minttl": 300,
            },
        ),
        (("example.org. 60 IN NS ns.example.org.",), {"include_fields": ["first_ip", "all_ips"]}, {}),
        ((), {}, {}),
    ],
    ids=["the first address", "all addresses", "mail", "start of authority", "no address", "nothing"],
)
def test_the_fields_of_records(
    records: tuple[str, ...], settings: dict[str, Any], expected: dict[str, Any]
) -> None:
    with udp_server(answering(*records)) as port:
        fields, _, _ = asked(port, **settings)
    known = ("query_time_ms", "result_code", "rcode_value")
    assert {name: value for name, value in fields.items() if name not in known} == expected


@pytest.mark.parametrize(
    ("rcode", "said"),
    [(dns.rcode.SERVFAIL, ["example.org from 127.0.0.1: SERVFAIL"]), (dns.rcode.NXDOMAIN, [])],
    ids=["a failure", "no such domain, which is an answer"],
)
def test_a_refusal_is_an_error_with_its_code(rcode: dns.rcode.Rcode, said: list[str]) -> None:
    with udp_server(answering(rcode=rcode)) as port:
        fields, tags, failures = asked(port)
    assert (fields["result_code"], fields["rcode_value"]) == (2, int(rcode))
    assert (tags["result"], tags["rcode"]) == ("error", dns.rcode.to_text(rcode))
    assert failures == said


def test_no_answer_is_a_timeout() -> None:
    with udp_server() as port:
        fields, tags, failures = asked(port, timeout="100ms")
    assert (dict(fields), tags["result"]) == ({"query_time_ms": 0.0, "result_code": 1}, "timeout")
    assert "rcode" not in tags
    assert failures == []


def test_what_answers_another_question_or_makes_no_sense_does_not_count() -> None:
    def another(question: dns.message.Message) -> bytes:
        question.id ^= 1
        return answering("example.org. 60 IN A 192.0.2.66")(question)

    with udp_server(lambda asked: b"garbage", another, answering("example.org. 60 IN A 192.0.2.1")) as port:
        fields, _, _ = asked(port, include_fields=["first_ip"], record_type="A")
    assert fields["ip"] == "192.0.2.1"


def test_a_flood_of_what_is_no_answer_is_an_error() -> None:
    with udp_server(*[lambda asked: b"garbage"] * 40) as port:
        _, tags, failures = asked(port)
    assert tags["result"] == "error"
    assert failures == ["example.org from 127.0.0.1: no answer that can be read"]


def test_nobody_there_is_an_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    fields, tags, failures = asked(port)
    assert (fields["result_code"], tags["result"]) == (2, "error")
    assert failures == ["example.org from 127.0.0.1: Connection refused"]


def test_over_tcp() -> None:
    def reply(connection: socket.socket, question: bytes) -> None:
        wire = answering("example.org. 60 IN A 192.0.2.1")(dns.message.from_wire(question))
        connection.sendall(struct.pack("!H", len(wire)) + wire)

    with tcp_server(reply) as port:
        fields, tags, _ = asked(port, network="tcp")
    assert (fields["result_code"], tags["rcode"]) == (0, "NOERROR")


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (lambda connection, question: None, "error"),
        (lambda connection, question: connection.sendall(b"\0\4junk"), "error"),
        (lambda connection, question: connection.sendall(b"\0\4j") or connection.recv(1), "timeout"),
    ],
    ids=["closed", "garbage", "half an answer"],
)
def test_over_tcp_without_an_answer(reply: Callable[[socket.socket, bytes], None], result: str) -> None:
    with tcp_server(reply) as port:
        _, tags, _ = asked(port, network="tcp", seconds=0.2 if result == "timeout" else LONG)
    assert tags["result"] == result


def test_a_server_that_may_not_be_reached_is_not_asked() -> None:
    gather = gathered(KIND, {"servers": ["169.254.169.253"]}, tools(Reach()))
    assert [found.tags["result"] for found in gather.metrics] == ["error"]
    assert "link-local" in gather.failures[0]


def test_each_server_is_asked_for_each_domain() -> None:
    settings = {"servers": ["192.0.2.1", "192.0.2.2"], "domains": ["a", "b"]}
    assert len(KIND.open(stored(KIND, settings), tools())) == 4


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "Field required"),
        ({"servers": []}, "at least 1"),
        ({"servers": ["a b"]}, "a name or an address"),
        ({"servers": ["a"], "record_type": "AXFR"}, "'A'"),
        ({"servers": ["a"], "domains": ["a..b"]}, "a domain"),
        ({"servers": ["a"], "port": 0}, "greater than"),
        ({"servers": ["a"], "network": "tls"}, "'udp'"),
        ({"servers": ["a"], "include_fields": ["ttl"]}, "first_ip"),
    ],
    ids=lambda case: str(case),
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored(KIND, settings)
