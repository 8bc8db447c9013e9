"""What the integrations of a receiver are called in the notification log."""

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

from tocsin.dispatch.config import Integration

_TELLS = frozenset(
    (
        *(
            "agent_id",
            "api_key",
            "api_url",
            "channel",
            "chat_id",
            "corp_id",
            "event_bus_name",
            "function_name",
        ),
        *(
            "message_thread_id",
            "phone_number",
            "project",
            "queue_url",
            "room_id",
            "routing_key",
            "service_key",
        ),
        *("target_arn", "to", "to_party", "to_tag", "to_user", "topic_arn", "url", "user_key", "webhook_url"),
    )
)
"""The settings that name a place, a channel or a person, of all kinds; no text, so that an edit of one is no news."""

_NO_PLACES = {"pushover": frozenset({"url"})}
"""Those that of one kind say something else: a link in the message."""


def log_names(integrations: Sequence[Integration]) -> list[str]:
    """Return a name for each integration: by whom it tells, not by where it stands, as in Alertmanager.

    So one that comes to stand elsewhere in its receiver keeps its log, and one that tells somebody else has its own.
    """
    names: Counter[str] = Counter()
    found = []
    for integration in integrations:
        keys = _TELLS & integration.settings.keys() - _NO_PLACES.get(integration.kind, frozenset())
        told = {key: integration.settings[key] for key in keys}
        digest = blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=6).hexdigest()
        name = f"{integration.kind}.{digest}"
        found.append(f"{name}.{names[name]}" if names[name] else name)
        names[name] += 1
    return found
