"""tocsin config beside amtool (0.25): the same files checked, trees drawn and routes tested, letter by letter."""

import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.commandline import Stack

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the path"),
]

TREES = 16
ALERTS_PER_TREE = 16
NAMES = ["severity", "team", "site", "zone"]
VALUES = ["", "a", "b", "page", "a b", 'q"uote', "back\\slash", "new\nline", "größe"]
PATTERNS = ["a|b", ".*", "p.+e", "", "[ab]?", "(?i)PAGE", "^a$", "\\w+"]
RECEIVERS = ["ops", "oncall", "rest of it"]


def routes(rng: random.Random, depth: int) -> list[dict[str, Any]]:
    """Return some routes that lie beside each other."""
    return [route(rng, depth) for _ in range(rng.randrange(4))] if depth else []


def route(rng: random.Random, depth: int) -> dict[str, Any]:
    """Return a route and all below it, its matchers in all three ways to write them."""
    found: dict[str, Any] = {"matchers": [matcher(rng) for _ in range(rng.randrange(3))]}
    if rng.random() < 0.3:
        found["match"] = {rng.choice(NAMES): rng.choice(VALUES)}
    if rng.random() < 0.3:
        found["match_re"] = {rng.choice(NAMES): rng.choice(PATTERNS)}
    if rng.random() < 0.6:
        found["receiver"] = rng.choice(RECEIVERS)
    if rng.random() < 0.4:
        found["continue"] = True
    return found | {"routes": routes(rng, depth - 1)}


def matcher(rng: random.Random) -> str:
    """Return a matcher as people write it."""
    if rng.random() < 0.5:
        return rng.choice(NAMES) + rng.choice(["=~", "!~"]) + quoted(rng.choice(PATTERNS))
    return rng.choice(NAMES) + rng.choice(["=", "!="]) + quoted(rng.choice(VALUES))


def quoted(text: str) -> str:
    """Return a value in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') + '"'


def alert(rng: random.Random) -> list[str]:
    """Return labels as arguments."""
    return [
        f"{name}={quoted(rng.choice(VALUES))}" for name in rng.sample(NAMES, rng.randrange(len(NAMES) + 1))
    ]


def amtool(*words: str) -> tuple[int, str, str]:
    """Run amtool and return exit code, stdout and stderr."""
    run = subprocess.run(["amtool", *words], capture_output=True, text=True, check=False, timeout=60)
    return run.returncode, run.stdout, run.stderr


def tocsin(stack: Stack, *words: str) -> tuple[int, str, str]:
    """Run tocsin and return exit code, stdout and stderr."""
    result = stack.run(*words)
    return result.exit_code, result.stdout, result.stderr


def options(rng: random.Random, expected: Sequence[str]) -> list[str]:
    """Return options of `test`."""
    found = ["--tree"] if rng.random() < 0.5 else []
    return [*found, f"--verify.receivers={','.join(expected)}"] if rng.random() < 0.5 else found


@pytest.mark.parametrize("seed", range(TREES))
def test_trees_and_alerts_are_amtools(seed: int, tmp_path: Path) -> None:
    rng, stack = random.Random(seed), Stack(tmp_path)
    root = {"receiver": "ops", "routes": [route(rng, 3) for _ in range(rng.randrange(1, 5))]}
    config = {"route": root, "receivers": [{"name": name} for name in RECEIVERS]}
    drawn = [
        "config",
        "routes",
        "--config.file",
        stack.file("am.yml", yaml.safe_dump(config, allow_unicode=True)),
    ]
    assert tocsin(stack, *drawn)[:2] == amtool(*drawn)[:2]
    for _ in range(ALERTS_PER_TREE):
        expected = [rng.choice(RECEIVERS) for _ in range(rng.randrange(1, 3))]
        words = [*drawn, "test", *options(rng, expected), *alert(rng)]
        code, printed, warned = tocsin(stack, *words)
        their_code, theirs, _ = amtool(*words)
        # What is no answer goes to stderr here, everything to stdout there.
        assert (code, printed + warned) == (their_code, theirs), words


FILES = {
    "the least": "route: {receiver: ops}\nreceivers: [{name: ops}]\n",
    "some of all": """
global: {resolve_timeout: 1m}
templates: [words.tmpl, 'nothing*.tmpl']
route: {receiver: ops, routes: [{matchers: [a=b], receiver: archive, mute_time_intervals: [nights]}]}
receivers: [{name: ops}, {name: archive, webhook_configs: [{url: 'https://hooks.example/'}]}]
inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d], equal: [e]}]
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]
""",
}


@pytest.mark.parametrize("name", FILES)
def test_a_good_file_is_checked_in_amtools_words(name: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.file("words.tmpl", '{{ define "words" }}words{{ end }}')
    file = stack.file("am.yml", FILES[name])
    assert tocsin(stack, "config", "check", file) == amtool("check-config", file)
