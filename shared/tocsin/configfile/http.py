"""`http_config` of alertmanager.yml: how requests say who sends them, and over what they go."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import HeaderValue, SecretFile, Url
from tocsin.configfile.proxy import Proxied
from tocsin.configfile.tls import TlsConfig
from tocsin.documents import Text, words
from tocsin.labels import quote

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RESERVED = words(
    "accept-encoding authorization connection content-encoding content-length content-type host keep-alive"
    " proxy-authenticate proxy-authorization user-agent www-authenticate x-amz-content-sha256 x-amz-date"
    " x-amz-security-token x-prometheus-remote-read-version x-prometheus-remote-write-version"
    " x-prometheus-scrape-timeout-seconds"
)
"""Headers that say what the connection and the message are: Alertmanager lets nobody set them."""


def _authorization_type(kind: str) -> str:
    if kind.strip().lower() == "basic":
        raise ValueError('authorization type cannot be set to "basic", use "basic_auth" instead')
    return kind.strip() or "Bearer"


def _header_name(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError(f"invalid header name {quote(name)}")
    if name.lower() in _RESERVED:
        raise ValueError(f"setting header {quote(name.title())} is not allowed")
    return name


class BasicAuth(SettingsBlock):
    """A name and a password."""

    called: ClassVar = "basic_auth"

    username: str = ""
    username_file: SecretFile = ""
    username_ref: SecretFile = ""
    password: str = Field(default="", repr=False)
    password_file: SecretFile = ""
    password_ref: SecretFile = ""


class Authorization(SettingsBlock):
    """An `Authorization` header of any type but Basic."""

    called: ClassVar = "authorization"

    type: Annotated[str, AfterValidator(_authorization_type)] = "Bearer"
    credentials: str = Field(default="", repr=False)
    credentials_file: SecretFile = ""
    credentials_ref: SecretFile = ""


class OAuth2(Proxied):
    """A token that is fetched with the client's own credentials (RFC 6749 section 4.4)."""

    called: ClassVar = "oauth2"
    # What signs a request for a token (RFC 7523) would take a cryptography library into the layer.
    unsupported: ClassVar = words(
        "client_certificate_key_id client_certificate_key client_certificate_key_file client_certificate_key_ref"
        " signature_algorithm iss audience claims"
    )

    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    client_secret_file: SecretFile = ""
    client_secret_ref: SecretFile = ""
    grant_type: Literal["", "client_credentials"] = ""
    scopes: list[Text] = Field(default_factory=list)
    token_url: Url = ""
    endpoint_params: dict[str, Text] = Field(default_factory=dict)
    tls_config: TlsConfig = TlsConfig()

    @model_validator(mode="after")
    def _complete(self) -> "OAuth2":
        for name in ("client_id", "token_url"):
            if not getattr(self, name):
                raise ValueError(f"oauth2 {name} must be configured")
        return self


class Header(SettingsBlock):
    """The values of a header; those of `secrets` are shown nowhere."""

    values: list[HeaderValue] = Field(default_factory=list)
    secrets: list[HeaderValue] = Field(default_factory=list, repr=False)
    files: list[SecretFile] = Field(default_factory=list)

    def stored(self) -> dict[str, Any]:
        """Return the values, and the secrets or the references to them."""
        return {"values": list(self.values), "secrets": [*self.secrets, *self.files]}


class HttpConfig(Proxied):
    """How an integration's requests are sent."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    bearer_token: str = Field(default="", repr=False)
    bearer_token_file: SecretFile = ""
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    http_headers: dict[Annotated[str, AfterValidator(_header_name)], Header] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> "HttpConfig":
        bearer = bool(self.bearer_token or self.bearer_token_file)
        if bearer and (self.basic_auth or self.oauth2):
            ways = "basic_auth, oauth2, bearer_token & bearer_token_file"
            raise ValueError(f"at most one of {ways} must be configured")
        if bearer and self.authorization:
            raise ValueError("authorization is not compatible with bearer_token & bearer_token_file")
        if sum(way is not None for way in (self.basic_auth, self.oauth2, self.authorization)) > 1:
            raise ValueError("at most one of basic_auth, oauth2 & authorization must be configured")
        return self

    def stored(self) -> dict[str, Any]:
        """Return the block in its one form: a bearer token is an authorization."""
        found = super().stored()
        if token := found.pop("bearer_token", ""):
            found["authorization"] = {"type": "Bearer", "credentials": token}
        return found
