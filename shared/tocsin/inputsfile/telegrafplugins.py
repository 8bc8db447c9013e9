"""The plug-ins of a telegraf.toml: each table becomes an input or an output, or it is told why not."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tocsin.documents import Block, DocumentError, Problem
from tocsin.inputsfile.blocks import CommonBlock, OutputBlock
from tocsin.inputsfile.inputfile import input_model, parse_inputs
from tocsin.inputsfile.outputs import output_model
from tocsin.inputsfile.settings import Models
from tocsin.inputsfile.settingswriting import alternatives
from tocsin.inputsfile.telegrafagent import rhythm
from tocsin.inputsfile.telegrafnotices import Notices
from tocsin.inputsfile.telegrafsecrets import Secret, references, referred
from tocsin.inputsfile.telegrafservices import SERVICE_INPUTS, WHY_NOT
from tocsin.inputsfile.telegrafvalues import duration
from tocsin.rules.rulewriting import write_yaml
from tocsin.yamltree import Path

_FORMER = {
    "pass": "fieldinclude",
    "fieldpass": "fieldinclude",
    "drop": "fieldexclude",
    "fielddrop": "fieldexclude",
}
_FORMER_SETTINGS = {"ssl_ca": "tls_ca", "ssl_cert": "tls_cert", "ssl_key": "tls_key"}
_RENAMED = {
    ("http_response", "address"): "urls",
    ("prometheus", "bearer_token_string"): "bearer_token",
    ("prometheus", "response_timeout"): "timeout",
    ("sql", "query"): "queries",
}
"""What is called otherwise in its plug-in: formerly, or because a TOML list of tables has a name in the singular."""
_TIMES = ("interval", "collection_jitter", "collection_offset", "precision")
_OF_INPUTS = CommonBlock.known_keys() | {"alias", "name_override"}
_OF_OUTPUTS = OutputBlock.known_keys() - {"name", "kind", "settings"}
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_.:/-]+")
_FIELD = re.compile(r"(?:in|out)puts\[0\]\.?(?:settings\.)?([^.\[]*)")


@dataclass(frozen=True, slots=True)
class Plugins:
    """Reads the tables of one file, with what the agents of all files say."""

    told: Notices
    secret: str
    defaults: Mapping[str, Any]
    buffers: Mapping[str, Any]

    def input(
        self, kind: str, path: Path, table: Mapping[str, Any], taken: Collection[str]
    ) -> dict[str, Any] | None:
        """Return an input as inputs.yml has it; None if it does not fit, which is then told."""
        if kind in SERVICE_INPUTS:
            self.told.left_out(path, WHY_NOT)
            return None
        alias = table.get("alias")
        head = {"id": _free_id(str(alias or kind), taken, numbered=not alias), "kind": kind}
        written = self._written(head, path, table, input_model, _OF_INPUTS)
        if written is not None and alias and head["id"] != _as_id(str(alias)):
            del written["alias"]
            self.told.left_out((*path, "alias"), "another input has it")
        if written is not None and self._fits(path, table, written, {"defaults": self.defaults}):
            return written
        return None

    def output(
        self, kind: str, path: Path, table: Mapping[str, Any], taken: Collection[str]
    ) -> dict[str, Any] | None:
        """Return an output as inputs.yml has it; None if it does not fit, which is then told."""
        head = {
            "name": _free_id(str(table.get("alias") or kind), taken, numbered=False),
            "kind": kind,
            **self.buffers,
        }
        written = self._written(head, path, table, output_model, _OF_OUTPUTS)
        return written if written is not None and self._fits(path, table, written, {}) else None

    def _written(
        self,
        head: dict[str, Any],
        path: Path,
        table: Mapping[str, Any],
        models: Models,
        known: Collection[str],
    ) -> dict[str, Any] | None:
        """Return a table with its options sorted into ours and the plug-in's, those that we have not left out."""
        try:
            model = models(str(head["kind"]))
        except LookupError as error:
            self.told.left_out(path, str(error))
            return None
        written, settings = dict(head), dict[str, Any]()
        for name, value in table.items():
            key, place = _key(str(head["kind"]), name), (*path, name)
            if key in _TIMES and key in known and not any(references(value)):
                written |= rhythm(key, value, place, self.told)
            elif key in known:
                written[key] = duration(value) if key == "timeout" else value
            elif key != "alias":  # an output's is its name
                settings |= self._setting(model, head, place, value)
        return written | ({"settings": settings} if settings else {})

    def _setting(
        self, model: type[Block], head: Mapping[str, Any], place: Path, value: Any
    ) -> dict[str, Any]:
        """Return an option of the plug-in as its kind takes it; nothing if it takes none, which is then told."""
        name = str(place[-1])
        key = _key(str(head["kind"]), name)
        if key == "urls" and name != key:
            value = [value]
        if key not in model.known_keys():
            if value not in ("", [], {}, False):
                common = CommonBlock.unsupported | OutputBlock.unsupported | model.unsupported
                self.told.left_out(place, "not supported" if key in common else "no such option here")
            return {}
        kinds = _kinds(model, key)
        if timedelta in kinds:
            return {key: duration(value)}
        found, why = referred(name, value, Secret(self.secret, str(head.get("id") or head["name"]), kinds))
        if why:
            self.told.changed(place, why)
        return {key: found}

    def _fits(
        self,
        path: Path,
        table: Mapping[str, Any],
        written: Mapping[str, Any],
        defaults: Mapping[str, Any],
    ) -> bool:
        """Tell whether inputs.yml takes a table as it was written; all that it refuses of it is told."""
        section = str(path[0])
        refused = _unreadable(path, table, written)
        try:
            parse_inputs(write_yaml({**defaults, section: [written]}), self.told.file)
        except DocumentError as error:
            found = [_refusal(path, table, written, problem) for problem in error.problems]
            refused += [each for each in found if each[0] not in {place for place, _ in refused}]
        whole = f"; whole {section.removesuffix('s')} left out: {written.get('id') or written['name']}"
        for place, why in refused:
            self.told.left_out(place, why + whole)
        return not refused


