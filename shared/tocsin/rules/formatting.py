"""Formatting: the expressions of a rule file as Prometheus writes them, and the rest of it untouched."""

from collections.abc import Mapping
from dataclasses import replace

from tocsin.documents import DocumentError
from tocsin.expressions import promql
from tocsin.expressions.languages import Languages, built_in
from tocsin.rules.rule import Rule
from tocsin.rules.rulefile import RuleFile, parse_rule_file
from tocsin.rules.rulewriting import write_yaml
from tocsin.yamltree import Scalar, Tree

_KEY = "expr"
_MARK = "\ufeff"


def format_expressions(text: str, file: RuleFile, languages: Languages = built_in) -> str:
    """Return the text of a rule file with its PromQL formatted; comments and everything else stay.

    What would not be read back as the same rules is left as it is.
    """
    if text.startswith(_MARK):  # YAML's own places do not count it
        return _MARK + format_expressions(text.removeprefix(_MARK), file, languages)
    tree = Tree(text)
    edits: dict[Scalar, str] = {}
    for placed in file.placed:
        scalar, pretty = tree.scalar((*placed.path, _KEY)), _pretty(placed.rule, languages)
        if scalar is None or pretty == placed.rule.expr or text[scalar.start] in "&!":
            continue
        if not (
            scalar.flow and "\n" in pretty
        ):  # several lines need a block, and there is none inside braces
            edits[scalar] = pretty
    formatted = _edited(text, edits)
    return formatted if _same(formatted, file, languages) else text


def _pretty(rule: Rule, languages: Languages) -> str:
    if languages(rule.source).language != promql.LANGUAGE:
        return rule.expr
    pretty = promql.pretty(rule.expr)
    return rule.expr if pretty == rule.expr.strip() else pretty


def _edited(text: str, edits: Mapping[Scalar, str]) -> str:
    for scalar, expr in sorted(edits.items(), key=lambda edit: edit[0].start, reverse=True):
        old = text[scalar.start : scalar.end]
        end = old[len(old.rstrip("\n")) :]
        text = text[: scalar.start] + _written(expr, scalar) + end + text[scalar.end :]
    return text


def _written(expr: str, scalar: Scalar) -> str:
    """Return an expression as it stands behind its key."""
    whole = write_yaml({_KEY: expr}, flow=scalar.flow).rstrip("\n")
    if scalar.flow:
        return whole.removeprefix(f"{{{_KEY}: ").removesuffix("}")
    first, *others = whole.removeprefix(f"{_KEY}: ").split("\n")
    return "\n".join([first, *(" " * scalar.column + line if line else "" for line in others)])


def _same(formatted: str, file: RuleFile, languages: Languages) -> bool:
    """Tell whether the rules of the text are those of the file, formatted or not."""

    def known(rules: list[Rule]) -> list[Rule]:
        return [replace(rule, expr=_pretty(rule, languages).strip()) for rule in rules]

    try:
        found = parse_rule_file(formatted, "", file.namespace, languages)
    except DocumentError:
        return False
    return known(found) == known(file.rules)
