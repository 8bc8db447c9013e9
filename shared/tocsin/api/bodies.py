"""Bodies of requests as documents."""

import json
import re
from typing import Any

from tocsin.yamltree import Tree

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def from_json(body: bytes) -> Any:
    """Return what JSON says; raises ValueError.

    What is no UTF-8 becomes U+FFFD as in Go, half of a surrogate pair included, which JSON can write.
    """
    text = body.decode(errors="replace")
    try:
        document = json.loads(text)
        if _SURROGATE.search(text):  # UTF-16 tells pairs from halves
            units = json.dumps(document, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
            document = json.loads(units.decode("utf-16-le", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return document


def from_yaml(body: bytes) -> Any:
    """Return what the first document of a YAML text says, every scalar as text or None; raises ValueError."""
    return Tree(body.decode(errors="replace")).data
