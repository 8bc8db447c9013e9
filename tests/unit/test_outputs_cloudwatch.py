"""CloudWatch as an output: by PutMetricData, and as lines of the log."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from pydantic import ValidationError

from tests.unit.source_access import FakeAccess
from tocsin.metric import FieldValue, Metric
from tocsin.outputs import registry
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.staleness import STALE

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = {"namespace": "Checks"}


def settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are stored."""
    model = registry.kind("cloudwatch").settings()
    return model.model_validate(given).model_dump(mode="json", by_alias=True)


class Stubbed(FakeAccess):
    """An access whose client of CloudWatch is stubbed."""

    def client(self, *arguments: Any, **options: Any) -> Any:
        self.options = options
        client = boto3.client("cloudwatch", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        self.stub = Stubber(client)
        self.stub.activate()
        return client


def test_each_field_is_a_metric_by_the_name_that_telegraf_gives_it() -> None:
    access = Stubbed()
    given = {**SETTINGS, "region": "eu-west-1", "high_resolution_metrics": True}
    writer = registry.kind("cloudwatch").open(settings(given), access)
    expected = {
        "Namespace": "Checks",
        "MetricData": [
            {
                "MetricName": name,
                "Dimensions": [{"Name": "web-site", "Value": "a"}],
                "Timestamp": AT,
                "Value": value,
                "StorageResolution": 1,
            }
            for name, value in (("http-check_ok", 1.0), ("http-check_seconds", 0.5))
        ],
    }
    access.stub.add_response("put_metric_data", {}, expected)
    fields: dict[str, FieldValue] = {"ok": True, "seconds": 0.5, "result": "success", "ended": STALE}
    metric = Metric("http-check", fields, {"web-site": "a", "empty": ""}, at=AT)
    assert writer.write([metric], 5.0) == Stored()
    access.stub.assert_no_pending_responses()
    assert access.options["region"] == "eu-west-1"


def test_a_batch_with_a_metric_that_does_not_fit_is_refused_before_anything_is_written() -> None:
    access = Stubbed()
    writer = registry.kind("cloudwatch").open(settings(SETTINGS), access)
    good, bad = Metric("m", {"v": 1}, at=AT), Metric("m", {"v": 1}, {"t": "x" * 1025}, at=AT)
    answer = writer.write([good, bad], 5.0)  # the stub would raise for any request
    assert isinstance(answer, Refused)
    assert answer.reason == "bad_data"


def test_who_may_not_write_is_not_answered() -> None:
    access = Stubbed()
    writer = registry.kind("cloudwatch").open(settings(SETTINGS), access)
    access.stub.add_client_error("put_metric_data", "AccessDenied", http_status_code=403)
    answer = writer.write([Metric("m", {"v": 1}, at=AT)], 5.0)
    assert isinstance(answer, Unanswered)
    assert answer.reason == "auth"


# -- embedded metric format ---------------------------------------------------------------------------


def emf(
    *metrics: Metric, capsys: pytest.CaptureFixture[str], **more: Any
) -> tuple[Any, list[dict[str, Any]]]:
    """Write metrics as lines; return what came of it, and the lines."""
    writer = registry.kind("cloudwatch").open(settings({**SETTINGS, "format": "emf", **more}), FakeAccess())
    answer = writer.write(metrics, 5.0)
    return answer, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_metric_is_a_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    fields: dict[str, FieldValue] = {"ok": True, "seconds": 0.5, "result": "success"}
    answer, lines = emf(Metric("check", fields, {"site": "a"}, at=AT), capsys=capsys)
    assert answer == Stored()
    assert lines == [
        {
            "_aws": {
                "Timestamp": 1772366400000,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Checks",
                        "Dimensions": [["site"]],
                        "Metrics": [
                            {"Name": "check_ok", "StorageResolution": 60},
                            {"Name": "check_seconds", "StorageResolution": 60},
                        ],
                    }
                ],
            },
            "site": "a",
            "check_ok": 1.0,
            "check_seconds": 0.5,
        }
    ]


def test_a_line_holds_no_more_metrics_than_cloudwatch_reads(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = emf(Metric("m", {f"f{n}": n for n in range(250)}, at=AT), capsys=capsys)
    found = [name for line in lines for name in line if name != "_aws"]
    assert [len(line) - 1 for line in lines] == [100, 100, 50]
    assert found == [f"m_f{n}" for n in range(250)]


def test_values_that_no_line_can_hold_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"nan": float("nan"), "inf": float("inf"), "ended": STALE, "one": 1}
    answer, lines = emf(Metric("m", fields, at=AT), Metric("m", {"text": "x"}, at=AT), capsys=capsys)
    assert answer == Stored(2)
    assert [set(line) for line in lines] == [{"_aws", "m_one"}]


def test_a_tag_and_a_metric_of_one_name_do_not_fit_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    answer, lines = emf(Metric("m", {"v": 1}, {"m_v": "x"}, at=AT), capsys=capsys)
    assert (answer, lines) == (Refused("bad_data", "m_v is the name of a tag and of a metric"), [])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({}, "namespace"),
        ({"namespace": ""}, "namespace"),
        ({"namespace": "N", "format": "xml"}, "format"),
        ({"namespace": "N", "format": "emf", "region": "eu-west-1"}, "takes no region"),
        ({"namespace": "N", "write_statistics": True}, "write_statistics"),
        ({"namespace": "N", "region": "nowhere"}, "region"),
    ],
)
def test_settings_that_are_wrong_are_refused(wrong: Mapping[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        settings(wrong)
