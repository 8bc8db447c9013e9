"""One cold dispatcher in a process of its own, which imports what a Lambda function does and nothing else of ours."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta

import boto3

import tocsin.observability  # noqa: F401 - as the function does
from tocsin.bootstrap import World, dispatcher, pushed, with_receivers
from tocsin.clock import SystemClock
from tocsin.dispatch.controls import store_config
from tocsin.dispatch.group import DUE_SLOTS
from tocsin.dispatch.posted import Posted
from tocsin.instants import millis
from tocsin.ports import Message
from tocsin.settings import Settings
from tocsin.stores.memory import MemoryDatabase

PARSERS = {"pydantic", "pydantic_core", "yaml", "click", "promql_parser", "moto", "rich"}
"""What only faces need."""


class _Dropped:
    def send(self, messages: Sequence[Message]) -> None:
        pass


def page(document: str) -> None:
    """Tell every integration of a stored configuration of one alert; none of the parsers may have been imported."""
    clock, database = SystemClock(), MemoryDatabase()
    store_config(database, json.loads(document), "", by="benchmark", now=clock.now())
    session = boto3.Session("test", "test", region_name="us-east-1")
    world = with_receivers(World(database, clock, flushes=_Dropped()), session)
    pushed(world).receive([Posted({"alertname": "Down", "instance": "a"}, {"summary": "a is down"})])
    now = millis(clock.now() + timedelta(seconds=1))
    [group] = [str(item["pk"]) for slot in range(DUE_SLOTS) for item in database.due(slot, now, 10)]
    report = dispatcher(world, Settings(), timedelta(seconds=75)).flush(group)
    assert [told.outcome for told in report.told] == ["delivered"] * 3, report
    assert not PARSERS & set(sys.modules), PARSERS & set(sys.modules)
