"""Text as Go's strings package changes it: character by character, none into several."""

_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go's `unicode.IsSpace` takes for a space."""


def trim_space(text: str) -> str:
    """Return the text without the spaces at its ends (Go `strings.TrimSpace`)."""
    return text.strip(_SPACES)


def upper(text: str) -> str:
    """Return the text in upper case (Go `strings.ToUpper`)."""
    return text.upper() if text.isascii() else "".join(map(_upper, text))


def lower(text: str) -> str:
    """Return the text in lower case (Go `strings.ToLower`)."""
    return text.lower() if text.isascii() else "".join(character.lower()[0] for character in text)


def title(text: str) -> str:
    """Return the text with the first letter of every word in title case (Go `strings.Title`)."""
    before = " " + text
    return "".join(
        _title(character) if _separates(previous) else character
        for previous, character in zip(before, text, strict=False)
    )


def _upper(character: str) -> str:
    changed = character.upper()
    return changed if len(changed) == 1 else _title(character)


def _title(character: str) -> str:
    changed = character.title()
    return changed if len(changed) == 1 else character


def _separates(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return character.isspace()
