"""Running test files: every case on a Prometheus of its own, several of them at once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from tocsin.documents import DocumentError
from tocsin.durations import format_duration
from tocsin.instants import millis
from tocsin.labels import format_labels
from tocsin.ports import one_by_one
from tocsin.regexes import Regex
from tocsin.ruletests.groups import Group, load, read_text, rule_files
from tocsin.ruletests.play import TIMEOUT_SECONDS, Play
from tocsin.ruletests.server import NoServerError, Server, Servers
from tocsin.ruletests.testfile import Case, Suite, parse_test_file
from tocsin.ruletests.verdict import FileVerdict, Verdict
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.sources.guard import Guard
from tocsin.sources.prometheus import PrometheusSource, seconds

_SECOND = timedelta(seconds=1)
_GUARD = Guard(timeout_seconds=TIMEOUT_SECONDS, max_concurrency=1)


@dataclass(frozen=True, slots=True)
class Options:
    """How files are run: the cases in whose names `chosen` is found, so many `at_once`.

    With `own_intervals` groups are evaluated at their own intervals; with `dump` verdicts hold all series.
    """

    chosen: Regex | None = None
    own_intervals: bool = False
    ignore_unknown: bool = False
    dump: bool = False
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A file that can be run."""

    suite: Suite
    groups: Sequence[Group]
    cases: Sequence[tuple[str, Case]]


def run(files: Sequence[str], servers: Servers, options: Options) -> list[FileVerdict]:
    """Run test files and return what came of each, in order."""
    pool = ThreadPoolExecutor(options.at_once)
    try:
        began = [_begin(file, servers, options, pool) for file in files]
        return [
            replace(tested, verdicts=[future.result() for future in futures]) for tested, futures in began
        ]
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for no case that has not begun


def _begin(
    file: str, servers: Servers, options: Options, pool: ThreadPoolExecutor
) -> tuple[FileVerdict, list[Future[Verdict]]]:
    """Read a file and set its cases going."""
    try:
        loaded, warnings = _load(Path(file), options)
    except DocumentError as error:
        return FileVerdict(file, problems=list(map(str, error.problems))), []
    futures = [pool.submit(_verdict, loaded, name, case, servers, options) for name, case in loaded.cases]
    return FileVerdict(file, warnings=warnings), futures


def _load(file: Path, options: Options) -> tuple[_Loaded, list[str]]:
    suite = parse_test_file(read_text(file), str(file), ignore_unknown=options.ignore_unknown)
    cases = [
        (case.name or f"unnamed#{number}", case)
        for number, case in enumerate(suite.tests)
        if options.chosen is None or options.chosen.search(case.name)
    ]
    files, idle = rule_files(suite, file.parent)
    # As in promtool, rules that no case is run on are not looked at.
    groups = load(files, suite.group_eval_order, ignore_unknown=options.ignore_unknown) if cases else []
    return _Loaded(suite, groups, cases), [f"no file matches {pattern}" for pattern in idle]


def _verdict(loaded: _Loaded, name: str, case: Case, servers: Servers, options: Options) -> Verdict:
    began = monotonic()
    try:
        with servers(loaded.suite.interval) as server:
            # One request after the other: cases run side by side already, and what is written later is never older.
            source = PrometheusSource(server.url, guard=_GUARD, parallel=one_by_one)
            sink = RemoteWriteSink(f"{server.url}/api/v1/write", parallel=one_by_one, max_concurrency=1)
            play = Play(loaded.suite, case, loaded.groups, source, sink, own_intervals=options.own_intervals)
            version, failures = server.version, play.failures()
            dump = list(_dump(server, case)) if options.dump else ()
            return Verdict(name, failures, "", version, monotonic() - began, dump)
    except NoServerError as error:
        return Verdict(name, not_run=str(error), seconds=monotonic() - began)


def _dump(server: Server, case: Case) -> Iterator[str]:
    """Yield every series that there is, a line for each sample (`promtool test rules --debug`)."""
    length = (case.length + _SECOND) // _SECOND * _SECOND
    found: dict[str, Any] = server.get(
        "/api/v1/query",
        query=f'{{__name__=~".+"}}[{format_duration(length + _SECOND)}]',
        time=seconds(millis(case.start_timestamp + length)),
    )
    for series in found["result"]:
        yield format_labels(series["metric"])
        yield from (f"  {value} @[{at}]" for at, value in series["values"])
