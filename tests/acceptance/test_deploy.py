"""What users do on a real account, done for real: sam build, sam deploy, rules, inputs, pages; update; delete."""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.acceptance.deployment import Account, Sam, account, lambda_python, run, sam_executable
from tests.cloudformation import ROOT
from tests.engines import ministack_executable
from tocsin.api.operations import OPERATIONS

pytestmark = [pytest.mark.sam, pytest.mark.ministack]

TICK = timedelta(seconds=10)
PAGE_SECONDS = 600
"""The worst machine has time to spare."""

RULES = """
groups:
  - name: shop
    source: cloudwatch
    interval: 10s
    rules:
      - alert: CheckoutFails
        expr: max_over_time(Errors{namespace="Shop", Service="checkout"}[10s]) > 0
        labels: {severity: page}
  - name: checks
    source: inputs
    interval: 10s
    rules:
      - alert: Down
        expr: http_response_result_code{input="shop"} > 0
"""

KEY = 'rules/shop/CheckoutFails{severity="page"}'

INPUTS = """
defaults: {tagexclude: [result, status_code]}
inputs:
  - {id: shop, kind: http_response, settings: {urls: ["http://%(address)s/shop"], response_status_code: 200}}
  - {id: itself, kind: http_response, settings: {urls: ["http://127.0.0.1:%(port)d/itself"]}}
  - {id: pages, kind: sqs, settings: {queue_names: [pager]}}
outputs:
  - name: lines
    kind: influxdb
    settings: {urls: ["http://%(address)s"], database: checks, content_encoding: identity}
"""

CONFIGURATION = """
route: {receiver: pager, group_by: [alertname], group_wait: 0s, group_interval: 10s}
receivers:
  - name: pager
    sns_configs: [{topic_arn: "%s", sigv4: {region: us-east-1}}]
"""


