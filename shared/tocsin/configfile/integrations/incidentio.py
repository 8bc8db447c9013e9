"""`incidentio_configs`: alert events of incident.io."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.fields import GoMillis, SecretFile, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock

_TOKEN = "alert_source_token"  # noqa: S105  the name of a key


class Incidentio(HttpIntegrationBlock):
    """One entry of `incidentio_configs`."""

    kind: ClassVar = "incidentio"

    url: Url = ""
    url_file: SecretFile = ""
    alert_source_token: str = Field(default="", repr=False)
    alert_source_token_file: SecretFile = ""
    max_alerts: Annotated[int, Field(ge=0)] = 0
    timeout_ms: GoMillis = Field(default=0, alias="timeout")

    @model_validator(mode="after")
    def _complete(self) -> "Incidentio":
        if not (self.url or self.url_file):
            raise ValueError("one of url or url_file must be configured")
        if self.http_config is None:  # the global one may say who sends
            return self
        own = bool(self.http_config.stored().get("authorization"))
        token = bool(self.alert_source_token or self.alert_source_token_file)
        if own and token:
            raise ValueError(f"cannot specify {_TOKEN} or {_TOKEN}_file when using http_config.authorization")
        if not own and not token:
            ways = f"{_TOKEN}, {_TOKEN}_file or http_config.authorization"
            raise ValueError(f"at least one of {ways} must be configured")
        return self
