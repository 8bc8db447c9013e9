"""Rule files beside Debian's promtool (2.42): the same files are taken and refused, but for what it is too old for."""

import random
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.documents import DocumentError
from tocsin.rules.rulefile import parse_rule_file

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the path"),
]

FILES = 400
SEED = 20260803


def group(rules: str, settings: str = "name: g") -> str:
    """Return a file of one group."""
    return f"groups:\n- {settings}\n  rules:\n{rules}\n"


def takes(text: str) -> bool:
    """Tell whether Tocsin takes a file."""
    try:
        parse_rule_file(text, "rules.yml")
    except DocumentError:
        return False
    return True


def promtool_takes(texts: Sequence[str], directory: Path) -> list[bool]:
    """Tell which files promtool takes; one process checks them all."""
    names = [f"{number}.yml" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (directory / name).write_text(text)
    command = ["promtool", "check", "rules", "--lint=none", *names]
    run = subprocess.run(
        command, cwd=directory, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said = dict(re.findall(r"^Checking (\S+)\n  (SUCCESS|FAILED)", run.stdout, re.MULTILINE))
    assert len(said) == len(names), run.stdout[-2000:]
    return [said[name] == "SUCCESS" for name in names]


# -- generated files ----------------------------------------------------------------------------------

EXPRESSIONS = [
    "up == 0",
    "sum by (job) (rate(http_requests_total{code=~'5..'}[5m])) / 2 > 0.1",
    "up and on (job) (x or y)",
    "absent(up{job=`a\\d`})",
    "max_over_time(up[1h:1m] offset 5m) @ end()",
    "histogram_quantile(0.9, sum(rate(x_bucket[5m])) by (le))",
    'label_replace(x, "a", "$1", "b", "(.*)")',
    "1 > bool 2",
    "-up",
    "holt_winters(x[5m], 0.5, 0.5)",
]
WRONG_EXPRESSIONS = [
    "",
    "up ==",
    "rate(up)",
    "nope(up)",
    "sum(up",
    "{}",
    "up{a=~'('}",
    "up[5q] > 1",
    "1 + 'a'",
]
DURATIONS = ["1m", "1h30m", "0s", "0", "5m10s", "1w", "10ms"]
WRONG_DURATIONS = ["5x", "1.5h", "-1m", "30s5m", "1m ", "", 60, [1], "9999999y"]
TEXTS = ["page", "{{ $labels.job }}", "{{ $value | humanize }}", "", "é", 5, True, "a\nb", None]
WRONG_TEXTS = ["{{ $nope }}", "{{ if }}", "{{ nope }}", "{{", ["a"], {"a": "b"}]
NAMES = ["severity", "team", "_x", "a1"]


class Writer:
    """Writes files at random, each value now and then a wrong one."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.mistakes = self.random.choice([0.0, 0.0, 0.02, 0.05])

    def choice(self, right: Sequence[Any], wrong: Sequence[Any] = ()) -> Any:
        """Return a value that is right, most of the time."""
        is_wrong = bool(wrong) and self.random.random() < self.mistakes
        return self.random.choice(wrong if is_wrong else right)

    def maybe(self, name: str, right: Sequence[Any], wrong: Sequence[Any] = ()) -> dict[str, Any]:
        """Return a key with its value, or nothing."""
        return {name: self.choice(right, wrong)} if self.random.random() < 0.4 else {}

    def texts(self, wrong: Sequence[Any], names: Sequence[str] = NAMES) -> Any:
        """Return labels or annotations."""
        if self.random.random() < self.mistakes:
            return ["a"]
        chosen = [self.choice(names, ["__name__"]) for _ in range(self.random.randrange(3))]
        return {name: self.choice(TEXTS, wrong) for name in chosen} or None

    def rule(self) -> dict[str, Any]:
        """Return a rule."""
        expr = {"expr": self.choice(EXPRESSIONS, WRONG_EXPRESSIONS)}
        if self.random.random() < 0.4:
            name = self.choice(["job:up:sum", "x", "a:b_c1"], ["up{}", ""])
            rest = {"labels": self.texts([["a"]])} | self.maybe("for", ["0s"], ["5m"])
            if self.random.random() < self.mistakes:
                rest |= {"annotations": {"a": "b"}}
            return {"record": name} | expr | rest
        rest = self.maybe("for", DURATIONS, WRONG_DURATIONS)
        rest |= self.maybe("keep_firing_for", DURATIONS, WRONG_DURATIONS)
        rest |= {"labels": self.texts(WRONG_TEXTS), "annotations": self.texts(WRONG_TEXTS)}
        if self.random.random() < self.mistakes:
            rest |= self.random.choice([{"fro": "5m"}, {"record": "x"}])
        return {"alert": self.choice(["Down", "A b", "é", 5], [""])} | expr | rest

    def group(self, number: int) -> dict[str, Any]:
        """Return a group."""
        settings = self.maybe("interval", DURATIONS[:4], WRONG_DURATIONS)
        settings |= self.maybe("limit", [0, 3, -1, "0x10"], ["x", [1]])
        rules: Any = [self.rule() for _ in range(self.random.randrange(4))] or None
        name = self.choice([f"g{number}"], ["g0", ""])
        return {"name": name} | settings | {"rules": self.choice([rules], ["x", {"a": 1}])}

    def file(self) -> str:
        """Return the text of a file."""
        groups = [self.group(number) for number in range(self.random.randrange(4))]
        extra = self.maybe("x", [1]) if self.random.random() < self.mistakes else {}
        text: str = yaml.safe_dump({"groups": groups} | extra, allow_unicode=True, sort_keys=False)
        tails = ["", "---\nnot: [read\n", "...\n"]
        return text + str(self.choice(tails, ["groups: []\n", "a: [\n", "\tx: 1\n"]))


def test_promtool_takes_and_refuses_the_same_generated_files(tmp_path: Path) -> None:
    texts = [Writer(SEED + number).file() for number in range(FILES)]
    theirs, ours = promtool_takes(texts, tmp_path), [takes(text) for text in texts]
    different = [
        SEED + number for number, pair in enumerate(zip(theirs, ours, strict=True)) if len({*pair}) > 1
    ]
    assert different == []
    assert FILES * 0.3 < sum(theirs) < FILES * 0.9, "too many of one sort to tell anything"


# -- tables -------------------------------------------------------------------------------------------

GOOD = {
    "plain": group("  - {alert: A, expr: up == 0, for: 5m}"),
    "nothing": "",
    "a comment": "# nothing\n",
    "no groups": "groups: []\n",
    "no rules": "groups:\n- name: g\n",
    "a rule file's keys without values": "groups:\n- name: g\n  interval:\n  limit:\n  rules:\n",
    "labels and templates": group(
        "  - alert: A\n    expr: up\n    labels: {a: yes, b: 1.0}\n    annotations: {c: '{{ $value | humanize }}'}"
    ),
    "anchors and a merge": group("  - &a {alert: A, expr: up}\n  - {<<: *a, alert: B}"),
    "merged twice": group("  - &a {alert: A, expr: up}\n  - {<<: [*a, *a], alert: B}"),
    "an alias as a value": group("  - {alert: A, expr: &e up}\n  - {alert: B, expr: *e}"),
    "an alias of a list": "groups:\n- name: g\n  rules: &r [{alert: A, expr: up}]\n- {name: h, rules: *r}\n",
    "the same rule twice": group("  - {alert: A, expr: up}\n  - {alert: A, expr: up}"),
    "a number": group("  - {alert: A, expr: '1'}"),
    "second document": "groups: []\n---\nnonsense: [\n",
    "a recording rule": group("  - {record: 'a:b', expr: sum(up), labels: {a: '{{ nope }}'}}"),
    "kept firing": group("  - {alert: A, expr: up, keep_firing_for: 5m}"),
}
BAD = {
    "unknown key at the top": "gruops: []\n",
    "unknown key of a group": "groups:\n- name: g\n  intervall: 1m\n",
    "unknown key of a rule": group("  - {alert: A, expr: up, fro: 5m}"),
    "bad duration": group("  - {alert: A, expr: up, for: 5x}"),
    "fraction": group("  - {alert: A, expr: up, for: 1.5h}"),
    "no expression": group("  - {alert: A}"),
    "bad expression": group("  - {alert: A, expr: up ==}"),
    "bad function": group("  - {alert: A, expr: rate(up)}"),
    "neither": group("  - {expr: up}"),
    "both": group("  - {alert: A, record: 'a:b', expr: up}"),
    "two groups of a name": "groups:\n- name: g\n- name: g\n",
    "no name": "groups:\n- rules: []\n",
    "name of a metric": group("  - {alert: A, expr: up, labels: {__name__: x}}"),
    "unclosed template": group("  - {alert: A, expr: up, annotations: {a: '{{ $value'}}"),
    "unknown function in a template": group("  - {alert: A, expr: up, annotations: {a: '{{ foo }}'}}"),
    "a key twice": group("  - {alert: A, alert: B, expr: up}"),
    "no yaml": "groups: [",
    "a list as labels": group("  - {alert: A, expr: up, labels: [a]}"),
    "an unknown anchor": group("  - {alert: A, expr: *e}"),
    "an anchor that contains itself": "groups: &g [*g]\n",
    "a recording rule with for": group("  - {record: 'a:b', expr: up, for: 1m}"),
    "a recording rule with keep_firing_for": group("  - {record: 'a:b', expr: up, keep_firing_for: 1m}"),
    "a recording rule with annotations": group("  - {record: 'a:b', expr: up, annotations: {a: b}}"),
    "an expression as name": group("  - {record: 'up{a=\"b\"}', expr: up}"),
    "text as rules": "groups:\n- name: g\n  rules: x\n",
    "a list at the top": "- name: g\n",
}
NEWER = {
    "query_offset": "groups:\n- {name: g, query_offset: 30s}\n",
    "labels of a group": "groups:\n- {name: g, labels: {team: a}, rules: [{alert: A, expr: up}]}\n",
    "a recorded name in UTF-8": group("  - {record: 'a.b-ü', expr: up}"),
    "a label's name in UTF-8": group("  - {alert: A, expr: up, labels: {a.b: c}, annotations: {d.e: f}}"),
    "a quoted metric name": group('  - {alert: A, expr: \'{"a.b", "c.d"="e"} > 1\'}'),
    "a quoted label in by": group("  - {alert: A, expr: 'sum by (\"a.b\") (x)'}"),
    "a newer function": group("  - {alert: A, expr: 'double_exponential_smoothing(x[5m], 0.1, 0.2)'}"),
    "a duration as a number": group("  - {alert: A, expr: 'x > 5m'}"),
    "underscores in a number": group("  - {alert: A, expr: 'x > 1_000_000'}"),
}
OURS = {
    "namespace": "namespace: n\ngroups: []\n",
    "defaults": "defaults: {interval: 1m}\ngroups: []\n",
    "source": "groups:\n- {name: g, source: mimir}\n",
    "jitter": "groups:\n- {name: g, jitter: never}\n",
    "gap_policy": "groups:\n- {name: g, gap_policy: count}\n",
    "evaluate_during": "groups:\n- {name: g, evaluate_during: [{weekdays: ['monday:friday']}]}\n",
}
STRICTER = {
    "an expression that yields a range": group("  - {alert: A, expr: 'up[5m]'}"),
    "an expression that yields text": group("  - {alert: A, expr: '\"a\"'}"),
    "an interval below a second": "groups:\n- {name: g, interval: 100ms}\n",
    "a fraction as limit": "groups:\n- {name: g, limit: 1.5}\n",
    "quoting in a regular expression": group(r"""  - {alert: A, expr: 'up{a=~"\\Qa.b\\E"}'}"""),
}


@pytest.mark.parametrize(
    ("files", "theirs", "ours"),
    [
        pytest.param(GOOD, True, True, id="both take"),
        pytest.param(BAD, False, False, id="both refuse"),
        pytest.param(NEWER, False, True, id="newer than 2.42"),
        pytest.param(OURS, False, True, id="Tocsin's own keys"),
        pytest.param(STRICTER, True, False, id="can never be evaluated here"),
    ],
)
def test_promtool_and_tocsin_take_and_refuse(
    files: Mapping[str, str], theirs: bool, ours: bool, tmp_path: Path
) -> None:
    found = dict(zip(files, promtool_takes(list(files.values()), tmp_path), strict=True))
    assert [name for name, taken in found.items() if taken is not theirs] == []
    assert [name for name, text in files.items() if takes(text) is not ours] == []
