"""Go's strings: the literals that matchers and templates are written with, and what is a space."""

import re

SPACES = "".join(
    ("\t\n\v\f\r \x85\xa0\u1680", *map(chr, range(0x2000, 0x200B)), "\u2028\u2029\u202f\u205f\u3000")
)
"""What Go's `unicode.IsSpace` takes for one; Python's `isspace` takes four more."""
_PART = re.compile(
    r"""
      (?P<text>   [^\\] + )
    | \\ (?P<char> [abfnrtv\\"] )
    | \\ (?: x (?P<byte> [0-9a-fA-F]{2} ) | (?P<octal> [0-3][0-7]{2} ) )
    | \\ (?: u (?P<rune> [0-9a-fA-F]{4} ) | U (?P<long> 00[0-9a-fA-F]{6} ) )
    """,
    re.VERBOSE,
)
_CHARACTERS = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))


def unquote(literal: str) -> str:
    """Return the text that a double-quoted literal stands for (Go `strconv.Unquote`).

    Raises ValueError for an escape that Go does not know, for a line break, and for bytes that are not UTF-8.
    """
    if "\n" in literal:
        raise ValueError(f"line break in {literal}")
    content, text, at = literal[1:-1], bytearray(), 0
    while at < len(content):
        match = _PART.match(content, at)
        if match is None:
            raise ValueError(f"invalid escape sequence in {literal}")
        text += _bytes(match)
        at = match.end()
    return text.decode()


def is_utf8(text: str) -> bool:
    """Tell whether the text can be written as UTF-8: half a surrogate pair, as JSON may hold, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
