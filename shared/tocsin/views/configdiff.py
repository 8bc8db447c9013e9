"""Two configurations compared, without their secrets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff

from tocsin.configfile.storing import FILE
from tocsin.dispatch.versions import Version
from tocsin.views.secrets import masked, same_secrets


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: texts by the names of their files, secrets and all."""

    title: str
    texts: Mapping[str, str] = field(repr=False)

    @classmethod
    def of_version(cls, version: Version) -> "Side":
        """Return a stored version."""
        return cls(f"version {version.number}", {FILE: version.text, **version.templates})

    def name(self, file: str) -> str:
        """Return what a file is called in a diff."""
        return self.title if file == FILE else f"{self.title}: {file}"

    def lines(self, file: str) -> list[str]:
        """Return a file as it may be shown; no lines if there is none."""
        text = self.texts.get(file, "")
        return (masked(text) if file == FILE else text).splitlines()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs: `lines` are a unified diff of all files, in which secrets that differ do not show."""

    before: str
    after: str
    changed: bool
    secrets_changed: bool
    lines: tuple[str, ...]


def difference(before: Side, after: Side) -> Difference:
    """Return what differs between two configurations."""
    return Difference(
        before.title,
        after.title,
        before.texts != after.texts,
        not same_secrets(before.texts.get(FILE, ""), after.texts.get(FILE, "")),
        tuple(_compared(before, after)),
    )


def _compared(before: Side, after: Side) -> Iterator[str]:
    for file in dict.fromkeys([*before.texts, *after.texts]):
        yield from unified_diff(
            before.lines(file), after.lines(file), before.name(file), after.name(file), lineterm=""
        )
