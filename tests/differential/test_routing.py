"""Which routes an alert takes: `amtool config routes test` and we agree on random trees."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.differential.seeds import TREES, needs_alertmanager, replay
from tests.differential.trees import Tree, tree
from tocsin.configfile.parse import parse_config
from tocsin.dispatch.group import match
from tocsin.labels import quote

pytestmark = [needs_alertmanager, pytest.mark.prometheus]

_AT_ONCE = 4


def test_an_alert_takes_the_routes_that_amtool_says(tmp_path: Path) -> None:
    trees = {seed: tree(seed) for seed in TREES}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        answers = threads.map(lambda seed: amtool(trees[seed], tmp_path / f"{seed}.yml"), TREES)
        theirs = dict(zip(TREES, answers, strict=True))
    differ = [
        f"{replay(seed, 'test_routing')}\n{found.config}{found.labels}\ntheirs {theirs[seed]}, ours {ours(found)}"
        for seed, found in trees.items()
        if theirs[seed] != ours(found)
    ]
    assert not differ, "\n\n".join([f"{len(differ)} of {len(trees)} differ:", *differ[:5]])
    assert len({answer.count(",") for answer in theirs.values()}) > 1 or len(trees) < 50


def amtool(found: Tree, file: Path) -> str:
    """Return the receivers that amtool names, in order; its words if it refuses the file."""
    file.write_text(found.config)
    labels = [f"{name}={quote(value)}" for name, value in found.labels.items()]
    command = ["amtool", "config", "routes", "test", f"--config.file={file}", *labels]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() or done.stderr.strip()


def ours(found: Tree) -> str:
    """Return the same from our tree."""
    root = parse_config(found.config, "alertmanager.yml").route
    labels = {name: value for name, value in found.labels.items() if value}
    return ",".join(route.receiver for route in match(root, labels))
