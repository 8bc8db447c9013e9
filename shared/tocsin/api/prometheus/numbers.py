"""Numbers as Go's `strconv.FormatFloat` writes them, as short as they can be."""

from decimal import Decimal
from math import isinf, isnan


def plain(value: float) -> str:
    """Return a sample's value as Prometheus writes it (`'f', -1`)."""
    return _special(value) or format(Decimal(repr(value)), "f").removesuffix(".0")


def scientific(value: float) -> str:
    """Return an alert's value as Prometheus' list of rules has it (`'e', -1`): `1e+00`."""
    if special := _special(value):
        return special
    sign, digits, _ = Decimal(repr(value)).as_tuple()
    written = "".join(map(str, digits)).rstrip("0") or "0"
    mantissa = f"{written[0]}.{written[1:]}".removesuffix(".")
    exponent = Decimal(repr(value)).adjusted() if value else 0
    return f"{'-' if sign else ''}{mantissa}e{exponent:+03}"


def _special(value: float) -> str:
    if isnan(value):
        return "NaN"
    return ("+Inf" if value > 0 else "-Inf") if isinf(value) else ""
