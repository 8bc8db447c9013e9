"""What cfn-lint does not see in template.yaml and infra/, and where they must agree with the code."""

import json
import re
import runpy
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cloudformation import ROOT, load_template, resources
from tocsin.collection import claims
from tocsin.collection.collector import PASS_SECONDS
from tocsin.inputsfile.blocks import LONGEST_DEADLINE
from tocsin.stores.tables import DUE_ATTRIBUTES, DUE_INDEX, EXPIRES_ATTRIBUTE, KEY_ATTRIBUTES, TABLES

TEMPLATE = load_template("template.yaml")
ALARMS = load_template("infra/alarms.yaml")
DASHBOARD = load_template("infra/dashboard.yaml")

FUNCTIONS = resources(TEMPLATE, "AWS::Serverless::Function")
ROLES = resources(TEMPLATE, "AWS::IAM::Role")
QUEUES = resources(TEMPLATE, "AWS::SQS::Queue")
STORED = resources(TEMPLATE, "AWS::DynamoDB::Table")
WATCHES = resources(ALARMS, "AWS::CloudWatch::Alarm")

MAX_DELAY_SECONDS = 900
"""How long SQS holds a message back at most; every queue must keep it for longer than that or lose it."""

WITHOUT_RESOURCES = {
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutMetricData",
    "logs:GetQueryResults",
    "logs:StopQuery",
    "sqs:ListQueues",
}
"""Actions that AWS grants on every resource or not at all."""


def events(kind: str) -> list[Any]:
    """Give each event of a type with its function's and its own name, for `parametrize`."""
    return [
        pytest.param(function, event["Properties"], id=f"{name}-{trigger}")
        for name, function in FUNCTIONS.items()
        for trigger, event in function.get("Events", {}).items()
        if event["Type"] == kind
    ]


def environment(function: dict[str, Any]) -> dict[str, Any]:
    """Return the environment that a function gets, what all share included."""
    shared: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own: dict[str, Any] = function["Environment"]["Variables"]
    return shared | own


def branches(value: Any) -> list[Any]:
    """Return what a value may be: both branches of an Fn::If without AWS::NoValue, or the value."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [branch for branch in value["Fn::If"][1:] if branch != {"Ref": "AWS::NoValue"}]
    return [value]


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of every role's policies, those under a condition included."""
    for role, properties in ROLES.items():
        for policy in properties["Policies"]:
            for entry in policy["PolicyDocument"]["Statement"]:
                for statement in branches(entry):
                    yield role, statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


STATEMENTS = [pytest.param(statement, id=f"{role}-{statement['Sid']}") for role, statement in statements()]


# -- the schedule ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "schedule"), events("ScheduleV2"))
def test_a_schedule_has_a_rate_the_scheduler_accepts(function: Any, schedule: dict[str, Any]) -> None:
    assert re.fullmatch(
        r"rate\((1 (minute|hour|day)|\d+ (minutes|hours|days))\)", schedule["ScheduleExpression"]
    )


@pytest.mark.parametrize(("function", "schedule"), events("ScheduleV2"))
def test_a_schedule_is_named_after_its_stack(function: Any, schedule: dict[str, Any]) -> None:
    assert "${AWS::StackName}" in schedule["Name"]["Fn::Sub"]


def test_the_ticker_is_scheduled() -> None:
    assert [event["Type"] for event in FUNCTIONS["Ticker"]["Events"].values()] == ["ScheduleV2"]


def test_every_explicit_name_carries_the_stack() -> None:
    """Two stacks in an account must not fight for a name."""
    names = [
        properties[key]
        for template in (TEMPLATE, ALARMS, DASHBOARD)
        for resource in template["Resources"].values()
        if resource["Type"] != "AWS::Lambda::Permission"  # which names a function, and has no name
        for properties in [resource.get("Properties", {})]
        for key in ("FunctionName", "LayerName", "LogGroupName", "AlarmName", "DashboardName", "QueueName")
        if key in properties
    ]
    assert names
    assert all("StackName" in str(name) or "Name" in re.findall(r"\w+", str(name)) for name in names)


