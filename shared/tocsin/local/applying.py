"""Applying files to a local stack as the command line does: what has not changed is not written."""

from collections.abc import Iterable
from datetime import datetime

from tocsin.bootstrap import token
from tocsin.collection.catalogue import Cataloguer, read_catalogue
from tocsin.configfile.parse import parse_config
from tocsin.configfile.storing import store
from tocsin.configfile.templates import beside
from tocsin.history import Via, What
from tocsin.index import read_index
from tocsin.inputsfile.inputfile import parse_inputs
from tocsin.inputsfile.plan import compare as compare_inputs
from tocsin.ports import Database
from tocsin.rules.applying import apply_changes
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
    stored = RuleBook(database).load(read_index(database)).values()
    changes = compare(stored, wanted, {rule.namespace for rule in wanted}, prune=True)
    apply_changes(database, changes, by=BY, via=Via.LOCAL, now=now)
    return changes


def apply_config(database: Database, text: str, file: str, now: datetime) -> bool:
    """Put a configuration and the template files beside it in force; tell whether it is another than the one that was.

    Raises DocumentError for a file that is refused.
    """
    config = parse_config(text, file, beside(file))
    return store(database, text, config, by=BY, via=Via.LOCAL, now=now).changed


def apply_inputs(database: Database, text: str, file: str, now: datetime) -> bool:
    """Make the inputs and outputs what a file says; tell whether they were others.

    Raises DocumentError for a file that is refused, and then nothing has changed.
    """
    given = parse_inputs(text, file)
    plan = compare_inputs(read_catalogue(database, read_index(database).inputs), given, prune=True)
    if not plan:
        return False
    targets = (*plan.ids, *plan.outputs_changed)
    Cataloguer(database, token).change(
        lambda was: plan.applied(was, now, BY), What.INPUTS, targets, by=BY, via=Via.LOCAL, now=now
    )
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
    store_definitions(database, definitions, text, by=BY, now=now, via=Via.LOCAL)
    return True
