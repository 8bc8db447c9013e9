"""A configuration as JSON: how it is stored, and read without a parser of what users write."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tocsin import timeintervals
from tocsin.dispatch.config import Config, Integration, ReceiverConfig, Route
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
    }


def from_document(document: Mapping[str, Any]) -> Config:
    """Return the configuration that `to_document` wrote."""
    return Config(
        version=document["version"],
        resolve_timeout=_duration(document["resolve_timeout_ms"]),
        route=_route_from_document(document["route"]),
        receivers={
            name: ReceiverConfig(name, tuple(_integration_from_document(item) for item in integrations))
            for name, integrations in document["receivers"].items()
        },
        time_intervals={
            name: tuple(timeintervals.from_document(interval) for interval in intervals)
            for name, intervals in document["time_intervals"].items()
        },
    )


def _duration(ms: int) -> timedelta:
    return timedelta(milliseconds=ms)


def _route_to_document(route: Route) -> dict[str, Any]:
    return {
        "id": route.id,
        "key": route.key,
        "receiver": route.receiver,
        "matchers": [[matcher.name, matcher.op.value, matcher.value] for matcher in route.matchers],
        "group_by": None if route.group_by is None else sorted(route.group_by),
        "group_wait_ms": route.group_wait // _MILLISECOND,
        "group_interval_ms": route.group_interval // _MILLISECOND,
        "repeat_interval_ms": route.repeat_interval // _MILLISECOND,
        "continue": route.continues,
        "mute_time_intervals": list(route.mute_time_intervals),
        "active_time_intervals": list(route.active_time_intervals),
        "routes": [_route_to_document(child) for child in route.routes],
    }


def _route_from_document(document: Mapping[str, Any]) -> Route:
    group_by = document["group_by"]
    return Route(
        id=document["id"],
        key=document["key"],
        receiver=document["receiver"],
        matchers=tuple(Matcher(name, MatchOp(op), value) for name, op, value in document["matchers"]),
        group_by=None if group_by is None else frozenset(group_by),
        group_wait=_duration(document["group_wait_ms"]),
        group_interval=_duration(document["group_interval_ms"]),
        repeat_interval=_duration(document["repeat_interval_ms"]),
        continues=document["continue"],
        mute_time_intervals=tuple(document["mute_time_intervals"]),
        active_time_intervals=tuple(document["active_time_intervals"]),
        routes=tuple(_route_from_document(child) for child in document["routes"]),
    )


def _receiver_to_document(receiver: ReceiverConfig) -> list[dict[str, Any]]:
    return [
        {
            "kind": integration.kind,
            "index": integration.index,
            "settings": dict(integration.settings),
            "send_resolved": integration.send_resolved,
        }
        for integration in receiver.integrations
    ]


def _integration_from_document(document: Mapping[str, Any]) -> Integration:
    return Integration(document["kind"], document["index"], document["settings"], document["send_resolved"])
