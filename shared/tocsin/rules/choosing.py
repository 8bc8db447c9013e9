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
    """Return the rule whose key is `text`, else those whose key without labels is, else those that begin so."""
    beginning = [found for found in stored if text and found.rule.key.startswith(text)]
    exact = [found for found in beginning if found.rule.key == text]
    return exact or [found for found in beginning if _unlabelled(found) == text] or beginning


def _unlabelled(stored: StoredRule) -> str:
    rule = stored.rule
    return f"{rule.group_key}/{'record:' if rule.records else ''}{rule.name}"
