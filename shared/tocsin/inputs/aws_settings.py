"""What users write in the settings of the kinds that ask AWS: `cloudwatch`, `sqs`, `dynamodb` and `lambda`."""

import json
import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from tocsin.documents import Block, Text, words
from tocsin.inputs.cloudwatch_names import STATISTICS
from tocsin.inputs.data_format_settings import DataFormat
from tocsin.inputs.globs import checked, matches
from tocsin.inputs.metrics_document import FORMAT
from tocsin.inputs.parsers import FORMATS
from tocsin.sources.settings_blocks import Line, Role, Seconds, WebUrl, positive

_MINUTE = timedelta(minutes=1)
_REGION = r"^[a-z]{2,}(-[a-z]+)+-\d+$"
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,75}(\.fifo)?")
_TABLE = re.compile(r"(arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/)?[A-Za-z0-9_.-]{3,255}")
_FUNCTION = re.compile(
    r"(arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:|[0-9]{12}:function:)?[A-Za-z0-9_-]{1,140}(:[A-Za-z0-9$_-]+)?"
)


def _period(duration: timedelta) -> timedelta:
    if duration < _MINUTE or duration % _MINUTE:
        raise ValueError("expected a multiple of 1m")
    return duration


def _not_negative(duration: timedelta) -> timedelta:
    if duration < timedelta(0):
        raise ValueError("expected 0s or more")
    return duration


def _statistic(written: str) -> str:
    if not any(matches(name, [written]) for name in STATISTICS):
        raise ValueError(f"no statistic is like that (there are: {', '.join(STATISTICS)})")
    return written


def _queue_name(name: str) -> str:
    if not _QUEUE_NAME.fullmatch(name):
        raise ValueError("expected the name of a queue")
    return name


def _table(name: str) -> str:
    if not _TABLE.fullmatch(name):
        raise ValueError("expected the name or the ARN of a table")
    return name


def _function(name: str) -> str:
    if not _FUNCTION.fullmatch(name):
        raise ValueError("expected the name or the ARN of a function")
    return name


def _data_format(name: str) -> str:
    if name not in (FORMAT, *FORMATS):
        raise ValueError(f"expected one of {', '.join(sorted((FORMAT, *FORMATS)))}")
    return name


Period = Annotated[Seconds, AfterValidator(_period), Field(serialization_alias="period_seconds")]
Delay = Annotated[Seconds, AfterValidator(_not_negative), Field(serialization_alias="delay_seconds")]
Statistics = tuple[Annotated[str, AfterValidator(_statistic)], ...]
Name = Annotated[Line, Field(min_length=1, max_length=255)]


class _Asked(Role):
    """As whom AWS is asked, and for how long."""

    unsupported = words(
        "access_key secret_key token profile shared_credential_file web_identity_token_file role_session_name"
        " endpoint_url use_system_proxy http_proxy_url"
    )

    timeout: Annotated[Seconds, AfterValidator(positive), Field(serialization_alias="timeout_seconds")] = (
        timedelta(seconds=5)
    )


class _Dimension(Block):
    name: Name
    value: Annotated[Text, AfterValidator(checked)] = ""


class _Metrics(Block):
    names: Annotated[tuple[Name, ...], Field(min_length=1)]
    dimensions: Annotated[tuple[_Dimension, ...], Field(max_length=30)] = ()
    statistic_include: Statistics | None = None
    statistic_exclude: Statistics | None = None


class CloudWatchSettings(_Asked):
    """The settings of the kind `cloudwatch`, by Telegraf's names; `regions` is ours."""

    regions: tuple[Annotated[str, Field(pattern=_REGION)], ...] = ()
    period: Period = timedelta(minutes=5)
    delay: Delay = timedelta(minutes=5)
    namespace: Line = ""
    namespaces: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    metrics: Annotated[tuple[_Metrics, ...], Field(max_length=500)] | None = None
    statistic_include: Statistics = ()
    statistic_exclude: Statistics = ()
    recently_active: Literal["", "PT3H"] = ""
    cache_ttl: Annotated[
        Seconds, AfterValidator(_not_negative), Field(serialization_alias="cache_ttl_seconds")
    ] = timedelta(hours=1)
    ratelimit: Annotated[int, Field(ge=1, le=500)] = 25
    batch_size: Annotated[int, Field(ge=1, le=500)] = 500
    metric_format: Literal["sparse", "dense"] = "sparse"
    include_linked_accounts: bool = False

    @model_validator(mode="after")
    def _somewhere(self) -> "CloudWatchSettings":
        if not (self.namespaces or self.namespace):
            raise ValueError("expected namespaces, like [AWS/ELB]")
        if self.region and self.regions:
            raise ValueError("expected region or regions, not both")
        return self


class SqsSettings(_Asked):
    """The settings of the kind `sqs`."""

    queue_urls: Annotated[tuple[WebUrl, ...], Field(max_length=1000)] = ()
    queue_names: Annotated[
        tuple[Annotated[str, AfterValidator(_queue_name)], ...], Field(max_length=1000)
    ] = ()
    queue_name_prefix: Annotated[str, AfterValidator(_queue_name)] | None = None
    age: bool = False

    @model_validator(mode="after")
    def _something(self) -> "SqsSettings":
        if not (self.queue_urls or self.queue_names or self.queue_name_prefix):
            raise ValueError("expected queue_urls, queue_names or queue_name_prefix")
        return self


class DynamoDbSettings(_Asked):
    """The settings of the kind `dynamodb`."""

    tables: Annotated[
        tuple[Annotated[str, AfterValidator(_table)], ...], Field(min_length=1, max_length=1000)
    ]
    throttles: bool = False
    period: Period = _MINUTE
    delay: Delay = _MINUTE


class LambdaSettings(_Asked, DataFormat):
    """The settings of the kind `lambda`, with those of the parsers; a payload that is no text is sent as JSON."""

    function_name: Annotated[str, AfterValidator(_function)] | None = None
    function_names: Annotated[
        tuple[Annotated[str, AfterValidator(_function)], ...], Field(max_length=100)
    ] = ()
    qualifier: Annotated[str, Field(pattern=r"^[A-Za-z0-9$_-]{0,128}$")] = ""
    payload: Any = None
    data_format: Annotated[str, AfterValidator(_data_format)] = FORMAT

    @model_validator(mode="after")
    def _something(self) -> "LambdaSettings":
        if bool(self.function_name) == bool(self.function_names):
            raise ValueError("expected function_name or function_names")
        if isinstance(self.payload, str):
            try:
                json.loads(self.payload)
            except ValueError:
                raise ValueError("expected JSON in payload") from None
        return self
