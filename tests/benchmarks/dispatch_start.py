"""What a cold dispatcher costs until its first page to Slack, a webhook and SNS, beside boto3 with its clients."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.benchmarks.speed import Import, import_cost
from tocsin.configfile.parse import parse_config
from tocsin.dispatch.configcodec import to_document

_PUBLISHED = (
    b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
    b"<PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"
)
_BOTO3 = "import boto3; session = boto3.Session('test', 'test', region_name='us-east-1')"


class _Services(BaseHTTPRequestHandler):
    """Slack, a webhook and SNS, all content with what they are sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = {"/slack": b"ok", "/webhook": b""}.get(self.path, _PUBLISHED)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def _services() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Services) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def first_page(runs: int = 5) -> tuple[Import, Import]:
    """Return what boto3 with clients of DynamoDB and SNS costs a fresh interpreter, and a dispatcher that has paged.

    Raises CalledProcessError if that tells not everybody, or has imported a parser of what users write.
    """
    with _services() as url:
        receiver = {
            "name": "team",
            "slack_configs": [{"api_url": f"{url}/slack", "channel": "#alerts"}],
            "webhook_configs": [{"url": f"{url}/webhook"}],
            "sns_configs": [
                {
                    "topic_arn": "arn:aws:sns:us-east-1:123456789012:pages",
                    "api_url": url,
                    "sigv4": {"region": "us-east-1"},
                }
            ],
        }
        text = json.dumps({"route": {"receiver": "team", "group_wait": "0s"}, "receivers": [receiver]})
        document = json.dumps(to_document(parse_config(text, "alertmanager.yml")))
        boto3 = import_cost(f"{_BOTO3}; [session.client(name) for name in ('dynamodb', 'sns')]", runs)
        code = f"from tests.benchmarks.dispatch_child import page; page({document!r})"
        return boto3, import_cost(code, runs)


def report() -> Iterator[str]:
    """Yield the figures in words."""
    boto3, ours = first_page()
    yield f"cold start: boto3 with clients of DynamoDB and SNS {boto3}; dispatcher to its first page {ours}"
