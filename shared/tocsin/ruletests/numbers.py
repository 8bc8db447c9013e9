"""Numbers as Go reads them: in the notation of series, and in YAML."""

import math
import re

_OCTAL = re.compile(r"[-+]?0[0-7]+")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def number(text: str) -> float:
    """Return the number that `strconv.ParseInt` with base 0 reads, `strconv.ParseFloat` else; raises ValueError."""
    if _OCTAL.fullmatch(text):
        return float(int(text, 8))
    if _INTEGER.fullmatch(text):
        return float(int(text, 0))
    value = float(text) if _FLOAT.fullmatch(text) else math.inf
    if math.isinf(value):
        raise ValueError(f'expected a number, not "{text}"')
    return value


def yaml_number(text: str) -> float:
    """Return the number that a YAML scalar stands for (`gopkg.in/yaml.v2`); raises ValueError."""
    if special := _SPECIAL.fullmatch(text):
        return math.nan if special["sign"] is None else float(f"{special['sign']}inf")
    try:
        return number(text.replace("_", ""))
    except (ValueError, OverflowError):
        raise ValueError("expected a number (infinity is .inf in YAML, not a number is .nan)") from None


def written(value: float) -> str:
    """Return a number as Prometheus prints it, as short as it can be."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value).removesuffix(".0")
