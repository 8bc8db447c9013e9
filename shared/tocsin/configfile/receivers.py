"""The receivers of alertmanager.yml and their integrations, in the order in which Alertmanager builds them."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import Field, create_model

from tocsin.configfile.integrations.base import FieldError, IntegrationBlock
from tocsin.configfile.shared import Global
from tocsin.dispatch.config import Integration, ReceiverConfig
from tocsin.documents import Block, Document, Path
from tocsin.labels import quote

KINDS = {
    "webhook": "Webhook",
    "email": "Email",
    "pagerduty": "Pagerduty",
    "opsgenie": "Opsgenie",
    "wechat": "Wechat",
    "slack": "Slack",
    "victorops": "Victorops",
    "pushover": "Pushover",
    "sns": "Sns",
    "telegram": "Telegram",
    "discord": "Discord",
    "webex": "Webex",
    "msteams": "Msteams",
    "msteamsv2": "Msteamsv2",
    "jira": "Jira",
    "incidentio": "Incidentio",
    "rocketchat": "Rocketchat",
    "mattermost": "Mattermost",
    "eventbridge": "Eventbridge",
    "sqs": "Sqs",
    "lambda": "Lambda",
    "apprise": "Apprise",
}
"""The class of each kind's block in the module of that name; the order is Alertmanager's."""

_MODULES = {"lambda": "aws_lambda"}
"""The modules that cannot have their kind's name."""


class _Receiver(Block):
    name: str = ""
    labels: dict[str, str] = Field(default_factory=dict)


@cache
def blocks() -> dict[str, type[IntegrationBlock]]:
    """Return the block of every kind."""
    found = {}
    for kind, name in KINDS.items():
        found[kind] = getattr(
            import_module(f"tocsin.configfile.integrations.{_MODULES.get(kind, kind)}"), name
        )
    return found


@cache
def _receiver_block() -> type[_Receiver]:
    """Return the block of a receiver: what stands in its lists is read one by one, so that no mistake hides another."""
    lists: dict[str, Any] = {f"{kind}_configs": (tuple[Any, ...], ()) for kind in KINDS}
    made: type[_Receiver] = create_model("Receiver", __base__=_Receiver, **lists)
    return made


def read_receivers(document: Document, shared: Global) -> list[ReceiverConfig]:
    """Return the receivers in the order of the file; if a problem has been noted, they must not be used."""
    found: dict[str, ReceiverConfig] = {}
    for path in document.items(("receivers",)):
        integrations = tuple(
            one for kind, block in blocks().items() for one in _read(document, path, kind, block, shared)
        )
        receiver = document.read(path, _receiver_block())
        if receiver is None:
            continue
        if not receiver.name:
            document.refuse((*path, "name"), "missing name in receiver")
        if receiver.name in found:
            reason = f"notification config name {quote(receiver.name)} is not unique"
            document.refuse((*path, "name"), reason)
        if receiver.labels.get("name", receiver.name) != receiver.name:
            document.refuse((*path, "labels", "name"), "the label name is the receiver's name, and no other")
        labels = {**receiver.labels, "name": receiver.name}
        found[receiver.name] = ReceiverConfig(receiver.name, integrations, labels)
    return list(found.values())


def _read(
    document: Document, receiver: Path, kind: str, block: type[IntegrationBlock], shared: Global
) -> Iterator[Integration]:
    for index, path in enumerate(document.items((*receiver, f"{kind}_configs"))):
        refused = document.refused
        read = document.read(path, block)
        if read is None or document.refused > refused:  # what is missing now may be what was wrong
            continue
        try:
            yield Integration(kind, index, read.settings(shared), read.send_resolved)
        except FieldError as error:
            document.refuse((*path, error.field), str(error))
