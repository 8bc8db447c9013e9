"""Pages: where they differ from Go's on purpose, and that no value breaks out of its place.

What is alike is in message_cases.yml, which a real Alertmanager is compared with.
"""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.templates.builtins import BUILTINS
from tocsin.templates.engine import compile_template
from tocsin.templates.source import TemplateError
from tocsin.templates.values import Value


def page(template: str, value: Value) -> str:
    return compile_template(template, "page", BUILTINS, html=True).expand(value)


class Structure(HTMLParser):
    """The tags of a page with the names of their attributes."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(" ".join((tag, *(name for name, _ in attrs))))
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")


PLACES = (
    "<b>{{ . }}</b>",
    '<b title="{{ . }}">x</b>',
    "<b title='{{ . }}'>x</b>",
    "<b title={{ . }}>x</b>",
    '<a href="{{ . }}">x</a>',
    '<a href="/{{ . }}?a={{ . }}#{{ . }}">x</a>',
    "<a href={{ . }}>x</a>",
    '<img srcset="{{ . }}">',
    '<b style="color: {{ . }}">x</b>',
    "<title>{{ . }}</title>",
    "<textarea>{{ . }}</textarea>",
    "<!-- {{ . }} --><b>x</b>",
    "<style>b { color: {{ . }} }</style>",
)
DANGEROUS = st.sampled_from(
    [
        "'",
        '"',
        "<",
        ">",
        "`",
        "=",
        "/",
        " ",
        "&",
        "\t",
        "\n",
        "&quot;",
        "script",
        "</title>",
        "</style>",
        "javascript:",
        "-->",
        "x",
    ]
)
# Python's parser takes more characters for spaces than HTML does.
VALUES = st.lists(DANGEROUS | st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=12).map("".join)


@pytest.mark.parametrize("template", PLACES)
@given(value=VALUES)
def test_no_value_changes_what_a_page_is_made_of(template: str, value: str) -> None:
    made, harmless = Structure(page(template, value)), Structure(page(template, "x"))
    assert made.found == harmless.found
    assert not any(link.strip().lower().startswith("javascript:") for link in made.links)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("red", "red"),
        ("#f00", "#f00"),
        ("10px", "10px"),
        ("color: red", "color: red"),
        ("url(x)", "ZgotmplZ"),
        ("javascript:x", "ZgotmplZ"),
        ("a;b", "ZgotmplZ"),
        ("ex\tpression", "ZgotmplZ"),
        ("\\65xpression", "ZgotmplZ"),
        ("--x", "ZgotmplZ"),
    ],
)
def test_into_a_style_goes_what_can_stand_anywhere_in_it(value: str, expected: str) -> None:
    assert page('<b style="{{ . }}">', value) == f'<b style="{expected}">'
    assert page("<style>b::after { content: '{{ . }}' }</style>", value).count(expected) == 1


def test_the_ways_through_a_page_may_lead_to_different_places() -> None:
    template = '{{ if . }}<a href="{{ else }}<b title="{{ end }}{{ "javascript:x" }}">'
    assert page(template, True) == '<a href="#ZgotmplZ">'
    assert page(template, False) == '<b title="javascript:x">'


def test_comments_of_scripts_and_styles_stay() -> None:
    content = "<script>/* a */ // b\n</script><style>/* c */</style>"
    assert page(content, None) == content


@pytest.mark.parametrize(
    "template", ["<script>{{ . }}</script>", '<b onclick="{{ . }}">', "<b onclick={{ . }}>"]
)
def test_nothing_goes_into_a_script(template: str) -> None:
    with pytest.raises(TemplateError, match=r"^template: page:1:\d+: .*: a value may not stand in a script$"):
        page(template, "x")
