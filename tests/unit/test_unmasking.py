"""A masked configuration that comes back: which secret is put where."""

from typing import Any

import pytest
import yaml

from tocsin.configfile.fields import MASK
from tocsin.views.secrets import masked
from tocsin.views.unmasking import unmasked

STORED = """\
global:
  smtp_auth_password: 'pass: "word"'
  slack_api_url: https://slack.example.com/global
receivers:
  - name: team
    slack_configs:
      - api_url: https://slack.example.com/one
        channel: one
      - api_url: https://slack.example.com/two
        channel: two
  - name: boss
    webhook_configs:
      - &hook
        url: https://hooks.example.com/boss  # quiet
    pagerduty_configs:
      - routing_key: |
          key
"""
SHOWN = masked(STORED)


def values(text: str) -> Any:
    return yaml.safe_load(text)


@pytest.mark.parametrize(
    ("edit", "same_edit"),
    [
        pytest.param(("", ""), ("", ""), id="nothing"),
        pytest.param(("channel: one", "channel: 1"), ("channel: one", "channel: 1"), id="one of two entries"),
        pytest.param(("name: team", "name: 'team'"), ("", ""), id="style"),
        pytest.param((f"routing_key: {MASK}", f'routing_key: "{MASK}"'), ("", ""), id="a mask in quotes"),
        pytest.param((f"url: https://{MASK}  #", f"url: {MASK} #"), ("", ""), id="the mask of Go's types"),
        pytest.param(("- &hook", "- "), ("- &hook", "- "), id="an anchor"),
        pytest.param(
            (f"url: https://{MASK}  #", f"url: &u https://{MASK}  #"), ("", ""), id="an anchor before a mask"
        ),
        pytest.param(
            (f"smtp_auth_password: {MASK}", "smtp_auth_password: new"),
            ("""'pass: "word"'""", "new"),
            id="a secret that is written again",
        ),
        pytest.param(
            ("receivers:\n", "receivers:\n  - name: new\n"),
            ("receivers:\n", "receivers:\n  - name: new\n"),
            id="another receiver before it",
        ),
    ],
)
def test_what_comes_back_says_what_the_edited_original_says(
    edit: tuple[str, str], same_edit: tuple[str, str]
) -> None:
    came = SHOWN.replace(*edit) if edit[0] else SHOWN
    assert came != SHOWN or not edit[0]
    assert values(unmasked(came, STORED)) == values(STORED.replace(*same_edit) if same_edit[0] else STORED)


def test_secrets_follow_their_entries() -> None:
    one = f"      - api_url: https://{MASK}\n        channel: one\n"
    two = one.replace("one", "two")
    swapped = unmasked(SHOWN.replace(one + two, two + one), STORED)
    assert values(swapped)["receivers"][0]["slack_configs"] == [
        {"api_url": "https://slack.example.com/two", "channel": "two"},
        {"api_url": "https://slack.example.com/one", "channel": "one"},
    ]


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        pytest.param(("name: boss", "name: chief"), 2, id="a receiver of another name"),
        pytest.param(("slack_configs", "discord_configs"), 2, id="another kind"),
        pytest.param(("channel: ", "title: "), 2, id="two entries that both look otherwise"),
        pytest.param(("slack_api_url", "telegram_api_url"), 1, id="another key"),
        pytest.param(
            (f"api_url: https://{MASK}\n        channel: one", f"api_url: [{MASK}]\n        channel: one"),
            1,
            id="another form",
        ),
    ],
)
def test_a_mask_that_stands_for_nothing_stays(edit: tuple[str, str], left: int) -> None:
    assert unmasked(SHOWN.replace(*edit), STORED).count(MASK) == left


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        pytest.param(SHOWN, "", id="nothing is stored"),
        pytest.param("a: b", STORED, id="no mask"),
        pytest.param(f"a: [{MASK}", STORED, id="no YAML"),
        pytest.param(f"# {MASK}", STORED, id="a comment"),
        pytest.param(f"route: {MASK}", STORED, id="no secret stands there"),
    ],
)
def test_what_needs_no_secret_is_left_as_it_is(text: str, stored: str) -> None:
    assert unmasked(text, stored) == text


def test_a_stored_mask_is_no_secret() -> None:
    text = f"global: {{smtp_from: {MASK}}}"
    assert unmasked(text, text) == text
