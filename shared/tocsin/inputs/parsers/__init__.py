"""Parsers: how the body of an answer, or the output of a program, becomes metrics; looked up by `data_format`."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from tocsin.inputs.parsers.parsed import Parsed as Parsed
from tocsin.inputs.parsers.parsed import ParseError as ParseError
from tocsin.inputs.parsers.parsed import Parser as Parser

FORMATS = ("influx", "json", "prometheus", "value")
"""Each is a module here of that name, whose `parser` makes one."""


def parser(settings: Mapping[str, Any], name: str) -> Parser:
    """Return the parser that the settings ask for (those of `data_format_settings`).

    `name` is the measurement of what the format does not name: Telegraf takes the name of the plug-in.
    """
    data_format = settings.get("data_format") or "influx"
    if data_format not in FORMATS:
        raise ParseError(f"no parser for the data format {data_format!r}")
    make: Callable[[Mapping[str, Any], str], Parser] = import_module(f"{__name__}.{data_format}").parser
    return make(settings, name)
