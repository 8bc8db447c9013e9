"""Outputs that are open: opened once, closed when they are broken, and harmless whatever they do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.source_access import FakeAccess
from tocsin.access.port import Access
from tocsin.access.secrets import SecretError
from tocsin.documents import Block
from tocsin.metric import Metric
from tocsin.outputs import registry
from tocsin.outputs.opened import OpenOutputs
from tocsin.ports import Stored, Unanswered
from tocsin.shipping.output import Output
from tocsin.tls import TransportError

METRICS = [Metric("m", {"v": 1}, at=datetime(2026, 3, 1, tzinfo=UTC))]
OUTPUT = Output("out", "fake", {"url": "x"})


class Fake:
    """A kind, and its writers, that do as they are told."""

    def __init__(self) -> None:
        self.opened = 0
        self.trouble: Exception | None = None
        self.answer: Any = Stored()

    def settings(self) -> type[Block]:
        return Block

    def open(self, settings: Mapping[str, Any], access: Access) -> "Fake":
        self.opened += 1
        if self.trouble:
            raise self.trouble
        return self

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    found = Fake()
    monkeypatch.setattr(registry, "kind", lambda name: found)
    return found


def test_an_output_is_opened_once_for_as_long_as_it_is_the_same(fake: Fake) -> None:
    outputs = OpenOutputs(FakeAccess())
    assert fake.opened == 0
    for _ in range(3):
        assert outputs(OUTPUT).write(METRICS, 5.0) == Stored()
    assert fake.opened == 1
    outputs(replace(OUTPUT, settings={"url": "y"})).write(METRICS, 5.0)
    assert fake.opened == 2


@pytest.mark.parametrize(
    ("trouble", "answer"),
    [
        (SecretError("secret prod: AccessDenied"), Unanswered("secret prod: AccessDenied", "auth")),
        (
            TransportError("ca: expected certificates"),
            Unanswered("ca: expected certificates", "misconfigured"),
        ),
        (KeyError("pa55word"), Unanswered("cannot be opened: KeyError", "misconfigured")),
    ],
)
def test_what_cannot_be_opened_does_not_answer_and_says_why(
    fake: Fake, trouble: Exception, answer: Unanswered
) -> None:
    outputs = OpenOutputs(FakeAccess())
    fake.trouble = trouble
    assert outputs(OUTPUT).write(METRICS, 5.0) == answer
    fake.trouble = None
    assert outputs(OUTPUT).write(METRICS, 5.0) == Stored()


def test_a_kind_that_nobody_knows_does_not_answer() -> None:
    answer = OpenOutputs(FakeAccess())(Output("out", "pigeon")).write(METRICS, 5.0)
    assert isinstance(answer, Unanswered)
    assert answer.reason == "misconfigured"
    assert "pigeon" in answer.detail


@pytest.mark.parametrize(
    ("does", "detail"),
    [(ValueError("pa55word"), "it failed: ValueError"), (None, "it answered with a NoneType")],
)
def test_a_plug_in_that_misbehaves_does_not_answer(fake: Fake, does: object, detail: str) -> None:
    fake.answer = does
    assert OpenOutputs(FakeAccess())(OUTPUT).write(METRICS, 5.0) == Unanswered(detail, "crashed")


@pytest.mark.parametrize(("reason", "opened"), [("auth", 2), ("unreachable", 2), ("throttled", 1)])
def test_an_output_that_is_broken_is_opened_afresh(fake: Fake, reason: str, opened: int) -> None:
    outputs = OpenOutputs(FakeAccess())
    fake.answer = Unanswered("", reason)
    for _ in range(2):
        outputs(OUTPUT).write(METRICS, 5.0)
    assert fake.opened == opened


def test_every_kind_of_ours_can_be_loaded() -> None:
    assert registry.names() == sorted(registry.BUILT_IN)
    for name in registry.BUILT_IN:
        assert issubclass(registry.kind(name).settings(), Block)
