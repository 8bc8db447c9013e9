"""The inhibition rules of alertmanager.yml, under their present keys and their former ones."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tocsin.configfile.matching import Match, Matchers, MatchRe, all_matchers
from tocsin.dispatch.config import InhibitRule
from tocsin.documents import Block, Document, Text
from tocsin.labels import quote


def _equal(names: list[str]) -> list[str]:
    if "" in names:
        raise ValueError(f"invalid label name {quote('')} in equal list")
    return names


class _InhibitRule(Block):
    name: str = ""
    source_match: Match = Field(default_factory=dict)
    source_match_re: MatchRe = Field(default_factory=dict)
    source_matchers: Matchers = ()
    target_match: Match = Field(default_factory=dict)
    target_match_re: MatchRe = Field(default_factory=dict)
    target_matchers: Matchers = ()
    equal: Annotated[list[Text], AfterValidator(_equal)] = Field(default_factory=list)

    def rule(self) -> InhibitRule:
        """Return the rule; a label that is twice in `equal` counts once."""
        return InhibitRule(
            source=all_matchers(self.source_match, self.source_match_re, self.source_matchers),
            target=all_matchers(self.target_match, self.target_match_re, self.target_matchers),
            equal=tuple(dict.fromkeys(self.equal)),
            name=self.name,
        )


def read_inhibit_rules(document: Document) -> tuple[InhibitRule, ...]:
    """Return the rules in the order of the file; if a problem has been noted, they must not be used."""
    blocks = (document.read(path, _InhibitRule) for path in document.items(("inhibit_rules",)))
    return tuple(block.rule() for block in blocks if block is not None)
