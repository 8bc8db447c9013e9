"""Receivers on AWS: a notification arrives where it is sent, on moto and on ministack."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from moto.ses.models import ses_backends

from tests.engines import MINISTACK, endpoint_of, session
from tests.unit.notifications import ENDED, alert, notification
from tests.unit.receiving import integration
from tests.unit.source_access import StillClock
from tocsin.access.aws import AwsAccess
from tocsin.messages.writer import Writer
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools

FIRING, RESOLVED = notification(alert(instance="a")), notification(alert(ENDED, instance="a"))
Make = Callable[[str], Any]


@pytest.fixture(params=["moto", MINISTACK])
def endpoint(request: pytest.FixtureRequest) -> str | None:
    return endpoint_of(request.param, request)


@pytest.fixture
def client(endpoint: str | None) -> Make:
    """Return how a client of a service is made."""
    made: Any = session().client
    return lambda service: made(service, endpoint_url=endpoint)


def send(kind: str, settings: str, endpoint: str | None, sent: Notification = FIRING) -> Sent:
    access = AwsAccess(session, StillClock(), {"endpoint_url": endpoint} if endpoint else {})
    return open_receiver(integration(kind, settings), Tools(access, Writer())).send(sent, 8)


def queue(client: Make, suffix: str = "") -> tuple[str, str]:
    """Return URL and ARN of a queue of its own."""
    attributes = {"FifoQueue": "true"} if suffix else {}
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=f"pages-{uuid4().hex[:8]}{suffix}", Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def received(client: Make, url: str) -> list[dict[str, Any]]:
    """Return the messages in a queue."""
    found = client("sqs").receive_message(
        QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )
    messages: list[dict[str, Any]] = found.get("Messages", [])
    return messages


def test_a_topic_passes_it_on(client: Make, endpoint: str | None) -> None:
    url, arn = queue(client)
    topic = client("sns").create_topic(Name=f"pages-{uuid4().hex[:8]}")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert isinstance(send("sns", f"{{topic_arn: '{topic}'}}", endpoint), Delivered)
    [message] = received(client, url)
    body = json.loads(message["Body"])
    assert body["Subject"] == "[FIRING:1] Down (a)"
    assert "Alerts Firing:\nLabels:\n - alertname = Down\n" in body["Message"]


def test_a_queue_holds_it(client: Make, endpoint: str | None) -> None:
    url, _ = queue(client)
    assert isinstance(send("sqs", f"{{queue_url: '{url}'}}", endpoint), Delivered)
    [message] = received(client, url)
    assert message["MessageAttributes"]["tocsin-notification"]["StringValue"] == "n-1"
    assert json.loads(message["Body"])["alerts"][0]["labels"]["instance"] == "a"


def test_a_fifo_queue_takes_a_notification_once(client: Make, endpoint: str | None) -> None:
    url, _ = queue(client, ".fifo")
    for _ in range(2):
        assert isinstance(send("sqs", f"{{queue_url: '{url}'}}", endpoint), Delivered)
    [message] = received(client, url)
    assert message["Attributes"]["MessageGroupId"] == FIRING.group_hash


def test_a_bus_passes_it_on_by_its_detail(client: Make, endpoint: str | None) -> None:
    url, arn = queue(client)
    events, bus = client("events"), f"ops-{uuid4().hex[:8]}"
    events.create_event_bus(Name=bus)
    pattern = {"source": ["tocsin"], "detail": {"status": ["resolved"]}}
    events.put_rule(Name="pages", EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="pages", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    for sent in (FIRING, RESOLVED):
        assert isinstance(send("eventbridge", f"{{event_bus_name: {bus}}}", endpoint, sent), Delivered)
    [message] = received(client, url)
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["detail"]["notificationId"]) == ("Tocsin Notification", "n-1")


def test_ses_takes_the_mail(client: Make, endpoint: str | None) -> None:
    client("ses").verify_email_identity(EmailAddress="tocsin@mail.example")
    mail = "{to: a@ops.example, from: tocsin@mail.example, ses: {}}"
    assert isinstance(send("email", mail, endpoint), Delivered)
    if endpoint is None:
        sent: Any = ses_backends
        [message] = sent["123456789012"]["us-east-1"].sent_messages
        assert "Subject: [FIRING:1] Down (a)" in message.raw_data


@pytest.mark.ministack  # moto runs functions in Docker
@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        pytest.param(FIRING, Delivered("HTTP 200"), id="it ends"),
        pytest.param(
            RESOLVED,
            Failed(Failure.SERVER_ERROR, retry=True, detail="the function failed: Unhandled"),
            id="it fails",
        ),
    ],
)
def test_a_function_is_invoked(ministack: str, sent: Notification, outcome: Sent) -> None:
    name = f"page-{uuid4().hex[:8]}"
    session().client("lambda", endpoint_url=ministack).create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/page",
        Code={"ZipFile": zipped(FUNCTION)},
    )
    settings = f"{{function_name: {name}, invocation_type: RequestResponse}}"
    assert send("lambda", settings, ministack, sent) == outcome


FUNCTION = """
def handler(event, context):
    assert (event["status"], event["notificationId"]) == ("firing", "n-1")
"""


def zipped(source: str) -> bytes:
    """Return the code of a function as Lambda takes it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", source)
    return content.getvalue()
