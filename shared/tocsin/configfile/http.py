"""`http_config` of alertmanager.yml: how requests say who sends them, and over what they go."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import SecretFile


def _authorization_type(kind: str) -> str:
    if kind.strip().lower() == "basic":
        raise ValueError('authorization type cannot be set to "basic", use "basic_auth" instead')
    return kind.strip()


class BasicAuth(SettingsBlock):
    """A name and a password."""

    username: str = ""
    username_file: SecretFile = ""
    username_ref: SecretFile = ""
    password: str = Field(default="", repr=False)
    password_file: SecretFile = ""
    password_ref: SecretFile = ""


class Authorization(SettingsBlock):
    """An `Authorization` header of any type but Basic."""

    type: Annotated[str, AfterValidator(_authorization_type)] = "Bearer"
    credentials: str = Field(default="", repr=False)
    credentials_file: SecretFile = ""
    credentials_ref: SecretFile = ""


class HttpConfig(SettingsBlock):
    """How an integration's requests are sent."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    bearer_token: str = Field(default="", repr=False)
    bearer_token_file: SecretFile = ""
    follow_redirects: bool = True
    enable_http2: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> "HttpConfig":
        bearer = self.bearer_token or self.bearer_token_file
        if sum(bool(way) for way in (self.basic_auth, self.authorization, bearer)) > 1:
            raise ValueError("at most one of basic_auth, authorization and bearer_token may be there")
        return self
