"""The kind `http_response`: whether a URL answers, how fast and with what (telegraf `plugins/inputs/http_response`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tocsin.access.auth import AuthError
from tocsin.collection.gather import Gather
from tocsin.http import Reply, Request, Response, Timeout, TooLarge, Unreachable, Why
from tocsin.inputs.http_asking import Asking, asking, within
from tocsin.inputs.kind import Probe
from tocsin.inputs.tools import Tools
from tocsin.metric import FieldValue
from tocsin.regexes import compile_re2

if TYPE_CHECKING:
    from tocsin.inputs.http_settings import HttpResponseSettings

BODY_BYTES = 1 << 20
"""Of an answer, if nothing is said: Telegraf takes 32 MiB."""
RESULT_CODES = {
    "success": 0,
    "response_string_mismatch": 1,
    "body_read_error": 2,
    "connection_failed": 3,
    "timeout": 4,
    "dns_error": 5,
    "response_status_code_mismatch": 6,
}
# A check makes a connection of its own, as Telegraf's does: one that is kept would not see that the name, the port or
# the certificate is gone.
_HEADERS = {"Connection": "close"}


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer is compared with, and what of it is taken along."""

    pattern: str = ""
    status: int = 0
    body_field: str = ""
    header_tags: Mapping[str, str] = field(default_factory=dict)
    max_body_bytes: int = BODY_BYTES


@dataclass(slots=True)
class Finding:
    """The fields and tags of one check."""

    fields: dict[str, FieldValue] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def result(self, result: str) -> "Finding":
        """Set what came of it."""
        self.fields |= {"result_type": result, "result_code": RESULT_CODES[result]}
        self.tags["result"] = result
        return self


def judged(reply: Reply, expected: Expected, seconds: float) -> Finding:
    """Return what is found of a reply that took so long; `response_time` is that until its headers.

    An answer whose body broke off is a `body_read_error`: how much of it came is not known, but for one that is too
    large, of which Telegraf reads a byte more than it takes; and its time is that until it broke.
    """
    if reply.status is None:
        return Finding().result(_failure(reply))
    found = Finding({"response_time": seconds, "http_response_code": reply.status})
    found.tags["status_code"] = str(reply.status)
    if isinstance(reply, Response):
        found.fields["response_time"] = max(0.0, seconds - reply.body_seconds)
        return _compared(reply, expected, found)
    if isinstance(reply, TooLarge):
        found.fields["content_length"] = expected.max_body_bytes + 1
    return _unread(found, expected)


def _failure(reply: Reply) -> str:
    if isinstance(reply, Timeout):
        return "timeout"
    return "dns_error" if isinstance(reply, Unreachable) and reply.why is Why.NAME else "connection_failed"


def _unread(found: Finding, expected: Expected) -> Finding:
    if expected.pattern:
        found.fields["response_string_match"] = 0
    return found.result("body_read_error")


def _compared(answer: Response, expected: Expected, found: Finding) -> Finding:
    for name, tag in expected.header_tags.items():
        found.tags[tag] = answer.headers.get(name.lower(), "")
    found.fields["content_length"] = len(answer.body)
    if expected.body_field:
        try:
            found.fields[expected.body_field] = answer.body.decode()
        except UnicodeDecodeError:
            return _unread(found, expected)
    found.result("success")
    if expected.pattern:
        matches = compile_re2(expected.pattern).search(answer.body.decode(errors="replace"))
        found.fields["response_string_match"] = int(matches)
        found.result("success" if matches else "response_string_mismatch")
    if expected.status:
        found.fields["response_status_code_match"] = int(answer.status == expected.status)
        if answer.status != expected.status:
            found.result("response_status_code_mismatch")
    return found


@dataclass(frozen=True, slots=True)
class _Check:
    """One URL: what is sent to it, and what is expected of the answer."""

    url: str
    asking: Asking
    method: str
    body: bytes
    follow: bool
    timeout_seconds: float
    expected: Expected

    def __call__(self, gather: Gather) -> None:
        """Add one metric, whatever comes."""
        left = within(gather, self.timeout_seconds)
        before = left()
        request = Request(self.method, self.url, _HEADERS, self.body)
        try:
            reply = self.asking.ask(request, left, follow=self.follow)
        except AuthError as error:
            gather.fail(str(error))
            return
        if isinstance(reply, Unreachable) and reply.why is Why.FORBIDDEN:
            gather.fail(reply.detail)
        found = judged(reply, self.expected, before - left())
        gather.add("http_response", found.fields, {"server": self.url, "method": self.method, **found.tags})


class _Kind:
    def settings(self) -> type["HttpResponseSettings"]:
        from tocsin.inputs.http_settings import HttpResponseSettings

        return HttpResponseSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each URL; raises SecretError and TransportError."""
        expected = Expected(
            settings.get("response_string_match", ""),
            settings.get("response_status_code", 0),
            settings.get("response_body_field", ""),
            settings.get("http_header_tags", {}),
            settings.get("response_body_max_size") or BODY_BYTES,
        )
        form = sorted((settings.get("body_form") or {}).items())
        body = (settings.get("body") or urlencode(form, doseq=True)).encode()
        opened = asking(settings, tools, expected.max_body_bytes, keep_alive=False)
        return [
            _Check(
                url,
                opened,
                settings.get("method", "GET"),
                body,
                settings.get("follow_redirects", False),
                settings.get("response_timeout_seconds", 5.0),
                expected,
            )
            for url in settings["urls"]
        ]


KIND = _Kind()
