"""Plug-ins that others wrote: whatever they do harms their own run only."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic, time
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gathering import LONG, NOW, gathering, tools
from tocsin.access.aws import AwsAccess
from tocsin.clock import SystemClock
from tocsin.collection.gather import Gather
from tocsin.inputs import registry
from tocsin.inputs.isolated_child import gathered
from tocsin.inputs.isolation import Order, _GarbageError, _Told, isolated, told
from tocsin.inputs.kind import Probe
from tocsin.inputs.reach import LOCAL, Reach, networks
from tocsin.metric import Metric

PLUGIN = """
import ctypes, os, subprocess, sys, threading, time
from tocsin.metric import Metric

class Kind:
    def __init__(self, *probes):
        self._probes = probes

    def settings(self):
        raise AssertionError

    def open(self, settings, tools):
        return [lambda gather, probe=probe: probe(gather, settings, tools) for probe in self._probes]

def good(gather, settings, tools):
    print("what a plug-in prints")
    os.system("echo what its programs print")
    gather.add("room", {"warm": True, "temp": 20.5, "text": settings["a"], "n": 3, "nan": float("nan")}, {"at": "x"})
    gather.fail("a word to the wise")

def told(gather, settings, tools):
    gather.add("told", {
        "refused": tools.network.reach.refusal("169.254.169.254"),
        "local": tools.local,
        "left": gather.left_seconds(),
        "region": tools.access.session().region_name,
        "key": getattr(tools.access.session().get_credentials(), "access_key", ""),
        "endpoint": tools.access.client("sns").meta.endpoint_url,
        "arguments": " ".join(sys.argv + list(os.environ.values())),
    })

def hang(gather, settings, tools):
    time.sleep(1000)

def crash(gather, settings, tools):
    os.abort()

def leave(gather, settings, tools):
    os._exit(0)

def stop(gather, settings, tools):
    sys.exit("s3cret")

def fail(gather, settings, tools):
    raise ValueError("s3cret")

def flood(gather, settings, tools):
    for number in range(3, 20):
        try:
            os.write(number, b"x" * (9 << 20))
        except OSError:
            pass

def garbage(gather, settings, tools):
    for number in range(3, 20):
        try:
            os.write(number, b"garbage\\n")
        except OSError:
            pass

def noise(gather, settings, tools):
    for number in range(20):
        os.write(1, b"x" * 100_000)
        os.write(2, b"x" * 100_000)
    gather.add("quiet", {"a": 1})

def strange(gather, settings, tools):
    gather.metrics.append(Metric("strange", {"a": {"b": 1}}, at=gather.now()))

def unbounded(gather, settings, tools):
    gather.add("", {"a": 1})
    gather.add("good", {"a": 1})

def opens_badly(settings, tools):
    raise LookupError("s3cret")

