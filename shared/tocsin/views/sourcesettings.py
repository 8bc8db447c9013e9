"""The settings of a source, an input or an output as they may be shown.

Secrets stand in them as references. But people put tokens into headers and into the queries of URLs, too, and some
settings of Telegraf's may be written out.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tocsin.configfile.fields import MASK

_SECRETS = frozenset({"password", "token", "dsn", "environment"})
"""Settings that may hold a secret, if what they hold is no reference."""
_HEADERS = frozenset({"headers", "http_headers"})


def shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without what may be secret: passwords, texts of headers, users and queries of URLs."""
    return {
        name: MASK
        if name in _SECRETS and value and not isinstance(value, Mapping)
        else _shown(value, header=name in _HEADERS)
        for name, value in settings.items()
    }


def _shown(value: Any, *, header: bool) -> Any:
    if isinstance(value, Mapping) and header:
        return {name: MASK if isinstance(text, str) else text for name, text in value.items()}
    if isinstance(value, Mapping):
        return shown(value)
    if isinstance(value, list):
        return [_shown(each, header=False) for each in value]
    return _url(value) if isinstance(value, str) and "://" in value else value


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{MASK if user else ''}{at}{host}"
    return parts._replace(netloc=netloc, query=parts.query and MASK, fragment="").geturl()
