"""`eventbridge_configs`: the bus on which the notification is an event."""

from typing import Annotated, ClassVar

from pydantic import Field

from tocsin.configfile.fields import Template
from tocsin.configfile.integrations.base import IntegrationBlock
from tocsin.configfile.sigv4 import Sigv4


class Eventbridge(IntegrationBlock):
    """One entry of `eventbridge_configs`; the bus is a name or an ARN."""

    kind: ClassVar = "eventbridge"

    event_bus_name: Template = "default"
    source: Template = "tocsin"
    detail_type: Template = "Tocsin Notification"
    max_alerts: Annotated[int, Field(ge=0)] = 0
    sigv4: Sigv4 = Sigv4()
