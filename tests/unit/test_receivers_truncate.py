"""Cutting texts to what a service takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.receivers.truncate import truncate_bytes, truncate_runes

TEXTS = st.text(alphabet="aé温🔥", max_size=30)


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("abc", 3, ("abc", False)),
        ("abcd", 3, ("abc", True)),
        ("abcde", 4, ("abc…", True)),
        ("é🔥温xy", 4, ("é🔥温…", True)),
        ("ab", 0, ("", True)),
        ("", 0, ("", False)),
    ],
)
def test_characters(text: str, limit: int, cut: tuple[str, bool]) -> None:
    assert truncate_runes(text, limit) == cut


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("abc", 3, ("abc", False)),
        ("abcd", 3, ("…", True)),
        ("abcd", 2, ("..", True)),
        ("abcdefgh", 7, ("abcd…", True)),
        ("éééé", 6, ("é…", True)),
        ("éé", 4, ("éé", False)),
        ("", 0, ("", False)),
    ],
)
def test_bytes(text: str, limit: int, cut: tuple[str, bool]) -> None:
    assert truncate_bytes(text, limit) == cut


@given(TEXTS, st.integers(0, 40))
def test_a_cut_fits_and_is_a_beginning(text: str, limit: int) -> None:
    for kept, missing, size in (
        (*truncate_runes(text, limit), len),
        (*truncate_bytes(text, limit), lambda kept: len(kept.encode())),
    ):
        assert size(kept) <= limit
        assert text.startswith(kept.rstrip("…."))
        assert missing is (kept != text)
