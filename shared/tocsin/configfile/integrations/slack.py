"""`slack_configs`: messages in a channel of Slack, through an incoming webhook or as an app."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import GoMillis, SecretFile, Template, Url
from tocsin.configfile.integrations.base import FieldError, HttpIntegrationBlock
from tocsin.configfile.shared import Global

POST_MESSAGE = "https://slack.com/api/chat.postMessage"


class SlackField(SettingsBlock):
    """A cell of the attachment's table."""

    title: Template = ""
    value: Template = ""
    short: bool | None = None

    @model_validator(mode="after")
    def _complete(self) -> "SlackField":
        for name in ("title", "value"):
            if not getattr(self, name):
                raise ValueError(f"missing {name} in Slack field configuration")
        return self


class SlackConfirmation(SettingsBlock):
    """What asks whether a button was meant."""

    text: Template = ""
    title: Template = ""
    ok_text: Template = ""
    dismiss_text: Template = ""

    @model_validator(mode="after")
    def _complete(self) -> "SlackConfirmation":
        if not self.text:
            raise ValueError("missing text in Slack confirmation configuration")
        return self


class SlackAction(SettingsBlock):
    """A button: a link, or one that an app of Slack is told of."""

    type: Template = ""
    text: Template = ""
    url: Template = ""
    style: Template = ""
    name: Template = ""
    value: Template = ""
    confirm: SlackConfirmation | None = None

    @model_validator(mode="after")
    def _complete(self) -> "SlackAction":
        for name in ("type", "text"):
            if not getattr(self, name):
                raise ValueError(f"missing {name} in Slack action configuration")
        if not (self.url or self.name):
            raise ValueError("missing name or url in Slack action configuration")
        return self


class Slack(HttpIntegrationBlock):
    """One entry of `slack_configs`."""

    kind: ClassVar = "slack"

    send_resolved: bool = False
    api_url: Url = Field(default="", repr=False)
    api_url_file: SecretFile = ""
    app_token: str = Field(default="", repr=False)
    app_token_file: SecretFile = ""
    app_url: Url = ""
    channel: Template = ""
    username: Template = '{{ template "slack.default.username" . }}'
    color: Template = '{{ template "slack.default.color" . }}'
    title: Template = '{{ template "slack.default.title" . }}'
    title_link: Template = '{{ template "slack.default.titlelink" . }}'
    pretext: Template = '{{ template "slack.default.pretext" . }}'
    text: Template = '{{ template "slack.default.text" . }}'
    message_text: Template = ""
    fields: list[SlackField] = Field(default_factory=list)
    short_fields: bool = False
    footer: Template = '{{ template "slack.default.footer" . }}'
    fallback: Template = '{{ template "slack.default.fallback" . }}'
    callback_id: Template = '{{ template "slack.default.callbackid" . }}'
    icon_emoji: Template = '{{ template "slack.default.iconemoji" . }}'
    icon_url: Template = '{{ template "slack.default.iconurl" . }}'
    image_url: Template = ""
    thumb_url: Template = ""
    link_names: bool = False
    mrkdwn_in: list[str] = Field(default_factory=list)
    actions: list[SlackAction] = Field(default_factory=list)
    update_message: bool = False
    timeout_ms: GoMillis = Field(default=0, alias="timeout")

    @model_validator(mode="after")
    def _one_way(self) -> "Slack":
        if (self.api_url or self.api_url_file) and (self.app_token or self.app_token_file):
            raise ValueError(
                "at most one of api_url/api_url_file & app_token/app_token_file must be configured"
            )
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with `api_url`, and with `app_token` if it is an app that posts; raises FieldError."""
        found = super().complete(shared)
        own_url, own_token = found["api_url"], found["app_token"]
        authorized = self.http_config is not None and self.http_config.authorization is not None
        token = own_token or ("" if own_url or authorized else shared.secret("slack_app_token"))
        url = (
            (found["app_url"] or shared.slack_app_url) if token else own_url or shared.secret("slack_api_url")
        )
        if not url:
            raise FieldError("api_url", "no Slack API URL nor App token set either inline or in a file")
        if token and found["http_config"].get("authorization"):
            raise FieldError("http_config", "http authorization can't be set when using Slack App tokens")
        if self.update_message and not token and url != POST_MESSAGE:
            reason = f"update_message can only be used with bot tokens. api_url must be set to {POST_MESSAGE}"
            raise FieldError("update_message", reason)
        del found["app_url"]
        return {**found, "api_url": url, "app_token": token}
