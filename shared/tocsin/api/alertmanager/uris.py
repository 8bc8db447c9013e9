"""What is a URI to go-openapi: what Go's `url.ParseRequestURI` takes."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:", re.ASCII)
_IN_HOST = r"[^\x00-\x20%/?\\^`{|}@#\[\]:]"
_HOST = re.compile(rf"(\[[^\[\]]*\]|{_IN_HOST}*|({_IN_HOST}|:)*(?=:))(:\d*)?", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


def is_uri(text: str) -> bool:
    """Tell whether the text is an absolute URI, or a path that begins with a slash."""
    if not text or _CONTROL.search(text):
        return False
    scheme = _SCHEME.match(text)
    path = (text[scheme.end() :] if scheme else text).partition("?")[0]
    if not path.startswith("/"):
        return scheme is not None or path == "*"
    if scheme and path.startswith("//"):
        authority, _, path = path[2:].partition("/")
        if not _HOST.fullmatch(authority.rpartition("@")[2]):
            return False
    return not _BAD_ESCAPE.search(path)
