"""`pushover_configs`: messages to the phones of a user or a group of Pushover."""

from typing import ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.fields import GoMillis, SecretFile, Template
from tocsin.configfile.integrations.base import HttpIntegrationBlock


class Pushover(HttpIntegrationBlock):
    """One entry of `pushover_configs`."""

    kind: ClassVar = "pushover"

    user_key: Template = Field(default="", repr=False)
    user_key_file: SecretFile = ""
    token: Template = Field(default="", repr=False)
    token_file: SecretFile = ""
    title: Template = '{{ template "pushover.default.title" . }}'
    message: Template = '{{ template "pushover.default.message" . }}'
    url: Template = '{{ template "pushover.default.url" . }}'
    url_title: Template = ""
    device: Template = ""
    sound: Template = ""
    priority: Template = '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'
    retry_ms: GoMillis = Field(default=60_000, alias="retry")
    expire_ms: GoMillis = Field(default=3_600_000, alias="expire")
    ttl_ms: GoMillis = Field(default=0, alias="ttl")
    html: bool = False
    monospace: bool = False

    @model_validator(mode="after")
    def _complete(self) -> "Pushover":
        for name in ("user_key", "token"):
            if not (getattr(self, name) or getattr(self, f"{name}_file")):
                raise ValueError(f"one of {name} or {name}_file must be configured")
        if self.html and self.monospace:
            raise ValueError("at most one of monospace & html must be configured")
        return self
