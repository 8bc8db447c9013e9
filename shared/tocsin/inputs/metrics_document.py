"""Our own way to say metrics in JSON: `{"metrics": [{"name": …, "fields": {…}, "tags": {…}, "time": …}]}`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tocsin.inputs.parsers import Parsed, ParseError
from tocsin.metric import FieldValue, Metric

FORMAT = "metrics"
"""What it is called beside the data formats of Telegraf."""


def parse(body: bytes, now: datetime) -> Parsed:
    """Return the metrics of a document; tags may be missing, and a time, which then is `now`.

    A time is text of RFC 3339, or a number of seconds since 1970. One metric that is none spoils all. Raises
    ParseError.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ParseError("not JSON") from None
    metrics = document.get("metrics") if isinstance(document, dict) else None
    if not isinstance(metrics, list):
        raise ParseError('expected {"metrics": [...]}')
    return Parsed([_metric(metric, f"metrics[{index}]", now) for index, metric in enumerate(metrics)])


def _metric(given: Any, place: str, now: datetime) -> Metric:
    if not isinstance(given, dict):
        raise ParseError(f"{place}: expected an object with name and fields")
    name, fields, tags = given.get("name"), given.get("fields"), given.get("tags") or {}
    if not isinstance(name, str) or not name:
        raise ParseError(f"{place}.name: expected text")
    if not isinstance(fields, dict) or not fields or not all(map(_is_field, fields.values())):
        raise ParseError(f"{place}.fields: expected names with numbers, true, false or text")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise ParseError(f"{place}.tags: expected names with text")
    known: Mapping[str, FieldValue] = fields
    return Metric(name, known, tags, at=_time(given.get("time"), f"{place}.time", now))


def _is_field(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


def _time(given: Any, place: str, now: datetime) -> datetime:
    try:
        if isinstance(given, str):
            at = datetime.fromisoformat(given)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(given, int | float) and not isinstance(given, bool):
            return datetime.fromtimestamp(given, UTC)
    except (ValueError, OverflowError, OSError):
        raise ParseError(f"{place}: not a time") from None
    if given is not None:
        raise ParseError(f"{place}: expected RFC 3339, or seconds since 1970")
    return now
