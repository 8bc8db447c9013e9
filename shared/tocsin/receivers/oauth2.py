"""OAuth 2.0 client credentials (RFC 6749 section 4.4): a token is fetched once and kept until it ends."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from tocsin.http import Reply, Request, Response, Timeout, basic_credentials
from tocsin.notification import Delivered, Failed, Failure
from tocsin.receivers.classify import classify
from tocsin.receivers.tools import Tools
from tocsin.receivers.transports import Transports

EARLY = timedelta(seconds=10)
"""A token counts as ended so long before it does."""
_FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    ends_at: datetime | None = None


class Tokens:
    """The tokens of one `oauth2` block."""

    def __init__(self, config: Mapping[str, Any], tools: Tools) -> None:
        """`config` is the block as it is stored."""
        self._config, self._tools = config, tools
        self._transports = Transports(config, tools)
        self._kept: _Token | None = None
        self._in_body = False

    def current(self, left: Callable[[], float]) -> str | Failed:
        """Return a token that holds, fetched in the time that is `left` if need be; raises AuthError."""
        kept, now = self._kept, self._tools.now()
        if kept is None or (kept.ends_at is not None and now >= kept.ends_at - EARLY):
            fetched = self._fetched(left)
            if isinstance(fetched, Failed):
                return fetched
            self._kept = kept = fetched
        return kept.text

    def forget(self) -> None:
        """Forget the token, for it was refused."""
        self._kept = None

    def _fetched(self, left: Callable[[], float]) -> _Token | Failed:
        """Ask for a token, the client's credentials in a header or, where that is refused, in the body (as Go does)."""
        reply = self._ask(self._in_body, left())
        if (
            not self._in_body
            and isinstance(reply, Response)
            and 400 <= reply.status < 500
            and reply.status != 429
        ):
            reply = self._ask(in_body=True, timeout_seconds=left())
            self._in_body = isinstance(reply, Response) and reply.status // 100 == 2
        return _token(reply, self._tools.now())

    def _ask(self, in_body: bool, timeout_seconds: float) -> Reply:
        config, url = self._config, str(self._config["token_url"])
        client_id, secret = str(config["client_id"]), self._tools.secret(config.get("client_secret") or "")
        form = {"grant_type": "client_credentials", **(config.get("endpoint_params") or {})}
        if scopes := config.get("scopes"):
            form["scope"] = " ".join(scopes)
        headers = dict(_FORM)
        if in_body:
            form |= {"client_id": client_id, "client_secret": secret}
        else:
            headers["Authorization"] = basic_credentials(quote_plus(client_id), quote_plus(secret))
        request = Request("POST", url, headers, urlencode(form).encode())
        return self._transports.to(url)(request, timeout_seconds)


def _token(reply: Reply, now: datetime) -> _Token | Failed:
    if not isinstance(reply, Response):
        reason = Failure.DEADLINE if isinstance(reply, Timeout) else Failure.OTHER
        return Failed(reason, retry=True, detail=f"OAuth 2.0 token: {reply.detail}")
    sent = classify(reply.status, reply.headers, now)
    if not isinstance(sent, Delivered):
        return replace(sent, detail=f"OAuth 2.0 token: {sent.detail}")
    try:
        answer = json.loads(reply.body)
        token, seconds = answer["access_token"] + "", float(answer.get("expires_in") or 0)
        return _Token(token, now + timedelta(seconds=seconds) if seconds > 0 else None)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return Failed(Failure.OTHER, retry=True, detail="OAuth 2.0 token: the answer holds none")
