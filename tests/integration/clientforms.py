"""What clients read of answers: their own types, as strict as their decoders are."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tocsin.api.responses import Response

GoTime = Annotated[
    str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$", strict=True)
]
GoDuration = Annotated[
    str,
    Field(pattern=r"^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$|^0$", min_length=1, strict=True),
]
Labels = dict[str, str]


class Lax(BaseModel):
    """What is not known is passed over, as by `encoding/json` and yaml.v3; nothing is converted."""

    model_config = ConfigDict(strict=True)


class KnownFields(BaseModel):
    """What is not known is an error (Grafana's yamlExtractor)."""

    model_config = ConfigDict(extra="forbid", strict=True)


# -- Mimir's ruler and configuration ----------------------------------------------------------------


class GrafanaRule(KnownFields):
    """`definitions.ApiRuleNode`."""

    record: str = ""
    alert: str = ""
    expr: str
    hold: GoDuration = Field("0s", alias="for")
    keep_firing_for: GoDuration = "0s"
    labels: Labels = {}
    annotations: Labels = {}


class GrafanaGroup(KnownFields):
    """`definitions.GettableRuleGroupConfig`."""

    name: str
    interval: GoDuration = "0s"
    rules: list[GrafanaRule]
    source_tenants: list[str] = []
    evaluation_delay: GoDuration = "0s"
    query_offset: GoDuration = "0s"
    align_evaluation_time_on_interval: bool = False
    limit: int = 0


class MimirtoolGroup(Lax):
    """`rwrulefmt.RuleGroup`."""

    name: str
    interval: GoDuration = "0s"
    query_offset: GoDuration = "0s"
    limit: int = 0
    rules: list[GrafanaRule]


class GrafanaConfiguration(KnownFields):
    """`definitions.GettableUserConfig`."""

    template_files: Labels
    alertmanager_config: str


class Accepted(Lax):
    """What Grafana's jsonExtractor takes after a group was set."""

    status: Literal["success"]


# -- Prometheus -------------------------------------------------------------------------------------


class PrometheusAlert(Lax):
    """`unified-alerting-dto.ts`, PromAlert."""

    labels: Labels
    annotations: Labels
    state: Literal["pending", "firing"]
    activeAt: GoTime  # noqa: N815
    value: str


class PrometheusRule(Lax):
    """PromRuleDTO, of either kind."""

    type: Literal["alerting", "recording"]
    name: str
    query: str
    health: Literal["ok", "err", "unknown"]
    lastError: str = ""  # noqa: N815
    state: Literal["inactive", "pending", "firing", "unknown"] | None = None
    alerts: list[PrometheusAlert] = []
    labels: Labels
    annotations: Labels = {}
    duration: float = 0
    lastEvaluation: GoTime  # noqa: N815
    evaluationTime: float  # noqa: N815


class PrometheusGroup(Lax):
    """PromRuleGroupDTO."""

    name: str
    file: str
    rules: list[PrometheusRule]
    interval: float


class PrometheusGroups(Lax):
    """The data of the list of rules."""

    groups: list[PrometheusGroup]


class PrometheusAlerts(Lax):
    """The data of the list of alerts."""

    alerts: list[PrometheusAlert]


class Features(Lax):
    """What Grafana looks at to offer its rule editor."""

    ruler_config_api: Literal["true"]
    alertmanager_config_api: Literal["true"]


class BuildInfo(Lax):
    """PromBuildInfoResponse."""

    application: Literal["Grafana Mimir"]
    version: str
    features: Features


class Scalar(Lax):
    """What the health check of the data source asks for."""

    resultType: Literal["scalar"]  # noqa: N815
    result: tuple[float, Literal["2"]]


class Success(Lax):
    """The envelope."""

    status: Literal["success"]
    data: Any


# -- Alertmanager -----------------------------------------------------------------------------------


class Named(Lax):
    """A receiver."""

    name: str


class AlertStatus(Lax):
    """Why somebody is, or is not, told."""

    state: Literal["active", "suppressed", "unprocessed"]
    silencedBy: list[str]  # noqa: N815
    inhibitedBy: list[str]  # noqa: N815


class Alert(Lax):
    """`models.GettableAlert`: what is no pointer in Go has to be there."""

    fingerprint: str
    labels: Labels
    annotations: Labels
    startsAt: GoTime  # noqa: N815
    endsAt: GoTime  # noqa: N815
    updatedAt: GoTime  # noqa: N815
    generatorURL: str = ""  # noqa: N815
    receivers: list[Named]
    status: AlertStatus


class AlertGroup(Lax):
    """`models.AlertGroup`."""

    labels: Labels
    receiver: Named
    alerts: list[Alert]


class Matcher(Lax):
    """A matcher of a silence."""

    name: str
    value: str
    isRegex: bool  # noqa: N815
    isEqual: bool  # noqa: N815


class SilenceStatus(Lax):
    """Whether it mutes."""

    state: Literal["active", "pending", "expired"]


class Silence(Lax):
    """`models.GettableSilence`, and karma's."""

    id: str
    status: SilenceStatus
    matchers: list[Matcher]
    createdBy: str  # noqa: N815
    comment: str
    startsAt: GoTime  # noqa: N815
    endsAt: GoTime  # noqa: N815
    updatedAt: GoTime  # noqa: N815


class SilenceId(Lax):
    """`PostSilencesOKBody`."""

    silenceID: Annotated[str, Field(min_length=1)]  # noqa: N815


class Original(Lax):
    """The configuration as its text."""

    original: str


class Cluster(Lax):
    """Of the status."""

    status: str


class Version(Lax):
    """Of the status."""

    version: str


class Status(Lax):
    """`models.AlertmanagerStatus`."""

    cluster: Cluster
    config: Original
    uptime: GoTime
    versionInfo: Version  # noqa: N815


# -- what an answer is read as ------------------------------------------------------------------------


def _json(shape: Any) -> Callable[[Response], Any]:
    def read(response: Response) -> Any:
        assert "json" in response.headers["Content-Type"]
        found = json.loads(response.body)
        TypeAdapter(shape).validate_json(response.body)
        return found

    return read


def _yaml(shape: Any) -> Callable[[Response], Any]:
    def read(response: Response) -> Any:
        assert "yaml" in response.headers["Content-Type"]
        found = yaml.safe_load(response.body)
        TypeAdapter(shape).validate_python(found)
        return found

    return read


def _prometheus(shape: Any) -> Callable[[Response], Any]:
    def read(response: Response) -> Any:
        found = _json(Success)(response)["data"]
        TypeAdapter(shape).validate_json(json.dumps(found))
        return found

    return read


def _text(response: Response) -> str:
    assert "text/plain" in response.headers["Content-Type"]
    return response.body.decode()


READ: Mapping[str, Callable[[Response], Any]] = {
    "text": _text,
    "any": lambda response: response.body.decode(),
    "grafana groups": _yaml(dict[str, list[GrafanaGroup]]),
    "grafana group": _yaml(GrafanaGroup),
    "grafana accepted": _json(Accepted),
    "grafana configuration": _yaml(GrafanaConfiguration),
    "mimirtool groups": _yaml(dict[str, list[MimirtoolGroup]]),
    "mimirtool group": _yaml(MimirtoolGroup),
    "mimirtool configuration": _yaml(GrafanaConfiguration),
    "build info": _prometheus(BuildInfo),
    "scalar": _prometheus(Scalar),
    "rules": _prometheus(PrometheusGroups),
    "rule alerts": _prometheus(PrometheusAlerts),
    "alerts": _json(list[Alert]),
    "alert groups": _json(list[AlertGroup]),
    "silences": _json(list[Silence]),
    "silence": _json(Silence),
    "silence id": _json(SilenceId),
    "status": _json(Status),
}
"""By the names that the recorded files use."""
