"""The shapes of Prometheus' answers and parameters (`web/api/v1`)."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

T = TypeVar("T")


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Success(_Closed, Generic[T]):
    """What was asked for."""

    status: Literal["success"]
    data: T


class Alert(_Closed):
    """What is pending, or fires, of a rule."""

    labels: dict[str, str]
    annotations: dict[str, str]
    state: Literal["pending", "firing"]
    activeAt: datetime  # noqa: N815
    keepFiringSince: datetime | None = None  # noqa: N815
    value: str


class Alerts(_Closed):
    """What is pending and what fires of all rules."""

    alerts: list[Alert]


class _Rule(_Closed):
    name: str
    query: str
    labels: dict[str, str]
    health: Literal["ok", "err", "unknown"]
    lastError: str = ""  # noqa: N815
    evaluationTime: float  # noqa: N815
    lastEvaluation: datetime  # noqa: N815


class AlertingRule(_Rule):
    """An alerting rule; its state is `unknown` before it is evaluated for the first time."""

    type: Literal["alerting"]
    state: Literal["inactive", "pending", "firing", "unknown"]
    duration: float
    keepFiringFor: float  # noqa: N815
    annotations: dict[str, str]
    alerts: list[Alert]


class RecordingRule(_Rule):
    """A recording rule."""

    type: Literal["recording"]


class Group(_Closed):
    """A group of rules; its file is its namespace, its interval is in seconds."""

    name: str
    file: str
    rules: list[AlertingRule | RecordingRule]
    interval: float
    limit: int
    evaluationTime: float  # noqa: N815
    lastEvaluation: datetime  # noqa: N815


class Groups(_Closed):
    """A page of groups, and the token of the next if there is one."""

    groups: list[Group]
    groupNextToken: str = ""  # noqa: N815


class BuildInfo(_Closed):
    """What answers, and what it can do, as Grafana Mimir says it."""

    application: str
    version: str
    revision: str
    branch: str
    buildUser: str  # noqa: N815
    buildDate: str  # noqa: N815
    goVersion: str  # noqa: N815
    features: dict[str, Literal["true", "false"]]


class QueryResult(_Closed):
    """What an expression yields."""

    resultType: Literal["scalar", "vector"]  # noqa: N815
    result: list[Any]


def _go_bool(text: Any) -> Any:
    known = {**dict.fromkeys(("", "0", "f", "F", "false", "FALSE", "False"), False)}
    known |= dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True)
    if text not in known:
        raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')
    return known[text]


def _kind(text: Any) -> Any:
    return str(text).lower()


class RulesQuery(BaseModel):
    """Which rules; lists are of what may be there, `match[]` of sets of matchers of which one has to match."""

    type: Annotated[Literal["", "alert", "record"], BeforeValidator(_kind)] = ""
    rule_name: list[str] = Field([], alias="rule_name[]")
    rule_group: list[str] = Field([], alias="rule_group[]")
    file: list[str] = Field([], alias="file[]")
    match: list[str] = Field([], alias="match[]")
    exclude_alerts: Annotated[bool, BeforeValidator(_go_bool)] = False
    group_limit: int = Field(0, ge=0)
    group_next_token: str = ""


class Query(BaseModel):
    """An expression and its time: seconds since 1970, or RFC 3339; now if it is not given."""

    query: str
    time: str = ""
