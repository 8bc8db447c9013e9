"""What is answered, under the names of Alertmanager's specification (`api/v2/openapi.yaml`).

They document the answers, which are made as plain dictionaries: ten thousand alerts take their time otherwise.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Texts = dict[str, str]


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class PeerStatus(_Model):
    """Another node of a cluster: there never is one."""

    name: str
    address: str


class ClusterStatus(_Model):
    """The state of what keeps several nodes at one."""

    name: str | None = None
    status: Literal["ready", "settling", "disabled"]
    peers: list[PeerStatus]


class VersionInfo(_Model):
    """Whose API this is (`version`), and who speaks it."""

    version: str
    revision: str
    branch: str
    build_user: str
    build_date: str
    go_version: str


class AlertmanagerConfig(_Model):
    """The configuration in force."""

    original: str = Field(description="The file as it was written, secrets masked; empty if none is stored.")


class AlertmanagerStatus(_Model):
    """What runs, since when, and by which configuration."""

    cluster: ClusterStatus
    version_info: VersionInfo
    config: AlertmanagerConfig
    uptime: datetime = Field(description="Since when whoever answers is there.")


class ReceiverName(_Model):
    """The name of a receiver."""

    name: str


class Receiver(ReceiverName):
    """A receiver and its labels."""

    labels: Texts


class State(StrEnum):
    """Where an alert stands; `unprocessed` is never answered."""

    UNPROCESSED = "unprocessed"
    ACTIVE = "active"
    SUPPRESSED = "suppressed"


class AlertStatus(_Model):
    """What mutes an alert: ids of silences, fingerprints of alerts, names of time intervals."""

    state: State
    silenced_by: list[str]
    inhibited_by: list[str]
    muted_by: list[str]


class GettableAlert(_Model):
    """An alert that fires."""

    annotations: Texts
    ends_at: datetime = Field(description="When it ends unless somebody says that it goes on.")
    fingerprint: str
    receivers: list[ReceiverName]
    starts_at: datetime
    status: AlertStatus
    updated_at: datetime
    generator_url: str = Field("", alias="generatorURL")
    labels: Texts


class AlertGroup(_Model):
    """The alerts that a route tells of together."""

    alerts: list[GettableAlert]
    labels: Texts
    receiver: ReceiverName
    route_labels: Texts
