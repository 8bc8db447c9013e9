"""`sns_configs`: the topic, phone or endpoint of Amazon SNS to which the notification is published."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, model_validator

from tocsin.configfile.fields import Template, Url
from tocsin.configfile.http import HttpConfig
from tocsin.configfile.integrations.base import FieldError, IntegrationBlock
from tocsin.configfile.shared import Global
from tocsin.configfile.sigv4 import Sigv4

_TOPIC = re.compile(
    r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9]+(?:-[a-z0-9]+)+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)


def _topic_arn(arn: str) -> str:
    if "{{" not in arn and not _TOPIC.fullmatch(arn):
        raise ValueError("not the ARN of an SNS topic (expected arn:aws:sns:REGION:ACCOUNT:NAME)")
    return arn


def _defaults(config: HttpConfig) -> HttpConfig:
    if config != HttpConfig():
        raise ValueError("SNS is called by AWS's own client, which takes nothing of it")
    return config


class Sns(IntegrationBlock):
    """One entry of `sns_configs`."""

    kind: ClassVar = "sns"

    topic_arn: Annotated[Template, AfterValidator(_topic_arn)] = ""
    phone_number: Template = ""
    target_arn: Template = ""
    subject: Template = '{{ template "sns.default.subject" . }}'
    message: Template = '{{ template "sns.default.message" . }}'
    attributes: dict[Template, Template] = Field(default_factory=dict)
    api_url: Url = ""
    sigv4: Sigv4 = Sigv4()
    http_config: Annotated[HttpConfig, AfterValidator(_defaults)] = HttpConfig()
    use_aws_http_client: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> "Sns":
        if sum(bool(place) for place in (self.topic_arn, self.phone_number, self.target_arn)) != 1:
            raise ValueError(
                "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config (exactly one)"
            )
        return self

    def complete(self, shared: Global) -> dict[str, Any]:
        """Return the block as JSON, without what only Alertmanager's own client knows; raises FieldError."""
        topic = _TOPIC.fullmatch(self.topic_arn)
        if topic and self.sigv4.region not in ("", topic["region"]):
            raise FieldError("sigv4", f"the topic is in {topic['region']}")
        unused = ("http_config", "use_aws_http_client")
        return {name: value for name, value in super().complete(shared).items() if name not in unused}
