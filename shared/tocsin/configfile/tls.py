"""`tls_config` of alertmanager.yml: whom a connection trusts, and how it proves who it is."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import SecretFile

_WHEN_ONE = "exactly one of {0} or {0}_file must be configured when a client {1} is configured"


class TlsConfig(SettingsBlock):
    """TLS from the client's side; `ca`, `cert` and `key` are PEM, or references to it."""

    sparse: ClassVar = True

    ca: str = ""
    ca_file: SecretFile = ""
    ca_ref: SecretFile = ""
    cert: str = ""
    cert_file: SecretFile = ""
    cert_ref: SecretFile = ""
    key: str = Field(default="", repr=False)
    key_file: SecretFile = ""
    key_ref: SecretFile = ""
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: Literal["", "TLS10", "TLS11", "TLS12", "TLS13"] = ""
    max_version: Literal["", "TLS10", "TLS11", "TLS12", "TLS13"] = ""

    @model_validator(mode="after")
    def _both(self) -> "TlsConfig":
        cert = self.cert or self.cert_file or self.cert_ref
        key = self.key or self.key_file or self.key_ref
        if cert and not key:
            raise ValueError(_WHEN_ONE.format("key", "certificate"))
        if key and not cert:
            raise ValueError(_WHEN_ONE.format("cert", "key"))
        return self
