"""What a parser makes of a body."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.metric import Metric


class ParseError(ValueError):
    """Nothing of a body can be taken; the text says why, without what is in it."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The metrics of a body, and what is wrong with the parts that are none.

    `left_out` is how many more there are than a gathering takes (`MOST_METRICS`).
    """

    metrics: Sequence[Metric]
    problems: Sequence[str] = ()
    left_out: int = 0


Parser = Callable[[bytes, datetime], Parsed]
"""Parse a body; what has no time of its own is of the given one. Raises ParseError."""
