"""`email_configs`: to whom the notification is mailed, by an SMTP server or by Amazon SES."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import HostPort, SecretFile, Template
from tocsin.configfile.integrations.base import FieldError, IntegrationBlock
from tocsin.configfile.shared import Global
from tocsin.configfile.sigv4 import Sigv4
from tocsin.configfile.tls import TlsConfig
from tocsin.labels import quote

_HEADER = re.compile(r"[!-9;-~]+")
_HELLO = re.compile(r"[!-~]*")
_THREAD = "conflicting configuration: threading.enabled conflicts with custom {} header"


def _canonical(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers by their canonical names, `Message-Id` (Go's `CanonicalMIMEHeaderKey`)."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError(f"invalid header name {quote(name)}")
        canonical = "-".join(word.capitalize() for word in name.split("-"))
        if canonical in found:
            raise ValueError(f"duplicate header {quote(canonical)} in email config")
        found[canonical] = value
    return found


class _Threading(SettingsBlock):
    enabled: bool = False
    thread_by_date: str = ""


class _Ses(Sigv4):
    configuration_set: str = ""


class Email(IntegrationBlock):
    """One entry of `email_configs`; `ses`, in place of a smarthost, is not Alertmanager's."""

    kind: ClassVar = "email"

    send_resolved: bool = False
    to: Template = ""
    from_: Template = Field(default="", alias="from")
    hello: str = ""
    smarthost: HostPort = ""
    auth_username: str = ""
    auth_password: str = Field(default="", repr=False)
    auth_password_file: SecretFile = ""
    auth_secret: str = Field(default="", repr=False)
    auth_secret_file: SecretFile = ""
    auth_identity: str = ""
    headers: Annotated[dict[str, Template], AfterValidator(_canonical)] = Field(default_factory=dict)
    html: Template = '{{ template "email.default.html" . }}'
    text: Template = ""
    require_tls: bool | None = None
    tls_config: TlsConfig | None = None
    force_implicit_tls: bool | None = None
    threading: _Threading = _Threading()
    ses: _Ses | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Email":
        if not self.to:
            raise ValueError("missing to address in email config")
        if self.ses is not None and self.smarthost:
            raise ValueError("at most one of smarthost & ses must be configured")
        if not self.threading.enabled:
            return self
        for name in ("References", "In-Reply-To"):
            if name in self.headers:
                raise ValueError(_THREAD.format(name))
        if self.threading.thread_by_date not in ("none", "daily"):
            raise ValueError("threading.thread_by_date must be either 'none' or 'daily'")
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block as JSON, what it leaves out taken from `global`; raises FieldError."""
        found = super().complete(shared)
        found["from"] = found.pop("from_") or shared.smtp_from
        for name in ("hello", "smarthost", "auth_username", "auth_identity"):
            found[name] = found[name] or getattr(shared, f"smtp_{name}")
        for name in ("auth_password", "auth_secret"):
            found[name] = found[name] or shared.secret(f"smtp_{name}")
        for name in ("require_tls", "force_implicit_tls"):
            found[name] = getattr(shared, f"smtp_{name}") if found[name] is None else found[name]
        found["tls_config"] = (self.tls_config or shared.smtp_tls_config).stored()
        if not found["smarthost"] and self.ses is None:
            raise FieldError("smarthost", "no global SMTP smarthost set, and no ses")
        if not _HELLO.fullmatch(found["hello"]):
            raise FieldError("hello", "expected a host name, in ASCII")
        if not found["from"]:
            raise FieldError("from", "no global SMTP from set")
        return found
