"""`msteams_configs`: messages in Microsoft Teams through an Office 365 connector."""

from typing import ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock


class Msteams(HttpIntegrationBlock):
    """One entry of `msteams_configs`."""

    kind: ClassVar = "msteams"

    webhook_url: Url = Field(default="", repr=False)
    webhook_url_file: SecretFile = ""
    title: Template = '{{ template "msteams.default.title" . }}'
    summary: Template = '{{ template "msteams.default.summary" . }}'
    text: Template = '{{ template "msteams.default.text" . }}'

    @model_validator(mode="after")
    def _somewhere(self) -> "Msteams":
        if not (self.webhook_url or self.webhook_url_file):
            raise ValueError("one of webhook_url or webhook_url_file must be configured")
        return self
