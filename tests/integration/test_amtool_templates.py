"""Templates of notifications beside Debian's amtool (Alertmanager 0.25): the same texts, the same pages.

The default templates are those that Debian ships. What amtool is too old for is in the table's `newer`.
"""

import json
import random
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.messaging import FIRING, NOTIFICATION, RANDOM, RESOLVED, Case, cases, message
from tocsin.notification import Notification
from tocsin.templates.escapers import REFUSED
from tocsin.templates.source import TemplateError

DEFAULTS = Path("/usr/share/prometheus/alertmanager/default.tmpl")

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the path"),
    pytest.mark.skipif(not DEFAULTS.exists(), reason="Debian's default.tmpl is not there"),
]

OURS = ("email.default.html",)
"""Designed anew: the same content, another page (tests/unit/test_messages_writer.py)."""
OF_ALERTS = ("__text_alert_list", "pagerduty.default.instances")
"""The templates that are given alerts, not a notification."""

NOTIFICATIONS = {
    "firing and resolved": NOTIFICATION,
    "firing": replace(NOTIFICATION, alerts=(FIRING,)),
    "resolved": replace(NOTIFICATION, alerts=(RESOLVED, RESOLVED)),
    "no alerts": replace(NOTIFICATION, alerts=()),
    "one group for all": replace(NOTIFICATION, group_labels={}, alerts=(FIRING, FIRING, RESOLVED)),
    "grouped by everything": replace(NOTIFICATION, group_labels=FIRING.labels, alerts=(FIRING,)),
    "odd names": replace(NOTIFICATION, receiver="a/b c+(d)é&?", external_url="https://h:1/p?x=<y>&z"),
    "nothing to say": replace(NOTIFICATION, alerts=(replace(FIRING, annotations={}, generator_url=""),)),
}
PAGES = 150


def random_page(seed: int) -> str:
    """Return a template for a page, more often well-formed than not."""
    rng = random.Random(seed)
    length = rng.randint(1, 9)
    page = "".join(
        f"{{{{ {rng.choice(RANDOM['values'])} }}}}" if rng.random() < 0.4 else rng.choice(RANDOM["pieces"])
        for _ in range(length)
    )
    opened = page.rpartition("<")[2]
    return page + next((mark + ">" for mark in "\"'" if f"={mark}" in opened and opened[-1] != ">"), "")


def data(notification: Notification) -> Mapping[str, object]:
    """Return what amtool 0.25 knows of a notification's data."""
    known: dict[str, object] = json.loads(message(notification).text("{{ toJson . }}"))
    return {
        name: value for name, value in known.items() if name not in ("notification_reason", "routeLabels")
    }


def amtool(directory: Path, notification: Notification, template: str, kind: str) -> str | None:
    """Return what amtool makes of a template, None if it fails."""
    file = directory / "data.json"
    file.write_text(json.dumps(data(notification)))
    command = [
        *("amtool", "template", "render", f"--template.glob={DEFAULTS}", f"--template.data={file}"),
        *(f"--template.type={kind}", f"--template.text={template}"),
    ]
    run = subprocess.run(command, text=True, check=False, capture_output=True, timeout=30)
    return run.stdout if run.returncode == 0 else None


def ours(notification: Notification, template: str, kind: str) -> str | None:
    """Return what we make of a template, None if it fails."""
    about = message(notification)
    try:
        return about.html(template) if kind == "html" else about.text(template)
    except TemplateError:
        return None


@pytest.mark.parametrize("kind", ["text", "html"])
@pytest.mark.parametrize("about", NOTIFICATIONS.values(), ids=NOTIFICATIONS)
def test_the_default_templates_say_the_same(tmp_path: Path, about: Notification, kind: str) -> None:
    names = set(re.findall(r'define "([^"]+)"', DEFAULTS.read_text())) - set(OURS)
    assert len(names) >= 39
    template = "".join(
        f'{name}:{{{{ template "{name}" {".Alerts" if name in OF_ALERTS else "."} }}}};'
        for name in sorted(names)
    )
    expected = amtool(tmp_path, about, template, kind)
    assert expected is not None
    assert ours(about, template, kind) == expected


def test_every_template_of_the_table_says_the_same(tmp_path: Path) -> None:
    different = [
        case.template
        for kind in ("text", "html")
        for case in cases(kind)
        if amtool(tmp_path, NOTIFICATION, case.template, kind) != case.text
    ]
    assert different == []


def test_pages_that_fail_fail_there_too(tmp_path: Path) -> None:
    refused: list[Case] = cases("pages")
    assert [
        case for case in refused if amtool(tmp_path, NOTIFICATION, case.template, "html") is not None
    ] == []
    strict = [amtool(tmp_path, NOTIFICATION, case.template, "html") for case in cases("strict")]
    assert None not in strict


def refused_in_a_style(page: str, got: str | None) -> bool:
    """Return whether we may be stricter: strings and URLs in styles are not for values."""
    return "color: " in page and REFUSED in (got or "")


def test_random_pages_are_escaped_alike(tmp_path: Path) -> None:
    different, alike = [], 0
    for seed in range(PAGES):
        page = random_page(seed)
        expected, got = amtool(tmp_path, NOTIFICATION, page, "html"), ours(NOTIFICATION, page, "html")
        alike += expected is not None and expected == got
        if expected != got and not refused_in_a_style(page, got):
            different.append((seed, page, expected, got))
    assert different == []
    assert alike > PAGES / 3
