"""`victorops_configs`: incidents of Splunk On-Call, once VictorOps, through its REST endpoint."""

from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global
from tocsin.documents import words

_FIXED = words(
    "routing_key message_type state_message entity_display_name monitoring_tool entity_id entity_state"
)


class Victorops(HttpIntegrationBlock):
    """One entry of `victorops_configs`."""

    kind: ClassVar = "victorops"

    api_key: str = Field(default="", repr=False)
    api_key_file: SecretFile = ""
    api_url: Url = ""
    routing_key: Template = ""
    message_type: Template = "CRITICAL"
    state_message: Template = '{{ template "victorops.default.state_message" . }}'
    entity_display_name: Template = '{{ template "victorops.default.entity_display_name" . }}'
    monitoring_tool: Template = '{{ template "victorops.default.monitoring_tool" . }}'
    custom_fields: dict[str, Template] = Field(default_factory=dict)

    @field_validator("custom_fields")
    @classmethod
    def _free(cls, fields: dict[str, str]) -> dict[str, str]:
        if clash := sorted(_FIXED.intersection(fields)):
            raise ValueError(
                f"victorOps config contains custom field {clash[0]}"
                " which cannot be used as it conflicts with the fixed/static fields"
            )
        return fields

    @model_validator(mode="after")
    def _routed(self) -> "Victorops":
        if not self.routing_key:
            raise ValueError("missing Routing key in VictorOps config")
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with its key and the URL, which ends in a slash; raises FieldError."""
        found = super().complete(shared)
        missing = "no global VictorOps API Key set"
        key = self.either(found["api_key"], shared.secret("victorops_api_key"), "api_key", missing)
        url = self.either(
            found["api_url"], shared.victorops_api_url, "api_url", "no global VictorOps URL set"
        )
        return {**found, "api_key": key, "api_url": url.rstrip("/") + "/"}
