r"""Prometheus' text formats, read family by family: the exposition format 0.0.4 and OpenMetrics 1.0.

Our own and not `prometheus_client.parser`: that imports a whole client with an HTTP server (230 ms here), takes 50 µs
for a line (ours 10), renames counters, and is by its own words laxer than Prometheus.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.inputs.parsers.parsed import ParseError
from tocsin.instants import instant

_QUOTED = r'"(?:[^"\\]++|\\.)*+"'
_SAMPLE = re.compile(
    rf"""
    (?P<name> [a-zA-Z_:][a-zA-Z0-9_:]*+ )?+ [ \t]*+
    (?: \{{ (?P<labels> (?: [^"}}]++ | {_QUOTED} )*+ ) \}} )?+ [ \t]*+
    (?P<value> [^ \t\#]++ )
    (?: [ \t]++ (?P<time> [^ \t\#]++ ) )?+ [ \t]*+
    (?P<exemplar> \#.* )?
    """,
    re.VERBOSE,
)
_LABEL = re.compile(
    rf"[ \t]*+(?P<name>[a-zA-Z_][a-zA-Z0-9_]*+|{_QUOTED})[ \t]*+(?:=[ \t]*+(?P<value>{_QUOTED}))?+[ \t]*+(?:,|\Z)"
)
_COMMENT = re.compile(rf"#[ \t]++(?P<word>HELP|TYPE)[ \t]++(?P<name>{_QUOTED}|[^ \t]++)[ \t]*+(?P<rest>.*+)")
_ESCAPE = re.compile(r'\\([\\n"])')
_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "counter": ("", "_total", "_created"),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum", "_created"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("", "_count", "_sum", "_created"),
    "info": ("", "_info"),
    "stateset": ("",),
    "unknown": ("",),
    "untyped": ("",),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: a value, and when it was true if the line says so."""

    name: str
    labels: dict[str, str]
    value: float
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """The samples of one metric; `kind` is its type in either format."""

    name: str
    kind: str = "untyped"
    samples: list[Sample] = field(default_factory=list)

    def takes(self, name: str) -> bool:
        """Tell whether a sample of that name is of this family."""
        return name.startswith(self.name) and name[len(self.name) :] in _SUFFIXES[self.kind]


def families(text: str, *, openmetrics: bool = False) -> Iterator[Family]:
    """Yield the families as they come, which have samples; raises ParseError, naming the line.

    Exemplars and help are passed over. OpenMetrics has timestamps in seconds and must be complete.
    """
    family = Family("")
    ended = False
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(" \t\r")
        if not line:
            continue
        try:
            if line.startswith("#"):
                following, ended = _commented(family, line), openmetrics and line == "# EOF"
            else:
                following = _sampled(family, line, openmetrics)
        except ValueError as error:
            raise ParseError(f"line {number}: {error}") from None
        if following is not family and family.samples:
            yield family
        family = following
        if ended:
            break
    if openmetrics and not ended:
        raise ParseError("expected # EOF at the end: it is not all there")
    if family.samples:
        yield family


def _commented(family: Family, line: str) -> Family:
    comment = _COMMENT.match(line)
    if comment is None:
        return family
    name = _unquoted(comment["name"])
    if comment["word"] == "HELP":
        return family if name == family.name else Family(name)
    if comment["rest"] not in _SUFFIXES:
        raise ValueError("expected the type of a metric")
    return Family(name, comment["rest"])


def _sampled(family: Family, line: str, openmetrics: bool) -> Family:
    sample = _sample(line, openmetrics)
    found = family if family.takes(sample.name) else Family(sample.name)
    found.samples.append(sample)
    return found


def _sample(line: str, openmetrics: bool) -> Sample:
    found = _SAMPLE.fullmatch(line)
    if found is None or (found["exemplar"] and not openmetrics):
        raise ValueError('expected name{label="value"} and a number')
    name, labels = found["name"], _labels(found["labels"] or "")
    quoted = labels.pop("", None)
    if (name is None) == (quoted is None):
        raise ValueError("expected one name")
    at = _time(found["time"], openmetrics) if found["time"] else None
    return Sample(name or quoted or "", labels, _number(found["value"]), at)


def _labels(written: str) -> dict[str, str]:
    """Return labels by their names; what is quoted and has no value is the metric's name, under no name here."""
    labels: dict[str, str] = {}
    at, end = 0, len(written.rstrip(" \t"))
    while at < end:
        found = _LABEL.match(written, at)
        if found is None:
            raise ValueError('expected labels as name="value"')
        name, value = _unquoted(found["name"]), found["value"]
        if value is None and found["name"][0] != '"':
            raise ValueError('expected labels as name="value"')
        key, text = ("", name) if value is None else (name, _unquoted(value))
        if key in labels:
            raise ValueError("a label twice")
        labels[key] = text
        at = found.end()
    return labels


def _unquoted(written: str) -> str:
    if not written.startswith('"'):
        return written
    inner = written[1:-1]
    return _ESCAPE.sub(lambda found: {"n": "\n"}.get(found[1], found[1]), inner) if "\\" in inner else inner


def _number(written: str) -> float:
    try:
        return float(written if "_" not in written else "")
    except ValueError:
        raise ValueError("expected a number") from None


def _time(written: str, openmetrics: bool) -> datetime:
    try:
        return instant(round(_number(written) * 1000) if openmetrics else int(written))
    except (ValueError, OverflowError):
        raise ValueError("expected a timestamp") from None
