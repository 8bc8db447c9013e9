"""Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).

Our own because the client library keeps figures in a process, with a registry and locks; here they come from the
store, and writing them is these few lines.
"""

from collections.abc import Iterable, Iterator

from tocsin.labels import Labels
from tocsin.views.metrics import Family, Sample

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(families: Iterable[Family]) -> str:
    """Return the families as text; one without a sample is left out."""
    return "".join(line + "\n" for family in families if family.samples for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        yield f"{family.name}{sample.suffix}{_labels(sample.labels)} {_number(sample)}"


def _labels(labels: Labels) -> str:
    pairs = [f'{name}="{_escaped(value, quoted=True)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text


def _number(sample: Sample) -> str:
    return str(int(sample.value)) if float(sample.value).is_integer() else repr(sample.value)
