"""Mutated templates of notifications, as texts and as pages: nothing crashes, nothing hangs, no page is broken out of.

`TOCSIN_FUZZ=100000 pytest tests/fuzz` mutates as many; by default 10,000. Seeds are counted up from 0: what
fails can be run again by its number. The limits are lower than usual, so that reaching them takes no time.
"""

import json
import os
import re
from dataclasses import replace

import pytest

from tests.fuzz.mutating import Templates
from tests.unit.messaging import FIRING, NOTIFICATION, RESOLVED, WRITER, cases, message
from tocsin.messages.functions import FUNCTIONS
from tocsin.messages.writer import Message
from tocsin.templates.run import Limits
from tocsin.templates.source import TemplateError

COUNT = int(os.environ.get("TOCSIN_FUZZ", "10000"))
BATCHES = 20
LIMITS = Limits(steps=20_000, text=128 * 1024)

ATTACK = "\"'><script>alert(1)</script>{{ .Status }}<!--"
ABOUT = replace(
    NOTIFICATION,
    alerts=tuple(
        replace(alert, labels={**alert.labels, "odd": ATTACK}, annotations={"summary": ATTACK})
        for alert in (FIRING, RESOLVED)
    ),
    external_url="javascript:alert(1)",
)
TEXTS = [case.template for section in ("text", "html", "newer", "pages") for case in cases(section)]
TEXTS += [
    f'{{{{ template "{name}" . }}}}' for name in ("email.default.html", "sns.default.message", "__subject")
]
WORDS = [
    *FUNCTIONS,
    *(
        "nil",
        "true",
        "range",
        "if",
        "with",
        "define",
        "template",
        "block",
        "break",
        "else",
        "end",
        "1",
        '"a"',
    ),
    *(".Alerts", ".CommonLabels", ".CommonLabels.odd", ".StartsAt", "$", ".", "(list 1 nil)", "(dict `a` 1)"),
]
PIECES = (
    *(
        "{{",
        "}}",
        "{{-",
        "-}}",
        "{{ end }}",
        "{{ else }}",
        "(",
        ")",
        "|",
        ":=",
        ",",
        ".",
        "$x",
        '"',
        "`",
        "'",
    ),
    *("<", ">", "</", "<!--", "-->", "=", '="', "='", "/>", "&", "&#34;", "?", "#", ":", "javascript:", "\\"),
    *(
        "<a href=",
        "<p title=",
        "<td style=",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<textarea>",
        " on",
    ),
    *(
        "\n",
        " ",
        "\t",
        "é",
        "☺",
        "\x00",
        "\ud800",
        "\u2028",
        "-1",
        "1e999",
        "{{ range 1000000 }}",
        "%d",
        "[",
        "- ",
    ),
)
PLACED = re.compile(r'template: [\w.]*:[0-9]+:[0-9]+: (?:executing ".*?" at <.*?>: )?\S', re.DOTALL)
TEMPLATES = Templates(TEXTS, WORDS, PIECES)


@pytest.fixture(autouse=True)
def _low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.messages.writer.LIMITS", LIMITS)


def attempted(about: Message, template: str, kind: str) -> tuple[str, str]:
    """Return what a template comes to, or nothing and its error."""
    try:
        return about.html(template) if kind == "html" else about.text(template), ""
    except TemplateError as error:
        return "", str(error)


def outcome(about: Message, template: str, kind: str) -> str:
    """Return `refused`, `failed` or `expanded`, after a look at what was said or made."""
    made, error = attempted(about, template, kind)
    if error:
        assert PLACED.match(error), error
        return "failed" if "executing" in error or "non-text" in error else "refused"
    assert len(made) <= LIMITS.text
    trusted = "safeHtml" in template or "<script" in template.lower()
    assert kind == "text" or trusted or "<script" not in made, made
    return "expanded"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_templates_expand_or_say_where_and_why_not(batch: int) -> None:
    about = message(ABOUT, WRITER)
    for seed in range(batch, COUNT, BATCHES):
        template = TEMPLATES.mutated(seed)
        kinds = {kind: outcome(about, template, kind) for kind in ("text", "html")}
        assert (kinds["text"] == "refused") == (kinds["html"] == "refused")
        if kinds["text"] == "expanded":
            assert json.dumps(about.tree(template), allow_nan=False)


def test_the_mutations_reach_every_stage() -> None:
    about = message(ABOUT, WRITER)
    for kind in ("text", "html"):
        outcomes = [outcome(about, TEMPLATES.mutated(seed), kind) for seed in range(1_000)]
        assert min(outcomes.count(stage) for stage in ("refused", "failed", "expanded")) > 50
