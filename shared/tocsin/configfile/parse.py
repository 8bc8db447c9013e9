"""alertmanager.yml: Alertmanager's configuration file, read into the dispatcher's configuration.

Reasons in Alertmanager's own words are those of its loader (`config.Load`), which people search the web for.
"""

from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field

from tocsin.configfile.intervals import read_time_intervals
from tocsin.configfile.receivers import read_receivers
from tocsin.configfile.routes import read_routes
from tocsin.dispatch.config import Config
from tocsin.documents import Block, Document, Duration, words


class _Global(Block):
    unsupported: ClassVar = words(
        """
        http_config smtp_from smtp_hello smtp_smarthost smtp_auth_username smtp_auth_password
        smtp_auth_password_file smtp_auth_secret smtp_auth_secret_file smtp_auth_identity smtp_require_tls
        smtp_tls_config smtp_force_implicit_tls slack_api_url slack_api_url_file slack_app_token
        slack_app_token_file slack_app_url pagerduty_url opsgenie_api_url opsgenie_api_key
        opsgenie_api_key_file victorops_api_url victorops_api_key victorops_api_key_file wechat_api_url
        wechat_api_secret wechat_api_secret_file wechat_api_corp_id telegram_api_url telegram_bot_token
        telegram_bot_token_file webex_api_url rocketchat_api_url rocketchat_token rocketchat_token_file
        rocketchat_token_id rocketchat_token_id_file mattermost_webhook_url mattermost_webhook_url_file jira_api_url
        """
    )
    resolve_timeout: Duration = timedelta(minutes=5)


class _File(Block):
    unsupported: ClassVar = words("inhibit_rules templates tracing event_recorder")

    # What stands in these is read block by block, so that one mistake hides no other.
    settings: Any = Field(default=None, alias="global")
    route: Any = None
    receivers: tuple[Any, ...] = ()
    time_intervals: tuple[Any, ...] = ()
    mute_time_intervals: tuple[Any, ...] = ()


def parse_config(text: str, file: str) -> Config:
    """Return the configuration of an alertmanager.yml; raises DocumentError with all problems of the file."""
    document = Document(text, file)
    if document.at(()) is not None:
        document.read((), _File)
    settings = document.read(("global",), _Global) if document.at(("global",)) is not None else None
    receivers = read_receivers(document)
    time_intervals = read_time_intervals(document)
    route = read_routes(document)
    document.check()
    return Config(
        route=route,
        receivers={receiver.name: receiver for receiver in receivers},
        time_intervals=time_intervals,
        resolve_timeout=(settings or _Global()).resolve_timeout,
    )
