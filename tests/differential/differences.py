"""The one place for what Tocsin does otherwise than Alertmanager 0.25 on purpose, each with its reason.

All else that differs is a failure. A difference is as narrow as it can be said of what one integration heard of one
group: a key, an alert within a notification, a notification that only one side sends. Each names a seed that meets it,
which is a test too, so that none stays here that is gone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tests.differential.comparing import Channel, Entry, Heard, last_said, news
from tests.differential.scenario import TURNS, Post, Trouble
from tests.differential.silenced import spans
from tocsin.dispatch.inhibition import is_target

FIELDS: Mapping[str, str] = {
    "notification_reason": "of 0.32: why the notification is sent",
    "routeLabels": "of 0.34: the labels of the route",
}
"""Keys of our bodies that 0.25 has not."""
SLACK = 0.0
"""Not played: an alert that is only repeated is given up later than it asks for, so that it is stored less often."""


class Whose(Enum):
    """Who says what the other does not."""

    THEIRS = "theirs"
    OURS = "ours"


@dataclass(frozen=True)
class Within:
    """An alert in a notification that the other side sends without it."""

    name: str
    why: str
    whose: Whose
    covers: Callable[[Channel, Heard, Entry], bool]
    seed: int


@dataclass(frozen=True)
class Alone:
    """A notification that the other side does not send."""

    name: str
    why: str
    whose: Whose
    covers: Callable[[Channel, Heard], bool]
    seed: int


# -- mutes ----------------------------------------------------------------------------------------


def _owed(channel: Channel, heard: Heard, entry: Entry) -> bool:
    """Tell whether it is an end that has been muted: we have told that it fires, and they believe so still."""
    ours, theirs = last_said(channel.our_past, entry), last_said(channel.their_past, entry)
    believed = ours is not None and ours.firing and (theirs is None or theirs.firing)
    return believed and not entry.firing and _may_be_muted(channel, heard, entry)


def _may_be_muted(channel: Channel, heard: Heard, entry: Entry) -> bool:
    """Tell whether a silence was upon an alert after we told of it last, or a rule may have inhibited it."""
    told_at = _told_at(channel, entry)
    silenced = any(
        span.begins < heard.at and span.ends > told_at
        for span in spans(channel.scenario)
        if span.mutes(entry.labels)
    )
    rules = channel.config.inhibit_rules
    return silenced or any(is_target(rule, entry.labels) for rule in rules)


def _told_at(channel: Channel, entry: Entry) -> float:
    return next((past.at for past in channel.our_past if past.find(entry)), 0.0)


def _only_owed(channel: Channel, heard: Heard) -> bool:
    found = news(channel.our_past, heard)
    return bool(found) and all(_owed(channel, heard, entry) for entry in found)


def _fires_anew(channel: Channel, heard: Heard) -> bool:
    """Tell whether the news are incidents of which they believe that they are the former ones."""

    def anew(entry: Entry) -> bool:
        theirs = last_said(channel.their_past, entry)
        known = last_said(channel.our_past, entry) is not None
        return known and entry.firing and theirs is not None and theirs.firing

    found = news(channel.our_past, heard)
    return any(map(anew, found)) and all(anew(entry) or _owed(channel, heard, entry) for entry in found)


def _heard_again(channel: Channel, heard: Heard) -> bool:
    """Tell whether what fires on has been told of before its silence or mute time was over, and all else is no news."""

    def over(entry: Entry) -> bool:
        told_at = _told_at(channel, entry)
        ends = [span.ends for span in spans(channel.scenario) if span.mutes(entry.labels)]
        ends += [TURNS] if channel.scenario.turns else []
        return any(told_at < end < heard.at + 0.001 for end in ends)

    found = news(channel.our_past, heard)
    return any(map(over, heard.firing)) and all(_owed(channel, heard, entry) for entry in found)


# -- ends of what was never here ------------------------------------------------------------------


def _unheard_of(channel: Channel, heard: Heard, entry: Entry) -> bool:
    """Tell whether it had ended when it was posted, or was muted until then, and they had not told that it fires."""
    before = last_said(channel.their_past, entry)
    posted_late = any(
        posted.labels == entry.labels and posted.ends is not None and posted.ends <= event.at <= heard.at
        for event in channel.scenario.events
        if isinstance(event, Post)
        for posted in event.alerts
    )
    unheard = not entry.firing and (before is None or not before.firing)
    return unheard and (posted_late or _may_be_muted(channel, heard, entry))


def _only_unheard_of(channel: Channel, heard: Heard) -> bool:
    found = news(channel.their_past, heard)
    return bool(found) and all(_unheard_of(channel, heard, entry) for entry in found)


# -- logs -----------------------------------------------------------------------------------------


def _twin(past: Sequence[Heard], channel: Channel, heard: Heard) -> bool:
    """Tell whether just this has just been told, and there are two routes that it may come from."""
    again = bool(past) and past[0].text == heard.text and past[0].slot == heard.slot
    key, receiver, _ = channel.name
    routes = channel.config.route.walk()
    return again and sum(key.startswith(f"{r.key}:{{") and r.receiver == receiver for r in routes) > 1


def _repeats(past: Sequence[Heard], others: Sequence[Heard], heard: Heard) -> bool:
    """Tell whether it says nothing but what this side has said already, and the other has spoken since."""
    spoken_since = bool(past) and bool(others) and others[0].slot > past[0].slot
    said = [entry.labels for entry in past[0].firing] if past else []
    return spoken_since and not heard.resolved and all(entry.labels in said for entry in heard.firing)


def _told_again(channel: Channel, heard: Heard, entry: Entry) -> bool:
    """Tell whether they say again what has ended, and another webhook of the receiver takes nothing."""
    refused = Trouble.REFUSES in channel.scenario.troubles.values()
    return refused and not entry.firing and last_said(channel.their_past, entry) == entry


DIFFERENCES: tuple[Within | Alone, ...] = (
    Within(
        "an end that was muted",
        "who was told that it fires is told of its end when the mute is over, or an incident stays open (2.17.2)",
        Whose.OURS,
        _owed,
        seed=42,
    ),
    Alone("an end that was muted, alone", "the same, if nothing else is to tell", Whose.OURS, _only_owed, 5),
    Alone(
        "a refire after an end that was not told",
        "what fires anew is another incident and pages; they wait for repeat_interval (2.17.1)",
        Whose.OURS,
        _fires_anew,
        seed=5,
    ),
    Alone(
        "the end of a mute",
        "what still fires when a silence or mute time is over is told of again (2.17.3)",
        Whose.OURS,
        _heard_again,
        seed=5,
    ),
    Alone(
        "siblings with equal matchers",
        "each of them has its own log (2.17.7)",
        Whose.OURS,
        lambda channel, heard: _twin(channel.our_past, channel, heard),
        seed=5,
    ),
    Alone(
        "siblings with equal matchers",
        "they share a log, but both tell if they read it at once",
        Whose.THEIRS,
        lambda channel, heard: _twin(channel.their_past, channel, heard),
        seed=5,
    ),
    Alone(
        "a repeat that one side sends alone",
        "repeat_interval counts from what was told last, of which the above is one more or one less",
        Whose.OURS,
        lambda channel, heard: _repeats(channel.our_past, channel.their_past, heard),
        seed=147,
    ),
    Alone(
        "a repeat that one side sends alone",
        "the same",
        Whose.THEIRS,
        lambda channel, heard: _repeats(channel.their_past, channel.our_past, heard),
        seed=147,
    ),
    Within(
        "an end that is told again while another webhook fails",
        "one failing integration keeps nothing in the group for the others (2.17.9)",
        Whose.THEIRS,
        _told_again,
        seed=11,
    ),
    Within(
        "the end of what nobody has heard of",
        "an alert that had ended before it came, or before it could be told of, is no news",
        Whose.THEIRS,
        _unheard_of,
        seed=30,
    ),
    Alone(
        "the end of what nobody has heard of, alone",
        "the same, if nothing else is to tell",
        Whose.THEIRS,
        _only_unheard_of,
        seed=102,
    ),
)
