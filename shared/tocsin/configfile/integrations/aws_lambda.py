"""`lambda_configs`: the function that is invoked with the notification."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tocsin.configfile.fields import Template
from tocsin.configfile.integrations.base import IntegrationBlock
from tocsin.configfile.sigv4 import Sigv4


class Lambda(IntegrationBlock):
    """One entry of `lambda_configs`; the function is a name or an ARN, with a version or an alias if need be."""

    kind: ClassVar = "lambda"

    function_name: Annotated[Template, Field(min_length=1)]
    invocation_type: Literal["Event", "RequestResponse"] = "Event"
    max_alerts: Annotated[int, Field(ge=0)] = 0
    sigv4: Sigv4 = Sigv4()
