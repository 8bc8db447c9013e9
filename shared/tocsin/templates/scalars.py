"""Numbers and texts as Go's fmt prints them: verbs, flags, width and precision (fmt/print.go, fmt/format.go)."""

from math import frexp, isfinite, isnan, ldexp
from typing import NamedTuple

from tocsin.labels import quote
from tocsin.templates.numbers import shortest
from tocsin.templates.printable import backquotable, quote_ascii, quote_character
from tocsin.templates.source import utf8

_LAST_CHARACTER = 0x10FFFF
_SMALLEST_EXPONENT = -1074
_SURROGATES = range(0xD800, 0xE000)


class Spec(NamedTuple):
    """A verb and what stands between it and its `%`; `%+v` and `%#v` have no + and # but flags of their own."""

    verb: str = "v"
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    width: int = 0
    precision: int | None = None
    names_fields: bool = False
    go_syntax: bool = False

    def pad(self, text: str, *, zeros: bool = True) -> str:
        """Return the text, filled up to the width."""
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if self.zero and zeros else " ")

    def pad_number(self, sign: str, digits: str) -> str:
        """Return sign and digits, filled up to the width; zeros stand after the sign."""
        if self.zero and not self.minus:
            digits = digits.rjust(self.width - len(sign), "0")
        return self.pad(sign + digits)

    def sign(self, *, negative: bool) -> str:
        """Return what stands before a number."""
        return "-" if negative else "+" if self.plus else " " if self.space else ""


PLAIN = Spec()


def scalar(value: str | float, spec: Spec) -> str | None:
    """Return what a verb prints for a text, a truth value or a number; None if it is not for such a value."""
    if isinstance(value, str):
        return _text(value, spec)
    if isinstance(value, bool):
        return spec.pad("true" if value else "false") if spec.verb in "tv" else None
    return _whole(value, spec) if isinstance(value, int) else _float(value, spec)


# -- text ---------------------------------------------------------------------------------------------


def _text(value: str, spec: Spec) -> str | None:
    if spec.verb in "xX":
        return spec.pad(_hex_bytes(utf8(value)[: spec.precision], spec))
    cut = value[: spec.precision]
    if spec.verb == "q" or spec.go_syntax:
        return spec.pad(_quoted(cut, spec))
    return spec.pad(cut) if spec.verb in "sv" else None


def _quoted(text: str, spec: Spec) -> str:
    if spec.sharp and spec.verb == "q" and backquotable(text):
        return f"`{text}`"
    return quote_ascii(text) if spec.plus else quote(text)


def _hex_bytes(content: bytes, spec: Spec) -> str:
    text = content.hex(" ") if spec.space and content else content.hex()
    if spec.sharp and content:
        text = "0x" + text.replace(" ", " 0x")
    return text.upper() if spec.verb == "X" else text


# -- whole numbers ------------------------------------------------------------------------------------

_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}


def _whole(value: int, spec: Spec) -> str | None:
    if spec.verb in _BASES:
        return _digits(value, spec)
    match spec.verb:
        case "c":
            return spec.pad(_character(value))
        case "q":
            return spec.pad(quote_character(_character(value), ascii_only=spec.plus))
        case "U":
            return spec.pad(_code_point(value, spec), zeros=False)
    return None


def _digits(value: int, spec: Spec) -> str:
    if spec.precision == 0 and value == 0:
        return " " * spec.width
    sign, digits = spec.sign(negative=value < 0), format(abs(value), _BASES[spec.verb])
    if spec.precision is not None:
        digits = digits.rjust(spec.precision, "0")
    elif spec.zero and not spec.minus:
        digits = digits.rjust(spec.width - len(sign), "0")
    return spec.pad(sign + _prefix(spec, digits) + digits, zeros=False)


def _prefix(spec: Spec, digits: str) -> str:
    if spec.verb == "O":
        return "0o"
    if not spec.sharp or spec.verb in "vd":
        return ""
    if spec.verb == "o":
        return "" if digits.startswith("0") else "0"
    return f"0{spec.verb}"


def _character(code: int) -> str:
    return "\ufffd" if not 0 <= code <= _LAST_CHARACTER or code in _SURROGATES else chr(code)


def _code_point(code: int, spec: Spec) -> str:
    number = f"U+{code & 0xFFFFFFFFFFFFFFFF:0{max(4, spec.precision or 0)}X}"
    shown = spec.sharp and 0 <= code <= _LAST_CHARACTER and chr(code).isprintable()
    return f"{number} '{chr(code)}'" if shown else number


# -- floats -------------------------------------------------------------------------------------------


def _float(value: float, spec: Spec) -> str | None:
    if spec.verb not in "vbgGxXfFeE":
        return None
    negative = value < 0 or str(value).startswith("-")
    sign = spec.sign(negative=negative)
    if isfinite(value):
        return spec.pad_number(sign, _unsigned(abs(value), spec))
    if isnan(value):
        return spec.pad(sign + "NaN", zeros=False)
    return spec.pad((sign or "+") + "Inf", zeros=False)


def _unsigned(value: float, spec: Spec) -> str:
    match spec.verb:
        case "b":
            return _binary(value)
        case "x" | "X":
            return _hexadecimal(value, spec)
        case "v" | "g" | "G" if spec.precision is None and not spec.sharp:
            text = shortest(value)
            return text.upper() if spec.verb == "G" else text
    precision = 6 if spec.precision is None else spec.precision
    verb = {"v": "g", "F": "f"}.get(spec.verb, spec.verb)
    return format(value, f"{'#' if spec.sharp else ''}.{precision}{verb}")


def _binary(value: float) -> str:
    mantissa, exponent = frexp(value)
    if not value or exponent < _SMALLEST_EXPONENT + 53:
        return f"{int(value / ldexp(1.0, _SMALLEST_EXPONENT))}p{_SMALLEST_EXPONENT}"
    return f"{int(ldexp(mantissa, 53))}p{exponent - 53:+d}"


def _hexadecimal(value: float, spec: Spec) -> str:
    half, exponent = frexp(value)
    mantissa, exponent = (half * 2, exponent - 1) if value else (0.0, 0)
    digits = 13 if spec.precision is None else min(spec.precision, 13)
    whole, fraction = divmod(round(mantissa * 16**digits), 16**digits)
    if whole > 1:
        whole, exponent = 1, exponent + 1
    text = f"{fraction:0{digits}x}" if digits else ""
    text = text.rstrip("0") if spec.precision is None else text.ljust(spec.precision, "0")
    shown = f"0x{whole}{'.' if text or spec.sharp else ''}{text}p{exponent:+03d}"
    return shown.upper() if spec.verb == "X" else shown
