"""The receivers of alertmanager.yml: the settings of webhooks and SNS topics as JSON, defaults filled in."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from tocsin.dispatch.config import Integration, ReceiverConfig
from tocsin.documents import Block, Document, Path, Text, parsed, words
from tocsin.durations import parse_go_duration
from tocsin.labels import quote

_MILLISECOND = timedelta(milliseconds=1)
_TOPIC = re.compile(
    r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9]+(?:-[a-z0-9]+)+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)


def _no_template(text: str) -> str:
    if "{{" in text:
        raise ValueError("templates are not supported yet here")
    return text


def _http_url(url: str) -> str:
    """Refuse what is no URL of a web server, without showing it: it may hold a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("not a valid URL (expected https://… or http://…)") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"unsupported scheme {quote(parts.scheme)} for URL")
    if not parts.hostname:
        raise ValueError("missing host for URL")
    return _no_template(url)


def _topic_arn(arn: str) -> str:
    if not _TOPIC.fullmatch(arn):
        raise ValueError("not the ARN of an SNS topic (expected arn:aws:sns:REGION:ACCOUNT:NAME)")
    return arn


def _only_default(name: str) -> AfterValidator:
    """Return a validator that takes a field's default template, however it is spaced, or nothing."""
    default = f'{{{{ template "{name}" . }}}}'

    def check(text: str) -> str:
        if text and re.sub(r"\s", "", text) != re.sub(r"\s", "", default):
            raise ValueError(f"not supported yet, but for the default: {default}")
        return default if text else ""

    return AfterValidator(check)


def _authorization_type(kind: str) -> str:
    if kind.strip().lower() == "basic":
        raise ValueError('authorization type cannot be set to "basic", use "basic_auth" instead')
    return kind.strip()


Plain = Annotated[Text, AfterValidator(_no_template)]


class _BasicAuth(Block):
    unsupported: ClassVar = words("username_file username_ref password_file password_ref")

    username: str = ""
    password: str = Field(default="", repr=False)


class _Authorization(Block):
    unsupported: ClassVar = words("credentials_file credentials_ref")

    type: Annotated[str, AfterValidator(_authorization_type)] = "Bearer"
    credentials: str = Field(default="", repr=False)


class _HttpConfig(Block):
    unsupported: ClassVar = words(
        """
        oauth2 bearer_token_file tls_config follow_redirects enable_http2 proxy_url no_proxy
        proxy_from_environment proxy_connect_header http_headers
        """
    )
    basic_auth: Any = None
    authorization: Any = None
    bearer_token: str = Field(default="", repr=False)


class _Webhook(Block):
    unsupported: ClassVar = words("url_file payload")

    send_resolved: bool = True
    url: Annotated[str, AfterValidator(_http_url)] = Field(repr=False)
    max_alerts: Annotated[int, Field(ge=0)] = 0
    timeout: Annotated[timedelta, parsed(parse_go_duration), Field(ge=timedelta(0))] = timedelta(0)
    http_config: Any = None


class _Sigv4(Block):
    unsupported: ClassVar = words("access_key secret_key profile role_arn external_id")

    region: str = ""


class _Sns(Block):
    unsupported: ClassVar = words("api_url phone_number target_arn http_config use_aws_http_client")

    send_resolved: bool = True
    topic_arn: Annotated[str, AfterValidator(_no_template), AfterValidator(_topic_arn)]
    subject: Annotated[str, _only_default("sns.default.subject")] = '{{ template "sns.default.subject" . }}'
    message: Annotated[str, _only_default("sns.default.message")] = '{{ template "sns.default.message" . }}'
    attributes: dict[Plain, Plain] = Field(default_factory=dict)
    sigv4: Any = None


class _Receiver(Block):
    unsupported: ClassVar = words(
        """
        labels email_configs pagerduty_configs opsgenie_configs wechat_configs slack_configs victorops_configs
        pushover_configs telegram_configs discord_configs webex_configs msteams_configs msteamsv2_configs
        jira_configs incidentio_configs rocketchat_configs mattermost_configs
        """
    )
    name: str = ""
    webhook_configs: tuple[Any, ...] = ()
    sns_configs: tuple[Any, ...] = ()


def read_receivers(document: Document) -> list[ReceiverConfig]:
    """Return the receivers in the order of the file; if a problem has been noted, they must not be used."""
    found: dict[str, ReceiverConfig] = {}
    for path in document.items(("receivers",)):
        integrations = (
            *_read_integrations(document, path, "webhook"),
            *_read_integrations(document, path, "sns"),
        )
        receiver = document.read(path, _Receiver)
        if receiver is None:
            continue
        if not receiver.name:
            document.refuse((*path, "name"), "missing name in receiver")
        if receiver.name in found:
            reason = f"notification config name {quote(receiver.name)} is not unique"
            document.refuse((*path, "name"), reason)
        found[receiver.name] = ReceiverConfig(receiver.name, integrations)
    return list(found.values())


def _read_integrations(document: Document, path: Path, kind: str) -> Iterator[Integration]:
    reads = {"webhook": _read_webhook, "sns": _read_sns}
    for index, block_path in enumerate(document.items((*path, f"{kind}_configs"))):
        settings = reads[kind](document, block_path)
        if settings is not None:
            send_resolved = settings.pop("send_resolved")
            yield Integration(kind, index, settings, send_resolved)


def _read_webhook(document: Document, path: Path) -> dict[str, Any] | None:
    http_config = _read_http_config(document, (*path, "http_config"))
    webhook = document.read(path, _Webhook)
    if webhook is None:
        return None
    return {
        "send_resolved": webhook.send_resolved,
        "url": webhook.url,
        "max_alerts": webhook.max_alerts,
        "timeout_ms": webhook.timeout // _MILLISECOND,
        **({"http_config": http_config} if http_config else {}),
    }


def _read_http_config(document: Document, path: Path) -> dict[str, Any]:
    """Return at most one way to say who asks; a bearer token is an authorization of that type (upstream)."""
    if document.at(path) is None:
        return {}
    ways = [key for key in ("basic_auth", "authorization", "bearer_token") if document.at((*path, key))]
    if len(ways) > 1:
        document.refuse(path, "at most one of basic_auth, authorization and bearer_token may be there")
    basic, authorization = (*path, "basic_auth"), (*path, "authorization")
    config = document.read(path, _HttpConfig)
    if document.at(basic) is not None:
        return {"basic_auth": dict(document.read(basic, _BasicAuth) or {})}
    if document.at(authorization) is not None:
        return {"authorization": dict(document.read(authorization, _Authorization) or {})}
    if config and config.bearer_token:
        return {"authorization": {"type": "Bearer", "credentials": config.bearer_token}}
    return {}


def _read_sns(document: Document, path: Path) -> dict[str, Any] | None:
    sigv4_path = (*path, "sigv4")
    sigv4 = document.read(sigv4_path, _Sigv4) if document.at(sigv4_path) is not None else None
    sns = document.read(path, _Sns)
    if sns is None:
        return None
    topic = _TOPIC.fullmatch(sns.topic_arn)
    if sigv4 and sigv4.region and topic and sigv4.region != topic["region"]:
        document.refuse((*sigv4_path, "region"), f"the topic is in {topic['region']}")
    return {
        **dict(sns),
        "sigv4": {"region": topic["region"]} if topic else {},
    }
