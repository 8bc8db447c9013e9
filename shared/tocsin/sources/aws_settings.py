"""What users write in the settings of the kinds `cloudwatch_logs` and `aurora`; `cloudwatch` needs a role at most."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from tocsin.sources.settings_blocks import Line, Role

_GROUP = re.compile(r"[\w#+=/:,.@-]{1,2048}", re.ASCII)
_CLUSTER = re.compile(r"arn:aws[a-z-]*:rds:[a-z0-9-]+:[0-9]{12}:cluster:[\w-]+", re.ASCII)
_SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@!-]+", re.ASCII)


def _log_group(name: str) -> str:
    if not _GROUP.fullmatch(name):
        raise ValueError("expected the name or the ARN of a log group, without :* at its end")
    return name


def _cluster(arn: str) -> str:
    if not _CLUSTER.fullmatch(arn):
        raise ValueError(
            "expected the ARN of a cluster, like arn:aws:rds:eu-west-1:123456789012:cluster:NAME"
        )
    return arn


def _secret(arn: str) -> str:
    if not _SECRET.fullmatch(arn):
        raise ValueError(
            "expected the ARN of a secret of Secrets Manager, with the user whom the database knows"
        )
    return arn


class LogsSettings(Role):
    """The settings of the kind `cloudwatch_logs`: a query names its log groups itself (SOURCE) or reads these."""

    log_groups: Annotated[tuple[Annotated[str, AfterValidator(_log_group)], ...], Field(max_length=50)] = ()


class AuroraSettings(Role):
    """The settings of the kind `aurora`; the secret's user should be one who may only read."""

    resource_arn: Annotated[str, AfterValidator(_cluster)]
    secret_arn: Annotated[str, AfterValidator(_secret)]
    database: Line = ""
