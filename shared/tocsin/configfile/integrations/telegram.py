"""`telegram_configs`: messages of a bot in a chat of Telegram."""

from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global

_MODES = ("", "Markdown", "MarkdownV2", "HTML")


class Telegram(HttpIntegrationBlock):
    """One entry of `telegram_configs`."""

    kind: ClassVar = "telegram"

    api_url: Url = ""
    bot_token: str = Field(default="", repr=False)
    bot_token_file: SecretFile = ""
    chat_id: int = 0
    chat_id_file: SecretFile = ""
    message_thread_id: int = 0
    message: Template = '{{ template "telegram.default.message" . }}'
    disable_notifications: bool = False
    parse_mode: str = "HTML"

    @field_validator("parse_mode")
    @classmethod
    def _known(cls, mode: str) -> str:
        if mode not in _MODES:
            raise ValueError(
                "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string"
            )
        return mode

    @model_validator(mode="after")
    def _somewhere(self) -> "Telegram":
        if not (self.chat_id or self.chat_id_file):
            raise ValueError("missing chat_id or chat_id_file on telegram_config")
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the bot's token and the URL; raises FieldError."""
        found = super().complete(shared)
        missing = "missing bot_token or bot_token_file on telegram_config"
        token = self.either(found["bot_token"], shared.secret("telegram_bot_token"), "bot_token", missing)
        return {**found, "bot_token": token, "api_url": found["api_url"] or shared.telegram_api_url}
