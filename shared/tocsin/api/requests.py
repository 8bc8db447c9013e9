"""Requests, whoever carries them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks: the path as it was sent, still escaped; the names of headers in small letters.

    `iam` is the ARN of whom AWS itself has recognised, `address` where the request comes from.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    address: str = ""
    iam: str = ""

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The parameters of the query in their order; a name may stand there several times."""
        return parse_qsl(self.query, keep_blank_values=True, encoding="utf-8", errors="replace")

    def header(self, name: str) -> str:
        """Return a header, empty if there is none of that name."""
        return self.headers.get(name.lower(), "")

    @property
    def media_type(self) -> str:
        """What the body is said to be, without parameters, in small letters."""
        return self.header("content-type").partition(";")[0].strip().lower()
