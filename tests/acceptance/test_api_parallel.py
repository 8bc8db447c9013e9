"""Fifty who post at once, each by a function of its own, different alerts and the same ones: nothing is lost."""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from time import monotonic, sleep

import pytest

from tests.acceptance.alerting import config
from tests.engines import MINISTACK
from tocsin.api.app import App
from tocsin.api.build import build
from tocsin.api.requests import Request
from tocsin.bootstrap import World
from tocsin.clock import SystemClock
from tocsin.local.applying import apply_config
from tocsin.local.watching import Tally, log
from tocsin.ports import Database, Message
from tocsin.settings import Access, Api, Settings
from tocsin.views.groups import read_groups

WRITERS, OWN, SHARED = 50, 8, 8
_PATIENCE_SECONDS = 900
"""A Prometheus never stops; on a busy machine an engine in one process answers some only after a while."""
_HEADERS = {"content-type": "application/json"}


class Hints:
    """Takes what is hinted at, and needs none of it."""

    def send(self, messages: Sequence[Message]) -> None:
        """Drop hints: no group is flushed here."""


def function(database: Database) -> App:
    """Return a container of the API's function."""
    world = World(database, SystemClock(), flushes=Hints())
    return build(world, Settings(api=Api(access=Access.OFF)), Tally(), log("api", lambda line: None))


def alerts(writer: int) -> list[tuple[str, str]]:
    """Return what somebody posts: alerts of their own under names that others use too, and some that all post."""
    own = [(f"Rule{n % 2}", f"{writer}-{n}") for n in range(OWN)]
    return own + [("Shared", f"all-{n}") for n in range(SHARED)]


def body_of(writer: int) -> bytes:
    """Return the request's body."""
    ends = (datetime.now(UTC) + timedelta(hours=1, seconds=writer)).isoformat()
    labels = [{"alertname": name, "instance": instance} for name, instance in alerts(writer)]
    return json.dumps([{"labels": one, "endsAt": ends} for one in labels]).encode()


@pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)
def test_nothing_is_lost_of_what_fifty_post_at_once(database: Database) -> None:
    apply_config(database, config(), "alertmanager.yml", datetime.now(UTC))
    answers: Counter[int] = Counter()
    start, deadline = Barrier(WRITERS), monotonic() + _PATIENCE_SECONDS

    def write(writer: int) -> None:
        app = function(database)
        start.wait()
        while monotonic() < deadline:  # as Prometheus comes again
            request = Request("POST", "/api/v2/alerts", headers=_HEADERS, body=body_of(writer))
            status = app.answer(request).status
            answers[status] += 1
            if status == 200:
                break
            sleep(0.5)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    print(f"answers: {dict(answers)}")
    assert set(answers) <= {200, 503}
    assert answers[200] == WRITERS
    posts = [alerts(writer) for writer in range(WRITERS)]
    expected = {one for post in posts for one in post}
    listed = function(database).answer(Request("GET", "/api/v2/alerts"))
    shown = [(one["labels"]["alertname"], one["labels"]["instance"]) for one in json.loads(listed.body)]
    assert sorted(shown) == sorted(expected)
    held = read_groups(database, World(database, SystemClock()).parallel)
    assert all(group.meta.due is not None for group in held if group.alerts), (
        "a group that holds alerts is due"
    )
