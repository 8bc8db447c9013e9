"""A world with nothing but an API in it, and the alerts that are posted to it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from tocsin.api.app import App
from tocsin.api.build import build
from tocsin.bootstrap import World
from tocsin.clock import SystemClock
from tocsin.configfile.parse import parse_config
from tocsin.dispatch.configcodec import to_document
from tocsin.dispatch.controls import store_config
from tocsin.instants import rfc3339
from tocsin.local.watching import Tally
from tocsin.ports import Database, Message
from tocsin.settings import Access, Api, Settings

ALERTS = 10_000
GROUPS = 100
NAMES = 50
CONFIG = """\
route: {receiver: hook, group_by: [alertname, cluster], group_wait: 1h}
receivers: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:9/"}]}]
"""


class Dropped:
    """A queue whose messages nobody reads: what is measured ends when an alert is durable."""

    def send(self, messages: Sequence[Message]) -> None:
        """Do nothing."""


def api(database: Database, config: str, log: Logger) -> App:
    """Return the API on a database in which a configuration is in force."""
    clock = SystemClock()
    document = to_document(parse_config(config, "alertmanager.yml"))
    store_config(database, document, config, by="benchmark", now=clock.now())
    settings = Settings(api=Api(access=Access.OFF))
    return build(World(database, clock, flushes=Dropped()), settings, Tally(), log)


def batches(size: int, *, alerts: int = ALERTS) -> Iterator[list[dict[str, Any]]]:
    """Yield alerts as a Prometheus posts them, so many at a time: those of a rule one after the other."""
    now = datetime.now(UTC)
    made = [
        {
            "labels": {
                "alertname": f"Alert{number * NAMES // alerts}",
                "cluster": f"c{number * GROUPS // alerts % 2}",
                "instance": f"host-{number}:9100",
                "job": "node",
                "severity": ("page", "warning")[number % 2],
            },
            "annotations": {
                "summary": f"host-{number} is not well",
                "runbook": "https://example.com/runbook",
            },
            "startsAt": rfc3339(now - timedelta(minutes=1)),
            "endsAt": rfc3339(now + timedelta(hours=1)),
            "generatorURL": "http://prometheus.example.com/graph?g0.expr=up",
        }
        for number in range(alerts)
    ]
    return (made[start : start + size] for start in range(0, alerts, size))
