"""What the values of alertmanager.yml may be: templates, URLs, secrets and the references to them, durations."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from tocsin.access.secrets import Reference
from tocsin.documents import Text, parsed
from tocsin.durations import parse_duration, parse_go_duration
from tocsin.labels import quote

_MILLISECOND = timedelta(milliseconds=1)


def _http_url(url: str) -> str:
    """Refuse what is no URL of a web server, without showing it: it may hold a secret."""
    if Reference.parse(url) is not None or "{{" in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("not a valid URL (expected https://… or http://…)") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"unsupported scheme {quote(parts.scheme)} for URL")
    if not parts.hostname:
        raise ValueError("missing host for URL")
    return url


def _reference(place: str) -> str:
    if Reference.parse(place) is None:
        raise ValueError(
            "a Lambda has no files: expected a secret (secretsmanager:NAME#KEY, ssm:NAME, or its ARN)"
        )
    return place


def _millis(text: str) -> int:
    return parse_duration(text) // _MILLISECOND


def _go_millis(text: str) -> int:
    return parse_go_duration(text) // _MILLISECOND


Template = Annotated[Text, Field()]
"""A text that is expanded with the data of a notification."""

Url = Annotated[str, AfterValidator(_http_url)]
"""The URL of a web server; a secret one is a field with `repr=False`, and may be a reference or a template."""

SecretFile = Annotated[str, AfterValidator(_reference)]
"""Of a key that ends in `_file` or `_ref`: where in AWS the secret is. Stored under the key without that end."""

Millis = Annotated[int, parsed(_millis), Field(ge=0)]
"""Milliseconds, written in Prometheus' grammar; of a field `<key>_ms` whose alias is the key."""

GoMillis = Annotated[int, parsed(_go_millis), Field(ge=0)]
"""Milliseconds, written in Go's grammar."""
