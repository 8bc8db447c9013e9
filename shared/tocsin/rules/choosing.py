"""Choosing: which stored rules somebody means who writes a key, its beginning, a group or a namespace."""

from collections.abc import Iterable

from tocsin.rules.book import StoredRule


class ChoiceError(LookupError):
    """The text means no rule, or several; `candidates` are the keys that it may have meant."""

    def __init__(self, text: str, candidates: Iterable[str]) -> None:
        self.candidates = tuple(sorted(candidates))
        what = (
            f"{text}: {len(self.candidates)} rules begin so" if self.candidates else f"{text}: no such rule"
        )
        super().__init__("\n  ".join([what, *self.candidates]))


def choose(stored: Iterable[StoredRule], text: str) -> StoredRule:
    """Return the one rule whose key is `text`, else the one whose key without labels is, else that begins so.

    Raises ChoiceError if there is none, or more than one.
    """
    candidates = _candidates(stored, text)
    if len(candidates) != 1:
        raise ChoiceError(text, [found.rule.key for found in candidates])
    return candidates[0]


def choose_many(stored: Iterable[StoredRule], text: str) -> list[StoredRule]:
    """Return the rules of the namespace `text`, else of the group (`namespace/group`), else the one rule.

    Raises ChoiceError.
    """
    known = list(stored)
    return _of_namespace_or_group(known, text) or [choose(known, text)]


def choose_all(stored: Iterable[StoredRule], text: str) -> list[StoredRule]:
    """Return all the rules that may be meant: as `choose_many`, and all that begin so. Raises ChoiceError."""
    known = list(stored)
    found = _of_namespace_or_group(known, text) or _candidates(known, text)
    if not found:
        raise ChoiceError(text, ())
    return found


def _of_namespace_or_group(known: list[StoredRule], text: str) -> list[StoredRule]:
    return [found for found in known if found.rule.namespace == text] or [
        found for found in known if found.rule.group_key == text
    ]


def _candidates(stored: Iterable[StoredRule], text: str) -> list[StoredRule]:
    """Return the rule whose key is `text`, else those whose key without labels is, else those that begin so.

    The `record:` of a recording rule's key may be left out, as it is where rules are listed.
    """
    known = [(names, found) for found in stored for names in _names(found)]
    beginning = [(name, found) for name, found in known if text and name.startswith(text)]
    exact = [
        found for name, found in beginning if text in (name, f"{found.rule.group_key}/{found.rule.name}")
    ]
    chosen = [found for name, found in beginning if name == text] or exact
    return _once(chosen or [found for _, found in beginning])


def _names(stored: StoredRule) -> list[str]:
    key = stored.rule.key
    return [key, key.replace("/record:", "/", 1)] if stored.rule.records else [key]


def _once(found: Iterable[StoredRule]) -> list[StoredRule]:
    return list({stored.id: stored for stored in found}.values())
