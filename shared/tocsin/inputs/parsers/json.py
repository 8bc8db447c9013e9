"""The data format `json`: objects, flattened (telegraf `plugins/parsers/json/parser.go`)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.collection.gather import MOST_METRICS
from tocsin.inputs.globs import matches
from tocsin.inputs.parsers.jsontime import TimeError, time_of
from tocsin.inputs.parsers.parsed import Parsed, ParseError, Parser
from tocsin.metric import FieldValue, Metric

_STEP = re.compile(r"(?:[^.\\]|\\.)+")


def parser(settings: Mapping[str, Any], name: str) -> Parser:
    """Return a parser of an object, or of a list of objects: a metric each."""
    flattening = _Flattening(
        name,
        tuple(settings.get("tag_keys") or ()),
        tuple(settings.get("json_string_fields") or ()),
        settings.get("json_name_key") or "",
        settings.get("json_time_key") or "",
        settings.get("json_time_format") or "",
        ZoneInfo(settings.get("json_timezone") or "UTC"),
    )
    query = _STEP.findall(settings.get("json_query") or "")
    strict = settings.get("json_strict", True)

    def parse(body: bytes, now: datetime) -> Parsed:
        try:
            return _all(
                _objects(_at(_loaded(body), query)), lambda found: flattening.metric(found, now), strict
            )
        except RecursionError:
            raise ParseError("the JSON is nested too deep") from None

    return parse


def _loaded(body: bytes) -> Any:
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        return None
    try:
        return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_number)
    except ValueError:
        raise ParseError("expected JSON") from None


def _number(written: str) -> float:
    number = float(written)
    if not isfinite(number):
        raise ValueError("no JSON, or out of range")
    return number


def _at(document: Any, steps: Sequence[str]) -> Any:
    """Return what stands at a path of names and indexes, None if nothing does."""
    for step in steps:
        name = re.sub(r"\\(.)", r"\1", step)
        if isinstance(document, Mapping):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and int(name[:9]) < len(document):
            document = document[int(name[:9])]
        else:
            return None
    return document


def _objects(document: Any) -> Sequence[Mapping[str, Any]]:
    found = [] if document is None else document if isinstance(document, list) else [document]
    if not all(isinstance(item, Mapping) for item in found):
        raise ParseError("expected an object or a list of objects")
    return found


def _all(
    objects: Sequence[Mapping[str, Any]], metric: Callable[[Mapping[str, Any]], Metric], strict: bool
) -> Parsed:
    metrics, problems = [], []
    for number, found in enumerate(objects[:MOST_METRICS]):
        try:
            metrics.append(metric(found))
        except ParseError as error:
            if strict:
                raise
            problems.append(f"object {number}: {error}")
    left_out = max(0, len(objects) - MOST_METRICS)
    return Parsed([metric for metric in metrics if metric.fields], problems[:10], left_out)


@dataclass(frozen=True, slots=True)
class _Flattening:
    """What of a flat object becomes name, tags, time and fields: numbers are fields, the rest only if named."""

    name: str
    tag_keys: Sequence[str]
    string_fields: Sequence[str]
    name_key: str
    time_key: str
    time_format: str
    zone: tzinfo

    def metric(self, found: Mapping[str, Any], now: datetime) -> Metric:
        """Return the metric of an object; raises ParseError."""
        values = dict(_flat("", found))
        name = values.get(self.name_key)
        at = self._time(values.pop(self.time_key, None), now) if self.time_key else now
        tags = {key: _tag(value) for key, value in values.items() if matches(key, self.tag_keys)}
        fields = {key: value for key, value in values.items() if key not in tags and self._field(key, value)}
        return Metric(name if isinstance(name, str) else self.name, fields, tags, at=at)

    def _field(self, key: str, value: FieldValue) -> bool:
        return isinstance(value, float) or matches(key, self.string_fields)

    def _time(self, written: FieldValue | None, now: datetime) -> datetime:
        if written is None:
            raise ParseError("json_time_key: not found")
        try:
            return time_of(written, self.time_format, self.zone, now)
        except TimeError as error:
            raise ParseError(f"json_time_key: {error}") from None


def _flat(name: str, value: Any) -> Iterator[tuple[str, FieldValue]]:
    if isinstance(value, Mapping | list):
        for key, part in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _flat(f"{name}_{key}" if name else str(key), part)
    elif value is not None:
        yield name, value


def _tag(value: FieldValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):  # as Go's FormatFloat with 'f'
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return str(value)
