"""The examples of docs/inputs.md are what they say, and its tables have every key and every kind."""

import re
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
import yaml

from tests.unit.source_access import FakeAccess
from tests.unit.test_sources_registry import install
from tocsin.collection.gather import Gather
from tocsin.http import Response
from tocsin.inputs import registry
from tocsin.inputs.network import Network
from tocsin.inputs.reach import LOCAL
from tocsin.inputs.tools import Tools
from tocsin.inputsfile.blocks import InputBlock, OutputBlock
from tocsin.inputsfile.inputfile import parse_inputs
from tocsin.outputs import registry as output_registry
from tocsin.sources import registry as sources

PAGE = (Path(__file__).parents[2] / "docs" / "inputs.md").read_text()
OUTPUTS = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text()
KINDS = (Path(__file__).parents[2] / "docs" / "input-kinds.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_file_in_the_documentation_is_one() -> None:
    [file] = [parse_inputs(example, "inputs.md") for example in EXAMPLES if "\noutputs:" in example]
    assert [each.id for each in file.inputs] == ["web/shop", "certificates", "orders"]
    assert file.outputs is not None
    assert [output.kind for output in file.outputs] == ["influxdb_v2"]


def test_the_rules_in_the_documentation_can_be_asked() -> None:
    groups = [group for example in EXAMPLES for group in yaml.safe_load(example).get("groups", ())]
    exprs = [rule["expr"] for group in groups for rule in group["rules"] if group["source"] == "inputs"]
    assert len(exprs) == 5
    for expr in exprs:
        assert sources.kind("inputs").compile(expr)


@pytest.mark.parametrize("key", sorted(InputBlock.known_keys()))
def test_every_key_of_an_input_is_in_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE


@pytest.mark.parametrize("key", sorted(OutputBlock.known_keys()))
def test_every_key_of_an_output_is_in_its_page(key: str) -> None:
    assert f"`{key}`" in OUTPUTS


@pytest.mark.parametrize("kind", registry.BUILT_IN)
def test_every_kind_is_in_the_page(kind: str) -> None:
    assert f"[`{kind}`](input-kinds.md#{kind})" in PAGE


@pytest.mark.parametrize("kind", output_registry.BUILT_IN)
def test_every_kind_of_output_is_in_its_page(kind: str) -> None:
    assert f"`{kind}`" in OUTPUTS


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(outputs:.*?)```", OUTPUTS, re.DOTALL))
def test_the_examples_of_outputs_are_outputs(example: str) -> None:
    assert parse_inputs(example, "outputs.md").outputs


@pytest.mark.parametrize("kind", registry.BUILT_IN)
def test_every_kind_has_a_chapter_with_all_its_options(kind: str) -> None:
    [chapter] = re.findall(rf"^## `{kind}`\n(.*?)(?=^## |\Z)", KINDS, re.DOTALL | re.MULTILINE)
    options = registry.kind(kind).settings().known_keys()
    assert [option for option in options if f"`{option}`" not in chapter] == []


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", KINDS, re.DOTALL))
def test_the_examples_of_the_kinds_are_inputs(example: str) -> None:
    whole = example if example.startswith("inputs:") else f"inputs:\n{example}"
    assert parse_inputs(whole, "input-kinds.md").inputs


def test_the_plugin_in_the_documentation_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [points] = re.findall(r"```toml\n\[project.entry-points.*?\]\n(.*?)```", PAGE, re.DOTALL)
    install(tmp_path, "tocsin_queue_lengths", "[tocsin.inputs]\n" + points.replace('"', ""), example)
    monkeypatch.syspath_prepend(str(tmp_path))
    [given] = parse_inputs(
        "inputs: [{id: a, kind: queue_lengths, settings: {urls: [http://q/], token: {secret: q}}}]", "f"
    ).inputs
    replies = iter([Response(200, {}, b"7"), Response(404, {}, b"")])
    monkeypatch.setattr(Network, "transport", lambda _: lambda *_: next(replies))
    tools = Tools(FakeAccess(secrets={"q/": "t0ken"}), Network(LOCAL))
    [probe] = registry.kind("queue_lengths").open(given.settings, tools)
    gather = Gather(monotonic() + 5, lambda: datetime(2026, 1, 31, tzinfo=UTC))
    probe(gather)
    probe(gather)
    [metric] = gather.metrics
    assert (metric.name, metric.fields, metric.tags) == ("queue", {"length": 7}, {"url": "http://q"})
    assert gather.failures == ["http://q: no answer"]
