"""`rocketchat_configs`: messages to a channel or a user of Rocket.Chat."""

from typing import Any, ClassVar

from pydantic import Field

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global


class RocketchatField(SettingsBlock):
    """A cell of the message's table."""

    title: Template = ""
    value: Template = ""
    short: bool | None = None


class RocketchatAction(SettingsBlock):
    """A button; the keys that have one word are those that Alertmanager takes, and does not send."""

    text: Template = ""
    url: Template = ""
    msg: Template = ""
    type: str = ""
    imageurl: str = ""
    iswebview: bool = False
    webviewheightratio: str = ""
    msginchatwindow: bool = False
    msgprocessingtype: str = ""


class Rocketchat(HttpIntegrationBlock):
    """One entry of `rocketchat_configs`."""

    kind: ClassVar = "rocketchat"

    send_resolved: bool = False
    api_url: Url = ""
    token: str = Field(default="", repr=False)
    token_file: SecretFile = ""
    token_id: str = Field(default="", repr=False)
    token_id_file: SecretFile = ""
    channel: Template = ""
    color: Template = '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'
    title: Template = '{{ template "rocketchat.default.title" . }}'
    title_link: Template = '{{ template "rocketchat.default.titlelink" . }}'
    text: Template = '{{ template "rocketchat.default.text" . }}'
    fields: list[RocketchatField] = Field(default_factory=list)
    short_fields: bool = False
    emoji: Template = '{{ template "rocketchat.default.emoji" . }}'
    icon_url: Template = '{{ template "rocketchat.default.iconurl" . }}'
    image_url: Template = ""
    thumb_url: Template = ""
    link_names: bool = False
    actions: list[RocketchatAction] = Field(default_factory=list)

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the API's URL, and who sends; raises FieldError."""
        found = super().complete(shared)
        found["api_url"] = self.api_url or shared.rocketchat_api_url
        for name, called in (("token_id", "TokenID"), ("token", "Token")):
            missing = f"no global Rocketchat {called} set either inline or in a file"
            found[name] = self.either(found[name], shared.secret(f"rocketchat_{name}"), name, missing)
        return found
