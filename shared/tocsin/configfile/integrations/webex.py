"""`webex_configs`: messages to a room of Webex."""

from typing import Any, ClassVar

from pydantic import model_validator

from tocsin.configfile.fields import Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global


class Webex(HttpIntegrationBlock):
    """One entry of `webex_configs`; who sends is in its own `http_config`, never in the global one."""

    kind: ClassVar = "webex"

    api_url: Url = ""
    room_id: Template = ""
    message: Template = '{{ template "webex.default.message" . }}'

    @model_validator(mode="after")
    def _complete(self) -> "Webex":
        if not self.room_id:
            raise ValueError("missing room_id on webex_config")
        if self.http_config is None or not self.http_config.stored().get("authorization"):
            raise ValueError("missing webex_configs.http_config.authorization")
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the API's URL; raises FieldError."""
        url = self.either(self.api_url, shared.webex_api_url, "api_url", "no global Webex URL set")
        return {**super().complete(shared), "api_url": url}
