"""`sns_configs`: the topic, phone or endpoint of Amazon SNS to which the notification is published."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.fields import Template
from tocsin.configfile.integrations.base import FieldError, IntegrationBlock
from tocsin.configfile.shared import Global

_TOPIC = re.compile(
    r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9]+(?:-[a-z0-9]+)+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)


def _topic_arn(arn: str) -> str:
    if not _TOPIC.fullmatch(arn):
        raise ValueError("not the ARN of an SNS topic (expected arn:aws:sns:REGION:ACCOUNT:NAME)")
    return arn


class _Sigv4(SettingsBlock):
    region: str = ""


class Sns(IntegrationBlock):
    """One entry of `sns_configs`."""

    kind: ClassVar = "sns"

    topic_arn: Annotated[str, AfterValidator(_topic_arn)]
    subject: Template = '{{ template "sns.default.subject" . }}'
    message: Template = '{{ template "sns.default.message" . }}'
    attributes: dict[Template, Template] = Field(default_factory=dict)
    sigv4: _Sigv4 = _Sigv4()

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block with the topic's region; raises FieldError."""
        topic = _TOPIC.fullmatch(self.topic_arn)
        region = topic["region"] if topic else ""
        if self.sigv4.region not in ("", region):
            raise FieldError("sigv4", f"the topic is in {region}")
        return {**super().complete(shared), "sigv4": {"region": region}}
