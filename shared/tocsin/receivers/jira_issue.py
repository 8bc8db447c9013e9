"""What is said to Jira of a group: the search for its issue, and the issue's fields."""

import json
from collections.abc import Mapping
from typing import Any

from tocsin.labels import quote
from tocsin.receivers.tools import Message
from tocsin.receivers.truncate import truncate_runes

SUMMARY_RUNES = 255
DESCRIPTION_RUNES = 32767
"""Jira's limits."""
UPDATABLE = ("summary", "description")
"""The fields of which `enable_update` says whether an update holds them too."""
_MINUTE_MS = 60_000


def label(group_hash: str) -> str:
    """Return the label by which a group's issue is known."""
    return f"ALERT{{{group_hash}}}"


def search(settings: Mapping[str, Any], project: str, group_hash: str, *, firing: bool) -> str:
    """Return the JQL that finds a group's issue: an open one, or one to reopen if the group fires.

    `resolution != X` alone finds no issue without a resolution: that is what an open one is.
    """
    minutes = settings.get("reopen_duration_ms", 0) // _MINUTE_MS
    clauses = [f"project={quote(project)}", f"labels={quote(label(group_hash))}"]
    if wont_fix := settings.get("wont_fix_resolution"):
        clauses.append(f"(resolution is EMPTY or resolution != {quote(wont_fix)})")
    if firing and settings.get("reopen_transition") and minutes > 0:
        clauses.append(f"(resolutiondate is EMPTY or resolutiondate >= -{minutes}m)")
    else:
        clauses.append("statusCategory != Done")
    return f"{' and '.join(clauses)} order by status ASC,resolutiondate DESC"


def issue_fields(settings: Mapping[str, Any], message: Message, group_hash: str) -> dict[str, Any]:
    """Return the fields of a new issue; those that the user has added replace ours."""
    summary, _ = truncate_runes(message.text(settings["summary"]["template"]), SUMMARY_RUNES)
    labels = [message.text(each) for each in settings.get("labels", ())]
    fields: dict[str, Any] = {
        "project": {"key": message.text(settings["project"])},
        "issuetype": {"name": message.text(settings["issue_type"])},
        "summary": summary,
        "labels": sorted([*labels, label(group_hash)]),
    }
    if description := message.text(settings["description"]["template"]).strip():
        rich = settings["api_url"].rstrip("/").endswith("/3")
        fields["description"] = (
            adf(description) if rich else truncate_runes(description, DESCRIPTION_RUNES)[0]
        )
    if priority := message.text(settings.get("priority", "")):
        fields["priority"] = {"name": priority}
    return fields | {name: message.tree(value) for name, value in settings.get("fields", {}).items()}


def adf(description: str) -> Any:
    """Return a description as version 3 of Jira's API wants it, in the Atlassian Document Format.

    A description that is such a document (Alertmanager takes nothing else) is left as it is; of any other
    each line is a paragraph.
    """
    try:
        document = json.loads(description)
    except ValueError:
        document = None
    if isinstance(document, dict) and document.get("type") == "doc":
        return document
    text, _ = truncate_runes(description, DESCRIPTION_RUNES)
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]}
        for line in text.splitlines()
        if line.strip()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}
