"""The registry of kinds: our own without any metadata, those of others by their entry points."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.unit.source_access import FakeAccess
from tests.unit.test_importing import BARE, PARSERS
from tocsin.documents import Block
from tocsin.http import Response
from tocsin.ports import Query, Refused, Sample, Samples
from tocsin.sources import registry
from tocsin.sources.definition import Definition
from tocsin.sources.kind import StoreKind
from tocsin.sources.registry import BUILT_IN, KindError
from tocsin.sources.sourcefile import parse_sources

PLUGIN = """
from tocsin.documents import Block
from tocsin.ports import Sample, Samples


class Settings(Block):
    answer: float


class Constant:
    language = "none"

    def settings(self):
        return Settings

    def compile(self, expr):
        return None

    def open(self, definition, access):
        return Source(definition.settings["answer"])


class Source:
    def __init__(self, answer):
        self.answer = answer

    def ask(self, queries, timeout_seconds):
        return [Samples(tuple((Sample({}, self.answer),) for _ in query.at)) for query in queries]


KIND = Constant()
"""


def install(directory: Path, name: str, entry_points: str, code: str = PLUGIN) -> None:
    """Put a distribution with one module where Python finds it."""
    info = directory / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(dedent(entry_points))
    (directory / f"{name}.py").write_text(code)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = "[tocsin.sources]\nconstant = tocsin_constant:KIND\nbroken = tocsin_constant:NOTHING\n"
    install(tmp_path, "tocsin_constant", points)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_kind_of_ours_is_there_and_whole(name: str) -> None:
    kind = registry.kind(name)
    assert kind.language
    assert issubclass(kind.settings(), Block)
    assert callable(kind.open_stored if isinstance(kind, StoreKind) else kind.open)


@pytest.mark.usefixtures("plugin")
def test_a_kind_of_another_package_is_found_by_its_entry_point() -> None:
    assert registry.kind("constant").language == "none"
    assert "constant" in registry.names()


@pytest.mark.usefixtures("plugin")
def test_a_kind_is_imported_only_when_it_is_used() -> None:
    sys.modules.pop("tocsin_constant", None)
    registry.kind("prometheus")
    registry.names()
    assert "tocsin_constant" not in sys.modules


@pytest.mark.usefixtures("plugin")
def test_a_kind_that_cannot_be_loaded_says_why() -> None:
    with pytest.raises(KindError, match=r"the kind 'broken' cannot be loaded: .*NOTHING"):
        registry.kind("broken")


def test_an_unknown_kind_is_told_which_there_are() -> None:
    with pytest.raises(KindError, match=r"named 'graphite' \(there are: aurora, cloudwatch, .*prometheus"):
        registry.kind("graphite")


def test_a_kind_of_ours_is_no_other_packages_to_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "tocsin_false", "[tocsin.sources]\nprometheus = tocsin_false:KIND\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registry.kind("prometheus").language == "promql"


@pytest.mark.parametrize("place", BUILT_IN.values(), ids=BUILT_IN)
def test_opening_a_source_imports_no_parser(place: str) -> None:
    module = place.partition(":")[0]
    script = f"import sys, {module}; print(*({PARSERS!r} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", script], env=BARE, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()


def test_the_example_in_the_documentation_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [entry_points] = re.findall(r"```toml\n\[project.entry-points.*?\]\n(.*?)```", PAGE, re.DOTALL)
    install(tmp_path, "tocsin_queues", "[tocsin.sources]\n" + entry_points.replace('"', ""), example)
    monkeypatch.syspath_prepend(str(tmp_path))
    access = FakeAccess([Response(200, {}, b'{"length": 7}'), Response(404, {}, b"")], {"q/": "t0ken"})
    definition = Definition("queues", "queues", {"url": "http://q", "token": {"secret": "q"}})
    source = registry.kind("queues").open(definition, access)
    query = Query("mail", (access.clock.now(),), 60.0)
    assert source.ask([query, query], 5) == [
        Samples(((Sample({"queue": "mail"}, 7.0),),)),
        Refused("bad_data", "HTTP 404"),
    ]
    assert access.requests[0].headers == {"X-Token": "t0ken"}


def test_the_file_in_the_documentation_is_one() -> None:
    examples = re.findall(r"```yaml\n(sources:.*?)```", PAGE, re.DOTALL)
    assert [len(parse_sources(example, "sources.md")) for example in examples] == [4]
