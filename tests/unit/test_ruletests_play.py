"""Playing a case, with somebody who answers from a table in place of Prometheus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tocsin.documents import DocumentError
from tocsin.instants import millis
from tocsin.ports import Answer, Query, Refused, Sample, Samples, Stored, Unanswered, Written
from tocsin.ruletests.groups import load, rule_files
from tocsin.ruletests.play import Play
from tocsin.ruletests.server import NoServerError
from tocsin.ruletests.testfile import Suite, parse_test_file

MINUTE_MS = 60_000


@dataclass
class Prometheus:
    """Answers each expression by what a function says for the minute; remembers what it was asked and given."""

    answers: dict[str, Callable[[int], Answer | float | None]]
    stored: Stored | Refused | Unanswered = field(default_factory=Stored)
    asked: list[tuple[str, int]] = field(default_factory=list)
    written: list[tuple[str, int, float | None]] = field(default_factory=list)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> list[Answer]:
        """Answer from the table."""
        return [self._answer(query) for query in queries]

    def _answer(self, query: Query) -> Answer:
        [at] = query.at
        minute = millis(at) // MINUTE_MS
        self.asked.append((query.expr, minute))
        found = self.answers[query.expr](minute)
        if found is None:
            return Samples(((),))
        return (
            Samples(((Sample({"__name__": "x", "job": "api"}, found),),))
            if isinstance(found, float)
            else found
        )

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Remember the samples."""
        names = [(each.labels["__name__"], millis(each.at) // MINUTE_MS, each.value) for each in samples]
        self.written += names
        return self.stored


RULES = """
groups:
  - name: first
    interval: 2m
    rules:
      - {record: y, expr: one}
  - name: second
    rules:
      - alert: High
        expr: two
        for: 1m
        labels: {at: '{{ $externalLabels.site }}'}
        annotations: {url: '{{ $externalURL }}'}
"""

ALERT = """
tests:
  - external_labels: {site: here}
    external_url: http://e
    alert_rule_test:
      - eval_time: 90s
        alertname: High
        exp_pending: [{exp_labels: {job: api, at: here}, exp_annotations: {url: 'http://e'}}]
      - eval_time: 2m
        alertname: High
        exp_alerts: [{exp_labels: {job: api, at: here}, exp_annotations: {url: 'http://e'}}]
"""


def play(
    tmp_path: Path, text: str, server: Prometheus, rules: str = RULES, *, own_intervals: bool = False
) -> list[str]:
    """Play the only case of a suite and return the titles of what failed."""
    file = tmp_path / "rules.yml"
    file.write_text(rules)
    suite = parse_test_file(text, "test.yml")
    groups = load([file], suite.group_eval_order)
    [case] = suite.tests
    return [
        failure.title
        for failure in Play(suite, case, groups, server, server, own_intervals=own_intervals).failures()
    ]


def high(since: int) -> Prometheus:
    """Return a server where `two` is there from a minute on."""
    return Prometheus({"one": lambda minute: 1.0, "two": lambda minute: 7.0 if minute >= since else None})


def test_an_alert_is_looked_at_as_the_evaluation_before_left_it(tmp_path: Path) -> None:
    assert play(tmp_path, ALERT, high(since=1)) == []


def test_what_fires_and_what_is_pending_are_told_apart(tmp_path: Path) -> None:
    assert play(tmp_path, ALERT, high(since=2)) == [
        "alertname: High, time: 1m30s, pending",
        "alertname: High, time: 2m",
    ]


def test_groups_are_evaluated_at_every_interval_in_their_order(tmp_path: Path) -> None:
    server = high(since=9)
    play(tmp_path, f"group_eval_order: [second, first]{ALERT}", server)
    assert server.asked == [(expr, minute) for minute in range(3) for expr in ("two", "one")]


def test_groups_can_have_their_own_intervals(tmp_path: Path) -> None:
    server = high(since=9)
    play(tmp_path, ALERT, server, own_intervals=True)
    assert server.asked == [("one", 0), ("two", 0), ("two", 1), ("one", 2), ("two", 2)]


def test_series_come_before_the_evaluation_and_never_from_its_future(tmp_path: Path) -> None:
    text = """
tests:
  - interval: 2m
    input_series: [{series: a, values: 1 _ 3 stale 5}, {series: b, values: 1}, {series: b, values: 2}]
    promql_expr_test: [{expr: one, eval_time: 7m, exp_samples: [{labels: 'x{job="api"}', value: 1}]}]
"""
    server = high(since=9)
    assert play(tmp_path, text, server) == []
    inputs = [sample for sample in server.written if sample[0] != "y"]
    assert inputs == [("a", 0, 1.0), ("b", 0, 2.0), ("a", 4, 3.0), ("a", 6, None)]
    assert [sample for sample in server.written if sample[0] == "y"] == [
        ("y", minute, 1.0) for minute in range(8)
    ]


def test_a_rule_that_fails_ends_the_case(tmp_path: Path) -> None:
    refused = Refused("execution", "no")
    server = Prometheus({"one": lambda minute: refused if minute == 1 else 1.0, "two": lambda minute: 7.0})
    assert play(tmp_path, ALERT, server) == ["rule: y, time: 1m"]
    assert server.asked[-1] == ("two", 1)


def test_a_recording_of_an_input_series_fails(tmp_path: Path) -> None:
    server = high(since=9)
    server.stored = Stored(dropped=1)
    assert play(tmp_path, ALERT, server) == ["rule: y, time: 0s"]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [(1.0, []), (2.0, ["expr: e, time: 1m"]), (Refused("bad_data", "no"), ["expr: e, time: 1m"])],
    ids=["as expected", "another value", "an error"],
)
def test_expressions(answer: float | Answer, failed: list[str], tmp_path: Path) -> None:
    expected = "[{labels: 'x{job=\"api\"}', value: 1}]"
    text = f"tests: [{{promql_expr_test: [{{expr: e, eval_time: 1m, exp_samples: {expected}}}]}}]"
    assert play(tmp_path, text, Prometheus({"e": lambda minute: answer}), "") == failed


@pytest.mark.parametrize("expr", ["one", "e"])
def test_without_an_answer_there_is_no_verdict(expr: str, tmp_path: Path) -> None:
    text = "tests: [{promql_expr_test: [{expr: e}]}]"
    gone: dict[str, Callable[[int], Answer | float | None]] = {
        name: lambda minute: 1.0 for name in ("one", "two", "e")
    }
    with pytest.raises(NoServerError, match="it is gone"):
        play(tmp_path, text, Prometheus({**gone, expr: lambda minute: Unanswered("it is gone")}))


def test_without_its_series_there_is_no_verdict(tmp_path: Path) -> None:
    server = high(since=0)
    server.stored = Unanswered("it is gone")
    with pytest.raises(NoServerError, match="the input series cannot be written: it is gone"):
        play(tmp_path, ALERT, server)


# -- rule files -------------------------------------------------------------------------------------------


def test_patterns_are_relative_and_files_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("b.yml", "a.yml", ".hidden.yml", "more/c.yml"):
        (tmp_path / name).touch()
    patterns = ("*.yml", "a.yml", "more/?.yml", str(tmp_path / "more" / "c.yml"), "none", "")
    files, idle = rule_files(Suite(rule_files=patterns), tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        ".hidden.yml",
        "a.yml",
        "b.yml",
        "more/c.yml",
    ]
    assert idle == ["none", ""]


def test_groups_of_one_name_in_two_files_are_two(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("groups: [{name: same, rules: [{record: y, expr: x}]}]")
    groups = load([tmp_path / "a.yml", tmp_path / "b.yml"], [])
    assert [group.name for group in groups] == ["same", "same"]
    assert len({unit.id for group in groups for unit in group.units}) == 2


def test_groups_that_are_not_in_the_order_keep_that_of_their_files(tmp_path: Path) -> None:
    names = ["c", "b", "a", "d"]
    (tmp_path / "a.yml").write_text(
        "groups:\n" + "".join(f"- {{name: {name}, rules: [{{record: y, expr: x}}]}}\n" for name in names)
    )
    assert [group.name for group in load([tmp_path / "a.yml"], ["a", "b"])] == ["c", "a", "d", "b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("groups: [{name: a, rulez: []}]", ":1:20: groups[0].rulez: unknown key"),
        ("groups: [{name: a, source: cloudwatch, rules: []}]", "rules on source cloudwatch cannot be tested"),
        ("groups: [{name: a, rules: [{record: y, expr: 'x['}]}]", "groups[0].rules[0].expr: could not parse"),
    ],
    ids=["an unknown key", "another language", "no PromQL"],
)
def test_a_rule_file_is_refused_with_the_place(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text(text)
    with pytest.raises(DocumentError) as refused:
        load([file], [])
    assert problem in str(refused.value)
    assert str(refused.value).startswith(str(file))


def test_a_rule_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        load([tmp_path], [])
    (tmp_path / "latin").write_bytes(b"\xe4")
    with pytest.raises(DocumentError, match="not UTF-8"):
        load([tmp_path / "latin"], [])


def test_unknown_keys_of_rules_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "groups: [{name: a, owner: b, interval: 5m, rules: [{record: y, expr: x, team: c}]}]"
    )
    [group] = load([tmp_path / "a.yml"], [], ignore_unknown=True)
    assert group.interval == timedelta(minutes=5)
