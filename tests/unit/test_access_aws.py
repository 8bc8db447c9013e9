"""Access as it is on AWS: sessions, roles, clients and secrets, against moto."""

import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ProfileNotFound
from moto import mock_aws

from tests.unit.source_access import StillClock
from tocsin.access.auth import AuthError, sigv4
from tocsin.access.aws import AwsAccess
from tocsin.access.secrets import Reference, SecretError
from tocsin.http import HttpClient, Request
from tocsin.parallel import Threads
from tocsin.tls import Tls, TransportError

ROLE = "arn:aws:iam::123456789012:role/reader"
REQUEST = Request("POST", "https://monitoring.eu-west-1.amazonaws.com/api/v1/query", {}, b"query=a")


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        yield boto3.Session("AKIDOWN", "s3cret", region_name="us-east-1")


@pytest.fixture
def access(session: boto3.Session) -> AwsAccess:
    return AwsAccess(lambda: session, StillClock())


def test_nothing_is_made_before_it_is_needed() -> None:
    def session() -> boto3.Session:
        raise AssertionError("nobody needs a session yet")

    AwsAccess(session, StillClock()).transport(4)


def test_without_a_role_the_session_is_the_functions_own(session: boto3.Session, access: AwsAccess) -> None:
    assert access.session() is session


def test_another_region_has_the_same_credentials(access: AwsAccess) -> None:
    other = access.session(region="eu-west-1")
    credentials = other.get_credentials()
    assert credentials is not None
    assert (other.region_name, credentials.access_key) == ("eu-west-1", "AKIDOWN")


def test_a_role_is_assumed_when_it_is_first_used_and_its_credentials_are_kept_fresh(
    access: AwsAccess,
) -> None:
    session = access.session(ROLE, "external", "eu-west-1")
    credentials = session.get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    assert session.region_name == "eu-west-1"
    frozen = credentials.get_frozen_credentials()
    assert (frozen.access_key != "AKIDOWN", bool(frozen.token)) == (True, True)
    assert access.session(ROLE, "external", "eu-west-1") is session


def test_a_request_is_signed_as_the_role(access: AwsAccess) -> None:
    headers = sigv4(access.session(ROLE).get_credentials(), "eu-west-1", "monitoring")(REQUEST)
    assert "AKIDOWN" not in headers["Authorization"]
    assert headers["X-Amz-Security-Token"]


def test_a_role_that_cannot_be_assumed_says_so_when_it_is_used() -> None:
    own = boto3.Session("AKIDOWN", "s3cret", region_name="us-east-1")
    access = AwsAccess(lambda: own, StillClock(), {"endpoint_url": "http://127.0.0.1:1"})
    credentials = access.session(ROLE).get_credentials()
    with pytest.raises(AuthError, match="AWS credentials: EndpointConnectionError"):
        sigv4(credentials, "eu-west-1")(REQUEST)


def test_without_credentials_there_is_no_role_to_assume(monkeypatch: pytest.MonkeyPatch) -> None:
    own = boto3.Session(region_name="us-east-1")
    monkeypatch.setattr(own, "get_credentials", lambda: None)
    with pytest.raises(AuthError, match="no AWS credentials"):
        AwsAccess(lambda: own, StillClock()).session(ROLE).get_credentials()


def test_a_client_is_in_its_region_and_at_the_endpoint_of_all(session: boto3.Session) -> None:
    local = AwsAccess(lambda: session, StillClock(), {"endpoint_url": "http://127.0.0.1:4566"})
    assert local.client("sts").meta.endpoint_url == "http://127.0.0.1:4566"
    assert local.client("sts", region="eu-west-1").meta.region_name == "eu-west-1"


def test_a_client_may_be_at_an_endpoint_of_its_own(session: boto3.Session) -> None:
    access = AwsAccess(lambda: session, StillClock(), {"endpoint_url": "http://everyone"})
    assert access.client("sns", endpoint_url="http://own").meta.endpoint_url == "http://own"
    assert access.client("sns").meta.endpoint_url == "http://everyone"


def test_keys_take_the_place_of_the_functions_credentials_and_of_nothing_else(
    session: boto3.Session,
) -> None:
    access = AwsAccess(lambda: session, StillClock(), {"endpoint_url": "http://everyone"})
    other = access.signed_in("AKIDOTHER", "k")
    credentials = other.session().get_credentials()
    assert credentials is not None
    assert (credentials.access_key, other.session().region_name) == ("AKIDOTHER", "us-east-1")
    assert other.client("sns").meta.endpoint_url == "http://everyone"
    assert access.session() is session


def test_secrets_and_parameters_are_read(session: boto3.Session, access: AwsAccess) -> None:
    session.client("secretsmanager").create_secret(Name="prom", SecretString=json.dumps({"token": "t0ken"}))
    session.client("ssm").put_parameter(Name="/prom/token", Value="p4ram", Type="SecureString")
    assert access.secret(Reference("prom", key="token")) == "t0ken"
    assert access.secret(Reference(parameter="/prom/token")) == "p4ram"
    access.renew(Reference("prom", key="token"))


def test_a_secret_that_is_not_there_is_named(access: AwsAccess) -> None:
    with pytest.raises(SecretError, match="secret nobody: ResourceNotFoundException"):
        access.secret(Reference("nobody"))


def test_a_transport_is_a_client_of_our_own(access: AwsAccess) -> None:
    assert isinstance(access.transport(4, proxy_url="http://proxy:3128"), HttpClient)
    with pytest.raises(TransportError):
        access.transport(4, Tls(ca="no certificate"))


def test_things_are_done_at_once_in_threads(access: AwsAccess) -> None:
    assert isinstance(access.parallel(3), Threads)


def test_a_process_of_its_own_is_the_same_access() -> None:
    own = boto3.Session("AKIDOWN", "s3cret", "t0ken", region_name="eu-west-1")
    handed = AwsAccess(lambda: own, StillClock(), {"endpoint_url": "http://everyone"}).handed_over()
    there = AwsAccess.taken_over(json.loads(json.dumps(handed)), StillClock())
    credentials = there.session().get_credentials()
    assert credentials is not None
    assert tuple(credentials.get_frozen_credentials())[:3] == ("AKIDOWN", "s3cret", "t0ken")
    client = there.client("sns")
    assert (client.meta.region_name, client.meta.endpoint_url) == ("eu-west-1", "http://everyone")


def test_without_credentials_none_are_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    own = boto3.Session(region_name="eu-west-1")
    monkeypatch.setattr(own, "get_credentials", lambda: None)
    assert AwsAccess(lambda: own, StillClock()).handed_over() == {"region_name": "eu-west-1"}


def test_credentials_that_cannot_be_had_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def session() -> boto3.Session:
        raise ProfileNotFound(profile="s3cret")

    with pytest.raises(AuthError, match=r"^AWS credentials: ProfileNotFound$"):
        AwsAccess(session, StillClock()).handed_over()
