"""A configuration as JSON: how it is stored, and read without a parser of what users write."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tocsin import timeintervals
from tocsin.dispatch.config import Config, InhibitRule, Integration, ReceiverConfig, Route
from tocsin.matchers import Matcher, MatchOp

_MILLISECOND = timedelta(milliseconds=1)


def to_document(config: Config) -> dict[str, Any]:
    """Return the configuration as JSON: durations in milliseconds, matchers as name, comparison, value."""
    return {
        "version": config.version,
        "resolve_timeout_ms": config.resolve_timeout // _MILLISECOND,
        "route": _route_to_document(config.route),
        "receivers": {name: _receiver_to_document(receiver) for name, receiver in config.receivers.items()},
        "time_intervals": {
            name: [timeintervals.to_document(interval) for interval in intervals]
            for name, intervals in config.time_intervals.items()
        },
        "inhibit_rules": [_inhibit_rule_to_document(rule) for rule in config.inhibit_rules],
        "templates": [list(file) for file in config.templates.items()],
    }


def from_document(document: Mapping[str, Any]) -> Config:
    """Return the configuration that `to_document` wrote."""
    return Config(
        version=document["version"],
        resolve_timeout=_duration(document["resolve_timeout_ms"]),
        route=_route_from_document(document["route"]),
        receivers={
            name: _receiver_from_document(name, receiver) for name, receiver in document["receivers"].items()
        },
        time_intervals={
            name: tuple(timeintervals.from_document(interval) for interval in intervals)
            for name, intervals in document["time_intervals"].items()
        },
        inhibit_rules=tuple(_inhibit_rule_from_document(rule) for rule in document.get("inhibit_rules", ())),
        templates=dict(document.get("templates", ())),
    )


def _duration(ms: int) -> timedelta:
    return timedelta(milliseconds=ms)


def _route_to_document(route: Route) -> dict[str, Any]:
    return {
        "id": route.id,
        "key": route.key,
        "receiver": route.receiver,
        "matchers": _matchers_to_document(route.matchers),
        "group_by": None if route.group_by is None else sorted(route.group_by),
        "group_wait_ms": route.group_wait // _MILLISECOND,
        "group_interval_ms": route.group_interval // _MILLISECOND,
        "repeat_interval_ms": route.repeat_interval // _MILLISECOND,
        "continue": route.continues,
        "mute_time_intervals": list(route.mute_time_intervals),
        "active_time_intervals": list(route.active_time_intervals),
        "labels": dict(route.labels),
        "routes": [_route_to_document(child) for child in route.routes],
    }


def _route_from_document(document: Mapping[str, Any]) -> Route:
    group_by = document["group_by"]
    return Route(
        id=document["id"],
        key=document["key"],
        receiver=document["receiver"],
        matchers=_matchers_from_document(document["matchers"]),
        group_by=None if group_by is None else frozenset(group_by),
        group_wait=_duration(document["group_wait_ms"]),
        group_interval=_duration(document["group_interval_ms"]),
        repeat_interval=_duration(document["repeat_interval_ms"]),
        continues=document["continue"],
        mute_time_intervals=tuple(document["mute_time_intervals"]),
        active_time_intervals=tuple(document["active_time_intervals"]),
        labels=document.get("labels", {}),
        routes=tuple(_route_from_document(child) for child in document["routes"]),
    )


def _matchers_to_document(matchers: Sequence[Matcher]) -> list[list[str]]:
    return [[matcher.name, matcher.op.value, matcher.value] for matcher in matchers]


def _matchers_from_document(document: Sequence[Sequence[str]]) -> tuple[Matcher, ...]:
    return tuple(Matcher(name, MatchOp(op), value) for name, op, value in document)


def _inhibit_rule_to_document(rule: InhibitRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "source": _matchers_to_document(rule.source),
        "target": _matchers_to_document(rule.target),
        "equal": list(rule.equal),
    }


def _inhibit_rule_from_document(document: Mapping[str, Any]) -> InhibitRule:
    return InhibitRule(
        source=_matchers_from_document(document["source"]),
        target=_matchers_from_document(document["target"]),
        equal=tuple(document["equal"]),
        name=document["name"],
    )


def _receiver_to_document(receiver: ReceiverConfig) -> dict[str, Any]:
    integrations = [
        {
            "kind": integration.kind,
            "index": integration.index,
            "settings": dict(integration.settings),
            "send_resolved": integration.send_resolved,
        }
        for integration in receiver.integrations
    ]
    return {"labels": dict(receiver.labels), "integrations": integrations}


def _receiver_from_document(name: str, document: Any) -> ReceiverConfig:
    if isinstance(document, list):  # as versions before labels wrote it
        document = {"integrations": document}
    integrations = tuple(_integration_from_document(item) for item in document["integrations"])
    return ReceiverConfig(name, integrations, document.get("labels", {}))


def _integration_from_document(document: Mapping[str, Any]) -> Integration:
    return Integration(document["kind"], document["index"], document["settings"], document["send_resolved"])
