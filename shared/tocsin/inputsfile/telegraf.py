"""telegraf.toml: what of it fits an inputs.yml, and by line and reason what does not, or becomes something else."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.documents import DocumentError, Problem
from tocsin.inputsfile.telegrafagent import agent_defaults
from tocsin.inputsfile.telegrafnotices import Notice, Notices
from tocsin.inputsfile.telegrafplugins import Plugins
from tocsin.inputsfile.telegrafsecrets import quoted_variables, references
from tocsin.inputsfile.tomlplaces import Places, table, tables
from tocsin.rules.rulewriting import write_yaml

_ELSEWHERE = {
    "processors": "there are no processors: rules see metrics as they are gathered",
    "aggregators": "there are no aggregators: let a recording rule do it",
    "secretstores": "secrets are in Secrets Manager and SSM",
}
_PLACE = re.compile(r"at line (\d+), column (\d+)")
_KNOWN = {"agent", "global_tags", "tags", "inputs", "outputs", *_ELSEWHERE}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of files: an inputs.yml, how many inputs and outputs it has, and all that did not fit."""

    text: str
    inputs: int
    outputs: int
    notices: Sequence[Notice]


@dataclass(slots=True)
class _Merged:
    """What all files say together, as Telegraf reads several."""

    tags: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    buffers: dict[str, Any] = field(default_factory=dict)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)


def import_telegraf(files: Sequence[tuple[str, str]], secret: str) -> Imported:
    """Return what fits of files (names and texts); environment variables become keys of `secret`.

    Raises DocumentError if one of them is no TOML.
    """
    parsed = [(name, _parsed(name, text), Places(text)) for name, text in files]
    merged, notices = _Merged(), list[Notice]()
    for name, document, places in parsed:
        _merge_agent(merged, document, Notices(name, places, notices))
    for name, document, places in parsed:
        told = Notices(name, places, notices)
        _merge_plugins(merged, document, told, secret)
        _tell_of_the_rest(document, told)
    written = {
        "tags": merged.tags,
        "defaults": merged.defaults,
        "inputs": merged.inputs,
        "outputs": merged.outputs,
    }
    text = write_yaml({key: value for key, value in written.items() if value or key == "inputs"})
    return Imported(text, len(merged.inputs), len(merged.outputs), sorted(notices))


def _parsed(name: str, text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(quoted_variables(text))
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (1, 1)
        raise DocumentError((Problem(name, line, column, "", f"not valid TOML: {error}"),)) from None


def _merge_agent(merged: _Merged, document: Mapping[str, Any], told: Notices) -> None:
    for section in ("global_tags", "tags"):
        for name, value in table(document, section).items():
            if found := list(references(value)):
                told.left_out((section, name), f"holds {', '.join(found)}: write its value")
            else:
                merged.tags[name] = str(value)
    agent = agent_defaults(table(document, "agent"), told)
    merged.tags |= agent.tags
    merged.defaults |= agent.defaults
    merged.buffers |= agent.buffers


def _merge_plugins(merged: _Merged, document: Mapping[str, Any], told: Notices, secret: str) -> None:
    plugins = Plugins(told, secret, merged.defaults, merged.buffers)
    for name, path, options in tables(document, "inputs"):
        if found := plugins.input(name, path, options, {each["id"] for each in merged.inputs}):
            merged.inputs.append(found)
    for name, path, options in tables(document, "outputs"):
        if found := plugins.output(name, path, options, {each["name"] for each in merged.outputs}):
            merged.outputs.append(found)


def _tell_of_the_rest(document: Mapping[str, Any], told: Notices) -> None:
    for section, why in _ELSEWHERE.items():
        for _, path, _ in tables(document, section):
            told.left_out(path, why)
    for section in document.keys() - _KNOWN:
        told.left_out((section,), "no section of telegraf.toml")