@dataclass(frozen=True, slots=True)
class Pager:
    """Somebody who subscribed to the stack's topic."""

    queues: Any
    url: str
    unread: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def subscribed(cls, aws: Account, topic_arn: str) -> "Pager":
        """Subscribe a queue that lets the topic in."""
        queues = aws.client("sqs")
        url = queues.create_queue(QueueName="pager")["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
        return cls(queues, url)

    def page(self, alert: str, seconds: float = PAGE_SECONDS) -> dict[str, Any]:
        """Return the next page about an alert; pages about others stay unread."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for page in self.unread:
                if alert in page["Subject"]:
                    self.unread.remove(page)
                    return page
            self.read(wait_seconds=1)
        raise AssertionError(f"no page about {alert}, only {self.unread}")

    def read(self, wait_seconds: int = 0) -> None:
        """Take what is in the queue."""
        answer = self.queues.receive_message(
            QueueUrl=self.url, WaitTimeSeconds=wait_seconds, MaxNumberOfMessages=10
        )
        for message in answer.get("Messages", []):
            self.queues.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            self.unread.append(json.loads(message["Body"]))


@dataclass
class Shop:
    """A program on this machine's own address: the target of checks, and an InfluxDB."""

    status: int = 503
    asked: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    address: str = ""
    port: int = 0

    @contextmanager
    def serving(self) -> Iterator["Shop"]:
        """Serve on every address, so that what does not come to loopback was not let through."""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append(self.path)
                self._answer(shop.status)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                shop.lines += body.splitlines()
                self._answer(204)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class calls it
                pass

        with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:  # noqa: S104 - see above
            self.port = server.server_port
            self.address = f"{own_address()}:{self.port}"
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield self
            server.shutdown()
            thread.join()


def own_address() -> str:
    """Return the address that this machine has in its network, that of loopback if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        try:
            there.connect(("198.51.100.1", 9))  # which sends nothing
        except OSError:
            return "127.0.0.1"
        return str(there.getsockname()[0])


def tocsin(aws: Account, *arguments: str) -> str:
    """Run the command line on the stack `tocsin`, as its user does."""
    program = Path(sys.executable).with_name("tocsin")
    return run(str(program), "--stack", "tocsin", *arguments, environment=aws.environment)


FUNCTIONS = ("ticker", "evaluator", "dispatcher", "collector", "shipper", "api")


def logged(aws: Account, *functions: str) -> list[str]:
    """Return what functions of the stack `tocsin`, by default all, have logged."""
    logs = aws.client("logs")
    lines = [
        event["message"]
        for function in functions or FUNCTIONS
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/tocsin-{function}"
        )
        for event in page["events"]
    ]
    assert lines
    return lines


ONCALL = "arn:aws:sts::000000000000:assumed-role/oncall/ada"


@dataclass(frozen=True, slots=True)
class Api:
    """The API's function, invoked with what its URL would send: ministack's leaves out whom IAM has recognised."""

    functions: Any
    name: str

    def ask(self, method: str, path: str, document: Any = None, *, arn: str = ONCALL) -> tuple[int, str]:
        """Send JSON and return the status and what the answer says."""
        body = json.dumps(document) if document is not None else ""
        return self.send(method, path, body, arn=arn)

    def send(
        self,
        method: str,
        path: str,
        body: str,
        kind: str = "application/json",
        arn: str = ONCALL,
        authorization: str = "",
    ) -> tuple[int, str]:
        """Send a text and return the status and what the answer says."""
        host = "abc123.lambda-url.us-east-1.on.aws"
        http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7"}
        context = {"http": http, "domainName": host, "authorizer": {"iam": {"userArn": arn}}}
        event = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"host": host, "content-type": kind, "authorization": authorization},
            "requestContext": context,
            "body": body,
            "isBase64Encoded": False,
        }
        invoked = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(event).encode())
        answer = json.loads(invoked["Payload"].read())
        assert "statusCode" in answer, answer
        return answer["statusCode"], answer["body"]


def let_the_checkout_fail(aws: Account) -> None:
    """Publish errors from a minute ago until the test is long over."""
    metrics, now = aws.client("cloudwatch"), datetime.now(UTC)
    for tick in range(-6, (PAGE_SECONDS + 120) // 10):
        point = {
            "MetricName": "Errors",
            "Dimensions": [{"Name": "Service", "Value": "checkout"}],
            "Timestamp": now + tick * TICK,
            "Value": 1,
            "StorageResolution": 1,
        }
        metrics.put_metric_data(Namespace="Shop", MetricData=[point])


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    ministack = ministack_executable()
    if ministack is None:
        pytest.skip("no ministack: set TOCSIN_MINISTACK to its executable")
    if lambda_python(ministack) is None:
        pytest.skip("ministack runs functions with its own Python, and that is not 3.13")
    with account(ministack, tmp_path_factory.mktemp("account")) as it:
        yield it


@pytest.fixture(scope="module")
def sam(aws: Account, tmp_path_factory: pytest.TempPathFactory) -> Sam:
    executable, ministack = sam_executable(), ministack_executable()
    if executable is None:
        pytest.skip("no sam: set TOCSIN_SAM to its executable")
    assert ministack is not None
    python = lambda_python(ministack)
    assert python is not None
    it = Sam(executable, aws, python, tmp_path_factory.mktemp("build"))
    it.build()
    return it


@pytest.fixture(scope="module")
def deployed(sam: Sam) -> dict[str, str]:
    pages = "arn:aws:sqs:us-east-1:000000000000:pager"
    return sam.deploy("tocsin", InputNetworks=f"{own_address()}/32", InputQueueArns=pages)


in_a_network = pytest.mark.skipif(
    own_address().startswith("127."),
    reason="this machine has no address but loopback, which no deployed check may reach",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A stack with rules and inputs whose first minute has come."""

    pager: Pager
    shop: Shop


@pytest.fixture(scope="module")
def scene(
    aws: Account, deployed: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """Apply everything, then run the ticker as its schedule does within a minute: that is waited for at the end."""
    folder = tmp_path_factory.mktemp("files")
    pager = Pager.subscribed(aws, deployed["TopicArn"])
    with Shop().serving() as shop:
        (folder / "rules.yml").write_text(RULES)
        (folder / "alertmanager.yml").write_text(CONFIGURATION % deployed["TopicArn"])
        (folder / "inputs.yml").write_text(INPUTS % {"address": shop.address, "port": shop.port})
        let_the_checkout_fail(aws)
        tocsin(aws, "config", "apply", str(folder / "alertmanager.yml"))
        tocsin(aws, "rules", "apply", str(folder / "rules.yml"))
        tocsin(aws, "inputs", "apply", str(folder / "inputs.yml"))
        aws.client("lambda").invoke(FunctionName=deployed["TickerFunction"], Payload=b"{}")
        yield Scene(pager, shop)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_layer_holds_the_package_and_what_it_needs_and_nothing_else(sam: Sam) -> None:
    layer = sam.build_folder / "TocsinLayer" / "python"
    built = files(layer)
    package = {path for path in files(ROOT / "shared" / "tocsin") if "__pycache__" not in path}
    assert {f"tocsin/{path}" for path in package} == {path for path in built if path.startswith("tocsin/")}
    assert {"urllib3/__init__.py", "aws_lambda_powertools/__init__.py"} <= built
    assert not [path for path in built if path.startswith(("boto", "tests")) or path.endswith(".pyc")]
    assert sum(path.stat().st_size for path in layer.rglob("*")) < 40_000_000


def test_the_account_refuses_what_no_policy_grants(aws: Account, deployed: dict[str, str]) -> None:
    """Otherwise a page would prove nothing about the roles."""
    iam = aws.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = aws.client("dynamodb", key)
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody.describe_table(TableName=deployed["RulesTable"])


def test_a_failing_metric_pages(aws: Account, scene: Scene) -> None:
    page = scene.pager.page("CheckoutFails")
    assert page["Subject"] == "[FIRING:1] CheckoutFails (checkout page)"
    assert "alertname = CheckoutFails" in page["Message"]
    tocsin(aws, "rules", "delete", KEY)  # the page about its end is waited for below


def test_a_failing_check_pages(scene: Scene) -> None:
    """With no metric system at all."""
    page = scene.pager.page("Down")
    assert page["Subject"] == f"[FIRING:1] Down (shop us-east-1 GET http://{scene.shop.address}/shop)"
    scene.shop.status = 200  # and so is this


def test_the_api_takes_alerts_and_silences_and_shows_all_there_is(
    aws: Account, deployed: dict[str, str], scene: Scene
) -> None:
    """Each handler with the role that the template gives it, every call of which IAM decides."""
    api = Api(aws.client("lambda"), deployed["ApiFunction"])
    alert = {"labels": {"alertname": "DiskFull", "instance": "db-1"}}
    assert api.ask("POST", "/api/v2/alerts", [alert])[0] == 200
    assert scene.pager.page("DiskFull")["Subject"] == "[FIRING:1] DiskFull (db-1)"
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "DiskFull", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "somebody",
        "comment": "moving the disk",
    }
    status, made = api.ask("POST", "/api/v2/silences", silence)
    assert status == 200
    status, shown = api.ask("GET", f"/api/v2/silence/{json.loads(made)['silenceID']}")
    assert status == 200
    assert json.loads(shown)["createdBy"] == "oncall/ada (000000000000)"
    assert api.ask("DELETE", f"/api/v2/silence/{json.loads(made)['silenceID']}")[0] == 200
    group = "name: shop\nrules:\n  - {alert: Down, expr: up == 0}\n"
    status, said = api.send("POST", "/prometheus/config/v1/rules/web", group, "application/yaml")
    assert status == 202, said
    assert api.ask("DELETE", "/prometheus/config/v1/rules/web/shop")[0] == 202
    assert api.send("POST", "/api/v2/write", "disk,host=db-1 free=7", "text/plain")[0] == 204
    for path in sorted({path for one in OPERATIONS if one.method == "GET" for path in one.paths}):
        if "{" not in path:
            status, said = api.ask("GET", path)
            assert status < 500, (path, said)
    assert api.ask("GET", "/api/v2/alerts", arn="")[0] == 401


def test_a_grant_of_the_access_file_is_in_force_at_once(
    aws: Account, deployed: dict[str, str], tmp_path: Path
) -> None:
    api = Api(aws.client("lambda"), deployed["ApiFunction"])
    file = tmp_path / "access.yml"
    file.write_text('grants: {"arn:aws:sts::*:assumed-role/oncall/*": [silences:write]}')
    tocsin(aws, "access", "apply", str(file))
    assert api.ask("POST", "/api/v2/alerts", [])[0] == 403
    assert api.ask("GET", "/api/v2/silences")[0] == 200
    file.write_text("")
    tocsin(aws, "access", "apply", str(file))
    assert api.ask("POST", "/api/v2/alerts", [])[0] == 200


@pytest.fixture(scope="module")
def second(sam: Sam, deployed: dict[str, str]) -> dict[str, str]:
    return sam.deploy("tocsin-two", ApiAccess="tokens")


def test_with_tokens_the_url_is_open_and_the_api_asks_who_it_is(aws: Account, second: dict[str, str]) -> None:
    functions = aws.client("lambda")
    api = Api(functions, second["ApiFunction"])
    program = Path(sys.executable).with_name("tocsin")

    def token(*words: str) -> str:
        return run(str(program), "--stack", "tocsin-two", "token", *words, environment=aws.environment)

    def post(authorization: str) -> int:
        return api.send("POST", "/api/v2/alerts", "[]", arn="", authorization=authorization)[0]

    assert functions.get_function_url_config(FunctionName=api.name)["AuthType"] == "NONE"
    policy = json.loads(functions.get_policy(FunctionName=api.name)["Policy"])
    allowed = {(one["Action"], one["Effect"]) for one in policy["Statement"]}
    assert allowed == {("lambda:InvokeFunctionUrl", "Allow"), ("lambda:InvokeFunction", "Allow")}
    writer = json.loads(token("create", "prometheus", "--scope", "alerts:write", "-o", "json"))["token"]
    reader = json.loads(token("create", "grafana", "--scope", "read", "-o", "json"))["token"]
    assert [post(f"Bearer {one}") for one in (writer, reader, "letmein")] == [200, 403, 401]
    assert post("") == 401
    assert api.ask("GET", "/api/v2/alerts")[0] == 401, "an ARN proves nothing to who asks for tokens"
    token("revoke", "prometheus")
    assert post(f"Bearer {writer}") == 401


def test_a_second_stack_beside_the_first_is_updated_and_deleted(
    aws: Account, sam: Sam, deployed: dict[str, str], second: dict[str, str]
) -> None:
    functions, tables = aws.client("lambda"), aws.client("dynamodb")
    assert not set(second.values()) & set(deployed.values())
    schedules = {schedule["Name"] for schedule in aws.client("scheduler").list_schedules()["Schedules"]}
    assert {"tocsin-tick", "tocsin-two-tick"} <= schedules

    sam.deploy("tocsin-two", EvaluatorMemory="1024", Shards="2")
    evaluator = functions.get_function_configuration(FunctionName=second["EvaluatorFunction"])
    ticker = functions.get_function_configuration(FunctionName=second["TickerFunction"])
    assert evaluator["MemorySize"] == 1024
    assert ticker["Environment"]["Variables"]["TOCSIN_SHARDS"] == "2"

    sam.delete("tocsin-two")
    left = set(tables.list_tables()["TableNames"])
    assert set(deployed.values()) & left
    assert not set(second.values()) & left
    assert not [it for it in aws.client("scheduler").list_schedules()["Schedules"] if "-two-" in it["Name"]]


@in_a_network
def test_it_is_told_that_the_rule_is_gone_and_that_the_check_succeeds(scene: Scene) -> None:
    for alert in ("CheckoutFails", "Down"):
        assert scene.pager.page(alert)["Subject"].startswith(f"[RESOLVED] {alert}")


@in_a_network
def test_checks_run_are_kept_and_are_shipped_each_function_with_its_role_and_no_more(
    aws: Account, deployed: dict[str, str], scene: Scene
) -> None:
    listed = json.loads(tocsin(aws, "inputs", "list", "-o", "json"))
    health = {each["id"]: each["health"] for each in listed}
    assert {name: each["outcome"] for name, each in health.items()} == {
        "shop": "success",
        "itself": "failed",
        "pages": "success",
    }
    assert "is this machine" in health["itself"]["detail"]
    assert set(scene.shop.asked) == {"/shop"}
    head = {"pk": {"S": "inputs.1.0"}, "sk": {"S": "HEAD"}}
    stored = aws.client("dynamodb").get_item(TableName=deployed["SamplesTable"], Key=head)["Item"]
    assert int(stored["seq"]["N"]) >= health["shop"]["runs"] >= 2
    shipped = {line.partition(",")[0] for line in scene.shop.lines}
    assert {"http_response", "sqs", "tocsin_input"} <= shipped


@in_a_network
def test_the_schedule_has_ticked_by_itself_and_nothing_was_told_twice_or_refused(
    aws: Account, scene: Scene
) -> None:
    deadline = time.monotonic() + 120
    while sum('"minute"' in line for line in logged(aws, "ticker")) < 2:  # the first was the scene's
        assert time.monotonic() < deadline
        time.sleep(1)
    scene.pager.read()
    assert scene.pager.unread == []
    assert not [line for line in logged(aws) if "Traceback" in line or "AccessDenied" in line]
