"""The routes of alertmanager.yml, everything that a route inherits filled in."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from tocsin.configfile.fields import Template
from tocsin.configfile.matching import Match, Matchers, MatchRe, all_matchers
from tocsin.dispatch.config import Route
from tocsin.documents import Block, Document, Duration, Path, Text
from tocsin.labels import quote
from tocsin.matchers import format_matchers

_ABOVE_ROOT = Route(
    id="",
    key="",
    receiver="",
    matchers=(),
    group_by=frozenset(),
    group_wait=timedelta(seconds=30),
    group_interval=timedelta(minutes=5),
    repeat_interval=timedelta(hours=4),
)
"""What the root inherits: Alertmanager's defaults."""

_ROOT_HAS_NONE = {
    "match": "root route must not have any matchers",
    "match_re": "root route must not have any matchers",
    "matchers": "root route must not have any matchers",
    "mute_time_intervals": "root route must not have any mute time intervals",
    "active_time_intervals": "root route must not have any active time intervals",
}
_ALL_LABELS = "..."
_REPEATS_LATE = (
    "repeat_interval is less than group_interval: nothing is repeated before the next group_interval"
)


def _group_by(names: list[str]) -> list[str]:
    if _ALL_LABELS in names and set(names) != {_ALL_LABELS}:
        raise ValueError("cannot have wildcard group_by (`...`) and other labels at the same time")
    for name, count in Counter(names).items():
        if not name:
            raise ValueError(f"invalid label name {quote(name)} in group_by list")
        if count > 1 and name != _ALL_LABELS:
            raise ValueError(f"duplicated label {quote(name)} in group_by")
    return names


def _not_zero(key: str) -> AfterValidator:
    def check(duration: timedelta) -> timedelta:
        if not duration:
            raise ValueError(f"{key} cannot be zero")
        return duration

    return AfterValidator(check)


def _label_names(labels: dict[str, str]) -> dict[str, str]:
    if "" in labels:
        raise ValueError(f"invalid label name {quote('')} in route labels")
    return labels


class _Route(Block):
    receiver: str = ""
    group_by: Annotated[list[Text], AfterValidator(_group_by)] | None = None
    continues: bool = Field(default=False, alias="continue")
    match: Match = Field(default_factory=dict)
    match_re: MatchRe = Field(default_factory=dict)
    matchers: Matchers = ()
    group_wait: Duration | None = None
    group_interval: Annotated[Duration, _not_zero("group_interval")] | None = None
    repeat_interval: Annotated[Duration, _not_zero("repeat_interval")] | None = None
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    labels: Annotated[dict[str, Template], AfterValidator(_label_names)] = Field(default_factory=dict)
    routes: tuple[Any, ...] = ()


def read_routes(document: Document) -> Route:
    """Return the root of the tree; if a problem has been noted, what is returned must not be used."""
    path: Path = ("route",)
    if document.at(path) is None:
        document.refuse(path, "no route provided in config")
        return _ABOVE_ROOT
    for key, reason in _ROOT_HAS_NONE.items():
        if document.at((*path, key)):
            document.refuse((*path, key), reason)
    if not document.at((*path, "receiver")):
        document.refuse((*path, "receiver"), "root route must specify a default receiver")
    root = _Reader(document).read(path, _ABOVE_ROOT, Counter())
    if root.continues:
        document.refuse((*path, "continue"), "cannot have continue in root route")
    return root


class _Reader:
    """Reads routes, and knows the names that they may use."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._receivers = self._names("receivers")
        self._intervals = self._names("time_intervals") | self._names("mute_time_intervals")

    def _names(self, key: str) -> set[str]:
        names = (self._document.at((*path, "name")) for path in self._document.items((key,)))
        return {name for name in names if isinstance(name, str)}

    def read(self, path: Path, above: Route, siblings: Counter[str]) -> Route:
        """Return the route at `path` and all below; `siblings` counts those before it by their matchers."""
        block = self._document.read(path, _Route) or _Route()
        self._check_names(path, block)
        route = _inheriting(block, above, siblings)
        own = block.group_interval or block.repeat_interval
        if own and route.repeat_interval < route.group_interval:
            self._document.warn(path, _REPEATS_LATE)
        below: Counter[str] = Counter()
        paths = self._document.items((*path, "routes"))
        return replace(route, routes=tuple(self.read(child, route, below) for child in paths))

    def _check_names(self, path: Path, block: _Route) -> None:
        if block.receiver and block.receiver not in self._receivers:
            self._document.refuse(
                (*path, "receiver"), f"undefined receiver {quote(block.receiver)} used in route"
            )
        for key in ("mute_time_intervals", "active_time_intervals"):
            for index, name in enumerate(getattr(block, key)):
                if name not in self._intervals:
                    reason = f"undefined time interval {quote(name)} used in route"
                    self._document.refuse((*path, key, index), reason)


def _inheriting(block: _Route, above: Route, siblings: Counter[str]) -> Route:
    """Return the route of a block, still without routes below; time intervals are not inherited."""
    matchers = all_matchers(block.match, block.match_re, block.matchers)
    own = format_matchers(matchers)
    siblings[own] += 1
    number = f"#{siblings[own]}" if siblings[own] > 1 else ""
    slash = "/" if above.key else ""
    group_by = above.group_by if block.group_by is None else frozenset(block.group_by)
    return Route(
        id=f"{above.id}{slash}{own}{number}",
        key=f"{above.key}{slash}{own}",
        receiver=block.receiver or above.receiver,
        matchers=matchers,
        group_by=None if group_by is None or _ALL_LABELS in group_by else group_by,
        group_wait=_given(block.group_wait, above.group_wait),
        group_interval=_given(block.group_interval, above.group_interval),
        repeat_interval=_given(block.repeat_interval, above.repeat_interval),
        continues=block.continues,
        mute_time_intervals=block.mute_time_intervals,
        active_time_intervals=block.active_time_intervals,
        labels={**above.labels, **block.labels},
    )


def _given(own: timedelta | None, above: timedelta) -> timedelta:
    return above if own is None else own
