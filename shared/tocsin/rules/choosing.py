"""Choosing: which stored rules somebody means who writes a key, or its beginning."""

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
    beginning = [found for found in stored if found.rule.key.startswith(text)]
    exact = [found for found in beginning if found.rule.key == text]
    named = [found for found in beginning if _unlabelled(found) == text]
    candidates = exact or named or beginning
    if not text or len(candidates) != 1:
        raise ChoiceError(text, [found.rule.key for found in candidates] if text else [])
    return candidates[0]


def choose_many(stored: Iterable[StoredRule], text: str) -> list[StoredRule]:
    """Return the rules of the namespace `text`, else of the group (`namespace/group`), else the one rule.

    Raises ChoiceError.
    """
    known = list(stored)
    of_namespace = [found for found in known if found.rule.namespace == text]
    of_group = [found for found in known if f"{found.rule.namespace}/{found.rule.group}" == text]
    return of_namespace or of_group or [choose(known, text)]


def _unlabelled(stored: StoredRule) -> str:
    rule = stored.rule
    return f"{rule.namespace}/{rule.group}/{rule.alert}"
