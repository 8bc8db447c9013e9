"""Bodies of requests as documents."""

import json
import re
from typing import Any

from tocsin.api.problems import ApiError
from tocsin.yamltree import Tree

MOST_YAML_BYTES = 1 << 20

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
    """Return what the first document of a YAML text says, every scalar as text or None.

    Raises ValueError, and ApiError for one that is too large.
    """
    check_yaml(body)
    return Tree(body.decode(errors="replace")).data


def check_yaml(body: bytes) -> None:
    """Raise ApiError for a text that would take longer to read than a function may: YAML is slow."""
    if len(body) > MOST_YAML_BYTES:
        raise ApiError(413, f"the YAML has {len(body)} bytes, at most {MOST_YAML_BYTES} are taken")
