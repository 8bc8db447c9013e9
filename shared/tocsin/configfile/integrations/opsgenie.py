"""`opsgenie_configs`: alerts of Opsgenie, created and closed through its Alert API."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global

_TYPES = ("team", "teams", "user", "escalation", "schedule")


class OpsgenieResponder(SettingsBlock):
    """Who is told: by one of `id`, `name` and `username`."""

    id: Template = ""
    name: Template = ""
    username: Template = ""
    type: Template = ""

    @model_validator(mode="after")
    def _known(self) -> "OpsgenieResponder":
        if not (self.id or self.name or self.username):
            raise ValueError(
                "opsGenieConfig responder has to have at least one of id, username or name specified"
            )
        if "{{" not in self.type and self.type.lower() not in _TYPES:
            raise ValueError(
                f"opsGenieConfig responder type does not match valid options ^({'|'.join(_TYPES)})$"
            )
        return self


class Opsgenie(HttpIntegrationBlock):
    """One entry of `opsgenie_configs`."""

    kind: ClassVar = "opsgenie"

    api_key: Template = Field(default="", repr=False)
    api_key_file: SecretFile = ""
    api_url: Url = ""
    message: Template = '{{ template "opsgenie.default.message" . }}'
    description: Template = '{{ template "opsgenie.default.description" . }}'
    source: Template = '{{ template "opsgenie.default.source" . }}'
    details: dict[str, Template] = Field(default_factory=dict)
    entity: Template = ""
    responders: list[OpsgenieResponder] = Field(default_factory=list)
    actions: Template = ""
    tags: Template = ""
    note: Template = ""
    priority: Template = ""
    update_alerts: bool = False

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with its key and the URL, which ends in a slash; raises FieldError."""
        found = super().complete(shared)
        missing = "no global OpsGenie API Key set either inline or in a file"
        key = self.either(found["api_key"], shared.secret("opsgenie_api_key"), "api_key", missing)
        url = self.either(found["api_url"], shared.opsgenie_api_url, "api_url", "no global OpsGenie URL set")
        return {**found, "api_key": key, "api_url": url.rstrip("/") + "/"}
