"""SNS: what is published, and what becomes of it; moto stands in for AWS, or a server that misbehaves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.aws_receiving import SESSION, moto, on_aws, sent_to
from tests.unit.misbehaving_server import Behaviour, close, hang, reply, serving
from tests.unit.notifications import ENDED, alert, notification
from tests.unit.receiving import firing, integration, mixed, resolved
from tocsin.documents import DocumentError
from tocsin.notification import Delivered, Failed, Failure, Notification
from tocsin.receivers.aws import PAYLOAD_BYTES, client_config
from tocsin.receivers.sns import cut, short_ascii

ARN = "arn:aws:sns:eu-west-1:123456789012:pages"
OK = reply(
    200,
    b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId>'
    b"</PublishResult></PublishResponse>",
)


class Topic:
    """A topic with a queue that listens."""

    def __init__(self, *, fifo: bool) -> None:
        suffix = ".fifo" if fifo else ""
        attributes = {"FifoTopic": "true"} if fifo else {}
        self.sns, self.sqs = SESSION.client("sns", "eu-west-1"), SESSION.client("sqs", "eu-west-1")
        self.arn = self.sns.create_topic(Name=f"pages{suffix}", Attributes=attributes)["TopicArn"]
        queue: Any = {"FifoQueue": "true"} if fifo else {}
        self.url = self.sqs.create_queue(QueueName=f"listener{suffix}", Attributes=queue)["QueueUrl"]
        endpoint = f"arn:aws:sqs:eu-west-1:123456789012:listener{suffix}"
        self.sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=endpoint)

    def send(self, sent: Notification, more: str = "") -> dict[str, Any]:
        answer = on_aws("sns", f"{{topic_arn: '{self.arn}', {more}}}").send(sent, 10)
        assert isinstance(answer, Delivered)
        [message] = self.sqs.receive_message(QueueUrl=self.url, AttributeNames=["All"])["Messages"]
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        body: dict[str, Any] = json.loads(message["Body"])
        assert body["MessageId"] == answer.detail
        return {**body, "queue": message["Attributes"]}


@pytest.fixture
def topic() -> Iterator[Topic]:
    with moto():
        yield Topic(fifo=False)


@pytest.fixture
def fifo_topic() -> Iterator[Topic]:
    with moto():
        yield Topic(fifo=True)


# -- what is published -------------------------------------------------------------------------------

MESSAGE = """http://r it is down

Alerts Firing:
Labels:
 - alertname = Down
 - instance = a
Annotations:
 - runbook = http://r
 - summary = it is down
Source: http://p/graph



