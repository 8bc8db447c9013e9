"""The same check from three regions: each a whole stack of its own; two write what they see to the main one's API."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.harness import CONFIG, START, Pager, alert, moment
from tests.unit.asking_api import OFF
from tests.unit.source_access import FakeAccess
from tocsin.api import requests
from tocsin.api.app import App
from tocsin.api.build import build
from tocsin.bootstrap import World
from tocsin.collection.gather import Gather
from tocsin.collection.input import Input
from tocsin.collection.running import Probe
from tocsin.http import Reply, Request, Response, Transport, Unreachable
from tocsin.index import read_index
from tocsin.local.applying import apply_config, apply_inputs, apply_rules
from tocsin.local.stack import blueprint, find_template
from tocsin.local.virtual import Outside, VirtualStack
from tocsin.local.watching import Line, Tally, log
from tocsin.matchers import Matcher, MatchOp
from tocsin.outputs.opened import OpenOutputs
from tocsin.samples.log import SampleLog
from tocsin.samples.reading import Reader
from tocsin.samples.series import SeriesStore
from tocsin.samples.writers import writers
from tocsin.shipping.cursor import read_cursor
from tocsin.sources.inputs import InputsSource
from tocsin.stores.memory import MemoryDatabase
from tocsin.tls import Tls

DOCS = Path(__file__).parents[2] / "docs"
MAIN, REMOTE = "eu-west-1", ("us-east-1", "ap-south-1")
SHOP = "https://shop.example"
INPUTS = f"""\
inputs:
  - id: web/shop
    kind: http_response
    settings: {{urls: ["{SHOP}"]}}
"""
LOOKBACK, FOR, WAIT, TICK = 300, 60, 10, 10
"""Seconds: how long a sample counts; the rule's `for`; the route's `group_wait`; what either side may be off by."""


def in_docs(page: str, beginning: str) -> str:
    """Return the one example of a page under a heading."""
    [example] = re.findall(rf"{beginning}\n.*?```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return str(example)


RULES = in_docs("inputs.md", "## From several regions")
OUTPUT = in_docs("outputs.md", "### The same checks from several regions")


@dataclass
class Wire(FakeAccess):
    """An `Access` whose one way out ends at an API; `cut` says that nothing comes through."""

    api: App | None = None
    cut: bool = False
    statuses: list[int] = field(default_factory=list)

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """Return what hands a request over."""
        return self._send

    def _send(self, request: Request, timeout_seconds: float) -> Reply:
        if self.cut or self.api is None:
            return Unreachable("no route to host")
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = requests.Request(
            request.method, urlsplit(request.url).path, "", headers, request.body, "192.0.2.7"
        )
        answer = self.api.answer(asked)
        self.statuses.append(answer.status)
        return Response(answer.status, answer.headers, answer.body)


class Region(VirtualStack):
    """One region's stack: its functions in virtual time, a check that sees the target as the test says."""

    def __init__(self, region: str, pager: Pager) -> None:
        self.database, self.wire = MemoryDatabase(), Wire()
        self.down = False
        self.failures: list[Line] = []
        self._sources: dict[str, InputsSource] = {}
        outside = Outside(self.database, self._sources, pager.receiver, self._opens)
        super().__init__(blueprint(find_template(), {"Shards": "1"}, region), outside, START, self._watch)
        self._sources["inputs"] = InputsSource(Reader(self.database), self.clock)

    def world(self) -> World:
        """Return the world with outputs that go over the wire."""
        return replace(super().world(), outputs=OpenOutputs(self.wire))

    def _opens(self, given: Input) -> Sequence[Probe]:
        return [self._probe]

    def _probe(self, gather: Gather) -> None:
        result, code = ("connection_failed", 3) if self.down else ("success", 0)
        tags = {"server": SHOP, "method": "GET", "result": result}
        gather.add("http_response", {"result_code": code, "result_type": result}, tags)

    def _watch(self, line: Line) -> None:
        if line.error is not None:
            self.failures.append(line)


