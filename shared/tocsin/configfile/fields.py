"""What the values of alertmanager.yml may be: templates, URLs, secrets and the references to them, durations."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from tocsin.access.secrets import Reference
from tocsin.documents import Text, parsed
from tocsin.durations import parse_duration, parse_go_duration
from tocsin.labels import quote
from tocsin.messages.writer import Writer

_MILLISECOND = timedelta(milliseconds=1)

MASK = "<secret>"
"""What stands in the place of a secret where a configuration is shown."""


def _http_url(url: str) -> str:
    """Refuse what is no URL of a web server, without showing it: it may hold a secret."""
    if whole_reference(url):
        return url
    if "{{" in url:
        return _template(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("not a valid URL (expected https://… or http://…)") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"unsupported scheme {quote(parts.scheme)} for URL")
    if not parts.hostname:
        raise ValueError("missing host for URL")
    return url


def whole_reference(text: str) -> bool:
    """Tell whether a text is a reference; raises ValueError if it only begins like one."""
    if Reference.parse(text) is not None:
        return True
    if text.startswith(("secretsmanager:", "ssm:")):
        raise ValueError("expected secretsmanager:NAME#KEY or ssm:NAME")
    return False


def _reference(place: str) -> str:
    if Reference.parse(place) is None:
        raise ValueError(
            "a Lambda has no files: expected a secret (secretsmanager:NAME#KEY, ssm:NAME, or its ARN)"
        )
    return place


@cache
def _writer() -> Writer:
    return Writer()


def _template(text: str) -> str:
    """Refuse what does not parse as a template; that those which it names exist is not asked (as in Alertmanager)."""
    if "{{" in text:
        _writer().template(text, html=False)
    return text


def _templates(tree: Any) -> Any:
    for text in texts(tree):
        _template(text)
    return tree


def texts(tree: Any) -> Iterator[str]:
    """Yield every text of a tree, the keys of mappings too."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from texts(item)
    elif isinstance(tree, dict):
        yield from tree
        for item in tree.values():
            yield from texts(item)


def _host_port(address: str) -> str:
    """Refuse what is no HOST:PORT, as Go's `net.SplitHostPort` does."""
    host, colon, port = address.rpartition(":")
    if address and not colon:
        raise ValueError(f"address {address}: missing port in address")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"address {address}: too many colons in address")
    if address and not port:
        raise ValueError(f"address {quote(address)}: port cannot be empty")
    return address


def _header_value(value: str) -> str:
    if any(char in "\r\n\0" for char in value):
        raise ValueError("a header is one line")
    return value


def _millis(text: str) -> int:
    return parse_duration(text) // _MILLISECOND


def _go_millis(text: str) -> int:
    return parse_go_duration(text) // _MILLISECOND


Template = Annotated[Text, AfterValidator(_template)]
"""A text that is expanded with the data of a notification."""

TemplateTree = Annotated[Any, AfterValidator(_templates)]
"""Lists and mappings whose texts, keys included, are templates."""

HostPort = Annotated[str, AfterValidator(_host_port)]
"""`host:port`; IPv6 in brackets."""

HeaderValue = Annotated[Text, AfterValidator(_header_value)]
"""The value of an HTTP header."""

Url = Annotated[str, AfterValidator(_http_url)]
"""The URL of a web server; a secret one is a field with `repr=False`, and may be a reference or a template."""

SecretFile = Annotated[str, AfterValidator(_reference)]
"""Of a key that ends in `_file` or `_ref`: where in AWS the secret is. Stored under the key without that end."""

Millis = Annotated[int, parsed(_millis), Field(ge=0)]
"""Milliseconds, written in Prometheus' grammar; of a field `<key>_ms` whose alias is the key."""

GoMillis = Annotated[int, parsed(_go_millis), Field(ge=0)]
"""Milliseconds, written in Go's grammar."""
