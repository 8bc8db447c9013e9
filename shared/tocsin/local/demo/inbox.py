"""The ends of the way: a web server that is a webhook, and a queue that is subscribed to the topic."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """A notification that has arrived: by which way, what it says, of how many alerts."""

    by: str
    status: str
    """`firing` or `resolved`."""
    alerts: int
    subject: str


Receive = Callable[[Arrived], None]


class Webhook:
    """A web server that is told by webhook."""

    def __init__(self, receive: Receive) -> None:
        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take a notification."""
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receive(_from_webhook(document))

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = Thread(target=self._server.serve_forever, name="webhook", daemon=True)

    def __enter__(self) -> "Webhook":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _from_webhook(document: dict[str, Any]) -> Arrived:
    names = ", ".join(alert["labels"]["alertname"] for alert in document["alerts"])
    return Arrived("webhook", document["status"], len(document["alerts"]), names)


class SubscribedQueue:
    """An SQS queue subscribed to a topic, and read."""

    def __init__(self, queues: Any, topics: Any, topic_arn: str, receive: Receive) -> None:
        self._queues, self._receive = queues, receive
        self._url: str = queues.create_queue(QueueName="tocsin-demo")["QueueUrl"]
        attributes = queues.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        topics.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
        self._stop = Event()
        self._thread = Thread(target=self._run, name="subscriber", daemon=True)

    def __enter__(self) -> "SubscribedQueue":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            # No long poll: it would hold the embedded AWS, which answers one request at a time.
            answer = self._queues.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", ()):
                self._receive(_from_sns(json.loads(message["Body"])))
                self._queues.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


def _from_sns(envelope: dict[str, Any]) -> Arrived:
    subject: str = envelope["Subject"]
    status = "firing" if subject.startswith("[FIRING") else "resolved"
    return Arrived("sns", status, envelope["Message"].count("alertname ="), subject)
