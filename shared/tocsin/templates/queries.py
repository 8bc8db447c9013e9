"""What `query` answers, and the functions that take it apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from tocsin.labels import Labels
from tocsin.templates.run import A_STEP, Run
from tocsin.templates.source import TemplateError
from tocsin.templates.values import Struct, Type, Value

_QUERY_STEPS = 500
"""What a query costs of a run's steps, so that no template asks more than a few dozen."""


@dataclass(frozen=True, slots=True)
class QuerySample(Struct):
    """One sample of an answer: `.Labels` and `.Value`."""

    labels: Labels
    value: float

    go_type: ClassVar[str] = "*template.sample"
    fields: ClassVar[Mapping[str, Callable[["QuerySample"], Value]]] = {
        "Labels": lambda sample: sample.labels,
        "Value": lambda sample: sample.value,
    }


class QueryResult(list[QuerySample]):
    """An answer."""

    go_type = "template.queryResult"


SAMPLE = Type(QuerySample.go_type, (QuerySample,))
QUERY_RESULT = Type(QueryResult.go_type, (QueryResult,))


def query(run: Run, expr: str) -> QueryResult:
    """Return what the scene's source answers; raises TemplateError."""
    run.spend(_QUERY_STEPS)
    samples = run.context.query(expr)
    run.spend(len(samples) // A_STEP)
    return QueryResult(QuerySample(sample.labels, sample.value) for sample in samples)


def first(result: QueryResult) -> QuerySample:
    """Return the first sample; raises TemplateError if there is none."""
    if not result:
        raise TemplateError("first() called on vector with no elements")
    return result[0]


def sort_by_label(label: str, result: QueryResult) -> QueryResult:
    """Sort the samples by the value of a label, in place as Prometheus does, and return them."""
    result.sort(key=lambda sample: sample.labels.get(label, ""))
    return result
