"""What tests of templates share: a scene, and the table of templates and what becomes of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tocsin.ports import Sample
from tocsin.templates.scene import Scene

LABELS = {"__name__": "x", "instance": "a:9090", "job": "node", "number": "1536", "weird": '<b> & "c" é'}
VALUE = 1.5


def answer(expr: str) -> list[Sample]:
    """Answer queries for `x`, which is the one series that there is."""
    return [Sample(LABELS, VALUE)] if expr.startswith("x") else []


SCENE = Scene(LABELS, VALUE, datetime(1970, 1, 1, tzinfo=UTC), query=answer)

_TABLE: Any = yaml.safe_load((Path(__file__).parent / "template_cases.yml").read_text())


class Case(NamedTuple):
    """A template and what is to become of it: a text, or an error at a place while a definition is executed."""

    template: str
    text: str = ""
    place: str = ""
    error: str = ""
    executing: str = "text"

    @property
    def message(self) -> str:
        """Return the error as it is raised."""
        executing = f'executing "{self.executing}" at ' if self in FAILURES else ""
        return f"template: text:{self.place}: {executing}{self.error}"


def _cases(rows: Any) -> Iterator[Case]:
    for row in rows.values() if isinstance(rows, dict) else [rows]:
        yield from (Case(**case) for case in row)


EXPANSIONS = list(_cases(_TABLE["expansions"]))
FAILURES = list(_cases(_TABLE["failures"]))
REFUSALS = list(_cases(_TABLE["refusals"]))


def each(cases: list[Case]) -> pytest.MarkDecorator:
    """Run a test with every case."""
    return pytest.mark.parametrize("case", cases, ids=[case.template for case in cases])
