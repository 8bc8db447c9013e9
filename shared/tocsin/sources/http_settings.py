"""What users write in the settings of the kinds `prometheus` and `loki`."""

from typing import Literal

from pydantic import Field, model_validator

from tocsin.documents import Block
from tocsin.sources.settings_blocks import (
    BaseUrl,
    HeaderName,
    Line,
    LineOrReference,
    Role,
    SecretReference,
    TextOrReference,
    UrlOrReference,
    WebUrl,
)


class _Basic(Block):
    username: LineOrReference
    password: SecretReference


class _Sigv4(Role):
    service: Line = "aps"


class _Auth(Block):
    basic: _Basic | None = None
    bearer: SecretReference | None = None
    sigv4: _Sigv4 | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "_Auth":
        if sum(way is not None for way in (self.basic, self.bearer, self.sigv4)) != 1:
            raise ValueError("expected one of basic, bearer, sigv4")
        return self


class _Tls(Block):
    ca: TextOrReference = ""
    certificate: TextOrReference = ""
    key: SecretReference | None = None
    server_name: Line = ""
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _a_pair(self) -> "_Tls":
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key go together")
        return self


class _Write(Role):
    kind: Literal["remote_write", "cloudwatch"] = "remote_write"
    url: WebUrl | None = None
    namespace: Line = ""
    high_resolution: bool = False

    @model_validator(mode="after")
    def _what_it_needs(self) -> "_Write":
        metrics = self.model_fields_set - {"kind", "url"}
        if self.kind == "remote_write" and (self.url is None or metrics):
            raise ValueError("remote_write needs url, and takes nothing else")
        if self.kind == "cloudwatch" and (self.url is not None or not self.namespace):
            raise ValueError("cloudwatch needs namespace, and takes no url")
        return self


class HttpSettings(Block):
    """Where a server that speaks HTTP is, and how it is asked."""

    url: BaseUrl
    auth: _Auth | None = None
    headers: dict[HeaderName, LineOrReference] = Field(default_factory=dict)
    tenant: Line = ""
    tls: _Tls | None = None
    proxy_url: UrlOrReference | None = None


class PrometheusSettings(HttpSettings):
    """The settings of the kind `prometheus`."""

    align_queries_with_step: bool = False
    write: _Write | None = None


class LokiSettings(HttpSettings):
    """The settings of the kind `loki`; its Helm chart sets what the server calls `align_queries_with_step`."""

    align_queries_with_step: bool = True
