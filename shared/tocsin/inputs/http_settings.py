"""What users write in the settings of the kinds `http_response`, `http` and `prometheus`, by Telegraf's names."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tocsin.documents import Block, words
from tocsin.inputs.data_format_settings import DataFormat
from tocsin.regexes import compile_re2
from tocsin.sources.settings_blocks import (
    HeaderName,
    Line,
    LineOrReference,
    Seconds,
    SecretReference,
    TextOrReference,
    UrlOrReference,
    WebUrl,
    positive,
)

MOST_BODY_BYTES = 8 << 20
_MOST_URLS = 1000
_SIZE = re.compile(r"([0-9]{1,12})\s*([KMG]i?)?B?")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
_METHOD = r"^[A-Z]{1,20}$"
_COOKIES = (
    "cookie_auth_url cookie_auth_method cookie_auth_username cookie_auth_password cookie_auth_headers"
    " cookie_auth_body cookie_auth_renewal"
)
_TLS = "tls_enable tls_key_pwd tls_cipher_suites tls_renegotiation_method ssl_ca ssl_cert ssl_key"


def _size(written: Any) -> Any:
    """Read `32MiB` as Telegraf does, and a number of bytes."""
    found = _SIZE.fullmatch(str(written))
    if found is None:
        raise ValueError("expected a size like 1MiB")
    size = int(found[1]) * _UNITS[found[2] or ""]
    if size > MOST_BODY_BYTES:
        raise ValueError(f"expected at most {MOST_BODY_BYTES >> 20}MiB")
    return size


def _no_authorization(name: Any) -> Any:
    if isinstance(name, str) and name.lower() == "authorization":
        raise ValueError("use bearer_token, or username and password, which refer to secrets")
    return name


def _pattern(pattern: str) -> str:
    if pattern:
        compile_re2(pattern)
    return pattern


def _scraped(url: str) -> str:
    """Add the path that Telegraf takes if there is none."""
    parts = urlsplit(url)
    return url if parts.path else parts._replace(path="/metrics").geturl()


Size = Annotated[int, BeforeValidator(_size)]
Header = Annotated[HeaderName, BeforeValidator(_no_authorization)]
Headers = dict[Header, LineOrReference]
Values = Annotated[
    tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
]
Timeout = Annotated[Seconds, AfterValidator(positive)]
Urls = Annotated[tuple[WebUrl, ...], Field(min_length=1, max_length=_MOST_URLS)]
Status = Annotated[int, Field(ge=100, le=599)]


class _Asking(Block):
    """How a request is sent, and as whom; what Telegraf reads from files is text or a reference here."""

    username: LineOrReference = ""
    password: SecretReference | None = None
    bearer_token: SecretReference | None = None
    tls_ca: TextOrReference = ""
    tls_cert: TextOrReference = ""
    tls_key: SecretReference | None = None
    tls_server_name: Line = ""
    tls_min_version: Literal["", "TLS10", "TLS11", "TLS12", "TLS13"] = ""
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> "_Asking":
        if self.bearer_token and (self.username or self.password):
            raise ValueError("expected bearer_token, or username and password, not both")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key go together")
        return self


class HttpResponseSettings(_Asking):
    """The settings of the kind `http_response`."""

    unsupported = words(f"address interface use_system_proxy {_COOKIES} {_TLS}")

    urls: Urls = ("http://localhost",)
    http_proxy: UrlOrReference | None = None
    response_timeout: Annotated[Timeout, Field(serialization_alias="response_timeout_seconds")] = timedelta(
        seconds=5
    )
    method: Annotated[str, Field(pattern=_METHOD)] = "GET"
    follow_redirects: bool = False
    body: str = ""
    body_form: dict[str, Values] = Field(default_factory=dict)
    headers: Headers = Field(default_factory=dict)
    http_header_tags: dict[HeaderName, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    response_body_field: str = ""
    response_body_max_size: Size = 0
    response_string_match: Annotated[str, AfterValidator(_pattern)] = ""
    response_status_code: Annotated[int, Field(ge=0, le=599)] = 0


class HttpSettings(_Asking, DataFormat):
    """The settings of the kind `http`."""

    unsupported = words(
        "client_id client_secret token_url scopes audience use_system_proxy unix_socket_path token"
        " idle_conn_timeout max_idle_conn max_idle_conn_per_host response_timeout local_address"
        f" {_COOKIES} {_TLS}"
    )

    urls: Urls
    method: Annotated[str, Field(pattern=_METHOD)] = "GET"
    headers: Headers = Field(default_factory=dict)
    body: str = ""
    content_encoding: Literal["identity", "gzip"] = "identity"
    success_status_codes: Annotated[tuple[Status, ...], Field(min_length=1)] = (200,)
    timeout: Annotated[Timeout, Field(serialization_alias="timeout_seconds")] = timedelta(seconds=5)
    http_proxy_url: UrlOrReference | None = None


class PrometheusSettings(_Asking):
    """The settings of the kind `prometheus`."""

    unsupported = words(
        "kubernetes_services kube_config monitor_kubernetes_pods monitor_kubernetes_pods_method"
        " monitor_kubernetes_pods_namespace monitor_kubernetes_pods_scheme monitor_kubernetes_pods_port"
        " monitor_kubernetes_pods_path pod_scrape_scope pod_scrape_interval node_ip pod_namespace_label_name"
        " kubernetes_label_selector kubernetes_field_selector cache_refresh_interval consul http_service_discovery"
        " namespace_annotation_pass namespace_annotation_drop pod_annotation_include pod_annotation_exclude"
        " pod_label_include pod_label_exclude bearer_token_string content_length_limit content_type_override"
        f" enable_request_metrics response_timeout use_system_proxy {_TLS}"
    )

    urls: Annotated[
        tuple[Annotated[WebUrl, AfterValidator(_scraped)], ...], Field(min_length=1, max_length=_MOST_URLS)
    ]
    metric_version: Annotated[int, Field(ge=1, le=2)] = 1
    url_tag: str = "url"
    ignore_timestamp: bool = False
    http_headers: Headers = Field(default_factory=dict)
    timeout: Annotated[Timeout, Field(serialization_alias="timeout_seconds")] = timedelta(seconds=5)
    http_proxy_url: UrlOrReference | None = None
