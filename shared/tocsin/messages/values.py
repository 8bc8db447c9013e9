"""The texts of a notification as templates reach them: sets of pairs, pairs in order, lists of texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tocsin.templates.values import STRING, Function, Stringer, Struct, Type, Value


class Strings(Struct, list[str]):
    """A list of texts."""

    go_type = "template.Strings"


@dataclass(frozen=True, slots=True)
class Pair(Struct):
    """A name and a value."""

    name: str
    value: str

    go_type: ClassVar[str] = "template.Pair"
    fields: ClassVar[Mapping[str, Callable[["Pair"], Value]]] = {
        "Name": lambda pair: pair.name,
        "Value": lambda pair: pair.value,
    }


class Pairs(Stringer, Struct, list[Pair]):
    """Names and values in an order, printed as `a=b, c=d`."""

    go_type = "template.Pairs"

    def text(self) -> str:
        """Return the pairs as they are printed."""
        return ", ".join(f"{pair.name}={pair.value}" for pair in self)

    def names(self) -> Strings:
        """Return the names."""
        return Strings(pair.name for pair in self)

    def values(self) -> Strings:
        """Return the values."""
        return Strings(pair.value for pair in self)


class KV(Stringer, Struct, dict[str, str]):
    """Labels or annotations; one that is missing is an empty text."""

    go_type = "template.KV"

    def text(self) -> str:
        """Return the pairs as they are printed."""
        return self.sorted_pairs().text()

    def sorted_pairs(self) -> Pairs:
        """Return the pairs by name, `alertname` before all others."""
        return Pairs(
            Pair(name, self[name]) for name in sorted(self, key=lambda name: (name != "alertname", name))
        )

    def remove(self, names: Sequence[str]) -> "KV":
        """Return the pairs without those of some names."""
        return KV((name, value) for name, value in self.items() if name not in names)


STRINGS = Type("[]string", (Strings,))
Strings.methods = {"Join": Function(lambda strings, separator: separator.join(strings), (STRING,))}
Pairs.methods = {
    "Names": Function(Pairs.names),
    "Values": Function(Pairs.values),
    "String": Function(Pairs.text),
}
KV.methods = {
    "SortedPairs": Function(KV.sorted_pairs),
    "Remove": Function(KV.remove, (STRINGS,)),
    "Names": Function(lambda pairs: pairs.sorted_pairs().names()),
    "Values": Function(lambda pairs: pairs.sorted_pairs().values()),
    "String": Function(KV.text),
}
