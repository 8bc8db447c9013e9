"""tocsin receivers, on a stack in memory with receivers that answer as a test says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.unit.commandline import NOON, Stack
from tests.unit.misbehaving_server import reply, serving
from tocsin.bootstrap import with_receivers
from tocsin.dispatch.config import Config, Integration
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent

CONFIG = """
route: {receiver: ops, routes: [{receiver: oncall, matchers: [a=b]}, {receiver: oncall, matchers: [a=c]}]}
receivers:
  - name: ops
  - name: oncall
    webhook_configs: [{url: 'https://a.example/'}, {url: 'https://b.example/', send_resolved: false}]
    sns_configs: [{topic_arn: 'arn:aws:sns:eu-west-1:123456789012:pages', sigv4: {region: eu-west-1}}]
  - name: spare
"""
OK = Delivered("HTTP 200")
REFUSED = Failed(Failure.AUTH_ERROR, retry=False, detail="HTTP 403")


@dataclass
class Answers:
    """A world of receivers: each answers by its name, and what it was sent is kept."""

    by_name: dict[str, Sent] = field(default_factory=dict)
    sent: list[tuple[str, Notification]] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)

    def __call__(self, integration: Integration, config: Config) -> "Answering":
        """Return a receiver."""
        self.versions.append(config.version)
        return Answering(self, f"{integration.kind}/{integration.index}")


@dataclass
class Answering:
    """One of them."""

    answers: Answers
    name: str

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Keep the notification and answer."""
        self.answers.sent.append((self.name, notification))
        return self.answers.by_name.get(self.name, OK)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with receivers."""
    stack = Stack(tmp_path)
    stack.ok("config", "apply", "-", stdin=CONFIG)
    return stack


@pytest.fixture
def answers(stack: Stack) -> Answers:
    """Return the receivers of the stack."""
    answers = Answers()
    stack.world = replace(stack.world, receivers=answers)
    return answers


def test_list_shows_integrations_and_how_many_routes_lead_there(stack: Stack) -> None:
    assert [line.split() for line in stack.ok("receivers", "list").splitlines()] == [
        ["Name", "Integrations", "Routes"],
        ["ops", "-", "1"],
        ["oncall", "webhook/0", "webhook/1", "sns/0", "2"],
        ["spare", "-", "0"],
    ]


def test_the_list_as_json_says_who_is_told_of_the_end(stack: Stack) -> None:
    _, oncall, _ = json.loads(stack.ok("receivers", "list", "-o", "json"))
    assert (oncall["name"], oncall["routes"]) == ("oncall", 2)
    assert oncall["integrations"] == [
        {"name": "webhook/0", "sendResolved": True},
        {"name": "webhook/1", "sendResolved": False},
        {"name": "sns/0", "sendResolved": True},
    ]


def test_every_integration_gets_one_message_that_says_whose_test_it_is(
    stack: Stack, answers: Answers
) -> None:
    assert stack.ok("receivers", "test", "oncall").splitlines() == [
        "webhook/0  firing  delivered HTTP 200",
        "webhook/1  firing  delivered HTTP 200",
        "sns/0  firing  delivered HTTP 200",
    ]
    assert [name for name, _ in answers.sent] == ["webhook/0", "webhook/1", "sns/0"]
    assert answers.versions == [1, 1, 1]
    notification = answers.sent[0][1]
    [alert] = notification.alerts
    assert (notification.receiver, notification.status, notification.at) == ("oncall", "firing", NOON)
    assert (alert.labels, alert.starts_at) == ({"alertname": "TestAlert"}, NOON)
    assert alert.annotations["summary"] == "This is a test by ada: nothing is wrong."
    assert notification.group_labels == {"alertname": "TestAlert"}


def test_each_test_is_an_incident_of_its_own(stack: Stack, answers: Answers) -> None:
    stack.ok("receivers", "test", "oncall", "--integration", "webhook/0")
    stack.ok("receivers", "test", "oncall", "--integration", "webhook/0")
    (_, one), (_, other) = answers.sent
    assert one.group_key != other.group_key
    assert one.id != other.id


def test_labels_can_be_given_and_only_some_integrations_be_tested(stack: Stack, answers: Answers) -> None:
    options = ["--alert", "severity=page", "--alert", "alertname=Disk", "--external-url", "https://t.example"]
    stack.ok("receivers", "test", "oncall", "--integration", "sns/0", "--integration", "webhook/1", *options)
    assert [name for name, _ in answers.sent] == ["webhook/1", "sns/0"]
    notification = answers.sent[0][1]
    assert notification.alerts[0].labels == {"alertname": "Disk", "severity": "page"}
    assert notification.external_url == "https://t.example"


def test_the_end_is_told_to_whoever_wants_it_with_what_it_remembered(stack: Stack, answers: Answers) -> None:
    answers.by_name["webhook/0"] = Delivered("HTTP 200", memory={"ts": "1.2"})
    answers.by_name["sns/0"] = REFUSED
    result = stack.run("receivers", "test", "oncall", "--resolve")
    assert result.stdout.splitlines() == [
        "webhook/0  firing  delivered HTTP 200",
        "webhook/0  resolved  delivered HTTP 200",
        "webhook/1  firing  delivered HTTP 200",
        "sns/0  firing  failed (authError) HTTP 403",
    ]
    assert result.exit_code == 1
    first, end = (notification for name, notification in answers.sent if name == "webhook/0")
    assert (end.status, end.memory, end.group_key) == ("resolved", {"ts": "1.2"}, first.group_key)
    assert end.id != first.id


def test_results_as_json_have_the_reason_of_a_failure(stack: Stack, answers: Answers) -> None:
    answers.by_name["sns/0"] = REFUSED
    result = stack.run("receivers", "test", "oncall", "--integration", "sns/0", "-o", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "integration": "sns/0",
            "status": "firing",
            "delivered": False,
            "reason": "authError",
            "detail": "HTTP 403",
        }
    ]


def test_a_test_goes_over_the_wire_as_any_notification_does(stack: Stack) -> None:
    stack.world = with_receivers(stack.world)
    with serving(reply(503), reply()) as server:
        for answered in ("failed (serverError) HTTP 503", "delivered HTTP 200"):
            hook = f"webhook_configs: [{{url: '{server.url}'}}]"
            file = stack.file("am.yml", CONFIG.replace("name: spare", f"name: spare\n    {hook}"))
            result = stack.run("receivers", "test", "spare", "--config.file", file)
            assert result.stdout == f"webhook/0  firing  {answered}\n"
    body = json.loads(server.received[1].body)
    assert body["alerts"][0]["annotations"]["summary"] == "This is a test by ada: nothing is wrong."
    assert (body["receiver"], body["status"]) == ("spare", "firing")


def test_a_file_can_be_tested_before_it_is_applied(stack: Stack, answers: Answers) -> None:
    file = stack.file(
        "am.yml", CONFIG.replace("name: spare", "name: spare\n    sns_configs: [{phone_number: '+1'}]")
    )
    output = stack.ok("receivers", "test", "spare", "--config.file", file)
    assert output == "sns/0  firing  delivered HTTP 200\n"
    assert answers.versions == [0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["nobody"], "no such receiver: nobody (known: oncall, ops, spare)", id="unknown"),
        pytest.param(["spare"], "receiver spare has no integrations: it tells nobody", id="empty"),
        pytest.param(
            ["oncall", "--integration", "slack/0"],
            "receiver oncall has no integration slack/0 (known: webhook/0, webhook/1, sns/0)",
            id="integration",
        ),
        pytest.param(
            ["oncall", "--alert", "severity"],
            "Failed to parse labels: bad matcher format: severity",
            id="label",
        ),
    ],
)
def test_what_test_refuses(stack: Stack, answers: Answers, words: Sequence[str], message: str) -> None:
    result = stack.run("receivers", "test", *words)
    assert (result.exit_code, result.stderr) == (1, f"Error: {message}\n")
    assert answers.sent == []
