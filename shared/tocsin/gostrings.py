"""Go's string literals, which matchers and templates are written with."""

import re

_PART = re.compile(
    r"""
      (?P<text>   [^\\] + )
    | \\ (?P<char> [abfnrtv\\"] )
    | \\ (?: x (?P<byte> [0-9a-fA-F]{2} ) | (?P<octal> [0-3][0-7]{2} ) )
    | \\ (?: u (?P<rune> [0-9a-fA-F]{4} ) | U (?P<long> [0-9a-fA-F]{8} ) )
    """,
    re.VERBOSE,
)
_CHARACTERS = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))


def unquote(literal: str) -> str:
    """Return the text that a double-quoted literal stands for (Go `strconv.Unquote`).

    Raises ValueError for an escape that Go does not know and for bytes that are not UTF-8.
    """
    content, text, at = literal[1:-1], bytearray(), 0
    while at < len(content):
        match = _PART.match(content, at)
        if match is None:
            raise ValueError(f"invalid escape sequence in {literal}")
        text += _bytes(match)
        at = match.end()
    return text.decode()


def _bytes(match: re.Match[str]) -> bytes:
    body = match[match.lastgroup or "text"]
    match match.lastgroup:
        case "char":
            return _CHARACTERS[body].encode()
        case "byte" | "octal":
            return bytes([int(body, 16 if match.lastgroup == "byte" else 8)])
        case "rune" | "long":
            return chr(int(body, 16)).encode()
        case _:
            return body.encode()
