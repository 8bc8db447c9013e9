"""Words with a capital first letter, as golang.org/x/text/cases makes titles of them."""

import re

_MARK = "\u0300-\u036f\u20d0-\u20ff"
_PART = rf"[\w{_MARK}]"
_LETTER = r"[^\W\d_]"
_WORD = re.compile(
    rf"""
    {_PART}+
    (?: (?: (?<={_LETTER}) ['’.:·‧․﹒＇．︓﹕：] (?={_LETTER})  # between letters these belong to the word
          | (?<=\d) [',.;’․﹐﹔﹒＇，．；] (?=\d) )              # and these between digits
        {_PART}+ )*
    """,
    re.VERBOSE,
)


def title(text: str) -> str:
    """Return the text with a capital at the start of every word and small letters after it.

    What a word is says Unicode (UAX 29), here without the rules for scripts that have no capitals.
    """
    return _WORD.sub(_capital, text)


def _capital(word: re.Match[str]) -> str:
    letters = word.group()
    first = next((at for at, letter in enumerate(letters) if letter.lower() != letter.upper()), len(letters))
    before, small = letters[:first], letters[first:].lower()
    return before + letters[first : first + 1].title() + small[len(letters[first : first + 1].lower()) :]
