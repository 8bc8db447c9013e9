"""The resolver: what CloudFormation's functions give, on a small template and on ours."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tocsin.local.blueprint import draw
from tocsin.local.queues import QueueSettings
from tocsin.local.stack import blueprint, find_template
from tocsin.local.template import Template, TemplateError, read
from tocsin.settings import Access, Api, Collecting, Settings

SMALL = """
Parameters:
  Name: {Type: String, Default: shop}
  Empty: {Type: String, Default: ""}
  Several: {Type: CommaDelimitedList, Default: "a, b"}
Conditions:
  IsShop: !Equals [!Ref Name, shop]
  IsEmpty: !Equals [!Ref Empty, ""]
  Neither: !Not [!Or [!Condition IsShop, !Condition IsEmpty]]
  Both: !And [!Condition IsShop, !Condition IsEmpty]
Resources:
  Table: {Type: "AWS::DynamoDB::Table"}
  Queue: {Type: "AWS::SQS::Queue", Properties: {DelaySeconds: 3}}
  Topic: {Type: "AWS::SNS::Topic", Condition: Neither}
"""


@pytest.fixture
def template(tmp_path: Path) -> Template:
    path = tmp_path / "template.yaml"
    path.write_text(SMALL)
    return Template(read(path), stack="st", region="eu-west-1", account="111122223333")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({"Ref": "Name"}, "shop", id="a parameter's default"),
        pytest.param({"Ref": "Several"}, ["a", "b"], id="a parameter that is a list"),
        pytest.param({"Ref": "Table"}, "st-Table", id="a table by its name"),
        pytest.param(
            {"Ref": "Topic"}, "arn:aws:sns:eu-west-1:111122223333:st-Topic", id="a topic by its ARN"
        ),
        pytest.param(
            {"Ref": "Queue"},
            "https://sqs.eu-west-1.amazonaws.com/111122223333/st-Queue",
            id="a queue by its URL",
        ),
        pytest.param({"Ref": "AWS::Region"}, "eu-west-1", id="a pseudo parameter"),
        pytest.param(
            {"Fn::GetAtt": ["Table", "Arn"]},
            "arn:aws:dynamodb:eu-west-1:111122223333:table/st-Table",
            id="an ARN",
        ),
        pytest.param(
            {"Fn::GetAtt": ["ApiUrl", "FunctionUrl"]},
            "https://st-apiurl.lambda-url.eu-west-1.on.aws/",
            id="the URL of a function",
        ),
        pytest.param({"Fn::GetAtt": "Queue.QueueName"}, "st-Queue", id="a name"),
        pytest.param(
            {"Fn::Sub": "${Name}/${AWS::StackName}/${!Kept}"}, "shop/st/${Kept}", id="Sub of a text"
        ),
        pytest.param(
            {"Fn::Sub": ["${x}-${Name}", {"x": {"Ref": "Name"}}]}, "shop-shop", id="Sub with variables"
        ),
        pytest.param(
            {"Fn::Sub": "${Queue.Arn}"}, "arn:aws:sqs:eu-west-1:111122223333:st-Queue", id="Sub of GetAtt"
        ),
        pytest.param({"Fn::Join": ["-", {"Ref": "Several"}]}, "a-b", id="Join"),
        pytest.param({"Fn::Select": ["1", {"Ref": "Several"}]}, "b", id="Select"),
        pytest.param({"Fn::Split": [",", "x,y"]}, ["x", "y"], id="Split"),
        pytest.param({"Fn::If": ["IsShop", 1, 2]}, 1, id="If that holds"),
        pytest.param({"Fn::If": ["Neither", 1, 2]}, 2, id="If that does not"),
        pytest.param({"Fn::If": ["Both", 1, 2]}, 1, id="If of And"),
        pytest.param(
            {"a": {"Fn::If": ["Neither", 1, {"Ref": "AWS::NoValue"}]}, "b": [{"Ref": "AWS::NoValue"}, 2]},
            {"b": [2]},
            id="no value is left out",
        ),
    ],
)
def test_functions_are_worked_out(template: Template, value: Any, expected: Any) -> None:
    assert template.resolve(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param({"Ref": "Nobody"}, "no resource or parameter is called Nobody", id="an unknown name"),
        pytest.param({"Fn::ImportValue": "x"}, "Fn::ImportValue is not supported", id="an unknown function"),
    ],
)
def test_what_cannot_be_worked_out_says_why(template: Template, value: Any, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        template.resolve(value)


def test_a_resource_whose_condition_does_not_hold_is_not_there(template: Template) -> None:
    assert template.of_type("AWS::SNS::Topic") == {}
    assert template.of_type("AWS::SQS::Queue") == {"Queue": {"DelaySeconds": 3}}


def test_a_rate_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("""
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/f/
      Events: {E: {Type: ScheduleV2, Properties: {Name: n, ScheduleExpression: rate(10 seconds)}}}
""")
    with pytest.raises(TemplateError, match=r"expected rate\(N minutes\), got 'rate\(10 seconds\)'"):
        draw(Template(read(path)), tmp_path)


def test_our_template_draws_the_stack_that_we_deploy() -> None:
    ours = blueprint(find_template(), {"Shards": "3", "PrometheusUrl": "http://prometheus:9090"})
    assert set(ours.functions) == {"ticker", "evaluator", "dispatcher", "collector", "shipper", "api"}
    assert [(held.function, held.rate) for held in ours.schedules] == [("ticker", timedelta(minutes=1))]
    subscriptions = {(held.function, held.queue, held.batch_size) for held in ours.subscriptions}
    assert subscriptions == {
        ("evaluator", "TicksQueue", 1),
        ("dispatcher", "FlushesQueue", 1),
        ("collector", "InputTicksQueue", 1),
        ("collector", "RunsQueue", 1),
        ("shipper", "ShipmentsQueue", 1),
    }
    assert ours.queues["TicksQueue"] == QueueSettings(
        timedelta(seconds=180),
        timedelta(seconds=900),
        3,
        "https://sqs.us-east-1.amazonaws.com/123456789012/tocsin-local-TicksQueue",
    )
    [index] = ours.tables["DispatchTable"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "due"
    assert list(ours.topics.values()) == ["arn:aws:sns:us-east-1:123456789012:tocsin-local-PagesTopic"]


def test_our_functions_understand_their_environment() -> None:
    ours = blueprint(find_template(), {"Shards": "3", "PrometheusUrl": "http://prometheus:9090"}, "eu-west-1")
    settings = {name: Settings.from_environment(held.environment) for name, held in ours.functions.items()}
    assert settings["ticker"].shards == 3
    assert settings["ticker"].tables["state"] == "tocsin-local-StateTable"
    prometheus = settings["evaluator"].prometheus
    assert prometheus is not None
    assert (prometheus.url, prometheus.region) == ("http://prometheus:9090", "eu-west-1")
    assert settings["dispatcher"].prometheus is None
    assert settings["dispatcher"].external_url == settings["evaluator"].external_url
    assert settings["dispatcher"].external_url.startswith("https://tocsin-local-apiurl.lambda-url.eu-west-1.")
    assert settings["api"].api == Api(Access.IAM, frozenset(), 50)
    flushes = ours.queues["FlushesQueue"].url
    for name in ("ticker", "evaluator", "dispatcher", "api"):
        assert settings[name].flushes_queue_url == flushes
    assert settings["collector"].collecting == Collecting(location="eu-west-1")
    assert settings["collector"].runs_queue_url == ours.queues["RunsQueue"].url
    for name in ("ticker", "collector", "shipper"):
        assert settings[name].shipments_queue_url == ours.queues["ShipmentsQueue"].url
