"""A real `sam build` and `sam deploy` to an AWS of our own: ministack on loopback, with IAM enforced."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from platform import machine
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from tests.cloudformation import ROOT

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_SECONDS = 120
SAM_SECONDS = 900


class CommandError(AssertionError):
    """A command failed; the text has all that it printed."""


def sam_executable() -> str | None:
    """Return the path of the SAM command line, None if there is none."""
    local = ROOT / ".venv-sam" / "bin" / "sam"
    return os.environ.get("TOCSIN_SAM") or shutil.which("sam") or (str(local) if local.exists() else None)


def architecture() -> str:
    """Return this machine's architecture as Lambda calls it: ministack runs handlers right here."""
    return "arm64" if machine() in ("arm64", "aarch64") else "x86_64"


def lambda_python(ministack: str) -> Path | None:
    """Return the folder of the python3.13 that a ministack runs handlers with, None if it runs another."""
    folder = Path(ministack).parent
    return folder if (folder / "python3.13").exists() else None


def run(*command: str, environment: Mapping[str, str], cwd: Path = ROOT) -> str:
    """Run a command to its end and return what it printed; raises CommandError if it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SAM_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


# -- the account ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account that lives as long as its process; `log` is what the process prints."""

    endpoint: str
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes a command line, sam's or tocsin's, talk to this account."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",
        }

    def client(self, service: str, access_key: dict[str, str] | None = None) -> Any:
        """Return a boto3 client of the account: the root user's, or that of an IAM access key."""
        key = access_key or {"AccessKeyId": "test", "SecretAccessKey": "test"}
        session: Any = boto3.Session(
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            region_name=REGION,
        )
        return session.client(service, endpoint_url=self.endpoint)


@contextmanager
def account(ministack: str, folder: Path) -> Iterator[Account]:
    """Start a ministack that enforces IAM and yield its account; nothing of it is left afterwards."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "AUTH": "true",
        "TMPDIR": str(folder),
        **CREDENTIALS,
    }
    log = folder / "ministack.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [ministack],
            cwd=folder,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _await(f"http://127.0.0.1:{port}/_ministack/health", server)
            yield Account(f"http://127.0.0.1:{port}", log)
        finally:
            # The functions' workers are in its process group.
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=1):  # noqa: S310 (our own address)
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise CommandError(f"ministack did not start: {server.poll()}")


# -- stacks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sam:
    """The SAM command line on one account; `python` is the folder of the interpreter it builds with."""

    executable: str
    account: Account
    python: Path
    build_folder: Path

    def build(self) -> None:
        """Build the checkout for this machine."""
        self._run("build", "--build-dir", str(self.build_folder), *self._parameters())

    def deploy(self, stack: str, **parameters: str) -> dict[str, str]:
        """Create or update a stack from what was built, and return its outputs."""
        self._run(
            "deploy",
            *("--template-file", str(self.build_folder / "template.yaml"), "--stack-name", stack),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
            *self._parameters(**parameters),
        )
        self._mend(stack)
        return self.outputs(stack)

    def delete(self, stack: str) -> None:
        """Delete a stack, as `sam delete` does once it has deleted what it had uploaded.

        sam finds that by the nested templates' URLs and understands only AWS's own: here it would stop there.
        """
        cloudformation = self.account.client("cloudformation")
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def outputs(self, stack: str) -> dict[str, str]:
        """Return a stack's outputs."""
        [described] = self.account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def _run(self, *arguments: str) -> str:
        path = f"{self.python}{os.pathsep}{os.environ['PATH']}"
        return run(self.executable, *arguments, environment={**self.account.environment, "PATH": path})

    def _parameters(self, **parameters: str) -> list[str]:
        # ministack's CloudFormation knows neither composite alarms nor those on a query or on metric math.
        chosen = {
            "Architecture": architecture(),
            "Alarms": "false",
            "DeletionProtection": "false",
            **parameters,
        }
        return ["--parameter-overrides", *(f"{name}={value}" for name, value in chosen.items())]

    def _mend(self, stack: str) -> None:
        """Make good what ministack gets wrong."""
        cloudformation = self.account.client("cloudformation")
        for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
            match resource["ResourceType"]:
                case "AWS::Lambda::EventSourceMapping":
                    self._mend_concurrency(resource["PhysicalResourceId"])
                case "AWS::IAM::Role":
                    self._mend_batches(resource["PhysicalResourceId"])

    def _mend_concurrency(self, event_source: str) -> None:
        """Write as a number what CloudFormation's parameter left a text: ministack's poller compares it."""
        functions = self.account.client("lambda")
        scaling = functions.get_event_source_mapping(UUID=event_source)["ScalingConfig"]
        concurrency = {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}
        functions.update_event_source_mapping(UUID=event_source, ScalingConfig=concurrency)

    def _mend_batches(self, role: str) -> None:
        """Grant SendMessageBatch where SendMessage is granted: to AWS they are one action."""
        iam = self.account.client("iam")
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                if statement["Action"] == "sqs:SendMessage":
                    statement["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
