"""Texts that are known to be of a kind, so that HTML takes them as they are (html/template/content.go)."""


class Html(str):
    """Markup: in HTML it stands as it is."""

    __slots__ = ()
    go_type = "template.HTML"


class Url(str):
    """A URL of any scheme, its special characters escaped where they have to be."""

    __slots__ = ()
    go_type = "template.URL"
