"""Every command of Debian's amtool (0.25), with every flag, against `tocsin local` and against a real Alertmanager.

What it prints and how it ends is the same, but for what is named in `DIFFERENCES`.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.differential.theirs import running_alertmanager
from tests.integration.amtool_peers import Said, Session, Step, commands, play, running_tocsin
from tocsin.matchers import parse_matchers

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(
        shutil.which("amtool") is None or shutil.which("prometheus-alertmanager") is None,
        reason="amtool or prometheus-alertmanager is not on the path",
    ),
]

NEAR = timedelta(seconds=5)
"""How far apart two times may be that each server took from its own clock, a command later than the other."""
CONFIG = """\
global: {resolve_timeout: 10m}
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 1h
  routes:
    - receiver: oncall
      matchers: [severity=page]
      continue: true
    - receiver: archive
      matchers: ['job=~"d.*"']
      group_by: [job]
inhibit_rules:
  - {source_matchers: [alertname=Outage], target_matchers: [alertname=Slow], equal: [job]}
receivers:
  - name: ops
    webhook_configs:
      - {url: "http://127.0.0.1:9/", http_config: {basic_auth: {username: me, password: very-secret}}}
  - {name: oncall, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
  - name: archive
"""
TEMPLATE = '{{ define "mine" }}<{{ .Status }}>{{ end }}'
UNKNOWN = "11111111-1111-4111-8111-111111111111"


def _exported(name: str, starts: str) -> str:
    """Return a silence as amtool exports it."""
    matcher = {"name": name, "value": "x.*", "isRegex": True, "isEqual": False}
    times = {"startsAt": starts, "endsAt": "2037-01-01T00:00:00Z"}
    others = [{"name": "c", "value": "d", "isRegex": False}, matcher]
    return json.dumps([{"id": UNKNOWN, "comment": "c", "createdBy": "me", "matchers": others, **times}])


STEPS = (
    # -- alerts
    Step("nothing fires", "alert query"),
    Step("nothing fires, in JSON", "alert query -o json"),
    Step("add by name", "alert add Slow job=db severity=page --annotation=summary=slow --annotation=a=b"),
    Step("add what inhibits", "alert add alertname=Outage job=db --generator-url=http://g.example/x"),
    Step("add with its end", "alert add Quiet job=web --end=2036-01-02T03:04:05Z"),
    Step(
        "add with its start", "alert add Later --start=2035-01-02T03:04:05+01:00 --end=2036-01-02T03:04:05Z"
    ),
    Step("add what has ended", "alert add Over --start=2020-01-01T00:00:00Z --end=2020-01-02T00:00:00Z"),
    Step(
        "add it again",
        'alert add Quiet job=web --annotation=summary="larger größe" --end=2036-01-02T03:04:05Z',
    ),
    Step("add nothing", "alert add"),
    Step("add no label's name", "alert add =x"),
    Step("add with a name that is none", "alert add a-b=x"),
    Step(
        "add with an end before its start",
        "alert add X --start=2036-01-01T00:00:00Z --end=2035-01-01T00:00:00Z",
    ),
    Step("add with a time that is none", "alert add X --start=yesterday"),
    Step("add with a source that is none", "alert add X --generator-url=:x"),
    Step("query", "alert query"),
    Step("query, extended", "alert query -o extended"),
    Step("query, in JSON", "alert query -o json"),
    Step("query is the default", "alert"),
    Step("query by name", "alert query Quiet"),
    Step("query by matchers", "alert query 'alertname=~Q.*|O.*' job!=db"),
    Step("query by what is missing", "alert query job="),
    Step("query by what is there", "alert query job!="),
    Step("query what inhibited", "alert query --inhibited"),
    Step("query what is active", "alert query --active"),
    Step("query what is unprocessed", "alert query --unprocessed"),
    Step("query all states", "alert query -a -i -s -u -o extended"),
    Step("query all states, in JSON", "alert query -a -i -s -u -o json"),
    Step("query a receiver", "alert query -a -i --receiver=on.*"),
    Step("query no receiver", "alert query -r on"),
    Step("query a receiver that is no regex", "alert query -r 'on('"),
    Step("query by no matcher", "alert query =x"),
    Step("query by no regex", "alert query job=~*"),
    # -- silences
    Step("no silences", "silence query"),
    Step("no silences, in JSON", "silence -o json"),
    Step("quiet", "silence add Quiet job=~we. -c 'moving it'"),
    Step(
        "named",
        "silence add job!=web 'alertname!~X.*' alertname=~.+ --author=me --comment=größe --duration=90m",
    ),
    Step("future", "silence add job=x -c c --start=2035-06-01T00:00:00Z --end=2036-06-01T00:00:00Z"),
    Step("long", "silence add job=y -c c --start=2035-03-01T00:00:00Z -d 1d"),
    Step("without a comment", "silence add job=x"),
    Step("without a matcher", "silence add -c c"),
    Step("for everything", "silence add job=~.* -c c"),
    Step("that has ended", "silence add job=x -c c --start=2020-01-01T00:00:00Z --end=2020-01-02T00:00:00Z"),
    Step(
        "that ends before it starts",
        "silence add a=b -c c --start=2035-01-01T00:00:00Z --end=2034-01-01T00:00:00Z",
    ),
    Step("silences", "silence query"),
    Step("silences, extended", "silence query -o extended"),
    Step("silences, in JSON", "silence query -o json", into="silences.json"),
    Step("silences of somebody", "silence query --created-by=me"),
    Step("silences' ids", "silence query --quiet"),
    Step("silences by matcher", "silence query job=x"),
    Step("silences by no matcher of theirs", "silence query job=~x"),
    Step("silences that end soon", "silence query --within=80m"),
    Step("silences by no matcher", "silence query =x"),
    Step("query what is silenced", "alert query --silenced -o extended"),
    Step("query what is not", "alert query -a"),
    Step("query what is both", "alert query -s -i -o json"),
    Step("update", "silence update --duration=2h --comment=longer {quiet}"),
    Step("update the end", "silence update --end=2036-07-01T00:00:00Z -o json {future}"),
    Step("update the start", "silence update --start=2035-05-01T00:00:00Z --quiet {future}"),
    Step("update several", "silence update -c again -o extended {quiet} {named}"),
    Step("update what is not there", f"silence update -c x {UNKNOWN}"),
    Step("update nothing", "silence update"),
    Step("update what is no id", "silence update -c x nope"),
    Step("silences after that", "silence query -o extended"),
    Step("expire", "silence expire {named}"),
    Step("expire it again", "silence expire {named}"),
    Step("expire what has not begun", "silence expire {long}"),
    Step("expire what is not there", f"silence expire {UNKNOWN}"),
    Step("expire what is no id", "silence expire nope"),
    Step("expire nothing", "silence expire"),
    Step("update what has expired", "silence update -c x -d 1h {named}"),
    Step("expired silences", "silence query --expired -o extended"),
    Step("expired silences of late", "silence query --expired --within=1h -q"),
    Step("import", "silence import {dir}/silences.json -w 1"),
    Step("import from stdin", "silence import --worker=1", stdin="[]"),
    Step("import no JSON", "silence import", stdin="{"),
    Step("import as new", "silence import --force -w 1", stdin=_exported("a", "2036-02-01T00:00:00Z")),
    Step("import what is not there", "silence import -w 1", stdin=_exported("b", "2036-03-01T00:00:00Z")),
    Step("silences in the end", "silence query -o extended"),
    Step("alerts in the end", "alert query -o json -a -s -i"),
    # -- configuration
    Step("config show", "config show", into="shown.yml"),
    Step("config is show", "config"),
    Step("config show, extended", "config show -o extended"),
    Step("config show, in JSON", "config show -o json"),
    Step("check", "check-config {dir}/good.yml"),
    Step("check what is shown", "check-config {dir}/shown.yml"),
    Step("check stdin", "check-config", stdin=CONFIG),
    Step("check several", "check-config {dir}/good.yml {dir}/bad.yml"),
    Step("check a missing file", "check-config {dir}/missing.yml"),
    Step("routes", "config routes show"),
    Step("routes are show", "config routes"),
    Step("routes of a file", "config routes show --config.file={dir}/other.yml"),
    Step("test a route", "config routes test severity=page job=db"),
    Step("test a tree", "config routes test --tree severity=page job=web"),
    Step("test receivers", "config routes test --verify.receivers=oncall,archive severity=page job=db"),
    Step("test other receivers", "config routes test --verify.receivers=ops severity=page"),
    Step("test a route of a file", "config routes test --config.file={dir}/other.yml a=b"),
    Step("test no label", "config routes test x"),
    # -- the rest
    Step("cluster", "cluster show"),
    Step("cluster is show", "cluster"),
    Step("cluster, extended", "cluster show -o extended"),
    Step("cluster, in JSON", "cluster show -o json"),
    Step(
        "render",
        """template render --template.glob={dir}/*.tmpl --template.text='{{ template "mine" . }}' """,
    ),
    Step(
        "render HTML with data",
        "template render --template.glob={dir}/*.tmpl --template.type=html"
        " --template.data={dir}/data.json --template.text='<b>{{.Status}}</b>'",
    ),
    Step(
        "render what is not there",
        """template render --template.glob={dir}/*.tmpl --template.text='{{ template "x" }}' """,
    ),
    Step("dates", "alert query -a --date.format=2006-01-02T15:04:05Z"),
    Step("verbosely", "alert query Quiet -s -v"),
    Step("in time", "alert query Quiet -s --timeout=20s"),
    Step("not in time", "alert query Quiet --timeout=1ns"),
    Step("without a check of versions", "alert query Quiet -s --no-version-check"),
    Step("with a password", "alert query Quiet -s --http.config.file={dir}/http.yml"),
    Step("as somebody", "alert query Quiet -s --alertmanager.url={url}/"),
    Step("in no form", "alert query -o yaml"),
    Step("nothing that there is", "alert remove"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """What they say where we say something else, in the steps of these names, and why that is right."""

    steps: str
    theirs: str
    ours: str
    why: str


DIFFERENCES = (
    Difference(
        ".*",
        "",
        r"Warning: amtool version \(0\.25\.0\) and alertmanager version \(0\.34\.0\) are different\.\n",
        "the API is that of 0.34, and says so",
    ),
    Difference(
        "query.*|dates|alerts in the end",
        r"2035-01-02[T ]03:04:05(\.000)?( \+0100|\+01:00)",
        r"2035-01-02[T ]02:04:05(\.000Z| UTC)",
        "a time is stored as an instant and told in UTC, whatever zone it was posted in",
    ),
    Difference(
        "cluster.*", "disabled", "ready", "there is nothing to be enabled: whoever answers has all there is"
    ),
    Difference(
        "expire what is not there",
        r"\[DELETE /silence/\{silenceID\}\]\[500\] deleteSilenceInternalServerError  silence not found\n",
        r"response status code does not match any response statuses defined .* \(status 404\): \{\}\n",
        "0.34 answers 404 as well",
    ),
    Difference("for everything", "silence invalid: ", "invalid silence: ", "in the words of 0.34"),
)
SHOWN = ("config show", "config is show", "config show, extended", "config show, in JSON")
"""What shows the configuration: Alertmanager writes it anew, defaults included; we show it as it was written."""


def _files(directory: Path) -> None:
    other = CONFIG.replace("receiver: archive", "receiver: oncall")
    texts = {"good.yml": CONFIG, "bad.yml": "route: {}\n", "other.yml": other, "mine.tmpl": TEMPLATE}
    texts |= {
        "data.json": '{"status": "firing & more"}',
        "http.yml": "basic_auth: {username: a, password: b}\n",
    }
    directory.mkdir()
    for name, text in texts.items():
        (directory / name).write_text(text)


@dataclass(frozen=True, slots=True)
class Played:
    """What they said and what we said, by the steps, and where our files are."""

    said: Mapping[str, Sequence[Said]]
    root: Path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play all steps on both, side by side."""
    root = tmp_path_factory.mktemp("amtool")
    for name in ("theirs", "ours"):
        _files(root / name)
    with ExitStack() as stack:
        theirs = stack.enter_context(running_alertmanager(root / "alertmanager", CONFIG))
        ours = stack.enter_context(running_tocsin(root / "tocsin", CONFIG))
        sessions = [Session(theirs, root / "theirs"), Session(ours, root / "ours")]
        return Played({step.name: said for step, said in play(sessions, STEPS)}, root)


@pytest.mark.parametrize("name", [step.name for step in STEPS if step.name not in SHOWN])
def test_amtool_says_the_same(played: Played, name: str) -> None:
    theirs, ours = _without_differences(name, *played.said[name])
    assert replace(ours, times=()) == replace(theirs, times=())
    assert len(ours.times) == len(theirs.times)
    far = [pair for pair in zip(ours.times, theirs.times, strict=True) if abs(pair[0] - pair[1]) > NEAR]
    assert not far


def test_the_configuration_is_shown_as_it_was_written_with_its_secrets_masked(played: Played) -> None:
    theirs, ours = ((played.root / side / "shown.yml").read_text() for side in ("theirs", "ours"))
    assert "very-secret" not in ours
    assert _holds(yaml.safe_load(theirs), yaml.safe_load(ours))


def _holds(theirs: Any, ours: Any) -> bool:
    """Tell whether their copy of a configuration says all that is written in ours."""
    match ours:
        case dict():
            return all(key in theirs and _holds(theirs[key], value) for key, value in ours.items())
        case list():
            return len(theirs) == len(ours) and all(map(_holds, theirs, ours))
        case str():
            masked = "<secret>" in ours
            return masked or bool(theirs == ours) or parse_matchers(theirs) == parse_matchers(ours)
    return bool(theirs == ours)


def test_the_configuration_is_shown_in_the_same_forms(played: Played) -> None:
    for name in ("config show, extended", "config is show", "config show"):
        theirs, ours = played.said[name]
        assert (theirs.code, ours.code) == (0, 0)
    assert ours.out
    theirs, ours = played.said["config show, extended"]
    assert ours.out == theirs.out
    theirs, ours = played.said["config show, in JSON"]
    assert _shape(json.loads(ours.out)) == _shape(json.loads(theirs.out))


def _shape(document: Any) -> Any:
    """Return which keys a document has, and what kind of thing is under each."""
    if isinstance(document, dict):
        return {key: _shape(value) for key, value in document.items()}
    return type(document)


def _without_differences(name: str, theirs: Said, ours: Said) -> tuple[Said, Said]:
    """Take out of both what may differ."""
    for allowed in DIFFERENCES:
        if re.fullmatch(allowed.steps, name):
            theirs, ours = _without(allowed.theirs, theirs), _without(allowed.ours, ours)
    return theirs, ours


def _without(pattern: str, said: Said) -> Said:
    out, err = (re.sub(pattern, "", text) if pattern else text for text in (said.out, said.err))
    return replace(said, out=out, err=err)


@pytest.mark.parametrize("allowed", DIFFERENCES, ids=lambda allowed: allowed.why)
def test_what_may_differ_does(played: Played, allowed: Difference) -> None:
    """A difference that is there no more is to be named no more."""
    pairs = [said for name, said in played.said.items() if re.fullmatch(allowed.steps, name)]
    assert any(re.search(allowed.ours, ours.out + ours.err) for _, ours in pairs)
    assert any(re.search(allowed.theirs, theirs.out + theirs.err) for theirs, _ in pairs)


def test_every_command_and_every_flag_is_played() -> None:
    left = {command: {"itself", *flags} for command, flags in commands().items() if command != "help"}
    for step in STEPS:
        words = step.arguments
        for command, flags in left.items():
            if command.split() == words[: len(command.split())]:
                flags -= {"itself", *(word.removeprefix("--").partition("=")[0] for word in words)}
    assert len(left) == 13
    assert not {command: flags for command, flags in left.items() if flags}
