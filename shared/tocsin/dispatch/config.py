"""The dispatcher's configuration: receivers and a tree of routes, as parsed from alertmanager.yml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tocsin.matchers import Matcher
from tocsin.timeintervals import TimeInterval


@dataclass(frozen=True, slots=True)
class Integration:
    """One way a receiver is told: `kind` names the plug-in (`webhook`, `sns`), `index` counts in its kind.

    `settings` is the integration's own block of alertmanager.yml as JSON: validated, its defaults and what is
    `global` filled in, durations as milliseconds under `<key>_ms`, secrets or the references to them as text.
    """

    kind: str
    index: int
    settings: Mapping[str, Any] = field(repr=False)
    send_resolved: bool = True


@dataclass(frozen=True, slots=True)
class ReceiverConfig:
    """A named receiver and its integrations."""

    name: str
    integrations: tuple[Integration, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the routing tree with everything it inherits already filled in.

    `key` is Alertmanager's route key (not unique); `id` is unique in the tree and survives edits of its
    siblings: the parent's id, own matchers, and a number only among siblings with equal matchers.
    `group_by` is None for `...`: by all labels. `labels` are for messages; their values are templates.
    """

    id: str
    key: str
    receiver: str
    matchers: tuple[Matcher, ...]
    group_by: frozenset[str] | None
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    continues: bool = False
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    routes: tuple["Route", ...] = ()

    def walk(self) -> Iterator["Route"]:
        """Yield this route and all below it, in tree order."""
        yield self
        for route in self.routes:
            yield from route.walk()


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While an alert fires that `source` matches, those that `target` matches are muted if `equal` labels agree.

    A label that is missing counts as empty; no matcher at all matches everything.
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration; `version` is 0 until it is stored.

    `templates` are the texts of the user's template files by their names, in the order in which they count.
    """

    route: Route
    receivers: Mapping[str, ReceiverConfig]
    time_intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    inhibit_rules: tuple[InhibitRule, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    resolve_timeout: timedelta = timedelta(minutes=5)
    version: int = 0
