"""`wechat_configs`: messages of an app of WeChat Work."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from tocsin.configfile.fields import SecretFile, Template, Url
from tocsin.configfile.integrations.base import HttpIntegrationBlock
from tocsin.configfile.shared import Global
from tocsin.labels import quote


def _message_type(kind: str) -> str:
    if kind not in ("", "text", "markdown"):
        raise ValueError(f"weChat message type {quote(kind)} does not match valid options ^(text|markdown)$")
    return kind or "text"


class Wechat(HttpIntegrationBlock):
    """One entry of `wechat_configs`."""

    kind: ClassVar = "wechat"

    send_resolved: bool = False
    api_url: Url = ""
    api_secret: Template = Field(default="", repr=False)
    api_secret_file: SecretFile = ""
    corp_id: Template = ""
    message: Template = '{{ template "wechat.default.message" . }}'
    message_type: Annotated[str, AfterValidator(_message_type)] = "text"
    to_user: Template = '{{ template "wechat.default.to_user" . }}'
    to_party: Template = '{{ template "wechat.default.to_party" . }}'
    to_tag: Template = '{{ template "wechat.default.to_tag" . }}'
    agent_id: Template = '{{ template "wechat.default.agent_id" . }}'

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the API's URL, and who sends; raises FieldError."""
        found = super().complete(shared)
        for name, of_global, called in (
            ("api_url", shared.wechat_api_url, "URL"),
            ("api_secret", shared.secret("wechat_api_secret"), "Api Secret"),
            ("corp_id", shared.wechat_api_corp_id, "CorpID"),
        ):
            ways = " either inline or in a file" if name == "api_secret" else ""
            found[name] = self.either(found[name], of_global, name, f"no global Wechat {called} set{ways}")
        return found
