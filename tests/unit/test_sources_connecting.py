"""What the kinds that speak HTTP make of their settings."""

from typing import Any

import pytest

from tests.unit.source_access import FakeAccess
from tocsin.access.auth import Renewable
from tocsin.access.secrets import Reference, SecretError
from tocsin.http import Request
from tocsin.sinks.cloudwatch import CloudWatchSink
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.sources import connecting
from tocsin.tls import Tls

REQUEST = Request("POST", "https://p.example/api/v1/query", {"Content-Type": "text/plain"}, b"query=up")
TOKEN = {"secret": "prom", "key": "token"}
SECRETS = {
    "prom/token": "t0ken\n",
    "prom/user": "u",
    "prom/key": "k3y",
    "ca/": "CA",
    "c/": "CERT",
    "k/": "KEY",
}


def signed(settings: dict[str, Any], access: FakeAccess | None = None) -> dict[str, str]:
    return dict(connecting.auth(settings, access or FakeAccess(secrets=SECRETS))(REQUEST))


AUTHS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "nothing said": ({}, {}),
    "none": ({"auth": None, "headers": {}}, {}),
    "basic": (
        {"auth": {"basic": {"username": "u", "password": TOKEN}}},
        {"Authorization": "Basic dTp0MGtlbg=="},
    ),
    "basic with a secret name": (
        {"auth": {"basic": {"username": {"secret": "prom", "key": "user"}, "password": TOKEN}}},
        {"Authorization": "Basic dTp0MGtlbg=="},
    ),
    "bearer, without the line's end": ({"auth": {"bearer": TOKEN}}, {"Authorization": "Bearer t0ken"}),
    "a secret header": (
        {"headers": {"X-Api-Key": {"secret": "prom", "key": "key"}, "X-Team": "sre"}},
        {"X-Api-Key": "k3y"},
    ),
    "both": (
        {"auth": {"bearer": TOKEN}, "headers": {"X-Api-Key": {"secret": "prom", "key": "key"}}},
        {"Authorization": "Bearer t0ken", "X-Api-Key": "k3y"},
    ),
}


@pytest.mark.parametrize(("settings", "headers"), AUTHS.values(), ids=AUTHS)
def test_requests_say_who_asks_as_the_settings_say(settings: dict[str, Any], headers: dict[str, str]) -> None:
    assert signed(settings) == headers


def test_a_secret_is_looked_up_for_every_request_and_not_before() -> None:
    access = FakeAccess()
    auth = connecting.auth({"auth": {"bearer": TOKEN}}, access)
    with pytest.raises(SecretError):
        auth(REQUEST)
    access.secrets["prom/token"] = "new"
    assert auth(REQUEST) == {"Authorization": "Bearer new"}


def test_every_secret_of_a_request_can_be_renewed() -> None:
    access = FakeAccess(secrets=SECRETS)
    settings = {"auth": {"bearer": TOKEN}, "headers": {"X-Api-Key": {"parameter": "/key"}}}
    auth = connecting.auth(settings, access)
    assert isinstance(auth, Renewable)
    auth.renew()
    assert access.renewed == [Reference("prom", key="token"), Reference(parameter="/key")]


def test_sigv4_signs_for_the_region_service_and_role() -> None:
    access, role = FakeAccess(), "arn:aws:iam::123456789012:role/r"
    sigv4 = {"region": "eu-west-1", "service": "aps", "role_arn": role, "external_id": "x"}
    authorization = signed({"auth": {"sigv4": sigv4}}, access)["Authorization"]
    assert "/eu-west-1/aps/aws4_request" in authorization
    assert access.sessions == [(role, "x", "eu-west-1")]


def test_headers_that_are_no_secret_are_there_at_once_and_the_tenant_among_them() -> None:
    settings = {"headers": {"X-Team": "sre", "X-Key": {"secret": "a"}}, "tenant": "a|b"}
    assert connecting.headers(settings) == {"X-Team": "sre", "X-Scope-OrgID": "a|b"}
    assert connecting.headers({}) == {}


def test_a_transport_has_the_settings_certificates_and_proxy() -> None:
    access = FakeAccess(secrets={**SECRETS, "proxy/": "http://u:p@proxy:3128"})
    tls = {
        "ca": {"secret": "ca"},
        "certificate": {"secret": "c"},
        "key": {"secret": "k"},
        "server_name": "inner",
        "insecure_skip_verify": True,
    }
    connecting.transport({"tls": tls, "proxy_url": {"secret": "proxy"}}, access, 7)
    connecting.transport({"tls": None, "proxy_url": None}, access, 3)
    assert access.transports == [
        (7, Tls("CA", "CERT", "KEY", "inner", verify=False), "http://u:p@proxy:3128"),
        (3, None, ""),
    ]


def test_certificates_are_in_no_repr() -> None:
    assert "KEY" not in repr(Tls("CA", "CERT", "KEY"))


def test_what_is_recorded_goes_where_write_says() -> None:
    access = FakeAccess()
    remote = {"kind": "remote_write", "url": "http://p/api/v1/write"}
    metrics = {"kind": "cloudwatch", "namespace": "N", "region": "", "role_arn": "", "external_id": ""}
    assert connecting.sink({"write": None}, access) is None
    assert isinstance(connecting.sink({"write": remote}, access), RemoteWriteSink)
    assert isinstance(
        connecting.sink({"write": {**metrics, "high_resolution": False}}, access), CloudWatchSink
    )
