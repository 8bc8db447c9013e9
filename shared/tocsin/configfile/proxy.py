"""The proxy of an `http_config`: the keys that it shares with its `oauth2`."""

from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from tocsin.access.secrets import Reference
from tocsin.configfile.block import SettingsBlock
from tocsin.documents import Text
from tocsin.labels import quote


def _proxy(url: str) -> str:
    """Refuse what is no proxy's URL, without showing it: it may hold a password, or be a reference."""
    if not url or Reference.parse(url) is not None:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("not a valid URL (expected http://… or https://…)") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"unsupported scheme {quote(parts.scheme)} for a proxy (expected http or https)")
    if not parts.hostname:
        raise ValueError("missing host for URL")
    return url


class Proxied(SettingsBlock):
    """A block that says through which proxy its requests go."""

    sparse: ClassVar = True

    proxy_url: Annotated[str, AfterValidator(_proxy)] = Field(default="", repr=False)
    no_proxy: str = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, list[Text]] = Field(default_factory=dict, repr=False)

    @model_validator(mode="after")
    def _one_proxy(self) -> "Proxied":
        given = "if {} is configured, {} must{} be configured"
        if self.proxy_connect_header and not (self.proxy_from_environment or self.proxy_url):
            either = "proxy_url or proxy_from_environment"
            raise ValueError(given.format("proxy_connect_header", either, " also"))
        for name in ("proxy_url", "no_proxy"):
            if self.proxy_from_environment and getattr(self, name):
                raise ValueError(given.format("proxy_from_environment", name, " not"))
        if self.no_proxy and not self.proxy_url:
            raise ValueError(given.format("no_proxy", "proxy_url", " also"))
        return self
