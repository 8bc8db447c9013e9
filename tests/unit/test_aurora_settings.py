"""The settings of the kinds that speak AWS's own APIs: what is taken, and what is refused, saying what was expected."""

from typing import Any

import pytest
from pydantic import ValidationError

from tocsin.sources.registry import kind

CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:shop"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:reader-AbCdEf"
NOBODY = {"region": "", "role_arn": "", "external_id": ""}
ROLE = {
    "region": "eu-west-1",
    "role_arn": "arn:aws:iam::123456789012:role/reader",
    "external_id": "x",
}
AURORA = {"resource_arn": CLUSTER, "secret_arn": SECRET}
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/a"


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("cloudwatch", {}, NOBODY),
        ("cloudwatch", ROLE, ROLE),
        ("cloudwatch_logs", {}, {**NOBODY, "log_groups": []}),
        ("cloudwatch_logs", {"log_groups": ["/a/b", GROUP]}, {**NOBODY, "log_groups": ["/a/b", GROUP]}),
        ("aurora", AURORA, {**NOBODY, **AURORA, "database": ""}),
        ("aurora", {**AURORA, **ROLE, "database": "shop"}, {**ROLE, **AURORA, "database": "shop"}),
    ],
)
def test_settings_are_stored_as_json(name: str, given: dict[str, Any], stored: dict[str, Any]) -> None:
    assert kind(name).settings().model_validate(given).model_dump(mode="json") == stored


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("cloudwatch", {"role_arn": "reader"}, "expected the ARN of a role"),
        ("cloudwatch_logs", {"log_groups": [f"{GROUP}:*"]}, "without :* at its end"),
        ("cloudwatch_logs", {"log_groups": ["a b"]}, "expected the name or the ARN of a log group"),
        ("cloudwatch_logs", {"log_groups": ["a"] * 51}, "at most 50 items"),
        ("aurora", {"secret_arn": SECRET}, "Field required"),
        ("aurora", {**AURORA, "resource_arn": "shop"}, "expected the ARN of a cluster"),
        ("aurora", {**AURORA, "secret_arn": "hunter2"}, "expected the ARN of a secret of Secrets Manager"),
    ],
)
def test_other_settings_are_refused_saying_what_was_expected(
    name: str, given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        kind(name).settings().model_validate(given)
    assert reason in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
