"""Numbers as Go reads and prints them."""

import re
from decimal import Decimal
from math import isfinite, isinf, isnan

from tocsin.gostrings import unquote
from tocsin.labels import quote

_DECIMAL = r"(?:[0-9_]+(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9_]+)?"
_HEX = r"0[xX](?:[0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?|\.[0-9a-fA-F_]+)[pP][-+]?[0-9_]+"
_FLOAT = re.compile(rf"[-+]?(?:(?P<hex>{_HEX})|{_DECIMAL}|(?P<infinity>(?i:inf(?:inity)?)))|(?i:nan)")
_OCTAL = re.compile(r"(?P<sign>[-+]?)0_?(?P<digits>[0-7_]+)")
LARGEST_INT = 2**63 - 1
_LARGEST_UINT = 2**64 - 1


def parse_float(text: str) -> float:
    """Return the number that `text` stands for (Go `strconv.ParseFloat`); raises ValueError with Go's reason."""
    match = _FLOAT.fullmatch(text)
    try:
        number = float.fromhex(_joined(text)) if match and match["hex"] else float(text)
    except OverflowError:
        number = float("inf")
    except ValueError:
        match = None
    if match is None:
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    if isinf(number) and not match["infinity"]:
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return number


def _joined(text: str) -> str:
    """Return a hexadecimal number without the underscores between its digits; raises ValueError for others."""
    if re.search(r"_(?![0-9a-fA-F])|(?<![0-9a-fA-FxX])_", text):
        raise ValueError
    return text.replace("_", "")


def parse_number(text: str) -> int | float:
    """Return the value of a number in a template; raises ValueError with Go's reason.

    One with a point or an exponent is a float, the others are whole, up to what 64 bits hold without a sign;
    `'x'` is the number of the character.
    """
    if text.startswith("'"):
        return _character(text)
    number = _whole(text)
    if number is None:
        return _float(text)
    if not -LARGEST_INT - 1 <= number <= _LARGEST_UINT:
        raise ValueError(f"integer overflow: {quote(text)}")
    return number


def _whole(text: str) -> int | None:
    octal = _OCTAL.fullmatch(text)
    try:
        return int(f"{octal['sign']}0o{octal['digits']}" if octal else text, 0)
    except ValueError:
        return None


def _float(text: str) -> float:
    try:
        number = parse_float(text)
    except ValueError:
        raise ValueError(f"illegal number syntax: {quote(text)}") from None
    if not set(text) & set(".eEpP"):
        raise ValueError(f"integer overflow: {quote(text)}")
    return number


def _character(text: str) -> int:
    inside = text[1:-1].replace("\\'", "'").replace('"', '\\"') if text != "'\"'" else '\\"'
    try:
        character = unquote(f'"{inside}"')
    except ValueError:
        character = ""
    if len(character) != 1:
        raise ValueError(f"malformed character constant: {text}")
    return ord(character)


def shortest(value: float) -> str:
    """Return what Go's `%v` prints: the fewest digits that tell the value apart, an exponent from 1e+06."""
    if not isfinite(value):
        return special(value)
    text = repr(value)
    if "e" not in text and abs(value) < 1e6:
        return text.removesuffix(".0")
    # Not `e` with as many digits: that rounds what lies in the middle to an even digit, which may be another number.
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    first, rest = digits[0], "".join(map(str, digits[1:]))
    power = int(exponent) + len(digits) - 1
    return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{power:+03d}"


def special(value: float) -> str:
    """Return what Go prints for a float that is no number."""
    return "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"


def rounded(value: float, precision: int, verb: str) -> str:
    """Return the value as Go prints it with a verb of e E f g G and a precision."""
    return format(value, f".{precision}{verb}") if isfinite(value) else special(value)
