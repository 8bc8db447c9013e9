"""Importing does nothing, and a function's cold start pays for no parser.

Each import happens in an interpreter of its own, because this one has imported everything.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (REPOSITORY / "functions").glob("*/app.py"))
SOURCES = REPOSITORY / "shared" / "tocsin"
MODULES = sorted(
    ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCES.rglob("*.py")
    if path.name != "__main__.py"
)

PARSERS = {"pydantic", "pydantic_core", "yaml", "click", "promql_parser", "moto", "rich"}
"""What only faces need: the command line, `tocsin local`, who reads users' files."""

FACES = {"api": {"pydantic", "pydantic_core", "yaml"}}
"""Of the functions those that read what users write, and what of the parsers they begin with."""

WORK = (
    "socket.connect",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.remove",
    "os.mkdir",
)
"""The audit events of an import that does more than to define things."""

# Runs in the other interpreter, under an audit hook.
SCRIPT = """
import importlib, importlib.util, json, os, sys, threading, time

work, modules, files = json.loads(sys.argv[1])
done = []

def audit(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in work or writes:
        done.append(f"{event} {arguments!r}")

sys.addaudithook(audit)
started = time.perf_counter()
for name in modules:
    importlib.import_module(name)
deployed = []
for number, path in enumerate(files):
    spec = importlib.util.spec_from_file_location(f"app{number}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    deployed.append(module._deployed.cache_info().currsize)
took = time.perf_counter() - started
result = {
    "done": done,
    "deployed": deployed,
    "threads": threading.active_count(),
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "ms": round(took * 1000),
}
print("RESULT" + json.dumps(result))
"""

BARE = {"PYTHONPATH": str(SOURCES.parent), "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""}
"""An environment without a region, credentials or any of Tocsin's variables."""


def imported(modules: list[str], files: list[Path]) -> dict[str, Any]:
    """Import modules and files in a fresh interpreter and return what that came to."""
    arguments = json.dumps([WORK, modules, [str(path) for path in files]])
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, arguments], env=BARE, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    said, _, result = ran.stdout.partition("RESULT")
    assert (said, ran.stderr) == ("", "")
    found: dict[str, Any] = json.loads(result)
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_cold_start_imports_no_parser_and_does_nothing_yet(
    function: str, record_property: Callable[[str, object], None]
) -> None:
    found = imported([], [REPOSITORY / "functions" / function / "app.py"])
    assert PARSERS & set(found["modules"]) <= FACES.get(function, set())
    assert (found["done"], found["deployed"], found["threads"]) == ([], [0], 1)
    assert "boto3" in found["modules"]
    record_property("import_ms", found["ms"])
    print(f"import of {function}: {found['ms']} ms")


def test_importing_any_module_does_nothing() -> None:
    assert "tocsin.bootstrap" in MODULES
    found = imported(MODULES, [])
    assert (found["done"], found["threads"]) == ([], 1)


CORE = [
    name
    for name in MODULES
    if name.startswith(
        ("tocsin.evaluation", "tocsin.schedule", "tocsin.templates", "tocsin.labels", "tocsin.alert")
    )
]


def test_the_core_needs_the_standard_library_only() -> None:
    found = imported(CORE, [])
    beside = set(found["modules"]) - set(sys.stdlib_module_names) - {"tocsin", "__main__"}
    assert {name for name in beside if not name.startswith("_")} == set()
