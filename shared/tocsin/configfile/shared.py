"""`global` of alertmanager.yml: what holds for every receiver that does not say otherwise."""

from datetime import timedelta

from pydantic import Field

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import HostPort, SecretFile, Url
from tocsin.configfile.http import HttpConfig
from tocsin.configfile.tls import TlsConfig
from tocsin.documents import Duration


class Global(SettingsBlock):
    """The global settings, with Alertmanager's defaults."""

    resolve_timeout: Duration = timedelta(minutes=5)
    http_config: HttpConfig = HttpConfig()
    smtp_from: str = ""
    smtp_hello: str = "localhost"
    smtp_smarthost: HostPort = ""
    smtp_auth_username: str = ""
    smtp_auth_password: str = Field(default="", repr=False)
    smtp_auth_password_file: SecretFile = ""
    smtp_auth_secret: str = Field(default="", repr=False)
    smtp_auth_secret_file: SecretFile = ""
    smtp_auth_identity: str = ""
    smtp_require_tls: bool = True
    smtp_tls_config: TlsConfig = TlsConfig()
    smtp_force_implicit_tls: bool | None = None
    slack_api_url: Url = Field(default="", repr=False)
    slack_api_url_file: SecretFile = ""
    slack_app_token: str = Field(default="", repr=False)
    slack_app_token_file: SecretFile = ""
    slack_app_url: Url = "https://slack.com/api/chat.postMessage"
    pagerduty_url: Url = "https://events.pagerduty.com/v2/enqueue"
    opsgenie_api_url: Url = "https://api.opsgenie.com/"
    opsgenie_api_key: str = Field(default="", repr=False)
    opsgenie_api_key_file: SecretFile = ""
    victorops_api_url: Url = "https://alert.victorops.com/integrations/generic/20131114/alert/"
    victorops_api_key: str = Field(default="", repr=False)
    victorops_api_key_file: SecretFile = ""
    wechat_api_url: Url = "https://qyapi.weixin.qq.com/cgi-bin/"
    wechat_api_secret: str = Field(default="", repr=False)
    wechat_api_secret_file: SecretFile = ""
    wechat_api_corp_id: str = ""
    telegram_api_url: Url = "https://api.telegram.org"
    telegram_bot_token: str = Field(default="", repr=False)
    telegram_bot_token_file: SecretFile = ""
    webex_api_url: Url = "https://webexapis.com/v1/messages"
    rocketchat_api_url: Url = "https://open.rocket.chat/"
    rocketchat_token: str = Field(default="", repr=False)
    rocketchat_token_file: SecretFile = ""
    rocketchat_token_id: str = Field(default="", repr=False)
    rocketchat_token_id_file: SecretFile = ""
    mattermost_webhook_url: Url = Field(default="", repr=False)
    mattermost_webhook_url_file: SecretFile = ""
    jira_api_url: Url = ""

    def secret(self, name: str) -> str:
        """Return a secret, or where it is: whichever of `name` and `name_file` was given."""
        return str(getattr(self, name) or getattr(self, f"{name}_file"))