GOOD, TOLD, HALF = Kind(good), Kind(told), Kind(good, hang)
CRASH, LEAVE, STOP, FAIL = Kind(crash), Kind(leave), Kind(stop), Kind(fail, good)
FLOOD, GARBAGE, NOISE, STRANGE = Kind(flood), Kind(garbage), Kind(noise), Kind(strange)
SHUT, UNBOUNDED = Kind(), Kind(unbounded)
SHUT.open = opens_badly
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution with a plug-in for each of its names, as pip would."""
    (tmp_path / "somebodys_inputs.py").write_text(PLUGIN)
    (tmp_path / "somebodys_broken.py").write_text("raise RuntimeError('s3cret')")
    metadata = tmp_path / "somebodys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys\nVersion: 1.0\n")
    names = "GOOD TOLD HALF CRASH LEAVE STOP FAIL FLOOD GARBAGE NOISE STRANGE SHUT UNBOUNDED MISSING"
    points = [f"{name.lower()} = somebodys_inputs:{name}" for name in names.split()]
    points.append("broken = somebodys_broken:KIND")
    (metadata / "entry_points.txt").write_text("\n".join(["[tocsin.inputs]", *points]))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


def ran(kind: str, gather: Gather | None = None) -> Gather:
    gather = gather or gathering()
    isolated(kind, {"a": "b"}, tools())(gather)
    return gather


def test_what_a_plug_in_gathers_arrives_and_what_it_prints_harms_nobody(plugins: None) -> None:
    gather = ran("good")
    (found,) = gather.metrics
    fields = dict(found.fields)
    assert str(fields.pop("nan")) == "nan"
    assert fields == {"warm": True, "temp": 20.5, "text": "b", "n": 3}
    assert [type(fields[name]) for name in ("warm", "n")] == [bool, int]
    assert (found.name, found.tags) == ("room", {"at": "x"})
    assert abs((datetime.now(UTC) - found.at).total_seconds()) < 2 * LONG
    assert gather.failures == ["a word to the wise"]


def test_a_plug_in_has_the_tools_and_the_time_of_any_other(plugins: None) -> None:
    (found,) = ran("told").metrics
    assert "link-local" in str(found.fields["refused"])
    assert found.fields["local"] is True
    assert 0 < float(found.fields["left"]) < LONG
    assert found.fields["region"] == "eu-central-1"


def test_a_plug_in_asks_the_aws_of_whoever_runs_it(plugins: None) -> None:
    session = boto3.Session("AKIDOTHER", "s3cret", region_name="eu-west-1")
    access = AwsAccess(lambda: session, SystemClock(), {"endpoint_url": "http://127.0.0.1:9093"})
    gather = gathering()
    isolated("told", {}, replace(tools(), access=access))(gather)
    (found,) = gather.metrics
    there = [found.fields[name] for name in ("region", "key", "endpoint")]
    assert there == ["eu-west-1", "AKIDOTHER", "http://127.0.0.1:9093"]
    assert "s3cret" not in str(found.fields["arguments"])


@pytest.mark.parametrize(
    ("kind", "said", "metrics"),
    [
        ("crash", "crash: its process ended with -6 before it was done", 0),
        ("leave", "leave: its process ended with 0 before it was done", 0),
        ("stop", "stop: SystemExit in somebodys_inputs.py, line ", 0),
        ("fail", "fail: ValueError in somebodys_inputs.py, line ", 1),
        ("flood", "flood: it gathered more than 8388608 bytes, and its process was ended", 0),
        ("garbage", "garbage: it wrote what is no metric", 0),
        ("strange", "strange: it wrote what is no metric", 0),
        ("shut", "shut: LookupError in somebodys_inputs.py, line ", 0),
        ("missing", "missing: the kind 'missing' cannot be loaded", 0),
        ("broken", "broken: RuntimeError in somebodys_broken.py, line 1", 0),
        ("absent", "absent: no kind of input is named 'absent'", 0),
    ],
)
def test_a_plug_in_that_misbehaves_fails_its_own_run(
    plugins: None, kind: str, said: str, metrics: int
) -> None:
    gather = ran(kind)
    assert len(gather.metrics) == metrics
    assert any(failure.startswith(said) for failure in gather.failures)
    assert "s3cret" not in "".join(gather.failures)


def test_what_is_out_of_bounds_is_counted_as_of_any_other(plugins: None) -> None:
    gather = ran("unbounded")
    assert ([found.name for found in gather.metrics], gather.dropped) == (["good"], 1)


def test_noise_on_stdout_and_stderr_is_read_away(plugins: None) -> None:
    gather = ran("noise")
    assert ([found.name for found in gather.metrics], gather.failures) == (["quiet"], [])


def test_a_plug_in_that_hangs_is_ended_and_what_came_before_stays(plugins: None) -> None:
    gather = gathering()

    def until_something_came() -> float:
        return monotonic() + (2 * LONG if gather.metrics else 0)

    gather.monotonic = until_something_came
    ran("half", gather)
    assert [found.name for found in gather.metrics] == ["room"]
    assert gather.failures[-1] == "half: it did not end in time, and its process was ended"


def test_without_time_nothing_is_waited_for(plugins: None) -> None:
    gather = ran("good", gathering(seconds=0))
    assert gather.metrics == []
    assert gather.failures == ["good: it did not end in time, and its process was ended"]


class _TwoTargets:
    def __init__(self, hanging: Callable[[Gather], None]) -> None:
        self._hanging = hanging

    def settings(self) -> Any:
        raise AssertionError

    def open(self, settings: Mapping[str, Any], tools: Any) -> Sequence[Probe]:
        return [lambda gather: gather.add("quick", {"a": 1}), self._hanging]


def test_the_process_tells_what_it_has_when_its_time_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    release = Event()

    def hang(gather: Gather) -> None:
        gather.add("half", {"a": 1})
        release.wait(LONG)

    monkeypatch.setattr(registry, "kind", lambda name: _TwoTargets(hang))
    lines = [json.loads(line) for line in gathered(Order("two", {}, LOCAL, True, time() + 0.4))]
    release.set()
    assert [[series[0] for series in line["metrics"]] for line in lines] == [["quick"], ["half"], []]
    assert [line["failures"] for line in lines] == [[], ["two: it did not end in time"], []]
    assert [line["done"] for line in lines] == [False, False, True]


def test_an_order_arrives_as_it_was_given() -> None:
    reach = Reach(networks(["10.0.0.0/8", "fd00::/8"]), loopback=True, metadata=True)
    order = Order("kind", {"a": [1, {"secret": "name"}]}, reach, False, 1.5, {"aws_access_key_id": "AKIDOWN"})
    assert Order.of(order.to_json()) == order
    assert "AKIDOWN" not in repr(order)


def test_lines_are_taken_however_they_are_cut() -> None:
    lines = told([Metric("a", {"b": 1}, at=NOW)]) + told(failures=["c"]) + told(done=True)
    for size in (1, 7, 1000):
        gather = gathering()
        taking = _Told(gather)
        for start in range(0, len(lines), size):
            taking(lines[start : start + size])
        assert (gather.metrics, gather.failures, taking.done) == (
            [Metric("a", {"b": 1}, at=NOW)],
            ["c"],
            True,
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(
    st.fixed_dictionaries(
        {
            "metrics": JSON | st.lists(st.tuples(JSON, JSON, JSON, JSON)),
            "failures": JSON,
            "dropped": JSON,
            "done": JSON,
        }
    )
    | JSON
)
def test_no_line_does_more_than_to_be_refused(line: Any) -> None:
    gather = gathering()
    try:
        _Told(gather)(json.dumps(line).encode() + b"\n")
    except _GarbageError:
        assert gather.metrics == []
    for found in gather.metrics:
        assert isinstance(found.name, str)
