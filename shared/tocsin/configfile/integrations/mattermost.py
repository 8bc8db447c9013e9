"""`mattermost_configs`: messages through an incoming webhook of Mattermost."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global


class MattermostField(SettingsBlock):
    """A cell of an attachment's table."""

    title: Template = ""
    value: Template = ""
    short: bool | None = None

    @model_validator(mode="after")
    def _complete(self) -> "MattermostField":
        for name in ("title", "value"):
            if not getattr(self, name):
                raise ValueError(f"missing {name} in Mattermost field configuration")
        return self


class MattermostAttachment(SettingsBlock):
    """A block of a message with a border, a title, a table and images."""

    fallback: Template = ""
    color: Template = ""
    pretext: Template = ""
    text: Template = ""
    author_name: Template = ""
    author_link: Template = ""
    author_icon: Template = ""
    title: Template = ""
    title_link: Template = ""
    fields: list[MattermostField] = Field(default_factory=list)
    thumb_url: Template = ""
    footer: Template = ""
    footer_icon: Template = ""
    image_url: Template = ""


class MattermostProps(SettingsBlock):
    """What is shown beside the channel."""

    card: Template = ""


class MattermostPriority(SettingsBlock):
    """How urgent a message is."""

    priority: Template = ""
    requested_ack: bool = False
    persistent_notifications: bool = False


class Mattermost(MattermostAttachment, HttpIntegrationBlock):
    """One entry of `mattermost_configs`.

    Of an attachment's keys at this level only `text` says anything, in Alertmanager too: it takes the others,
    and sends what `attachments` holds.
    """

    kind: ClassVar = "mattermost"

    webhook_url: Url = Field(default="", repr=False)
    webhook_url_file: SecretFile = ""
    channel: Template = ""
    username: Template = '{{ template "mattermost.default.username" . }}'
    text: Template = '{{ template "mattermost.default.text" . }}'
    icon_url: Template = ""
    icon_emoji: Template = ""
    attachments: list[MattermostAttachment] = Field(default_factory=list)
    type: Template = ""
    props: MattermostProps = MattermostProps()
    priority: MattermostPriority = MattermostPriority()

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the webhook's URL; raises FieldError."""
        found = super().complete(shared)
        missing = "missing webhook_url or webhook_url_file on mattermost_config"
        of_global = shared.secret("mattermost_webhook_url")
        return {**found, "webhook_url": self.either(found["webhook_url"], of_global, "webhook_url", missing)}
