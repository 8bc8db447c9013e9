"""The data format `influx`: InfluxDB's line protocol (telegraf `plugins/parsers/influx`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.inputs.parsers.parsed import Parsed, Parser
from tocsin.lineprotocol import Precision, parse_lines

_MOST_PROBLEMS = 10


def parser(settings: Mapping[str, Any], name: str) -> Parser:  # noqa: ARG001
    """Return a parser of lines, which name their measurements themselves; good lines are taken beside bad ones."""
    precision = Precision(settings.get("influx_timestamp_precision") or "ns")

    def parse(body: bytes, now: datetime) -> Parsed:
        metrics, problems = parse_lines(body, precision, now)
        return Parsed(
            metrics, [f"line {problem.line}: {problem.reason}" for problem in problems[:_MOST_PROBLEMS]]
        )

    return parse