# -- queues and what reads them --------------------------------------------------------------------


@pytest.mark.parametrize(("function", "source"), events("SQS"))
def test_a_queue_is_read_with_partial_batch_responses(function: Any, source: dict[str, Any]) -> None:
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(("function", "source"), events("SQS"))
def test_concurrency_is_bounded_and_at_least_what_lambda_takes(function: Any, source: dict[str, Any]) -> None:
    parameter = TEMPLATE["Parameters"][source["ScalingConfig"]["MaximumConcurrency"]["Ref"]]
    assert 2 <= parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"] <= 1000


@pytest.mark.parametrize(("function", "source"), events("SQS"))
def test_a_message_stays_invisible_six_times_as_long_as_its_function_may_run(
    function: dict[str, Any], source: dict[str, Any]
) -> None:
    queue = QUEUES[source["Queue"]["Fn::GetAtt"][0]]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


@pytest.mark.parametrize(("name", "claim"), [("Dispatcher", "CLAIM"), ("Shipper", "LEASE")])
def test_a_claim_outlives_its_function_and_the_skew_of_two_clocks(name: str, claim: str) -> None:
    lifetime = runpy.run_path(str(ROOT / FUNCTIONS[name]["CodeUri"] / "app.py"))[claim]
    assert lifetime.total_seconds() >= FUNCTIONS[name]["Timeout"] + 2 * 2


def test_the_longest_run_of_an_input_ends_before_its_function_does_and_its_claim_after() -> None:
    timeout = timedelta(seconds=FUNCTIONS["Collector"]["Timeout"])
    assert LONGEST_DEADLINE + timedelta(seconds=5) <= timeout < LONGEST_DEADLINE + claims.GRACE
    assert timedelta(seconds=PASS_SECONDS) < timeout


@pytest.mark.parametrize(("function", "source"), events("SQS"))
def test_a_message_has_an_invocation_to_itself(function: Any, source: dict[str, Any]) -> None:
    """What hangs holds only itself."""
    assert source["BatchSize"] == 1


def readable_queues() -> dict[str, dict[str, Any]]:
    return {name: queue for name, queue in QUEUES.items() if "RedrivePolicy" in queue}


def test_every_queue_with_a_reader_has_dead_letters_and_every_other_queue_holds_them() -> None:
    read = {event.values[1]["Queue"]["Fn::GetAtt"][0] for event in events("SQS")}
    dead = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for queue in readable_queues().values()
    }
    assert set(readable_queues()) == read
    assert dead == set(QUEUES) - read


