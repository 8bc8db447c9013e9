"""Applying files to a local stack as the command line does: what has not changed is not written."""

from collections.abc import Iterable
from datetime import datetime

from tocsin.configfile.parse import parse_config
from tocsin.configfile.templates import beside
from tocsin.dispatch import configcodec
from tocsin.dispatch.controls import store_config
from tocsin.dispatch.versions import read_version
from tocsin.index import read_index
from tocsin.instants import millis
from tocsin.ports import Database
from tocsin.rules.book import RuleBook
from tocsin.rules.changes import Changes, compare
from tocsin.rules.rulefile import parse_rule_file
from tocsin.sources.languages import of_stack
from tocsin.sources.sourcefile import parse_sources
from tocsin.sources.stored import sources_key, sources_text, store_definitions

BY = "tocsin local"


def apply_rules(database: Database, files: Iterable[tuple[str, str]], now: datetime) -> Changes:
    """Make the namespaces of some rule files (name, text) what they say; return what was changed.

    Raises DocumentError for a file that is refused, and then nothing has changed.
    """
    languages = of_stack(database)
    wanted = [rule for name, text in files for rule in parse_rule_file(text, name, languages=languages)]
    book = RuleBook(database)
    stored = book.load(read_index(database)).values()
    changes = compare(stored, wanted, {rule.namespace for rule in wanted}, prune=True)
    book.write(changes.written, changes.gone, by=BY, at_ms=millis(now), was=changes.was)
    return changes


def apply_config(database: Database, text: str, file: str, now: datetime) -> bool:
    """Put a configuration and the template files beside it in force; tell whether it is another than the one that was.

    Raises DocumentError for a file that is refused.
    """
    config = parse_config(text, file, beside(file))
    in_force = read_version(database, read_index(database).config)
    if in_force is not None and in_force.says(text, config):
        return False
    store_config(database, configcodec.to_document(config), text, by=BY, now=now)
    return True


def apply_sources(database: Database, text: str, file: str, now: datetime) -> bool:
    """Put definitions of sources in force; tell whether they are others than those that were.

    Raises DocumentError for a file that is refused.
    """
    definitions = parse_sources(text, file)
    version = read_index(database).sources
    [item] = database.get(sources_key(version)) if version else [None]
    if item is not None and sources_text(item) == text:
        return False
    store_definitions(database, definitions, text, by=BY, now=now)
    return True
