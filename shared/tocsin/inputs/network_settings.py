"""What users write in the settings of the kinds `net_response`, `dns_query`, `x509_cert`, `ping` and `exec`."""

import re
import shlex
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tocsin.documents import Block, words
from tocsin.inputs.address import split
from tocsin.inputs.data_format_settings import DataFormat, FormatName
from tocsin.regexes import compile_re2
from tocsin.sources.settings_blocks import Line, Seconds, TextOrReference, positive

_SECOND = timedelta(seconds=1)
_MOST_TARGETS = 100


def _address(text: str) -> str:
    split(text)
    return text


def _regex(text: str) -> str:
    compile_re2(text)
    return text


def _host(text: str) -> str:
    if not text or "/" in text or text.split() != [text]:
        raise ValueError("expected a name or an address, like example.org")
    return text


Timeout = Annotated[Seconds, AfterValidator(positive), Field(serialization_alias="timeout_seconds")]
Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[Line, AfterValidator(_host)]
Hosts = Annotated[tuple[Host, ...], Field(min_length=1, max_length=_MOST_TARGETS)]


class NetResponseSettings(Block):
    """The settings of the kind `net_response`."""

    protocol: Literal["tcp", "udp"] = "tcp"
    address: Annotated[Line, AfterValidator(_address)]
    timeout: Timeout = _SECOND
    read_timeout: Annotated[
        Seconds, AfterValidator(positive), Field(serialization_alias="read_timeout_seconds")
    ] = _SECOND
    send: Annotated[str, Field(max_length=4096)] = ""
    expect: Annotated[str, AfterValidator(_regex), Field(max_length=1024)] = ""

    @model_validator(mode="after")
    def _answered(self) -> "NetResponseSettings":
        if self.protocol == "udp" and not (self.send and self.expect):
            raise ValueError("udp needs send and expect: nobody answers an empty datagram")
        return self


def _domain(text: str) -> str:
    from dns.exception import DNSException
    from dns.name import from_text

    try:
        from_text(text)
    except (DNSException, UnicodeError):
        raise ValueError("expected a domain, like example.org") from None
    return text


class DnsQuerySettings(Block):
    """The settings of the kind `dns_query`."""

    servers: Hosts
    network: Literal["udp", "tcp"] = "udp"
    domains: Annotated[
        tuple[Annotated[Line, AfterValidator(_domain)], ...], Field(min_length=1, max_length=_MOST_TARGETS)
    ] = (".",)
    record_type: Literal["A", "AAAA", "ANY", "CNAME", "MX", "NS", "PTR", "SOA", "SPF", "SRV", "TXT"] = "NS"
    port: Port = 53
    timeout: Timeout = timedelta(seconds=2)
    include_fields: tuple[Literal["first_ip", "all_ips"], ...] = ()


def _certificate_source(text: str) -> str:
    """Return where certificates are, for the tag `source`: as in Telegraf, but without a query, which is never sent."""
    parts = urlsplit(f"file://{text}" if text.startswith("/") else text)
    if parts.scheme == "file":
        return parts.geturl()
    if "@" in parts.netloc:
        raise ValueError("a URL holds no user or password here")
    if parts.scheme not in ("https", "tcp", "tls", "smtp") or not parts.hostname:
        raise ValueError("expected https://, tcp://, tls:// or smtp:// with a host, or file:// with a path")
    if parts.scheme != "https" and not parts.port:
        raise ValueError("expected a port, like tcp://db.example:5432")
    return re.split("[?#]", text)[0] if parts.port else f"https://{parts.netloc}:443{parts.path}"


class X509CertSettings(Block):
    """The settings of the kind `x509_cert`; `tls_ca` holds certificates in PEM, not the path of a file."""

    unsupported = words("password use_proxy proxy_url tls_cert tls_key tls_key_pwd tls_cipher_suites")

    sources: Annotated[
        tuple[Annotated[Line, AfterValidator(_certificate_source)], ...],
        Field(min_length=1, max_length=_MOST_TARGETS),
    ]
    timeout: Timeout = timedelta(seconds=5)
    server_name: Line = ""
    tls_server_name: Line = ""
    tls_ca: TextOrReference = ""
    exclude_root_certs: bool = False
    pad_serial_with_zeroes: bool = False

    @model_validator(mode="after")
    def _one_name(self) -> "X509CertSettings":
        if self.server_name and self.tls_server_name:
            raise ValueError("server_name and tls_server_name are the same: expected one of them")
        return self


class PingSettings(Block):
    """The settings of the kind `ping`; `port` is ours, for the method `tcp`.

    Without a port they are 443 and 80. `exec` is `native` by another name: no program is run.
    """

    unsupported = words("interface binary arguments privileged")

    urls: Hosts
    method: Literal["native", "exec", "tcp"] = "native"
    port: Port | None = None
    count: Annotated[int, Field(ge=1, le=100)] = 1
    ping_interval: Annotated[
        Seconds, AfterValidator(positive), Field(serialization_alias="ping_interval_seconds")
    ] = _SECOND
    timeout: Timeout = _SECOND
    deadline: Annotated[Seconds, AfterValidator(positive), Field(serialization_alias="deadline_seconds")] = (
        timedelta(seconds=10)
    )
    percentiles: tuple[Annotated[int, Field(ge=0, le=100)], ...] = ()
    ipv4: bool = False
    ipv6: bool = False
    size: Annotated[int, Field(ge=16, le=1400)] = 56


def _words(given: Any) -> Any:
    """Take a command in one text apart as a shell does."""
    if not isinstance(given, str):
        return given
    try:
        return shlex.split(given)
    except ValueError as error:
        raise ValueError(f"not a command: {error}") from None


def _variable(text: str) -> str:
    if not text.partition("=")[0] or "=" not in text or "\0" in text:
        raise ValueError("expected KEY=value")
    return text


Command = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[^\x00]*$")], ...], BeforeValidator(_words), Field(min_length=1)
]


class ExecSettings(DataFormat):
    """The settings of the kind `exec`, which expects JSON if nothing is said, as in Telegraf."""

    unsupported = words("log_stderr")

    commands: Annotated[tuple[Command, ...], Field(min_length=1, max_length=_MOST_TARGETS)]
    environment: tuple[Annotated[str, AfterValidator(_variable)], ...] = ()
    timeout: Timeout = timedelta(seconds=5)
    ignore_error: bool = False
    data_format: FormatName = "json"
