"""Status, shards, rules, sources, inputs, configuration, history."""

from tocsin.api.operation import Operation
from tocsin.api.own.changes import HISTORY
from tocsin.api.own.inputs import INPUTS
from tocsin.api.own.pausing import PAUSING
from tocsin.api.own.rules import RULES
from tocsin.api.own.shards import SHARDS
from tocsin.api.own.sources import SOURCES
from tocsin.api.own.status import STATUS
from tocsin.api.own.versions import VERSIONS

ADMINISTRATION: tuple[Operation, ...] = (
    *STATUS,
    *SHARDS,
    *RULES,
    *PAUSING,
    *SOURCES,
    *INPUTS,
    *VERSIONS,
    *HISTORY,
)
