"""The whole at a glance, and who looks at it."""

from collections import Counter

from tocsin import __version__
from tocsin.api.operation import Call, Operation
from tocsin.api.own.administration_shapes import ConfigShape, StatusShape, WhoamiShape
from tocsin.api.own.describing import reading
from tocsin.api.own.times import maybe_seconds, maybe_time_text, time_text
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.dispatch.group import held_groups
from tocsin.dispatch.versions import read_version
from tocsin.index import Index, read_index
from tocsin.ports import Database
from tocsin.views.rules import read_rules
from tocsin.views.shards import read_shards
from tocsin.views.status import Groups


def get_status(services: Services, _call: Call) -> Response:
    """Answer the whole at a glance."""
    database, now = services.database, services.now()
    index = read_index(database)
    shards = read_shards(database, index.layout)
    rules = read_rules(database, index, shards)
    groups = Groups.count(held_groups(database).values(), now)
    lags = [lag for shard in shards if (lag := shard.lag(now)) is not None]
    shape: StatusShape = {
        "now": time_text(now),
        "version": __version__,
        "access": services.settings.api.access,
        "config": _config(database, index),
        "layout": {"version": index.layout.version, "shards": index.layout.shards},
        "rules": {
            "total": len(rules),
            "paused": sum(view.stored.paused(now) for view in rules),
            "byState": Counter(view.state.value for view in rules),
            "byHealth": Counter(view.health for view in rules),
        },
        "groups": {"held": groups.held, "due": groups.due, "overdue": groups.overdue},
        "worstLagSeconds": maybe_seconds(max(lags, default=None)),
    }
    return json_response(shape)


def _config(database: Database, index: Index) -> ConfigShape | None:
    found = read_version(database, index.config)
    if found is None:
        return None
    return {"version": found.number, "by": found.by, "at": maybe_time_text(found.at), "note": found.note}


def whoami(_services: Services, call: Call) -> Response:
    """Answer who asks."""
    who = call.identity
    scopes = sorted(scope.value for scope in who.scopes)
    shape: WhoamiShape = {"name": who.name, "scopes": scopes, "proof": who.proof.value}
    return json_response(shape)


STATUS: tuple[Operation, ...] = (
    reading("getTocsinStatus", "/status", get_status, "The whole at a glance", StatusShape),
    reading("whoami", "/whoami", whoami, "Who asks, and what they may do", WhoamiShape),
)
