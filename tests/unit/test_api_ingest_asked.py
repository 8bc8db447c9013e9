"""What was posted, as rules of the source `inputs` read it."""

from datetime import timedelta

import pytest

from tests.unit.asking_api import Api
from tests.unit.commandline import NOON
from tests.unit.test_api_ingest_remote_write import MS, PROMETHEUS, UP, WRITE, body
from tocsin.ports import Query, Samples
from tocsin.samples.reading import Reader
from tocsin.sinks.points import Point
from tocsin.sources.inputs import KIND, InputsSource

LINES = b"""\
cpu,host=a usage_idle=12.5,busy=3i,state="ok" %d
cpu,host=b usage_idle=80 %d
"""


def ask(api: Api, expr: str, later: timedelta = timedelta()) -> dict[str, float]:
    """Return the values that an expression has now, by the labels of their series."""
    source = InputsSource(Reader(api.database), api.clock)
    [answer] = source.ask([Query(expr, (NOON + later,), 10.0, plan=KIND.compile(expr))], 10.0)
    assert isinstance(answer, Samples), answer
    [samples] = answer.at
    return {",".join(sorted(map("=".join, sample.labels.items()))): sample.value for sample in samples}


@pytest.fixture
def api() -> Api:
    return Api()


def test_lines_are_series_by_the_names_that_telegraf_gives_them_in_prometheus(api: Api) -> None:
    assert api.ask("POST", "/api/v2/write", LINES % (MS * 10**6, MS * 10**6)).status == 204
    assert ask(api, "cpu_usage_idle < 20") == {"__name__=cpu_usage_idle,host=a": 12.5}
    assert ask(api, "sum(cpu_usage_idle)") == {"": 92.5}
    assert ask(api, "cpu_busy") == {"__name__=cpu_busy,host=a": 3.0}
    assert ask(api, "cpu_state") == {}


def test_series_of_prometheus_keep_their_names_and_end_when_they_are_said_to(api: Api) -> None:
    sent = body([Point(UP, MS - 30_000, 1.0), Point(UP, MS - 15_000, 0.0)])
    assert [api.ask("POST", WRITE, sent, **PROMETHEUS).status for _ in range(2)] == [204, 204]
    assert ask(api, "up == 0") == {"__name__=up,job=api": 0.0}
    assert ask(api, "count_over_time(up[1m])") == {"job=api": 2.0}
    end = body([Point(UP, MS, None)])
    assert api.ask("POST", WRITE, end, **PROMETHEUS).status == 204
    assert ask(api, "up") == {}
    assert ask(api, "absent(up)") == {"": 1.0}
    assert ask(api, "count_over_time(up[1m])") == {"job=api": 2.0}


def test_what_was_posted_early_is_there_when_its_time_has_come(api: Api) -> None:
    """A sender's clock is ahead, as far as it may be."""
    early = timedelta(minutes=10)
    assert api.ask("POST", WRITE, body([Point(UP, MS + 600_000, 0.0)]), **PROMETHEUS).status == 204
    assert ask(api, "up") == {}
    api.clock.sleep(early.total_seconds())
    assert ask(api, "up", early) == {"__name__=up,job=api": 0.0}
