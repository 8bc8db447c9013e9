"""Access as it is on AWS: one session, the clients and roles made from it, secrets, transports, threads."""

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError

from tocsin.access.auth import AuthError
from tocsin.access.secrets import Reference, Secrets
from tocsin.http import SOURCE_BODY_BYTES, HttpClient, Transport
from tocsin.parallel import Threads
from tocsin.ports import Clock, Parallel
from tocsin.tls import Tls

_SESSION_NAME = "tocsin"
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})


class AwsAccess:
    """The `Access` of the real world; nothing is asked of AWS before something is needed."""

    def __init__(
        self,
        session: Callable[[], boto3.Session],
        clock: Clock,
        client: Mapping[str, Any] | None = None,
        parallel: Callable[[int], Parallel] = Threads,
    ) -> None:
        """`client` goes to every client that is made (`endpoint_url`, `region_name`)."""
        self._make_session, self._clock, self._options = session, clock, client or {}
        self._parallel = parallel
        self._sessions: dict[tuple[str, str, str], boto3.Session] = {}
        self._lock = Lock()
        self._secrets = Secrets(
            lambda service, config, region: self.client(service, config, region=region), clock
        )

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._clock

    def secret(self, reference: Reference) -> str:
        """Return what a reference points to, at most five minutes old; raises SecretError."""
        return self._secrets.read(reference)

    def renew(self, reference: Reference) -> None:
        """Read a secret again because it was refused, unless that has just happened."""
        self._secrets.renew(reference)

    def session(self, role_arn: str = "", external_id: str = "", region: str = "") -> boto3.Session:
        """Return a session, as another role if one is named; its credentials are kept fresh."""
        with self._lock:
            return self._session(role_arn, external_id, region)

    def client(
        self,
        service: str,
        config: Config | None = None,
        *,
        role_arn: str = "",
        external_id: str = "",
        region: str = "",
        endpoint_url: str = "",
    ) -> Any:
        """Return a client of a service; making one is not safe in several threads at once, so one waits."""
        with self._lock:
            session: Any = self._session(role_arn, external_id, region)
            given = {"region_name": region, "endpoint_url": endpoint_url}
            named = {name: value for name, value in given.items() if value}
            return session.client(service, config=config or _CONFIG, **{**self._options, **named})

    def signed_in(self, access_key: str, secret_key: str) -> "AwsAccess":
        """Return the same access to AWS with keys in place of the credentials that the process has."""

        def session() -> boto3.Session:
            return boto3.Session(access_key, secret_key, region_name=self.session().region_name)

        return AwsAccess(session, self._clock, self._options, self._parallel)

    def handed_over(self) -> Mapping[str, str]:
        """Return what a process of its own needs to be the same access: keys as they are now; raises AuthError."""
        try:
            own = self.session()
            credentials = own.get_credentials()
            keys = credentials.get_frozen_credentials() if credentials else None
        except BotoCoreError as error:
            raise AuthError(f"AWS credentials: {type(error).__name__}") from None
        found = {
            "region_name": self._options.get("region_name") or own.region_name,
            "endpoint_url": self._options.get("endpoint_url"),
            "aws_access_key_id": keys and keys.access_key,
            "aws_secret_access_key": keys and keys.secret_key,
            "aws_session_token": keys and keys.token,
        }
        return {name: value for name, value in found.items() if value}

    @staticmethod
    def taken_over(handed: Mapping[str, str], clock: Clock) -> "AwsAccess":
        """Return the access that another process has handed over."""
        session = partial(
            boto3.Session,
            handed.get("aws_access_key_id"),
            handed.get("aws_secret_access_key"),
            handed.get("aws_session_token"),
            handed.get("region_name"),
        )
        client = {name: value for name, value in handed.items() if name == "endpoint_url"}
        return AwsAccess(session, clock, client)

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """Return a way to send HTTP requests; raises TransportError."""
        return HttpClient(
            SOURCE_BODY_BYTES, connections, tls=tls, proxy_url=proxy_url, proxy_headers=proxy_headers
        )

    def parallel(self, limit: int) -> Parallel:
        """Return a way to do up to `limit` things at once."""
        return self._parallel(limit)

    def _session(self, role_arn: str, external_id: str, region: str) -> boto3.Session:
        wanted = (role_arn, external_id, region)
        if wanted not in self._sessions:
            self._sessions[wanted] = self._made(role_arn, external_id, region)
        return self._sessions[wanted]

    def _made(self, role_arn: str, external_id: str, region: str) -> boto3.Session:
        if not role_arn and not region:
            return self._make_session()
        own = self._session("", "", "")
        made = botocore.session.get_session()
        credentials = partial(self._assumed, own, role_arn, external_id) if role_arn else own.get_credentials
        made.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
        return boto3.Session(botocore_session=made, region_name=region or own.region_name)

    def _assumed(self, own: Any, role_arn: str, external_id: str) -> Credentials:
        """Return credentials of a role that are fetched when they are first used, and again before they expire."""

        def client(service: str, **options: Any) -> Any:
            return own.client(service, **{"config": _CONFIG, **self._options, **options})

        extra = {"RoleSessionName": _SESSION_NAME} | ({"ExternalId": external_id} if external_id else {})
        source = own.get_credentials()
        if source is None:
            raise AuthError("no AWS credentials")
        fetcher = AssumeRoleCredentialFetcher(client, source, role_arn, extra_args=extra)
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


class _Given(CredentialProvider):
    """Hands over credentials that come from elsewhere."""

    METHOD = "tocsin"

    def __init__(self, credentials: Callable[[], Credentials | None]) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials | None:
        """Return the credentials."""
        return self._credentials()
