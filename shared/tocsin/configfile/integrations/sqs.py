"""`sqs_configs`: the queue into which the notification is put."""

from typing import Annotated, ClassVar

from pydantic import Field

from tocsin.configfile.fields import Url
from tocsin.configfile.integrations.base import IntegrationBlock
from tocsin.configfile.sigv4 import Sigv4


class Sqs(IntegrationBlock):
    """One entry of `sqs_configs`."""

    kind: ClassVar = "sqs"

    queue_url: Url
    max_alerts: Annotated[int, Field(ge=0)] = 0
    sigv4: Sigv4 = Sigv4()
