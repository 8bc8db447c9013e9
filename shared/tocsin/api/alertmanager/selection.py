"""Which alerts are asked for: parameters that are read, and what they leave."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from pydantic import Field

from tocsin.api.alertmanager.answering import GoBool
from tocsin.api.alertmanager.paging import Paged
from tocsin.api.problems import ApiError
from tocsin.dispatch.config import Config
from tocsin.labels import Labels
from tocsin.matchers import Matcher, MatcherError, parse_matcher
from tocsin.regexes import Regex, RegexError, compile_re2
from tocsin.views.groups import Standing


class Narrowed(Paged):
    """What narrows alerts, alone or in groups."""

    active: GoBool = Field(True, description="Whether those are wanted that nothing mutes.")
    silenced: GoBool = Field(True, description="Whether those are wanted that are silenced.")
    inhibited: GoBool = Field(True, description="Whether those are wanted that others inhibit.")
    filter: list[str] = Field([], description="Matchers; all of them must match.")
    receiver: str = Field("", description="A regular expression for the whole name of a receiver.")
    receiver_matchers: list[str] = Field([], description="Matchers for the labels of a receiver.")


class AlertsQuery(Narrowed):
    """The parameters of GET /alerts."""

    unprocessed: GoBool = Field(True, description="Taken and ignored: every alert is processed.")


class GroupsQuery(Narrowed):
    """The parameters of GET /alerts/groups."""

    muted: GoBool = Field(True, description="Whether groups are wanted that time intervals mute.")


class ReceiversQuery(Paged):
    """The parameters of GET /receivers."""

    receiver_matchers: list[str] = Field([], description="Matchers for the labels of a receiver.")


@dataclass(frozen=True, slots=True)
class Selection:
    """Alerts by their labels, receivers and standing."""

    matchers: tuple[Matcher, ...]
    tells: Callable[[str], bool]
    """Tells of a receiver whether it is meant."""
    active: bool
    silenced: bool
    inhibited: bool

    def has(self, labels: Labels) -> bool:
        """Tell whether an alert with these labels is asked for; a label that is missing is empty."""
        return all(matcher.matches(labels) for matcher in self.matchers)

    def takes(self, standing: Standing) -> bool:
        """Tell whether an alert that stands so is asked for."""
        return (
            (self.active or standing.suppressed)
            and (self.silenced or not standing.silenced_by)
            and (self.inhibited or not standing.inhibited_by)
        )


def select(query: Narrowed, config: Config | None) -> Selection:
    """Return what is asked for. Raises ApiError."""
    return Selection(
        _matchers(query.filter),
        _receivers(query, config),
        query.active,
        query.silenced,
        query.inhibited,
    )


def _receivers(query: Narrowed, config: Config | None) -> Callable[[str], bool]:
    regex = _regex(query.receiver) if query.receiver else None
    matchers = receiver_matchers(query.receiver_matchers)

    @cache
    def tells(name: str) -> bool:
        return (regex is None or regex.search(name)) and has_labels(config, name, matchers)

    return tells


def receiver_matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Return the matchers for the labels of receivers. Raises ApiError."""
    return _matchers(texts, "failed to parse receiver_matchers param: ")


def has_labels(config: Config | None, name: str, matchers: Iterable[Matcher]) -> bool:
    """Tell whether a receiver has labels that all matchers match; its name is one of them."""
    labels = receiver_labels(config, name)
    return all(matcher.matches(labels) for matcher in matchers)


def receiver_labels(config: Config | None, name: str) -> dict[str, str]:
    """Return a receiver's labels, of one that is gone its name."""
    known = config.receivers.get(name) if config else None
    return {**(known.labels if known else {}), "name": name}


def _matchers(texts: Iterable[str], prefix: str = "") -> tuple[Matcher, ...]:
    try:
        return tuple(map(parse_matcher, texts))
    except MatcherError as error:
        raise ApiError(400, f"{prefix}{error}") from None


def _regex(text: str) -> Regex:
    try:
        return compile_re2(f"^(?:{text})$")
    except RegexError as error:
        raise ApiError(400, f"failed to parse receiver param: {error}") from None
