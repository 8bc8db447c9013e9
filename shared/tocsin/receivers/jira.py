"""Jira: one issue for each group, found by its label, that is updated, resolved and reopened with the alerts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote as percent
from urllib.parse import urlsplit

from tocsin.http import Response
from tocsin.labels import quote
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.receivers.classify import DETAIL_CHARS
from tocsin.receivers.http import Http, answered, outcome, time_left
from tocsin.receivers.jira_issue import UPDATABLE, issue_fields, search
from tocsin.receivers.tools import Tools
from tocsin.receivers.webhook import encoded

INDEX_SECONDS = 10.0
"""What Jira may take to find an issue that it has just created."""
_FOUND_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class _Issue:
    key: str
    done: bool


class JiraReceiver:
    """Searches before it creates: whatever was lost on the way, a repeat finds the issue that is there.

    That is why a network error is tried again, where Alertmanager gives up.
    """

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `jira_configs`, `reopen_duration` in `reopen_duration_ms`."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)
        self._api: str = settings["api_url"].rstrip("/")

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver; all requests share the time limit."""
        left = time_left(timeout_seconds)
        message = self._tools.about(notification)
        fields = issue_fields(self._settings, message, notification.group_hash)
        issue = self._find(message.text(self._settings["project"]), notification, left)
        if isinstance(issue, Failed):
            return issue
        firing = bool(notification.firing)
        if issue is None:
            return self._create(fields, left) if firing else Delivered("no open issue")
        return self._update(issue, fields, left) or self._move(issue, left, firing=firing)

    def _find(
        self, project: str, notification: Notification, left: Callable[[], float]
    ) -> _Issue | Failed | None:
        """Return the group's issue, an open one before one that is done."""
        jql = search(self._settings, project, notification.group_hash, firing=bool(notification.firing))
        query = {"jql": jql, "maxResults": _FOUND_AT_MOST, "fields": ["status"]}
        answer = self._ask("POST", self._search_url(), query, left)
        if isinstance(answer, Failed):
            return answer
        issues = _issues(answered(answer))
        if issues is None:
            return Failed(Failure.OTHER, retry=True, detail="the answer to the search is no list of issues")
        return min(issues, key=lambda issue: issue.done, default=None)

    def _search_url(self) -> str:
        """Return where is searched: Jira Cloud has given up what Data Center goes on having."""
        kind = self._settings.get("api_type", "auto")
        hosted = (urlsplit(self._api).hostname or "").endswith("atlassian.net")
        if kind == "cloud" or (kind == "auto" and hosted):
            return f"{self._api}/search/jql".replace("/rest/api/2/", "/rest/api/3/", 1)
        return f"{self._api}/search"

    def _create(self, fields: Mapping[str, Any], left: Callable[[], float]) -> Sent:
        """Create the issue; if it may be there without our knowing, the repeat waits until it can be found."""
        answer = self._ask("POST", f"{self._api}/issue", {"fields": fields}, left)
        if isinstance(answer, Failed):
            known = not answer.retry or answer.reason is Failure.RATE_LIMITED
            wait = max(answer.retry_after_seconds or 0.0, INDEX_SECONDS)
            return answer if known else replace(answer, retry_after_seconds=wait)
        created = answered(answer)
        return Delivered(str(created.get("key", "")) if isinstance(created, dict) else "created")

    def _update(self, issue: _Issue, fields: Mapping[str, Any], left: Callable[[], float]) -> Failed | None:
        fixed = {name for name in UPDATABLE if not self._settings[name].get("enable_update", True)}
        changed = {name: value for name, value in fields.items() if name not in fixed}
        answer = self._ask("PUT", self._url(issue), {"fields": changed}, left)
        return answer if isinstance(answer, Failed) else None

    def _move(self, issue: _Issue, left: Callable[[], float], *, firing: bool) -> Sent:
        """Reopen an issue that is done and fires, resolve one that is not and does not; else leave it."""
        wanted = self._settings.get("reopen_transition" if firing else "resolve_transition")
        if issue.done != firing or not wanted:
            return Delivered(issue.key)
        url = f"{self._url(issue)}/transitions"
        answer = self._ask("GET", url, None, left)
        if isinstance(answer, Failed):
            return answer
        transition = _transition(answered(answer), wanted)
        if transition is None:
            detail = f"{issue.key} has no transition {quote(wanted)}"
            return Failed(Failure.CLIENT_ERROR, retry=False, detail=detail)
        moved = self._ask("POST", url, {"transition": {"id": transition}}, left)
        return moved if isinstance(moved, Failed) else Delivered(issue.key)

    def _url(self, issue: _Issue) -> str:
        return f"{self._api}/issue/{percent(issue.key, safe='')}"

    def _ask(self, method: str, url: str, document: Any, left: Callable[[], float]) -> Response | Failed:
        """Return an answer of status 2xx; names of transitions are asked for in English, as in Alertmanager."""
        body = b"" if document is None else encoded(document)
        reply = self._http.send(method, url, body, left(), {"Accept-Language": "en"})
        sent = outcome(reply, self._tools.now())
        if isinstance(reply, Failed) or isinstance(sent, Delivered):
            return reply
        words = _words(answered(reply))
        return replace(sent, detail=f"{sent.detail}: {words}"[:DETAIL_CHARS]) if words else sent


def _issues(answer: Any) -> list[_Issue] | None:
    try:
        return [
            _Issue(str(each["key"]), each["fields"]["status"]["statusCategory"]["key"] == "done")
            for each in answer["issues"]
        ]
    except (KeyError, TypeError):
        return None


def _transition(answer: Any, name: str) -> str | None:
    """Return the id of a transition by its name."""
    try:
        found = [str(each["id"]) for each in answer["transitions"] if each["name"] == name]
    except (KeyError, TypeError):
        return None
    return found[0] if found else None


def _words(answer: Any) -> str:
    """Return what Jira says is wrong."""
    if not isinstance(answer, dict):
        return ""
    general, fields = answer.get("errorMessages"), answer.get("errors")
    said = [str(each) for each in general] if isinstance(general, list) else []
    if isinstance(fields, dict):
        said += [f"{name}: {reason}" for name, reason in fields.items()]
    return "; ".join(said)
