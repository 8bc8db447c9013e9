"""How fast a DNS server answers, and what: Telegraf's `dns_query`.

Results, fields and tags: telegraf `plugins/inputs/dns_query/dns_query.go`.
"""

import io
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.message
import dns.rcode
import dns.rdata
import dns.rdatatype

from tocsin.collection.gather import Gather
from tocsin.http import DeadlineReader
from tocsin.inputs.kind import Probe
from tocsin.inputs.network import Network
from tocsin.inputs.tools import Tools
from tocsin.metric import FieldValue

if TYPE_CHECKING:
    from tocsin.inputs.network_settings import DnsQuerySettings

_SUCCESS, _TIMEOUT, _ERROR = range(3)
_RESULTS = ("success", "timeout", "error")
_ADDRESSES = (dns.rdatatype.A, dns.rdatatype.AAAA)
_NAMED = (*_ADDRESSES, dns.rdatatype.CNAME, dns.rdatatype.MX, dns.rdatatype.SOA)
_NUMBERS = {
    dns.rdatatype.MX: {"preference": "preference"},
    dns.rdatatype.SOA: {
        "expire": "expire",
        "minttl": "minimum",
        "refresh": "refresh",
        "retry": "retry",
        "serial": "serial",
    },
}


_DATAGRAM_BYTES = 65_535
_MOST_DATAGRAMS = 32


@dataclass(frozen=True, slots=True)
class _Question:
    """One domain, asked of one server."""

    network: Network
    server: str
    domain: str
    settings: Mapping[str, Any]

    def __call__(self, gather: Gather) -> None:
        fields: dict[str, FieldValue] = {"query_time_ms": 0.0}
        tags = {"server": self.server, "domain": self.domain, "record_type": self.settings["record_type"]}
        result = _ERROR
        try:
            answer, seconds = self._asked(min(self.settings["timeout_seconds"], gather.left_seconds()))
        except TimeoutError:
            result = _TIMEOUT
        except (OSError, dns.exception.DNSException) as error:
            gather.fail(f"{self.domain} from {self.server}: {_reason(error)}")
        else:
            fields["query_time_ms"] = seconds * 1000
            result = self._told(answer, fields, tags, gather)
        gather.add("dns_query", {**fields, "result_code": result}, {**tags, "result": _RESULTS[result]})

    def _asked(self, seconds: float) -> tuple[dns.message.Message, float]:
        """Return the answer and the seconds it took, within a time in all, whatever else comes in."""
        ends = monotonic() + seconds
        question = dns.message.make_query(self.domain, self.settings["record_type"])
        over_tcp = self.settings["network"] == "tcp"
        dial = self.network.connect if over_tcp else self.network.datagrams
        with closing(dial(self.server, self.settings["port"], seconds)) as connection:
            connection.settimeout(_left(ends))
            began = perf_counter()
            answer = _by_tcp(connection, question) if over_tcp else _by_udp(connection, question, ends)
            return answer, perf_counter() - began

    def _told(
        self,
        answer: dns.message.Message,
        fields: dict[str, FieldValue],
        tags: dict[str, str],
        gather: Gather,
    ) -> int:
        """Fill in what was answered, and return the result."""
        rcode = answer.rcode()
        tags["rcode"] = dns.rcode.to_text(rcode)
        fields["rcode_value"] = int(rcode)
        if rcode == dns.rcode.NOERROR:
            fields.update(_records(list(_answered(answer)), self.settings["include_fields"]))
            return _SUCCESS
        if rcode != dns.rcode.NXDOMAIN:
            gather.fail(f"{self.domain} from {self.server}: {tags['rcode']}")
        return _ERROR


# dns.query is not used: what floods it with datagrams that are no answers holds it beyond its timeout (2.9).


def _by_udp(connection: socket.socket, question: dns.message.Message, ends: float) -> dns.message.Message:
    """Return the answer; datagrams that are none (an old one, a forged one) do not count, up to some number."""
    connection.send(question.to_wire())
    for _ in range(_MOST_DATAGRAMS):
        connection.settimeout(_left(ends))
        with suppress(dns.exception.DNSException):
            return _answer_to(question, connection.recv(_DATAGRAM_BYTES))
    raise dns.exception.FormError


def _by_tcp(connection: socket.socket, question: dns.message.Message) -> dns.message.Message:
    wire = question.to_wire()
    connection.sendall(len(wire).to_bytes(2, "big") + wire)
    with closing(io.BufferedReader(DeadlineReader(connection))) as reader:
        size = int.from_bytes(reader.read(2), "big")
        return _answer_to(question, reader.read(size))


def _answer_to(question: dns.message.Message, wire: bytes) -> dns.message.Message:
    answer = dns.message.from_wire(wire, one_rr_per_rrset=True)
    if not question.is_response(answer):
        raise dns.exception.FormError
    return answer


def _left(ends: float) -> float:
    return max(0.001, ends - monotonic())


def _answered(answer: dns.message.Message) -> Iterator[tuple[str, dns.rdata.Rdata]]:
    for found in answer.answer:
        for record in found:
            yield found.name.to_text(), record


def _records(
    records: Sequence[tuple[str, dns.rdata.Rdata]], include: Sequence[str]
) -> Iterator[tuple[str, FieldValue]]:
    """Yield the fields that are made of an answer's records: of several of a type the last one's stand."""
    for name, record in records:
        if record.rdtype in _NAMED:
            yield "name", name
        for field, attribute in _NUMBERS.get(record.rdtype, {}).items():
            yield field, int(getattr(record, attribute))
    addresses = [
        (number, record.to_text())
        for number, (_, record) in enumerate(records)
        if record.rdtype in _ADDRESSES
    ]
    if addresses and "first_ip" in include:
        yield "ip", addresses[0][1]
    if "all_ips" in include:
        yield from ((f"ip_{number}", address) for number, address in addresses)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "no answer that can be read"


class DnsQueryKind:
    """The kind `dns_query`."""

    def settings(self) -> type["DnsQuerySettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.network_settings import DnsQuerySettings

        return DnsQuerySettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each domain and server."""
        return [
            _Question(tools.network, server, domain, settings)
            for domain in settings["domains"]
            for server in settings["servers"]
        ]


KIND = DnsQueryKind()
