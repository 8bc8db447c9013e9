"""`pagerduty_configs`: incidents of PagerDuty, opened and resolved through its Events API."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import GoMillis, SecretFile, Template, TemplateTree, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global

_DETAILS = {
    "firing": "{{ .Alerts.Firing | toJson }}",
    "resolved": "{{ .Alerts.Resolved | toJson }}",
    "num_firing": "{{ .Alerts.Firing | len }}",
    "num_resolved": "{{ .Alerts.Resolved | len }}",
}


class PagerdutyImage(SettingsBlock):
    """A picture of an incident."""

    src: Template = ""
    alt: Template = ""
    href: Template = ""


class PagerdutyLink(SettingsBlock):
    """A link of an incident."""

    href: Template = ""
    text: Template = ""


class Pagerduty(HttpIntegrationBlock):
    """One entry of `pagerduty_configs`."""

    kind: ClassVar = "pagerduty"

    routing_key: Template = Field(default="", repr=False)
    routing_key_file: SecretFile = ""
    service_key: Template = Field(default="", repr=False)
    service_key_file: SecretFile = ""
    url: Url = ""
    client: Template = '{{ template "pagerduty.default.client" . }}'
    client_url: Template = '{{ template "pagerduty.default.clientURL" . }}'
    description: Template = '{{ template "pagerduty.default.description" .}}'
    details: dict[str, TemplateTree] = Field(default_factory=dict)
    images: list[PagerdutyImage] = Field(default_factory=list)
    links: list[PagerdutyLink] = Field(default_factory=list)
    source: Template = ""
    severity: Template = ""
    class_: Template = Field(default="", alias="class")
    component: Template = ""
    group: Template = ""
    timeout_ms: GoMillis = Field(default=0, alias="timeout")

    @model_validator(mode="after")
    def _some_key(self) -> "Pagerduty":
        if not (self.routing_key or self.routing_key_file or self.service_key or self.service_key_file):
            raise ValueError("missing service or routing key in PagerDuty config")
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the URL, and the details that are always there; raises FieldError."""
        found = super().complete(shared)
        url = self.either(found["url"], shared.pagerduty_url, "url", "no global PagerDuty URL set")
        filled_in = {
            "url": url,
            "class": found.pop("class_"),
            "details": {**_DETAILS, **found["details"]},
            "source": found["source"] or found["client"],
            "severity": found["severity"] or "error",
        }
        return {**found, **filled_in}