@pytest.mark.parametrize("name", readable_queues())
def test_a_poison_message_is_set_aside_before_it_is_too_old_to_keep(name: str) -> None:
    queue = QUEUES[name]
    dead = QUEUES[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
    tries = queue["RedrivePolicy"]["maxReceiveCount"]
    assert 3 <= tries <= 5
    assert tries * queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"]
    # A message keeps its age when it moves to the dead letters of a standard queue.
    assert dead["MessageRetentionPeriod"] == 14 * 86400


@pytest.mark.parametrize("name", readable_queues())
def test_a_queue_keeps_a_message_at_least_as_long_as_it_may_hold_it_back(name: str) -> None:
    assert QUEUES[name]["MessageRetentionPeriod"] >= MAX_DELAY_SECONDS
    assert 0 <= QUEUES[name].get("DelaySeconds", 0) <= MAX_DELAY_SECONDS


@pytest.mark.parametrize("name", sorted(set(QUEUES) - set(readable_queues())))
def test_dead_letters_raise_an_alarm(name: str) -> None:
    watched = [
        alarm["Threshold"]
        for alarm in WATCHES.values()
        if alarm.get("Dimensions") == [{"Name": "QueueName", "Value": {"Ref": name}}]
    ]
    assert watched == [0]
    assert TEMPLATE["Resources"]["AlarmStack"]["Properties"]["Parameters"][name] == {
        "Fn::GetAtt": [name, "QueueName"]
    }


# -- tables ----------------------------------------------------------------------------------------


def test_the_tables_are_the_stores_tables() -> None:
    assert set(STORED) == {f"{name.capitalize()}Table" for name in TABLES}


@pytest.mark.parametrize("name", STORED)
def test_a_table_costs_what_is_used_and_can_be_restored_unless_it_forgets_within_hours(name: str) -> None:
    table = STORED[name]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    recovery = None if name == "SamplesTable" else {"PointInTimeRecoveryEnabled": True}
    assert table.get("PointInTimeRecoverySpecification") == recovery
    assert table["TimeToLiveSpecification"] == {"AttributeName": EXPIRES_ATTRIBUTE, "Enabled": True}
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert TEMPLATE["Parameters"]["DeletionProtection"]["Default"] == "true"


@pytest.mark.parametrize("name", STORED)
def test_a_table_has_the_keys_of_the_stores(name: str) -> None:
    table = STORED[name]
    assert [key["AttributeName"] for key in table["KeySchema"]] == list(KEY_ATTRIBUTES)
    assert [key["KeyType"] for key in table["KeySchema"]] == ["HASH", "RANGE"]
    kinds = {entry["AttributeName"]: entry["AttributeType"] for entry in table["AttributeDefinitions"]}
    assert [kinds[name] for name in KEY_ATTRIBUTES] == ["S", "S"]


def test_only_dispatch_has_an_index_and_it_is_that_of_due_groups() -> None:
    assert [name for name, table in STORED.items() if "GlobalSecondaryIndexes" in table] == ["DispatchTable"]
    [index] = STORED["DispatchTable"]["GlobalSecondaryIndexes"]
    kinds = {
        entry["AttributeName"]: entry["AttributeType"]
        for entry in STORED["DispatchTable"]["AttributeDefinitions"]
    }
    assert index["IndexName"] == DUE_INDEX
    assert [key["AttributeName"] for key in index["KeySchema"]] == list(DUE_ATTRIBUTES)
    assert [kinds[name] for name in DUE_ATTRIBUTES] == ["N", "N"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


# -- what functions may do -------------------------------------------------------------------------


def test_every_function_has_a_role_of_its_own() -> None:
    used = [function["Role"]["Fn::GetAtt"][0] for function in FUNCTIONS.values()]
    assert sorted(used) == sorted(ROLES)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_grant_names_its_actions(statement: dict[str, Any]) -> None:
    for action in listed(statement["Action"]):
        assert re.fullmatch(r"[a-z-]+:[A-Za-z]+", action)


PHONES = {
    "Sid": "PagePhones",
    "Effect": "Allow",
    "Action": "sns:Publish",
    "NotResource": {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"},
}
"""A text message has no resource: it is what is left of SNS without topics and endpoints."""


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_grant_names_its_resources_unless_aws_knows_none(statement: dict[str, Any]) -> None:
    if "NotResource" in statement:
        assert statement == PHONES
    elif statement["Resource"] == "*":
        assert set(listed(statement["Action"])) <= WITHOUT_RESOURCES
    else:
        assert not [resource for resource in listed(statement["Resource"]) if isinstance(resource, str)]


def test_no_grant_reaches_over_a_whole_table_at_once_but_for_people_who_look_at_all_groups() -> None:
    scans = [(role, one) for role, one in statements() if "dynamodb:Scan" in listed(one["Action"])]
    [(role, scan)] = scans
    assert role == "ApiRole"
    assert scan["Action"] == "dynamodb:Scan"
    assert scan["Resource"] == {"Fn::GetAtt": ["DispatchTable", "Arn"]}


SOURCES = {
    "SourceSecretArns": {"secretsmanager:GetSecretValue"},
    "SourceParameterArns": {"ssm:GetParameter"},
    "SourceKeyArns": {"kms:Decrypt"},
    "SourceRoleArns": {"sts:AssumeRole"},
    "SourceWorkspaceArns": {"aps:QueryMetrics", "aps:RemoteWrite"},
    "SourceLogGroupArns": {"logs:StartQuery"},
    "SourceClusterArns": {"rds-data:ExecuteStatement"},
    "SourceMetricNamespaces": {"cloudwatch:PutMetricData"},
}
"""What the evaluator may do with what a parameter names."""

RECEIVERS = {
    "TopicArns": {"sns:Publish"},
    "SesArns": {"ses:SendEmail", "ses:SendRawEmail"},
    "EventBusArns": {"events:PutEvents"},
    "QueueArns": {"sqs:SendMessage"},
    "FunctionArns": {"lambda:InvokeFunction"},
    "ReceiverSecretArns": {"secretsmanager:GetSecretValue"},
    "ReceiverParameterArns": {"ssm:GetParameter"},
    "ReceiverKeyArns": {"kms:Decrypt", "kms:GenerateDataKey"},
    "ReceiverRoleArns": {"sts:AssumeRole"},
}
"""What the dispatcher may do with what a parameter names."""

_BOTH = {
    "InputSecretArns": {"secretsmanager:GetSecretValue"},
    "InputParameterArns": {"ssm:GetParameter"},
    "InputKeyArns": {"kms:Decrypt"},
    "InputRoleArns": {"sts:AssumeRole"},
}

INPUTS = {
    **_BOTH,
    "InputQueueArns": {"sqs:GetQueueAttributes", "sqs:GetQueueUrl"},
    "InputTableArns": {"dynamodb:DescribeTable"},
    "InputFunctionArns": {"lambda:InvokeFunction"},
    "InputClusterArns": {"rds-data:ExecuteStatement"},
}
"""What the collector may do with what a parameter names."""

OUTPUTS = {
    **_BOTH,
    "OutputWorkspaceArns": {"aps:RemoteWrite"},
    "OutputFunctionArns": {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"},
    "OutputMetricNamespaces": {"cloudwatch:PutMetricData"},
}
"""What the shipper may do with what a parameter names."""

THEIRS = {
    "EvaluatorRole": SOURCES,
    "DispatcherRole": RECEIVERS,
    "CollectorRole": INPUTS,
    "ShipperRole": OUTPUTS,
}

NAMED = [
    pytest.param(role, parameter, actions, id=f"{role}-{parameter}")
    for role, parameters in THEIRS.items()
    for parameter, actions in parameters.items()
]


def conditional(role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the condition and the statement of each grant that a role has under a condition."""
    for policy in ROLES[role]["Policies"]:
        for entry in policy["PolicyDocument"]["Statement"]:
            if "Fn::If" in entry:
                condition, statement, otherwise = entry["Fn::If"]
                assert otherwise == {"Ref": "AWS::NoValue"}
                yield condition, statement


@pytest.mark.parametrize(("role", "parameter", "actions"), NAMED)
def test_a_role_may_use_what_a_parameter_names_and_nothing_if_it_is_empty(
    role: str, parameter: str, actions: set[str]
) -> None:
    found = [
        (condition, statement)
        for condition, statement in conditional(role)
        if {"Ref": parameter} in (statement.get("Resource"), *bounds(statement))
    ]
    assert {action for _, statement in found for action in listed(statement["Action"])} == actions
    assert TEMPLATE["Parameters"][parameter]["Default"] == ""
    [condition] = {condition for condition, _ in found}
    assert TEMPLATE["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": parameter}]}, ""]}]
    }


def bounds(statement: dict[str, Any]) -> list[Any]:
    """Return the values that a statement's condition compares with."""
    return [value for test in statement.get("Condition", {}).values() for value in test.values()]


def test_who_may_write_metrics_may_do_so_in_named_namespaces_only() -> None:
    writers = {
        role: one["Condition"]
        for role, one in statements()
        if "cloudwatch:PutMetricData" in listed(one["Action"])
    }
    assert writers == {
        role: {"StringEquals": {"cloudwatch:namespace": {"Ref": parameter}}}
        for role, parameter in (
            ("EvaluatorRole", "SourceMetricNamespaces"),
            ("ShipperRole", "OutputMetricNamespaces"),
        )
    }


def test_who_may_ask_the_api_of_another_stack_may_invoke_it_by_its_url_only() -> None:
    [(_, statement)] = [
        (role, one)
        for role, one in statements()
        if role == "ShipperRole" and "lambda:InvokeFunction" in listed(one["Action"])
    ]
    assert statement["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def test_no_function_uses_what_is_there_for_another() -> None:
    for role, statement in statements():
        named = {name["Ref"] for name in listed(statement.get("Resource", [])) if "Ref" in name}
        others = {name for other, names in THEIRS.items() if other != role for name in names}
        assert not named & others - THEIRS.get(role, {}).keys()


def test_who_reads_secrets_or_assumes_roles_reaches_out_to_what_people_named() -> None:
    theirs = {"secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt", "sts:AssumeRole"}
    for role, statement in statements():
        assert role in THEIRS or not theirs & set(listed(statement["Action"]))


def test_who_reaches_out_can_be_in_a_private_network() -> None:
    inside = {name for name, function in FUNCTIONS.items() if "VpcConfig" in function}
    assert {f"{name}Role" for name in inside} == set(THEIRS)


def test_text_messages_are_sent_if_the_stack_says_so() -> None:
    assert ("WithSms", PHONES) in conditional("DispatcherRole")
    assert TEMPLATE["Conditions"]["WithSms"] == {"Fn::Equals": [{"Ref": "Sms"}, "true"]}
    assert TEMPLATE["Parameters"]["Sms"]["Default"] == "false"


@pytest.mark.parametrize("role", ROLES)
def test_the_only_managed_policy_is_that_for_a_private_network(role: str) -> None:
    [managed] = branches(ROLES[role].get("ManagedPolicyArns", {"Fn::If": ["WithVpc", []]}))
    assert [arn["Fn::Sub"].rsplit("/", 1)[1] for arn in managed] in ([], ["AWSLambdaENIManagementAccess"])


def granted(role: str, resource: str) -> set[str]:
    return {
        action
        for name, statement in statements()
        if name == role and {"Fn::GetAtt": [resource, "Arn"]} in listed(statement.get("Resource", []))
        for action in listed(statement["Action"])
    }


READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}

PEOPLES = {
    "TickerRole": {("RulesTable", "UpdateItem"), ("ConfigTable", "DeleteItem")},
    "ApiRole": {
        ("RulesTable", "UpdateItem"),
        ("RulesTable", "DeleteItem"),
        ("ConfigTable", "PutItem"),
        ("ConfigTable", "UpdateItem"),
        ("ConfigTable", "DeleteItem"),
    },
}
"""What may be written where people's rules and configuration are: the layout and what was worked off, and what people
change over the API."""


@pytest.mark.parametrize("role", ROLES)
def test_no_function_writes_rules_or_configuration_but_its_part(role: str) -> None:
    writes = {
        (table, action.removeprefix("dynamodb:"))
        for table in ("RulesTable", "ConfigTable")
        for action in granted(role, table)
        if not re.fullmatch("dynamodb:(GetItem|BatchGetItem|Query)", action)
    }
    assert writes == PEOPLES.get(role, set())


def test_the_api_may_do_what_its_handlers_do_and_no_more() -> None:
    assert granted("ApiRole", "StateTable") == READS
    assert granted("ApiRole", "RulesTable") == READS | {"dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    assert granted("ApiRole", "ConfigTable") == READS | writes
    assert granted("ApiRole", "SamplesTable") == READS | writes
    assert granted("ApiRole", "DispatchTable") == READS | writes | {"dynamodb:Scan"}
    beside = {
        action
        for role, statement in statements()
        if role == "ApiRole"
        for action in listed(statement["Action"])
        if not action.startswith("dynamodb:")
    }
    assert beside == {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}


def test_who_breaks_into_the_api_cannot_give_anybody_access() -> None:
    """Tokens, users and grants are in partitions of the same table that its role may read, and not write."""
    [statement] = [
        one
        for role, one in statements()
        if role == "ApiRole" and "dynamodb:PutItem" in listed(one["Action"])
        if {"Fn::GetAtt": ["ConfigTable", "Arn"]} in listed(one["Resource"])
    ]
    [(operator, test)] = statement["Condition"].items()
    assert operator == "ForAllValues:StringEquals"
    assert not {"token", "access"} & set(test["dynamodb:LeadingKeys"])


@pytest.mark.parametrize(
    ("role", "table"),
    [
        ("DispatcherRole", "StateTable"),
        ("DispatcherRole", "SamplesTable"),
        ("CollectorRole", "StateTable"),
        ("CollectorRole", "DispatchTable"),
        ("ShipperRole", "StateTable"),
        ("ShipperRole", "DispatchTable"),
    ],
)
def test_a_function_knows_nothing_of_what_is_not_its_business(role: str, table: str) -> None:
    assert granted(role, table) == set()


def test_rules_read_samples_and_whoever_takes_or_ships_them_writes_too() -> None:
    writes = READS | {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    assert {role: granted(role, "SamplesTable") for role in ROLES if granted(role, "SamplesTable")} == {
        "TickerRole": READS - {"dynamodb:Query"},
        "EvaluatorRole": READS,
        "CollectorRole": writes,
        "ShipperRole": writes,
        "ApiRole": writes,
    }


# -- what functions get ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_logs_into_a_group_that_forgets(name: str) -> None:
    group = FUNCTIONS[name]["LoggingConfig"]["LogGroup"]["Ref"]
    logs = resources(TEMPLATE, "AWS::Logs::LogGroup")[group]
    assert logs["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert group == f"{name}Logs"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_filter_by_level_stands_between_metrics_and_cloudwatch(name: str) -> None:
    """Lambda's JSON format takes EMF for INFO and drops it where a higher level is asked for."""
    assert set(FUNCTIONS[name]["LoggingConfig"]) == {"LogGroup"}


def test_every_variable_the_settings_read_is_given_to_a_function() -> None:
    read = set(re.findall(r"\bTOCSIN_[A-Z_]+\b", (ROOT / "shared/tocsin/settings.py").read_text()))
    given = {name for function in FUNCTIONS.values() for name in environment(function)}
    assert read
    assert read <= given


@pytest.mark.parametrize("name", FUNCTIONS)
def test_powertools_knows_its_function_by_stack_and_name(name: str) -> None:
    variables = environment(FUNCTIONS[name])
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Fn::Sub": f"${{AWS::StackName}}-{name.lower()}"}
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Tocsin"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gets_a_variable_for_every_table_and_queue_that_it_may_use_and_no_other(name: str) -> None:
    role, told = f"{name}Role", environment(FUNCTIONS[name])
    tables = {value["Ref"] for variable, value in told.items() if variable.endswith("_TABLE")}
    assert tables == {table for table in STORED if granted(role, table)}
    queues = {value["Ref"] for variable, value in told.items() if variable.endswith("_QUEUE_URL")}
    assert queues == {queue for queue in QUEUES if "sqs:SendMessage" in granted(role, queue)}
    read = {
        event["Properties"]["Queue"]["Fn::GetAtt"][0]
        for event in FUNCTIONS[name].get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    assert read == {queue for queue in QUEUES if "sqs:ReceiveMessage" in granted(role, queue)}


def test_the_collector_is_told_where_it_is_and_what_it_may_reach() -> None:
    told = environment(FUNCTIONS["Collector"])
    assert told["TOCSIN_LOCATION"] == {
        "Fn::If": ["WithLocation", {"Ref": "Location"}, {"Ref": "AWS::Region"}]
    }
    assert told["TOCSIN_INPUT_NETWORKS"] == {"Fn::Join": [",", {"Ref": "InputNetworks"}]}
    assert told["TOCSIN_INPUT_CONCURRENCY"] == {"Ref": "InputConcurrency"}
    assert TEMPLATE["Parameters"]["InputNetworks"]["Default"] == ""


def test_who_uses_samples_knows_how_long_they_are_kept() -> None:
    for name, function in FUNCTIONS.items():
        told = environment(function)
        uses = "TOCSIN_SAMPLES_TABLE" in told and name != "Ticker"  # which looks only at how far they reach
        kept = {"Ref": "SampleRetentionHours"} if uses else None
        assert told.get("TOCSIN_SAMPLE_RETENTION_HOURS") == kept, name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_is_where_the_template_says(name: str) -> None:
    handler = TEMPLATE["Globals"]["Function"]["Handler"]
    module, function = handler.split(".")
    source = ROOT / FUNCTIONS[name]["CodeUri"] / f"{module}.py"
    assert re.search(rf"^(def {function}\(|{function} = )", source.read_text(), re.MULTILINE)


def test_the_layer_is_built_for_the_processor_it_runs_on() -> None:
    layer = TEMPLATE["Resources"]["TocsinLayer"]
    assert layer["Metadata"]["BuildArchitecture"] == {"Ref": "Architecture"}
    assert layer["Properties"]["CompatibleArchitectures"] == [{"Ref": "Architecture"}]
    assert TEMPLATE["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]
    assert layer["Metadata"]["BuildMethod"] == TEMPLATE["Globals"]["Function"]["Runtime"]


# -- the Function URL ------------------------------------------------------------------------------


def test_nobody_asks_the_api_without_showing_who_they_are() -> None:
    access = TEMPLATE["Parameters"]["ApiAccess"]
    assert (access["Default"], access["AllowedValues"]) == ("iam", ["iam", "tokens"])
    assert FUNCTIONS["Api"]["FunctionUrlConfig"]["AuthType"] == {"Fn::If": ["WithIam", "AWS_IAM", "NONE"]}
    assert environment(FUNCTIONS["Api"])["TOCSIN_API_ACCESS"] == {"Ref": "ApiAccess"}


def test_lambda_lets_everybody_in_only_where_the_api_itself_asks_who_they_are() -> None:
    opened = {
        name: resource
        for name, resource in TEMPLATE["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Permission"
    }
    assert {resource["Condition"] for resource in opened.values()} == {"WithTokens"}
    assert TEMPLATE["Conditions"]["WithTokens"] == {"Fn::Not": [{"Condition": "WithIam"}]}
    properties = [resource["Properties"] for resource in opened.values()]
    assert sorted(one["Action"] for one in properties) == [
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
    ]
    [invoke] = [one for one in properties if one["Action"] == "lambda:InvokeFunction"]
    assert invoke["InvokedViaFunctionUrl"] is True


@pytest.mark.parametrize("name", ["Evaluator", "Dispatcher"])
def test_pages_link_to_the_function_url_if_nothing_else_is_said(name: str) -> None:
    assert environment(FUNCTIONS[name])["TOCSIN_EXTERNAL_URL"] == {
        "Fn::If": ["WithExternalUrl", {"Ref": "ExternalUrl"}, {"Fn::GetAtt": ["ApiUrl", "FunctionUrl"]}]
    }


def test_the_api_does_not_wait_for_its_own_url() -> None:
    """Which is made after it: the two would wait for each other for ever."""
    assert "ApiUrl" not in json.dumps(FUNCTIONS["Api"]) + json.dumps(ROLES["ApiRole"])


# -- parameters and outputs ------------------------------------------------------------------------


def test_every_parameter_is_explained_and_has_a_group_and_a_default() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(TEMPLATE["Parameters"])
    for name, parameter in TEMPLATE["Parameters"].items():
        assert {"Description", "Default"} <= set(parameter), name


def test_the_outputs_name_all_that_the_command_line_looks_for() -> None:
    assert set(TEMPLATE["Outputs"]) == {
        *STORED,
        *(f"{name}Url" for name in QUEUES),
        "TopicArn",
        "AlarmTopicArn",
        "ApiUrl",
        *(f"{name}Function" for name in FUNCTIONS),
    }


@pytest.mark.parametrize(
    ("stack", "nested"), [("AlarmStack", ALARMS), ("Dashboard", DASHBOARD)], ids=["alarms", "dashboard"]
)
def test_a_nested_stack_gets_the_parameters_it_declares(stack: str, nested: dict[str, Any]) -> None:
    properties = TEMPLATE["Resources"][stack]["Properties"]
    assert (ROOT / properties["TemplateURL"]).is_file()
    assert set(properties["Parameters"]) == set(nested["Parameters"])


# -- alarms and the dashboard ----------------------------------------------------------------------


@pytest.mark.parametrize("function", ["ticker", "evaluator"])
def test_a_missing_heartbeat_is_an_alarm(function: str) -> None:
    [alarm] = [
        alarm
        for alarm in WATCHES.values()
        if alarm.get("MetricName") == "heartbeat"
        and alarm["Dimensions"] == [{"Name": "service", "Value": {"Fn::Sub": f"${{Name}}-{function}"}}]
    ]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["ComparisonOperator"] == "LessThanThreshold"


def test_everything_that_can_alarm_reaches_somebody() -> None:
    [down] = resources(ALARMS, "AWS::CloudWatch::CompositeAlarm").values()
    in_composite = set(re.findall(r"\$\{(\w+)\}", down["AlarmRule"]["Fn::Sub"]))
    told = {"Fn::If": ["OwnTopic", {"Ref": "AlarmTopic"}, {"Ref": "TopicArn"}]}
    assert in_composite < set(WATCHES)
    assert down["AlarmActions"] == [told]
    for name, alarm in WATCHES.items():
        assert (name in in_composite) != (alarm.get("AlarmActions") == [told]), name


@pytest.mark.parametrize("alarm", ["FunctionsFail", "FunctionsAreThrottled"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_that_crashes_or_is_not_started_is_an_alarm(alarm: str, name: str) -> None:
    total, *metrics = WATCHES[alarm]["Metrics"]
    [metric] = [
        one
        for one in metrics
        if one["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]
    ]
    assert f"FILL({metric['Id']}, 0)" in total["Expression"]


def test_an_api_that_answers_that_it_failed_is_an_alarm() -> None:
    """It has not crashed: to Lambda an answer of 500 is an answer."""
    alarm = WATCHES["ApiFails"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Url5xxCount")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Api"}}]


def test_no_alarm_goes_through_the_pipeline_it_watches() -> None:
    assert "PagesTopic" not in json.dumps(TEMPLATE["Resources"]["AlarmStack"])


def test_the_price_of_the_alarms_is_the_documented_one() -> None:
    """An alarm costs by the metrics that it looks at."""
    metrics = sum(
        max(1, sum("MetricStat" in metric for metric in alarm.get("Metrics", [])))
        for alarm in WATCHES.values()
    )
    assert f"| Alarms: {metrics} alarm metrics at 0.10 $" in (ROOT / "docs/operations.md").read_text()


def test_every_parameter_of_inputs_and_outputs_is_documented() -> None:
    documented = (ROOT / "docs/operations.md").read_text()
    [group] = [
        group["Parameters"]
        for group in TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        if "InputNetworks" in group["Parameters"]
    ]
    assert [name for name in group if f"`{name}`" not in documented] == []


def test_the_dashboard_is_json_without_overlaps() -> None:
    [dashboard] = resources(DASHBOARD, "AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)


def watched_metrics(path: Path) -> set[str]:
    """Return the names of Tocsin's metrics in a template: in lists, properties and queries."""
    text = path.read_text()
    if "AlarmName" in text:
        queries = re.findall(r"(?:MAX|SUM)\((\w+)\)", text)
        plain = re.findall(r"Namespace: Tocsin\s+MetricName: (\w+)", text)
        return {*queries, *plain}
    return {*re.findall(r'"Tocsin", "(\w+)"', text), *re.findall(r'MetricName=\\"(\w+)', text)}


@pytest.mark.parametrize("path", ["infra/alarms.yaml", "infra/dashboard.yaml"])
def test_what_is_watched_is_emitted(path: str) -> None:
    sources = "\n".join(
        source.read_text() for folder in ("shared", "functions") for source in (ROOT / folder).rglob("*.py")
    )
    watched = watched_metrics(ROOT / path)
    assert watched
    assert {name for name in watched if f'"{name}"' not in sources} == set()
