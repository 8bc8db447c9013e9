"""What the attributes of HTML hold (html/template/attr.go): URLs, styles and scripts are not for any text."""

from enum import Enum, auto


class Holds(Enum):
    """What the value of an attribute is; UNSAFE is text to which more depends on than what is shown."""

    PLAIN = auto()
    URL = auto()
    URLS = auto()
    STYLE = auto()
    SCRIPT = auto()
    UNSAFE = auto()


_URLS = (
    "action archive background cite classid codebase data formaction href icon longdesc manifest poster profile"
    " src usemap xmlns"
)
_UNSAFE = (
    "accept-charset async challenge charset content crossorigin defer enctype form formenctype formmethod"
    " formnovalidate http-equiv keytype language method novalidate pattern rel sandbox srcdoc type value"
)
_KNOWN = {
    **dict.fromkeys(_URLS.split(), Holds.URL),
    **dict.fromkeys(_UNSAFE.split(), Holds.UNSAFE),
    "srcset": Holds.URLS,
    "style": Holds.STYLE,
    "srclang": Holds.PLAIN,
}
_SMELLS_OF_URL = ("src", "uri", "url")


def holds(attribute: str) -> Holds:
    """Return what an attribute holds, of one that is not known what its name lets fear."""
    name = attribute.lower()
    if name.startswith("data-"):
        name = name.removeprefix("data-")
    elif ":" in name:
        space, _, name = name.partition(":")
        if space == "xmlns":
            return Holds.URL
    if name in _KNOWN:
        return _KNOWN[name]
    if name.startswith("on"):
        return Holds.SCRIPT
    return Holds.URL if any(part in name for part in _SMELLS_OF_URL) else Holds.PLAIN
