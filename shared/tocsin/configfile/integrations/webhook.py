"""`webhook_configs`: where the notification is posted as JSON."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.fields import GoMillis, SecretFile, TemplateTree, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock


class Webhook(HttpIntegrationBlock):
    """One entry of `webhook_configs`."""

    kind: ClassVar = "webhook"

    url: Url = Field(default="", repr=False)
    url_file: SecretFile = ""
    max_alerts: Annotated[int, Field(ge=0)] = 0
    timeout_ms: GoMillis = Field(default=0, alias="timeout")
    payload: TemplateTree = None

    @model_validator(mode="after")
    def _somewhere(self) -> "Webhook":
        if not (self.url or self.url_file):
            raise ValueError("one of url or url_file must be configured")
        return self
