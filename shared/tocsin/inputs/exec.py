"""Programs of the user's, whose output is metrics: Telegraf's `exec`, on the user's own machine only.

Source: telegraf `plugins/inputs/exec/exec.go`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import PurePath
from time import monotonic
from typing import TYPE_CHECKING, Any

from tocsin.collection.gather import Gather
from tocsin.inputs.kind import Probe
from tocsin.inputs.parsers import ParseError, Parser, parser
from tocsin.inputs.program import End, run
from tocsin.inputs.registry import KindError
from tocsin.inputs.tools import Tools

if TYPE_CHECKING:
    from tocsin.inputs.network_settings import ExecSettings

_MOST_BYTES = 1 << 20
_SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class _Program:
    """One program; in failures only its name is said, for its arguments may be secret."""

    command: Sequence[str]
    environment: Mapping[str, str]
    timeout_seconds: float
    ignore_error: bool
    parse: Parser
    tools: Tools

    def __call__(self, gather: Gather) -> None:
        ends = monotonic() + min(self.timeout_seconds, gather.left_seconds())
        output = bytearray()
        try:
            ran = run(
                self.command,
                lambda: max(0.0, ends - monotonic()),
                output.extend,
                _MOST_BYTES,
                environment=self.environment,
            )
        except OSError as error:
            self._fail(gather, error.strerror or "it cannot be started")
            return
        if ran.end is not End.ITSELF:
            self._fail(
                gather, "it took too long" if ran.end is End.LATE else f"more than {_MOST_BYTES} bytes"
            )
        elif ran.code and not self.ignore_error:
            said = bytes(ran.error).decode(errors="replace").partition("\n")[0][:_SHOWN_CHARS]
            self._fail(gather, f"it ended with {ran.code}{': ' if said else ''}{said}")
        else:
            self._add(bytes(output), gather)

    def _add(self, output: bytes, gather: Gather) -> None:
        try:
            with self.tools.turn(gather):
                parsed = self.parse(output, gather.now())
                for metric in parsed.metrics:
                    gather.add(metric.name, metric.fields, metric.tags, metric.at)
        except ParseError as error:
            self._fail(gather, str(error))
            return
        for problem in parsed.problems:
            self._fail(gather, problem)
        gather.dropped += parsed.left_out

    def _fail(self, gather: Gather, reason: str) -> None:
        gather.fail(f"{PurePath(self.command[0]).name}: {reason}")


def _found(command: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the command for each file that its first word, which may have wildcards, stands for; else as it is."""
    program, *arguments = command
    for found in sorted(glob(program)) or [program]:
        yield [found, *arguments]


class ExecKind:
    """The kind `exec`."""

    def settings(self) -> type["ExecSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.network_settings import ExecSettings

        return ExecSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each program; raises KindError."""
        if not tools.local:
            raise KindError("exec runs programs: only `tocsin local` does, on your own machine")
        environment = dict(variable.split("=", 1) for variable in settings["environment"])
        return [
            _Program(
                command,
                environment,
                settings["timeout_seconds"],
                settings["ignore_error"],
                parser(settings, "exec"),
                tools,
            )
            for pattern in settings["commands"]
            for command in _found(pattern)
        ]


KIND = ExecKind()
