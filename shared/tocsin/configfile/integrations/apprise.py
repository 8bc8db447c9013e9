"""`apprise_configs`: a service that the library Apprise knows, by its URL there."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from tocsin.access.secrets import Reference
from tocsin.configfile.fields import SecretFile, Template
from tocsin.configfile.integrations.base import IntegrationBlock


class Apprise(IntegrationBlock):
    """One entry of `apprise_configs`: one service, so that each is tried again by itself."""

    kind: ClassVar = "apprise"

    url: str = Field(default="", repr=False)
    url_file: SecretFile = ""
    title: Template = '{{ template "sns.default.subject" . }}'
    body: Template = '{{ template "sns.default.message" . }}'
    format: Literal["text", "markdown", "html"] = "text"

    @model_validator(mode="after")
    def _somewhere(self) -> "Apprise":
        if not (self.url or self.url_file):
            raise ValueError("one of url or url_file must be configured")
        if self.url and "://" not in self.url and Reference.parse(self.url) is None:
            raise ValueError("url: not a URL of Apprise (expected SCHEMA://…), nor where one is kept")
        return self
