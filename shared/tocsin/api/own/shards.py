"""Shards: how far each is, what lags behind it, what was not evaluated on time, what nobody heard."""

from collections.abc import Mapping

from tocsin.api.operation import Call, Operation
from tocsin.api.own.administration_shapes import GapsShape, LaggingShape, MissedShape, ShardShape, ShardsShape
from tocsin.api.own.describing import reading
from tocsin.api.own.times import maybe_seconds, maybe_time_text, time_text
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.evaluation.head import Lagging
from tocsin.index import read_index
from tocsin.views.rules import read_stored
from tocsin.views.shards import ShardView, read_gaps, read_missed, read_shards


def list_shards(services: Services, _call: Call) -> Response:
    """Answer every shard of the layout in force."""
    database, now = services.database, services.now()
    index = read_index(database)
    views = read_shards(database, index.layout)
    lags = any(view.head and view.head.lagging for view in views)
    names = {stored.id: stored.rule.key for stored in read_stored(database, index)} if lags else {}
    shape: ShardsShape = {"shards": [_shard(view, maybe_seconds(view.lag(now)), names) for view in views]}
    return json_response(shape)


def _shard(view: ShardView, lag: float | None, names: Mapping[str, str]) -> ShardShape:
    head, buckets = view.head, view.shard.buckets
    lagging = head.lagging if head else {}
    return {
        "id": view.shard.id,
        "buckets": {"first": buckets.first, "end": buckets.end},
        "cursor": maybe_time_text(head.cursor if head else None),
        "lagSeconds": lag,
        "sequence": head.seq if head else None,
        "lateSince": maybe_time_text(head.late_since if head else None),
        "setAside": [
            {"first": piece.buckets.first, "end": piece.buckets.end, "cursor": time_text(piece.cursor)}
            for piece in (head.stretches if head else ())
        ],
        "lagging": [_lagging(unit, names.get(unit, unit), held) for unit, held in lagging.items()],
    }


def _lagging(unit: str, name: str, held: Lagging) -> LaggingShape:
    return {
        "ruleId": unit,
        "rule": name,
        "cursor": time_text(held.cursor),
        "since": maybe_time_text(held.since),
        "tries": held.tries,
        "nextTry": time_text(held.until),
        "suspect": held.suspect,
        "quarantined": held.quarantined,
    }


def list_gaps(services: Services, _call: Call) -> Response:
    """Answer the stretches of ticks that were not evaluated on time."""
    database = services.database
    views = read_gaps(database, read_index(database).layout, services.now())
    shape: GapsShape = {
        "gaps": [
            {
                "shard": view.shard,
                "from": time_text(view.gap.start),
                "to": time_text(view.gap.end),
                "replayed": view.gap.replayed,
                "dropped": view.gap.dropped,
            }
            for view in views
        ]
    }
    return json_response(shape)


def list_missed(services: Services, _call: Call) -> Response:
    """Answer the alerts that fired and ended before anybody was told."""
    database = services.database
    views = read_missed(database, read_index(database).layout, services.now())
    shape: MissedShape = {
        "missed": [
            {
                "shard": view.shard,
                "rule": view.rule,
                "labels": dict(view.episode.labels),
                "firedAt": time_text(view.episode.fired_at),
                "resolvedAt": time_text(view.episode.resolved_at),
            }
            for view in views
        ]
    }
    return json_response(shape)


SHARDS: tuple[Operation, ...] = (
    reading(
        "listShards", "/shards", list_shards, "How far every shard is, and what lags behind it", ShardsShape
    ),
    reading("listGaps", "/gaps", list_gaps, "Ticks that were not evaluated on time", GapsShape),
    reading("listMissed", "/missed", list_missed, "Alerts that ended before anybody was told", MissedShape),
)
