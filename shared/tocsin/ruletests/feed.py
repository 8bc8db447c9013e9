"""The input series of a case, given out as time passes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from tocsin.ports import Written
from tocsin.ruletests.series import Mark, expand
from tocsin.ruletests.testfile import Case


class Feed:
    """What a case's series hold up to a time that moves on; of two with the same labels the last counts."""

    def __init__(self, case: Case, spacing: timedelta) -> None:
        self._series = {each.series: expand(each.values) for each in case.input_series}
        self._start, self._spacing = case.start_timestamp, spacing
        self._given = 0
        """So many values of every series are given out."""

    def until(self, at: datetime) -> Iterator[Written]:
        """Yield the samples up to `at` that were not given out yet."""
        first, self._given = self._given, (at - self._start) // self._spacing + 1
        for labels, values in self._series.items():
            for number, value in enumerate(islice(values, self._given - first), first):
                if value is not Mark.MISSING:
                    moment = self._start + number * self._spacing
                    yield Written(dict(labels), None if isinstance(value, Mark) else value, moment)