"""


def test_the_notification_arrives_in_words(topic: Topic) -> None:
    one = notification(alert(instance="a", url="http://p/graph"))
    published = topic.send(one, "attributes: {team: ops, empty: ''}")
    assert published["Subject"] == "[FIRING:1] Down (a)"
    assert published["Message"] == MESSAGE
    assert published["MessageAttributes"] == {
        "team": {"Type": "String", "Value": "ops"},
        "tocsin-notification": {"Type": "String", "Value": "n-1"},
    }


@pytest.mark.parametrize(
    ("sent", "subject", "sections"),
    [
        pytest.param(firing(), "[FIRING:2] Down", ["Firing"], id="firing"),
        pytest.param(resolved(), "[RESOLVED] Down", ["Resolved"], id="resolved"),
        pytest.param(mixed(), "[FIRING:1] Down", ["Firing", "Resolved"], id="mixed"),
    ],
)
def test_subject_and_message_say_what_fires_and_what_has_ended(
    topic: Topic, sent: Notification, subject: str, sections: list[str]
) -> None:
    published = topic.send(sent)
    assert published["Subject"] == subject
    found = [state for state in ("Firing", "Resolved") if f"Alerts {state}:" in published["Message"]]
    assert found == sections


def test_every_text_is_a_template(topic: Topic) -> None:
    published = topic.send(
        notification(alert(team="db")),
        """subject: '{{ .Status }}', message: '{{ len .Alerts }}',
        attributes: {'{{ .CommonLabels.team }}': '{{ .CommonLabels.alertname }}'}""",
    )
    assert (published["Subject"], published["Message"]) == ("firing", "1")
    assert published["MessageAttributes"]["db"]["Value"] == "Down"


@pytest.mark.parametrize("subject", ["", "{{ .CommonLabels.nothing }}"])
def test_a_subject_that_is_empty_is_none(topic: Topic, subject: str) -> None:
    assert "Subject" not in topic.send(notification(alert()), f"subject: '{subject}'")


def test_a_subject_is_what_sns_takes(topic: Topic) -> None:
    subject = topic.send(notification(alert(where="Größe\n" + "x" * 200)))["Subject"]
    assert len(subject) == 99
    assert subject.startswith("[FIRING:1] Down (Gr??e xxx")
    assert subject.endswith("...")


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("[FIRING:1] Down (x)", "[FIRING:1] Down (x)"),
        ("[FIRING:2]  ", "[FIRING:2]"),
        ("two\nlines\t\x00 a bell\x07", "two lines ? a bell?"),
        ("Größe 温度", "Gr??e ??"),
        ("x" * 21, "x" * 17 + "..."),
        ("x" * 20, "x" * 20),
    ],
)
def test_a_short_line_is_printable_ascii(line: str, short: str) -> None:
    assert short_ascii(line, 20) == short


def test_a_message_that_is_too_long_is_cut_and_says_so(topic: Topic) -> None:
    long = replace(alert(), annotations={"summary": "é" * PAYLOAD_BYTES})
    published = topic.send(notification(long))
    attributes = published["MessageAttributes"]
    size = sum(len(name) + len("String") + len(a["Value"]) for name, a in attributes.items())
    assert attributes["truncated"] == {"Type": "String", "Value": "true"}
    assert PAYLOAD_BYTES - 1 <= len(published["Message"].encode()) + size <= PAYLOAD_BYTES


@given(st.text(alphabet="aé温🔥", max_size=30), st.integers(0, 60))
def test_a_cut_is_at_a_character_and_takes_no_more_than_it_must(message: str, limit: int) -> None:
    kept, missing = cut(message, limit)
    assert message.startswith(kept)
    assert missing is (kept != message)
    assert limit - 3 <= len(kept.encode()) <= limit or not missing


def test_on_a_fifo_topic_a_group_keeps_its_order_and_each_notification_its_id(fifo_topic: Topic) -> None:
    for sent in (notification(alert()), replace(notification(alert(ENDED)), id="n-2")):
        queued = fifo_topic.send(sent)["queue"]
        assert queued["MessageGroupId"] == sent.group_hash
        assert queued["MessageDeduplicationId"] == sent.id


def test_a_topic_may_be_named_by_a_template(topic: Topic) -> None:
    arn = topic.arn.replace("pages", "{{ .CommonLabels.team }}")
    answer = on_aws("sns", f"{{topic_arn: '{arn}'}}").send(notification(alert(team="pages")), 10)
    assert isinstance(answer, Delivered)


def published(settings: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the parameters and the headers of the request that publishes."""
    with serving(OK) as server:
        assert on_aws("sns", settings, endpoint_url=server.url).send(firing(), 4) == Delivered("m-1")
    [request] = server.received
    return dict(parse_qsl(request.body.decode())), request.headers


def test_a_text_message_is_short_and_says_what_is_missing() -> None:
    parameters, _ = published(f"{{phone_number: '+4912345', message: '{'é' * 801}', subject: ''}}")
    assert parameters["PhoneNumber"] == "+4912345"
    assert parameters["Message"] == "é" * 800
    assert parameters["MessageAttributes.entry.2.Name"] == "truncated"
    assert "Subject" not in parameters
    assert "TopicArn" not in parameters


def test_an_endpoint_is_published_to_where_it_is() -> None:
    arn = "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/app/1"
    parameters, headers = published(f"{{target_arn: '{arn}'}}")
    assert parameters["TargetArn"] == arn
    assert "/eu-central-1/sns/aws4_request" in headers["authorization"]


def test_ten_attributes_are_all_that_a_queue_takes() -> None:
    attributes = ", ".join(f"a{index}: x" for index in range(10))
    parameters, _ = published(f"{{topic_arn: '{ARN}', attributes: {{{attributes}}}}}")
    names = {value for name, value in parameters.items() if name.endswith(".Name")}
    assert names == {f"a{index}" for index in range(10)}


def test_keys_sign_in_place_of_the_functions_own() -> None:
    keys = "{region: eu-west-1, access_key: AKIDKEY, secret_key: k}"
    _, headers = published(f"{{topic_arn: '{ARN}', sigv4: {keys}}}")
    assert "Credential=AKIDKEY/" in headers["authorization"]


@pytest.mark.parametrize("keys", ["", "access_key: AKIDKEY, secret_key: k,"])
def test_a_role_is_assumed(topic: Topic, keys: str) -> None:
    role = "arn:aws:iam::123456789012:role/pages"
    topic.send(notification(alert()), f"sigv4: {{{keys} role_arn: '{role}', external_id: tocsin}}")


def test_api_url_is_where_it_is_asked() -> None:
    with serving(OK) as server:
        settings = f"{{topic_arn: '{ARN}', api_url: '{{{{ .CommonAnnotations.url }}}}'}}"
        one = replace(alert(), annotations={"url": server.url})
        assert on_aws("sns", settings).send(notification(one), 4) == Delivered("m-1")


