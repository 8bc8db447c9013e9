"""Texts cut to what a service takes, in characters or in bytes, with an ellipsis where something is missing."""

ELLIPSIS = "…"


def truncate_runes(text: str, limit: int) -> tuple[str, bool]:
    """Return at most `limit` characters of a text, and whether any are missing (`notify.TruncateInRunes`)."""
    if len(text) <= limit:
        return text, False
    if limit <= 3:
        return text[:limit], True
    return text[: limit - 1] + ELLIPSIS, True


def truncate_bytes(text: str, limit: int) -> tuple[str, bool]:
    """Return at most `limit` bytes of a text in UTF-8, no character of it halved, and whether any are missing.

    As `notify.TruncateInBytes` does it: where not even the ellipsis fits there are dots.
    """
    encoded = text.encode(errors="replace")
    if len(encoded) <= limit:
        return text, False
    room = limit - len(ELLIPSIS.encode())
    if room < 0:
        return "." * limit, True
    return encoded[:room].decode(errors="ignore") + ELLIPSIS, True
