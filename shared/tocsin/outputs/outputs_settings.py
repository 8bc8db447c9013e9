"""What users write in the settings of the outputs; the names are Telegraf's where it has such an output."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tocsin.documents import Block, words
from tocsin.sources.http_settings import HttpSettings
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

Encoding = Literal["gzip", "identity"]
_HOST = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"


def _skipped(skipped: bool) -> bool:
    if not skipped:
        raise ValueError("expected true: the database must be there")
    return skipped


class RemoteWriteSettings(HttpSettings):
    """The settings of the kind `remote_write`; Telegraf has no such output."""

    url: WebUrl


class InfluxSettings(Block):
    """The settings of the kinds `influxdb` and `influxdb_v2`: with a `bucket` it is version 2, else version 1."""

    unsupported = words(
        "bucket_tag concurrent_writes database_tag exclude_bucket_tag exclude_database_tag "
        "exclude_retention_policy_tag influx_omit_timestamp influx_uint_support local_address ping_timeout "
        "rate_limit rate_limit_period read_idle_timeout retention_policy_tag tls_enable tls_key_pwd "
        "tls_min_version udp_payload user_agent"
    )

    urls: Annotated[tuple[BaseUrl, ...], Field(min_length=1)]
    token: SecretReference | None = None
    organization: Line = ""
    bucket: Line = ""
    database: Line = ""
    retention_policy: Line = ""
    write_consistency: Literal["", "any", "one", "quorum", "all"] = ""
    skip_database_creation: Annotated[bool, AfterValidator(_skipped)] = True
    username: LineOrReference = ""
    password: SecretReference | None = None
    content_encoding: Encoding = "gzip"
    http_headers: dict[HeaderName, LineOrReference] = Field(default_factory=dict)
    http_proxy: UrlOrReference | None = None
    tls_ca: TextOrReference = ""
    tls_cert: TextOrReference = ""
    tls_key: SecretReference | None = None
    tls_server_name: Line = ""
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _one_version(self) -> "InfluxSettings":
        if bool(self.bucket) == bool(self.database):
            raise ValueError("expected either bucket (InfluxDB 2 and 3) or database (InfluxDB 1)")
        old, new = (
            {"retention_policy", "write_consistency", "username", "password"},
            {"token", "organization"},
        )
        if wrong := sorted((old if self.bucket else new) & self.model_fields_set):
            raise ValueError(f"{wrong[0]} does not go with {'bucket' if self.bucket else 'database'}")
        return self

    @model_validator(mode="after")
    def _pairs(self) -> "InfluxSettings":
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password go together")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key go together")
        return self


class TimestreamSettings(Block):
    """The settings of the kind `timestream_influxdb`: an instance of Amazon Timestream for InfluxDB."""

    endpoint: Annotated[str, Field(pattern=_HOST)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8086
    token: SecretReference
    organization: Line = ""
    bucket: Annotated[Line, Field(min_length=1)]
    content_encoding: Encoding = "gzip"


class CloudWatchSettings(Role):
    """The settings of the kind `cloudwatch`."""

    unsupported = words(
        "access_key endpoint_url profile role_session_name secret_key shared_credential_file token "
        "use_fips_endpoint web_identity_token_file write_statistics"
    )

    namespace: Annotated[Line, Field(min_length=1, max_length=255)]
    high_resolution_metrics: bool = False
    format: Literal["put_metric_data", "emf"] = "put_metric_data"

    @model_validator(mode="after")
    def _where_it_is(self) -> "CloudWatchSettings":
        if self.format == "emf" and (self.region or self.role_arn):
            raise ValueError("emf is the log of this stack: it takes no region and no role_arn")
        return self
