"""Tokens: their form, what is kept of them, and how one is recognised."""

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.identity.scope import Scope
from tocsin.identity.tokens import FORM, Token, digest, id_of, is_whole, mint, recognised

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def kept(text: str, expires_at: datetime | None = None) -> Token:
    return Token(id_of(text), "grafana", frozenset({Scope.READ}), "ada", NOW, expires_at, digest(text))


def test_a_token_is_known_by_its_form_and_its_checksum() -> None:
    text = mint()
    assert FORM.fullmatch(text)
    assert is_whole(text)
    assert re.fullmatch("[0-9a-f]{12}", id_of(text))
    assert mint() != text


@given(st.integers(0, 88), st.sampled_from("0123456789abcdef_tcs"))
def test_a_scanner_is_not_fooled_by_what_differs_in_one_place(place: int, character: str) -> None:
    text = mint()
    changed = text[:place] + character + text[place + 1 :]
    assert is_whole(changed) == (changed == text)


def test_what_is_kept_shows_nothing_of_the_token() -> None:
    text = mint()
    token = kept(text)
    assert token.digest.hex() not in repr(token)
    assert text.rpartition("_")[2][:64] not in repr(token)
    assert text.encode() not in token.digest


@pytest.mark.parametrize(
    ("expires_at", "expired"),
    [
        pytest.param(None, False, id="never"),
        pytest.param(NOW + timedelta(milliseconds=1), False, id="soon"),
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW - timedelta(days=1), True, id="long ago"),
    ],
)
def test_a_token_expires_at_its_time(expires_at: datetime | None, expired: bool) -> None:
    assert kept(mint(), expires_at).has_expired(NOW) is expired


OURS, OTHERS = mint(), mint()
BROUGHT = {
    "the token": (OURS, True),
    "another's secret with our id": (OURS[:17] + OTHERS[17:], False),
    "an unknown id with our secret": (OTHERS[:17] + OURS[17:], False),
    "another checksum": (OURS[:-1] + ("0" if OURS[-1] != "0" else "1"), False),
    "a token that is not ours": (OTHERS, False),
    "too short": (OURS[:-1], False),
    "too long": (OURS + "0", False),
    "a line break after it": (OURS + "\n", False),
    "in capitals": (OURS.upper(), False),
    "no token": ("letmein", False),
    "nothing": ("", False),
    "what is no text": ("\ud800", False),
}


@pytest.mark.parametrize(("text", "right"), BROUGHT.values(), ids=BROUGHT)
def test_whatever_is_brought_is_compared_whole_and_in_constant_time(
    text: str, right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long it takes must not tell what was wrong: the id, the secret, or the form."""
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    found: Any = recognised(text, {id_of(OURS): kept(OURS)})
    assert (found is not None) is right
    assert [(len(one), len(other)) for one, other in compared] == [(32, 32)]
