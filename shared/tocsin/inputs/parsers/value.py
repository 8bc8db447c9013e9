"""The data format `value`: one value as it stands (telegraf `plugins/parsers/value/parser.go`)."""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tocsin.inputs.parsers.parsed import Parsed, ParseError, Parser
from tocsin.metric import FieldValue, Metric

_INTEGER = re.compile(r"[-+]?[0-9]{1,19}")
_LEAST, _MOST = -(2**63), 2**63 - 1
_TRUTHS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


def parser(settings: Mapping[str, Any], name: str) -> Parser:
    """Return a parser of one value: of several words the last one counts, unless it is text."""
    data_type = settings.get("data_type") or "integer"
    field = settings.get("value_field_name") or "value"

    def parse(body: bytes, now: datetime) -> Parsed:
        value = _value(data_type, body)
        return Parsed([] if value is None else [Metric(name, {field: value}, at=now)])

    return parse


def _value(data_type: str, body: bytes) -> FieldValue | None:
    text = body.strip(b"\0").strip().decode("utf-8", "replace")
    if data_type in ("str", "string"):
        return text
    words = text.split()
    if not words:
        return None
    return base64.b64encode(body).decode() if data_type == "base64" else _READERS[data_type](words[-1])


def _integer(word: str) -> int:
    if not _INTEGER.fullmatch(word) or not _LEAST <= int(word) <= _MOST:
        raise ParseError("expected an integer of 64 bits")
    return int(word)


def _float(word: str) -> float:
    try:
        return float(word if "_" not in word else "")
    except ValueError:
        raise ParseError("expected a number") from None


def _bool(word: str) -> bool:
    if word not in _TRUTHS:
        raise ParseError("expected true or false")
    return _TRUTHS[word]


def _or_text(read: Callable[[str], FieldValue]) -> Callable[[str], FieldValue]:
    def reading(word: str) -> FieldValue:
        try:
            return read(word)
        except ParseError:
            return word

    return reading


_READERS: Mapping[str, Callable[[str], FieldValue]] = {
    "int": _integer,
    "integer": _integer,
    "float": _float,
    "long": _float,
    "bool": _bool,
    "boolean": _bool,
    "auto_integer": _or_text(_integer),
    "auto_float": _or_text(_float),
}