class Regions:
    """Three regions, and who is told by the main one."""

    def __init__(self, rules: str = RULES) -> None:
        self.pager = Pager(lambda: self.main.clock.now())
        self.main = Region(MAIN, self.pager)
        self.remote = {name: Region(name, self.pager) for name in REMOTE}
        apply_config(self.main.database, CONFIG, "alertmanager.yml", START)
        apply_rules(self.main.database, [("rules.yml", rules)], START)
        apply_inputs(self.main.database, INPUTS, "inputs.yml", START)
        api = build(self.main.world(), OFF, Tally(), log("api", self.main._watch))
        for region in self.remote.values():
            region.wire.api = api
            apply_inputs(region.database, INPUTS + OUTPUT, "inputs.yml", START)
        self.all = {MAIN: self.main, **self.remote}
        self.gone: set[str] = set()
        self._seconds = 0

    def run(self, until: int) -> None:
        """Let time pass in all regions, second by second, the main one last."""
        while self._seconds < until:
            self._seconds += 1
            for name, region in reversed(self.all.items()):
                if name not in self.gone:
                    region.runner.run_until(moment(self._seconds))
        assert [region.failures for region in self.all.values()] == [[], [], []]

    def down(self, *names: str, up: bool = False) -> None:
        """Let regions see the target down, or up again."""
        for name in names:
            self.all[name].down = not up

    def runs(self) -> Mapping[str, Sequence[int]]:
        """Return when the check has run, by location, as the main region knows it."""
        found = SeriesStore(0)
        for writer in writers(read_index(self.main.database).layout):
            for entry in SampleLog(self.main.database).read(writer, 0):
                found.add(entry.metrics)
        name = Matcher("__name__", MatchOp.EQUAL, "tocsin_input_up")
        return {series.labels["location"]: series.times for series in found.select([name])}

    def told(self, since: float = 0) -> list[str]:
        """Return what people were told after a second: each alert by its name."""
        pages = [page for page in self.pager.pages if page.at > since]
        fired = [f"{dict(labels)['alertname']} fires" for page in pages for labels in page.firing]
        return fired + [f"{dict(labels)['alertname']} ended" for page in pages for labels in page.resolved]


@pytest.fixture
def regions() -> Regions:
    found = Regions()
    found.run(120)
    return found


def test_each_region_says_where_its_samples_are_from(regions: Regions) -> None:
    assert regions.runs().keys() == {MAIN, *REMOTE}
    assert {status for region in regions.remote.values() for status in region.wire.statuses} == {204}
    assert regions.told() == []


@pytest.mark.parametrize("name", [MAIN, *REMOTE])
def test_down_from_one_region_is_nothing(regions: Regions, name: str) -> None:
    regions.down(name)
    regions.run(480)
    assert regions.told() == []


@pytest.mark.parametrize(
    "names", [REMOTE, (MAIN, REMOTE[0])], ids=["two remote ones", "the main one and another"]
)
def test_down_from_two_regions_fires_and_ends_when_one_of_them_recovers(
    regions: Regions, names: Sequence[str]
) -> None:
    regions.down(*names)
    regions.run(300)
    [page] = regions.pager.pages
    assert page.firing == {alert("DownFromTwoPlaces", server=SHOP)}
    assert 120 + FOR + WAIT <= page.at <= 120 + FOR + WAIT + 3 * TICK
    regions.down(names[0], up=True)
    regions.run(420)
    # Not when the old series has been looked back on for five minutes: the run that succeeds ends it.
    [ended] = regions.pager.pages[1:]
    assert ended.resolved == {alert("DownFromTwoPlaces", server=SHOP)}
    assert ended.at <= 300 + 2 * TICK + 60


def test_a_region_that_is_gone_votes_for_five_minutes_more_and_is_told_of(regions: Regions) -> None:
    regions.down(*REMOTE)
    regions.run(240)
    assert regions.told() == ["DownFromTwoPlaces fires"]
    regions.gone.add(REMOTE[0])
    regions.run(240 + LOOKBACK - TICK)
    assert regions.told(240) == []
    regions.run(240 + LOOKBACK + FOR + WAIT + 60 + 3 * TICK)
    assert sorted(regions.told(240)) == ["DownFromTwoPlaces ended", "RegionSilent fires"]


def test_of_two_regions_that_are_left_both_must_see_it(regions: Regions) -> None:
    regions.gone.add(REMOTE[0])
    regions.run(600)
    assert regions.told() == ["RegionSilent fires"]
    regions.down(REMOTE[1])
    regions.run(720)
    regions.down(MAIN)
    regions.run(840)
    assert regions.told(600) == ["DownFromTwoPlaces fires"]


def test_a_region_that_cannot_be_reached_for_a_while_is_made_up_for(regions: Regions) -> None:
    lost = regions.remote[REMOTE[0]]
    lost.wire.cut = True
    regions.run(240)
    lost.wire.cut = False
    regions.run(360)
    times = regions.runs()[REMOTE[0]]
    gaps = [after - before for before, after in pairwise(times)]
    assert set(gaps) == {TICK * 1000}
    assert read_cursor(lost.database, "main").counts.dropped == 0
    assert regions.told() == []


def test_the_shortest_expression_says_the_same() -> None:
    regions = Regions(
        "groups: [{name: shortest, source: inputs, interval: 10s, rules: [{alert: Down, expr: "
        '"count by (input) (http_response_result_code > 0) >= 2"}]}]'
    )
    regions.run(60)
    regions.down(REMOTE[0])
    regions.run(150)
    assert regions.told() == []
    regions.down(REMOTE[1])
    regions.run(210)
    assert [page.firing for page in regions.pager.pages] == [{alert("Down", input="web/shop")}]
    regions.down(REMOTE[0], up=True)
    regions.run(330)
    assert regions.told(210) == ["Down ended"]
