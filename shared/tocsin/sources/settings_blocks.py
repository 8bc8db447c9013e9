"""What users write in the settings of a source: the parts that several kinds share."""

import re
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, PlainSerializer, Tag, model_validator

from tocsin.documents import Block, Duration

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class SecretReference(Block):
    """Where a secret is: `{secret: NAME or ARN, key: KEY}` or `{parameter: NAME, key: KEY}`."""

    looks_like = "a reference like {secret: NAME, key: KEY}"

    secret: str = ""
    parameter: str = ""
    key: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> "SecretReference":
        place = self.secret or self.parameter
        if bool(self.secret) == bool(self.parameter):
            raise ValueError("expected either secret (of Secrets Manager) or parameter (of SSM)")
        if not place.startswith("arn:") and not _NAME.fullmatch(place):
            raise ValueError("expected the name or ARN of a secret or parameter, not what is in it")
        return self


def _web_url(url: str) -> str:
    """Refuse what is no URL of a web server, without showing it: it may hold what is secret."""
    try:
        parts = urlsplit(url)
        found = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        found = None
    if not found:
        raise ValueError("expected a URL like https://prometheus.example:9090")
    if parts.username or parts.password:
        raise ValueError("a URL holds no user or password here: refer to a secret")
    return url


def _base_url(url: str) -> str:
    parts = urlsplit(_web_url(url))
    if parts.query or parts.fragment:
        raise ValueError("expected a URL without ? and #: paths are added to it")
    return url.rstrip("/")


def _role_arn(arn: str) -> str:
    if arn and not _ROLE.fullmatch(arn):
        raise ValueError("expected the ARN of a role, like arn:aws:iam::123456789012:role/NAME")
    return arn


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError("not the name of a header")
    if name.lower() == "authorization":
        raise ValueError("use auth instead, which refers to a secret")
    return name


def _one_line(text: str) -> str:
    if not text.isprintable() or not text.isascii():
        raise ValueError("expected printable ASCII on one line")
    return text


def positive(duration: timedelta) -> timedelta:
    """Refuse no time at all."""
    if duration <= timedelta(0):
        raise ValueError("expected more than 0s")
    return duration


Seconds = Annotated[Duration, PlainSerializer(timedelta.total_seconds)]
"""A duration that is stored as seconds: give its field a `serialization_alias` that says so."""
WebUrl = Annotated[str, AfterValidator(_web_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
RoleArn = Annotated[str, AfterValidator(_role_arn)]
Line = Annotated[str, AfterValidator(_one_line)]
HeaderName = Annotated[str, AfterValidator(_header)]

_FORM = Discriminator(lambda given: "[text]" if isinstance(given, str) else "[reference]")
_Reference = Annotated[SecretReference, Tag("[reference]")]
TextOrReference = Annotated[Annotated[str, Tag("[text]")] | _Reference, _FORM]
LineOrReference = Annotated[Annotated[Line, Tag("[text]")] | _Reference, _FORM]
UrlOrReference = Annotated[Annotated[WebUrl, Tag("[text]")] | _Reference, _FORM]


class Role(Block):
    """As whom AWS is asked: in a region (empty: the stack's own), as a role (empty: the function's own)."""

    region: Annotated[str, Field(pattern=r"^([a-z]{2,}(-[a-z]+)+-\d+)?$")] = ""
    role_arn: RoleArn = ""
    external_id: Line = ""


class CloudWatchWrite(Role):
    """Where in CloudWatch series are written as metrics; `high_resolution` keeps them by the second."""

    kind: Literal["cloudwatch"] = "cloudwatch"
    namespace: Line
    high_resolution: bool = False
