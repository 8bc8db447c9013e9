"""Characters and text as Go quotes and names them."""

from tocsin.labels import quote


def code_point(character: str) -> str:
    """Return `U+0041 'A'`, or only the number of a character that cannot be printed (Go `%#U`)."""
    number = f"U+{ord(character):04X}"
    return f"{number} '{character}'" if character.isprintable() else number


def quote_ascii(text: str) -> str:
    """Return `text` as Go's `strconv.QuoteToASCII` writes it."""
    return "".join(character if character.isascii() else _escaped(character) for character in quote(text))


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote_character(character: str, *, ascii_only: bool = False) -> str:
    """Return `'x'` as Go's `strconv.QuoteRune` writes it."""
    if character in "'\"":
        return "'\\''" if character == "'" else "'\"'"
    return f"'{(quote_ascii if ascii_only else quote)(character)[1:-1]}'"


def quote_pattern(pattern: str) -> str:
    """Return a regular expression as Go's errors quote it: between backquotes if it can stand there."""
    return f"`{pattern}`" if backquotable(pattern) else quote(pattern)


def backquotable(text: str) -> bool:
    """Return whether `text` can stand unchanged between backquotes (Go `strconv.CanBackquote`)."""
    return not any(ch in "`\x7f\ufeff" or (ch < " " and ch != "\t") for ch in text)