def _key(kind: str, name: str) -> str:
    """Return what an option of a plug-in's table is called now."""
    return _FORMER.get(name) or _FORMER_SETTINGS.get(name) or _RENAMED.get((kind, name), name)


def _unreadable(path: Path, table: Mapping[str, Any], written: Mapping[str, Any]) -> list[tuple[Path, str]]:
    """Return the options that hold variables where no reference can be: outside of the plug-in's, or in a text."""
    found = []
    for name in table:
        key = _key(written["kind"], name)
        kept = [written.get(key), written.get("settings", {}).get(key)]
        if variables := ", ".join(references(kept)):
            found.append(((*path, name), f"holds {variables}: write its value"))
    return found


def _refusal(
    path: Path, table: Mapping[str, Any], written: Mapping[str, Any], problem: Problem
) -> tuple[Path, str]:
    """Return what inputs.yml refuses as the option of the table that it is, and why."""
    found = _FIELD.match(problem.field)
    key = found[1] if found and found[1] else problem.field
    name = next((each for each in table if _key(written["kind"], each) == key), None)
    if name is None:
        return path, f"{key}: {problem.reason}"
    variables = ", ".join(references(table[name]))
    why = f"holds {variables}, and no reference may stand there" if variables else problem.reason
    return (*path, name), why


def _kinds(model: type[Block], key: str) -> frozenset[Any]:
    """Return the types that an option may have."""
    fields = (each for name, each in model.model_fields.items() if (each.alias or name) == key)
    return frozenset(kind for each in fields for kind in alternatives(each.annotation))


def _as_id(wanted: str) -> str:
    return (_NOT_IN_AN_ID.sub("-", wanted).strip("-") or "input")[:120]


def _free_id(wanted: str, taken: Collection[str], *, numbered: bool) -> str:
    """Return an id that is not taken: `http_response-1`, or an alias as it is as long as there is one of it."""
    plain = _as_id(wanted)
    if not numbered and plain not in taken:
        return plain
    number = 1 if numbered else 2
    while f"{plain}-{number}" in taken:
        number += 1
    return f"{plain}-{number}"
