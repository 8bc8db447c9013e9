"""exec: the user's own programs, which end in time and with all that they have started."""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.gathering import LONG, gathered, stored, tools
from tocsin.inputs.exec import KIND
from tocsin.inputs.program import End, run
from tocsin.inputs.registry import KindError


def python(text: str) -> Sequence[str]:
    return [sys.executable, "-S", "-c", text]


def shell(text: str) -> Sequence[str]:
    return ["/bin/sh", "-c", text]


def test_what_a_program_prints_is_metrics() -> None:
    gather = gathered(KIND, {"commands": ["echo 'weather,place=x' temp=3"], "data_format": "influx"})
    assert gather.failures == []
    assert [(found.name, found.tags, found.fields) for found in gather.metrics] == [
        ("weather", {"place": "x"}, {"temp": 3.0})
    ]


def test_json_is_expected_if_nothing_is_said() -> None:
    (found,) = gathered(KIND, {"commands": [["echo", '{"a": 5}']]}).metrics
    assert (found.name, found.fields) == ("exec", {"a": 5.0})


def test_variables_are_set_and_the_shell_is_not_asked() -> None:
    settings = {
        "commands": [shell('echo "m a=$A"'), ["echo", "m b=1i", ";", "m"]],
        "environment": ["A=1i", "B=c=d"],
        "data_format": "influx",
    }
    gather = gathered(KIND, settings)
    assert [dict(found.fields) for found in gather.metrics] == [{"a": 1}]
    assert gather.failures[0].startswith("echo: ")


def test_wildcards_stand_for_all_programs_that_are_there(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.sh").write_text(f"#!/bin/sh\necho {name} $1=1i")
        (tmp_path / f"{name}.sh").chmod(0o700)
    gather = gathered(KIND, {"commands": [f"{tmp_path}/*.sh a"], "data_format": "influx"})
    assert [(found.name, found.fields) for found in gather.metrics] == [("one", {"a": 1}), ("two", {"a": 1})]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            shell("echo m a=1; echo no such disk >&2; echo more >&2; exit 3"),
            "sh: it ended with 3: no such disk",
        ),
        (shell("kill -9 $$"), "sh: it ended with -9"),
        (["/no/such/program", "--password=s3cret"], "program: No such file or directory"),
        (["/etc"], "etc: Permission denied"),
        (["echo", "nonsense"], "echo: "),
        (shell("yes"), "sh: more than 1048576 bytes"),
    ],
    ids=["its own error", "killed", "not there", "no program", "no metrics", "a flood"],
)
def test_a_program_that_fails(command: Sequence[str], said: str) -> None:
    gather = gathered(KIND, {"commands": [command], "data_format": "influx", "timeout": "30s"})
    assert gather.metrics == []
    assert len(gather.failures) == 1
    assert gather.failures[0].startswith(said)
    assert "s3cret" not in gather.failures[0]


def test_an_error_may_be_ignored() -> None:
    settings = {"commands": [shell("echo m a=1i; exit 1")], "ignore_error": True, "data_format": "influx"}
    gather = gathered(KIND, settings)
    assert (len(gather.metrics), gather.failures) == (1, [])


@pytest.mark.parametrize("seconds", [0.2, 0.0], ids=["a little", "none"])
def test_a_program_that_hangs_is_ended(seconds: float) -> None:
    gather = gathered(KIND, {"commands": [shell("sleep 1000")]}, seconds=seconds)
    assert (gather.metrics, gather.failures) == ([], ["sh: it took too long"])


def test_what_a_program_has_started_ends_with_it() -> None:
    said = bytearray()

    def left() -> float:
        """No more than it takes until the number of the child is known."""
        return 0.0 if said.endswith(b"\n") else LONG

    ran = run(shell("trap '' TERM HUP; sleep 1000 & echo $!; wait"), left, said.extend, 1000)
    assert (ran.end, ran.code) == (End.LATE, -signal.SIGKILL)
    assert gone(int(said))


def test_what_it_has_left_behind_at_its_output_ends_at_the_deadline() -> None:
    said = bytearray()
    ran = run(shell("sleep 1000 & echo $!"), lambda: 0.0 if said.endswith(b"\n") else LONG, said.extend, 1000)
    assert ran.end is End.LATE
    assert gone(int(said))


def gone(process: int) -> bool:
    """Tell whether a process ends: it may be a zombie for as long as nobody has waited for it."""
    ends = time.monotonic() + LONG
    while time.monotonic() < ends:
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def test_a_program_may_close_its_output_and_go_on_until_its_end() -> None:
    ran = run(shell("exec >&- 2>&-; exit 4"), lambda: LONG, lambda chunk: None, 1000)
    assert (ran.end, ran.code) == (End.ITSELF, 4)
    ran = run(shell("exec >&- 2>&-; sleep 1000"), lambda: 0.05, lambda chunk: None, 1000)
    assert ran.end is End.LATE


def test_what_is_given_arrives_and_who_does_not_read_it_is_not_waited_for() -> None:
    said = bytearray()
    assert run(["cat"], lambda: LONG, said.extend, 1 << 20, given=b"x" * 200_000).code == 0
    assert len(said) == 200_000
    assert run(["true"], lambda: LONG, said.extend, 1 << 20, given=b"x" * 200_000).end is End.ITSELF


def test_a_flood_on_stderr_is_read_and_its_beginning_kept() -> None:
    ran = run(python("import sys; sys.stderr.write('e' * 300_000)"), lambda: LONG, lambda chunk: None, 10)
    assert (ran.end, ran.code, bytes(ran.error)) == (End.ITSELF, 0, b"e" * 512)


def test_programs_run_only_on_the_users_own_machine() -> None:
    with pytest.raises(KindError, match="only `tocsin local`"):
        KIND.open(stored(KIND, {"commands": ["true"]}), tools(local=False))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "Field required"),
        ({"commands": []}, "at least 1"),
        ({"commands": [""]}, "at least 1"),
        ({"commands": ["echo 'x"]}, "not a command: No closing quotation"),
        ({"commands": ["a"], "environment": ["A"]}, "KEY=value"),
        ({"commands": ["a"], "environment": ["=b"]}, "KEY=value"),
        ({"commands": ["a"], "data_format": "nagios"}, "not supported yet"),
    ],
    ids=lambda case: str(case),
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        stored(KIND, settings)
