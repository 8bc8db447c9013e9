"""Sources: what is defined, and what the rules that ask them say of their health."""

from collections import Counter
from collections.abc import Mapping

from tocsin.api.operation import Call, Operation
from tocsin.api.own.administration_shapes import SourceShape, SourcesShape
from tocsin.api.own.describing import reading
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.index import read_index
from tocsin.sources.built_in import built_in
from tocsin.sources.definition import Definition
from tocsin.sources.stored import read_definitions
from tocsin.views.rules import OK, read_rules
from tocsin.views.shards import read_shards
from tocsin.views.sourcesettings import shown


def list_sources(services: Services, _call: Call) -> Response:
    """Answer the sources that are defined, and those that rules name all the same."""
    database = services.database
    index = read_index(database)
    known = {
        **{definition.name: definition for definition in built_in(services.settings.prometheus)},
        **read_definitions(database, index.sources),
    }
    health: dict[str, Counter[str]] = {}
    for view in read_rules(database, index, read_shards(database, index.layout)):
        health.setdefault(view.rule.source, Counter())[view.health] += 1
    names = sorted({*known, *health})
    shape: SourcesShape = {
        "version": index.sources,
        "sources": [_source(name, known.get(name), health.get(name, {})) for name in names],
    }
    return json_response(shape)


def _source(name: str, definition: Definition | None, health: Mapping[str, int]) -> SourceShape:
    """Return a source; it is as well as its rules, and if some are not it has the word that most of these say."""
    unwell = Counter({word: count for word, count in health.items() if word != OK})
    return {
        "name": name,
        "kind": definition.kind if definition else None,
        "onError": definition.on_error.value if definition else None,
        "settings": shown(definition.settings) if definition else {},
        "rules": sum(health.values()),
        "unhealthy": unwell.total(),
        "health": unwell.most_common(1)[0][0] if unwell else OK,
    }


SOURCES: tuple[Operation, ...] = (
    reading(
        "listSources", "/sources", list_sources, "The sources, and how well their rules are", SourcesShape
    ),
)