def test_an_api_url_that_is_none_is_final() -> None:
    settings = f"{{topic_arn: '{ARN}', api_url: '{{{{ .Status }}}}'}}"
    sent = on_aws("sns", settings).send(firing(), 4)
    assert sent == Failed(Failure.CLIENT_ERROR, retry=False, detail="sns: its endpoint is no URL")


# -- what becomes of it ------------------------------------------------------------------------------


def test_a_topic_that_does_not_exist_is_final(topic: Topic) -> None:
    answer = on_aws("sns", f"{{topic_arn: '{topic.arn}x'}}").send(notification(alert()), 10)
    assert isinstance(answer, Failed)
    assert (answer.reason, answer.retry) == (Failure.CLIENT_ERROR, False)


def error(status: int, code: str, **headers: str) -> Behaviour:
    body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    return reply(status, body.encode(), **headers)


@pytest.mark.parametrize(
    ("behaviour", "reason", "retry", "wait"),
    [
        pytest.param(error(400, "Throttling"), Failure.RATE_LIMITED, True, None, id="throttled"),
        pytest.param(
            error(429, "Throttled", Retry_After="7"), Failure.RATE_LIMITED, True, 7, id="429 with Retry-After"
        ),
        pytest.param(error(403, "AuthorizationError"), Failure.AUTH_ERROR, False, None, id="not allowed"),
        pytest.param(error(400, "InvalidParameter"), Failure.CLIENT_ERROR, False, None, id="refused"),
        pytest.param(error(500, "InternalError"), Failure.SERVER_ERROR, True, None, id="5xx"),
        pytest.param(reply(502, b"<html>"), Failure.SERVER_ERROR, True, None, id="a gateway's 5xx"),
        pytest.param(reply(200, b"garbage"), Failure.OTHER, True, None, id="garbage"),
        pytest.param(reply(200, b"<a></a>"), Failure.OTHER, True, None, id="an answer without an id"),
        pytest.param(close, Failure.OTHER, True, None, id="hangs up"),
        pytest.param(hang, Failure.DEADLINE, True, None, id="hangs"),
    ],
)
def test_what_sns_answers_is_classified(
    behaviour: Behaviour, reason: Failure, retry: bool, wait: float | None
) -> None:
    settings = f"{{topic_arn: '{ARN}', sigv4: {{access_key: AKIDKEY, secret_key: k3y}}}}"
    sent = sent_to(behaviour, "sns", settings, firing(), 1)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry, sent.retry_after_seconds) == (reason, retry, wait)
    assert "k3y" not in sent.detail


def test_it_is_tried_once() -> None:
    with serving(error(500, "InternalError")) as server:
        on_aws("sns", f"{{topic_arn: '{ARN}'}}", endpoint_url=server.url).send(firing(), 4)
    assert len(server.received) == 1


@pytest.mark.parametrize(("seconds", "connect", "read"), [(1, 0.5, 0.5), (10, 3, 7)])
def test_connecting_and_waiting_share_the_time_limit(seconds: float, connect: float, read: float) -> None:
    config: Any = client_config(seconds)
    assert (config.connect_timeout, config.read_timeout) == (connect, read)


# -- what is written in alertmanager.yml ----------------------------------------------------------------

ONE_PLACE = "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param("{}", ONE_PLACE, id="no place"),
        pytest.param(f"{{topic_arn: '{ARN}', phone_number: '+1'}}", ONE_PLACE, id="two places"),
        pytest.param("{topic_arn: nonsense}", "not the ARN of an SNS topic", id="no topic"),
        pytest.param(
            f"{{topic_arn: '{ARN}', sigv4: {{region: us-east-1}}}}",
            "the topic is in eu-west-1",
            id="another region",
        ),
        pytest.param(
            f"{{topic_arn: '{ARN}', sigv4: {{profile: p}}}}", "a Lambda has no profiles", id="profile"
        ),
        pytest.param(
            f"{{topic_arn: '{ARN}', sigv4: {{access_key: a}}}}",
            "must provide a AWS SigV4 Access key and Secret Key",
            id="half a key",
        ),
        pytest.param(
            f"{{topic_arn: '{ARN}', http_config: {{follow_redirects: false}}}}",
            "SNS is called by AWS's own client",
            id="http_config",
        ),
        pytest.param(f"{{topic_arn: '{ARN}', topic: x}}", "unknown", id="unknown key"),
    ],
)
def test_what_is_wrong_is_said(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("sns", settings)


def test_what_alertmanagers_own_client_needs_is_read_and_not_kept() -> None:
    stored = integration(
        "sns", f"{{topic_arn: '{ARN}', http_config: {{}}, use_aws_http_client: true}}"
    ).settings
    assert not {"http_config", "use_aws_http_client"} & set(stored)
