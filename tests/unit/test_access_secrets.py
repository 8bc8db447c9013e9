"""Secrets by reference: read late, kept for a while, never shown."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from tocsin.access.secrets import Reference, SecretError, Secrets

TOKEN = Reference(secret="prod/prometheus", key="token")
WHOLE = Reference(parameter="/prod/token")
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "s3cret"}}, "GetSecretValue")


@dataclass
class Vault:
    """Secrets Manager, SSM and a clock, as a test sets them."""

    at: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    held: dict[str, Any] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    regions: list[tuple[str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the time."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)

    def client(self, service: str, config: Config, region: str) -> "Vault":
        """Return a client: itself."""
        self.regions.append((service, region))
        return self

    def _read(self, name: str) -> Any:
        self.reads.append(name)
        found = self.held[name]
        if isinstance(found, Exception):
            raise found
        return found

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        """Answer as Secrets Manager."""
        found = self._read(SecretId)
        return {"SecretBinary": found} if isinstance(found, bytes) else {"SecretString": found}

    def get_parameter(self, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        """Answer as SSM."""
        assert WithDecryption
        return {"Parameter": {"Value": self._read(Name)}}


@pytest.fixture
def vault() -> Vault:
    return Vault(held={"prod/prometheus": '{"token": "t0", "port": 9090}', "/prod/token": "plain"})


@pytest.fixture
def secrets(vault: Vault) -> Secrets:
    return Secrets(vault.client, vault)


def test_nothing_is_read_and_no_client_made_before_a_secret_is_needed(vault: Vault, secrets: Secrets) -> None:
    assert (vault.reads, vault.regions) == ([], [])


def test_a_secret_is_a_key_of_its_json_or_all_of_its_text(secrets: Secrets) -> None:
    assert secrets.read(TOKEN) == "t0"
    assert secrets.read(WHOLE) == "plain"
    assert secrets.read(Reference(secret="prod/prometheus", key="port")) == "9090"


def test_a_secret_is_kept_for_five_minutes(vault: Vault, secrets: Secrets) -> None:
    for _ in range(3):
        secrets.read(TOKEN)
    vault.sleep(299)
    secrets.read(TOKEN)
    assert len(vault.reads) == 1
    vault.sleep(1)
    vault.held["prod/prometheus"] = '{"token": "t1"}'
    assert secrets.read(TOKEN) == "t1"


def test_one_that_was_refused_is_read_again_at_once_but_not_for_every_query(
    vault: Vault, secrets: Secrets
) -> None:
    secrets.read(TOKEN)
    vault.sleep(11)
    vault.held["prod/prometheus"] = '{"token": "t1"}'
    for _ in range(100):
        secrets.renew(TOKEN)
    assert (secrets.read(TOKEN), len(vault.reads)) == ("t1", 2)


def test_while_it_cannot_be_read_the_last_one_goes_on(vault: Vault, secrets: Secrets) -> None:
    secrets.read(TOKEN)
    vault.held["prod/prometheus"] = DENIED
    vault.sleep(600)
    assert secrets.read(TOKEN) == "t0"
    secrets.renew(TOKEN)


def test_a_failure_is_remembered_for_some_seconds(vault: Vault, secrets: Secrets) -> None:
    vault.held["prod/prometheus"] = DENIED
    for _ in range(50):
        with pytest.raises(SecretError):
            secrets.read(TOKEN)
    assert len(vault.reads) == 1
    vault.sleep(10)
    vault.held["prod/prometheus"] = '{"token": "t1"}'
    assert secrets.read(TOKEN) == "t1"


WRONG: dict[str, tuple[Any, str]] = {
    "denied": (DENIED, "AccessDenied"),
    "unreachable": (EndpointConnectionError(endpoint_url="https://s3cret"), "EndpointConnectionError"),
    "no json": ("s3cret", "it is no JSON object with that key"),
    "another key": ('{"other": "s3cret"}', "it is no JSON object with that key"),
    "a list": ('["s3cret"]', "it is no JSON object with that key"),
    "binary": (b"s3cret", "is not text"),
}


@pytest.mark.parametrize(("held", "reason"), WRONG.values(), ids=WRONG)
def test_why_it_cannot_be_read_names_it_and_shows_nothing_of_it(
    held: Any, reason: str, vault: Vault, secrets: Secrets
) -> None:
    vault.held["prod/prometheus"] = held
    with pytest.raises(SecretError) as raised:
        secrets.read(TOKEN)
    assert str(raised.value) == f"secret prod/prometheus, key token: {reason}"
    assert raised.value.__cause__ is None


def test_an_arn_is_read_in_its_own_region(vault: Vault, secrets: Secrets) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prom-AbCdEf"
    vault.held[arn] = "x"
    secrets.read(Reference(secret=arn))
    secrets.read(WHOLE)
    assert vault.regions == [("secretsmanager", "eu-west-1"), ("ssm", "")]


def test_many_threads_read_it_once(vault: Vault, secrets: Secrets) -> None:
    together = Barrier(8)

    def read() -> None:
        together.wait(5)
        secrets.read(TOKEN)

    threads = [Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(vault.reads) == 1


def test_no_secret_is_in_a_repr(vault: Vault, secrets: Secrets) -> None:
    vault.held["/prod/token"] = "correct horse"
    assert secrets.read(WHOLE) == "correct horse"
    assert "horse" not in f"{secrets!r} {vars(secrets)['_kept']!r}"
