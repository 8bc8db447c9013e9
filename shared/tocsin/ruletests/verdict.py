"""What came of tests, for those who show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.ruletests.play import Failure


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case.

    `not_run` says why there was no Prometheus to run it on, `prometheus` which version there was; `dump` are the
    series as they were in the end, if that was asked for.
    """

    name: str
    failures: Sequence[Failure] = ()
    not_run: str = ""
    prometheus: str = ""
    seconds: float = 0.0
    dump: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What came of a file: the problems for which it, or a rule file of it, is refused; else its verdicts."""

    file: str
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    verdicts: Sequence[Verdict] = ()

    @property
    def failed(self) -> bool:
        """Whether the file was refused, or something in it is not as expected."""
        return bool(self.problems) or any(verdict.failures for verdict in self.verdicts)

    @property
    def not_run(self) -> str:
        """Why a case could not be run; empty if all were."""
        return next((verdict.not_run for verdict in self.verdicts if verdict.not_run), "")
