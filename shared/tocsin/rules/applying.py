"""Changes of rules, done: what a comparison says is written, whoever has asked for it."""

from datetime import datetime

from tocsin.history import Via
from tocsin.instants import millis
from tocsin.ports import Database
from tocsin.rules.book import RuleBook
from tocsin.rules.changes import Changes


def apply_changes(database: Database, changes: Changes, *, by: str, via: Via, now: datetime) -> None:
    """Write what is to be written, also what has only another place in its group now; else nothing.

    Raises MissingRuleError if a rule was deleted by somebody else meanwhile.
    """
    if changes.written or changes.gone:
        book = RuleBook(database)
        book.write(changes.written, changes.gone, by=by, at_ms=millis(now), was=changes.was, via=via)
