"""`msteamsv2_configs`: messages in Microsoft Teams through a workflow of Power Automate."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global


class Msteamsv2(HttpIntegrationBlock):
    """One entry of `msteamsv2_configs`."""

    kind: ClassVar = "msteamsv2"

    webhook_url: Url = Field(default="", repr=False)
    webhook_url_file: SecretFile = ""
    title: Template = '{{ template "msteamsv2.default.title" . }}'
    text: Template = '{{ template "msteamsv2.default.text" . }}'

    @model_validator(mode="after")
    def _somewhere(self) -> "Msteamsv2":
        if not (self.webhook_url or self.webhook_url_file):
            raise ValueError("one of webhook_url or webhook_url_file must be configured")
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block; of all kinds this one alone takes the global proxy into a `http_config` of its own."""
        found = super().complete(shared)
        proxy = {
            name: value
            for name, value in shared.http_config.stored().items()
            if name in ("proxy_url", "no_proxy") and "proxy_url" not in found["http_config"]
        }
        return {**found, "http_config": {**found["http_config"], **proxy}}
