"""How answers look: aligned columns for people, JSON for machines; data to stdout, all else to stderr."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from tocsin.durations import format_duration
from tocsin.instants import rfc3339

_GAP = "  "


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return columns as wide as their widest cell; own code, for a library would be one more to install."""
    lines = [list(headers), *([_cell(text) for text in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        _GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(text: str) -> str:
    """Return the text on one line, without what a terminal would obey."""
    return "".join(ch if ch.isprintable() else " " for ch in text)


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns."""
    click.echo(table(headers, rows))


def print_json(document: Any) -> None:
    """Print a JSON document."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def warn(text: str) -> None:
    """Print what is no part of the answer."""
    click.echo(text, err=True)


def moment(at: datetime | None) -> str:
    """Return a time to the second: RFC 3339 in UTC; `-` for none."""
    return "-" if at is None else rfc3339(at.replace(microsecond=0))


def span(duration: timedelta | None) -> str:
    """Return a duration to the second; `-` for none."""
    return "-" if duration is None else format_duration(timedelta(seconds=int(duration.total_seconds())))


def maybe_rfc3339(at: datetime | None) -> str | None:
    """Return a time as JSON has it."""
    return None if at is None else rfc3339(at)
