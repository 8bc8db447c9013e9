"""`discord_configs`: messages in a channel of Discord through a webhook."""

from typing import ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock


class Discord(HttpIntegrationBlock):
    """One entry of `discord_configs`."""

    kind: ClassVar = "discord"

    webhook_url: Url = Field(default="", repr=False)
    webhook_url_file: SecretFile = ""
    content: Template = '{{ template "discord.default.content" . }}'
    title: Template = '{{ template "discord.default.title" . }}'
    message: Template = '{{ template "discord.default.message" . }}'
    username: str = ""
    avatar_url: str = ""

    @model_validator(mode="after")
    def _somewhere(self) -> "Discord":
        if not (self.webhook_url or self.webhook_url_file):
            raise ValueError("one of webhook_url or webhook_url_file must be configured")
        return self
