"""What users write of a data format: the options of the parsers, by Telegraf's names."""

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tocsin.documents import Block, words
from tocsin.inputs.parsers import FORMATS

_OTHERS = words(
    "avro binary collectd csv dropwizard form_urlencoded graphite grok json_v2 logfmt nagios openmetrics opentsdb"
    " parquet prometheusremotewrite wavefront xml xpath_cbor xpath_json xpath_msgpack xpath_protobuf"
)
"""The data formats that Telegraf has besides."""
_PRECISIONS = {"1ns": "ns", "1us": "us", "1µs": "us", "1ms": "ms", "1s": "s", "1m": "m", "1h": "h"}
_PLAIN_STEP = r"(?:[^.\\|#@*?!{}\[\]()]|\\.)+"
_PLAIN_PATH = re.compile(rf"(?:{_PLAIN_STEP}(?:\.{_PLAIN_STEP})*)?")


def _data_format(name: str) -> str:
    if name in _OTHERS:
        raise ValueError(f"not supported yet (supported: {', '.join(FORMATS)})")
    if name not in FORMATS:
        raise ValueError(f"expected one of {', '.join(FORMATS)}")
    return name


def _plain_path(query: str) -> str:
    if not _PLAIN_PATH.fullmatch(query):
        raise ValueError("expected names and indexes with dots between them, like data.items.0")
    return query


def _zone(name: str) -> str:
    try:
        ZoneInfo(name or "UTC")
    except (ValueError, OSError, LookupError):
        raise ValueError("expected a time zone like Europe/Berlin") from None
    return name


def _precision(written: Any) -> Any:
    return _PRECISIONS.get(written, written) if isinstance(written, str) else written


FormatName = Annotated[str, AfterValidator(_data_format)]


class DataFormat(Block):
    """The options `data_format` and those of all formats; the ones of other formats say nothing."""

    data_format: FormatName = "influx"
    influx_timestamp_precision: Annotated[
        Literal["ns", "us", "ms", "s", "m", "h"], BeforeValidator(_precision)
    ] = "ns"
    tag_keys: tuple[str, ...] = ()
    json_name_key: str = ""
    json_string_fields: tuple[str, ...] = ()
    json_query: Annotated[str, AfterValidator(_plain_path)] = ""
    json_time_key: str = ""
    json_time_format: str = ""
    json_timezone: Annotated[str, AfterValidator(_zone)] = ""
    json_strict: bool = True
    data_type: Literal[
        "int",
        "integer",
        "float",
        "long",
        "str",
        "string",
        "bool",
        "boolean",
        "base64",
        "auto_integer",
        "auto_float",
    ] = "integer"
    value_field_name: str = "value"
    prometheus_metric_version: Annotated[int, Field(ge=1, le=2)] = 2
    prometheus_ignore_timestamp: bool = False

    @model_validator(mode="after")
    def _time_and_format(self) -> "DataFormat":
        if self.json_time_key and not self.json_time_format:
            raise ValueError("json_time_key needs json_time_format")
        return self
