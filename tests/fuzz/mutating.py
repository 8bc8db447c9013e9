"""Texts made worse by lot: the same seed makes the same text."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[.$]?\w+")


def mutated_file(seed: int, files: Sequence[str], scraps: Sequence[str]) -> str:
    """Return one of the files with some pieces cut out, doubled, moved or put in."""
    choose = random.Random(seed)
    text = choose.choice(files)
    for _ in range(choose.choice((1, 1, 2, 3, 8))):
        start, end = sorted(choose.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + choose.choice((1, 5, 40, 400)))
        piece = text[start:end]
        match choose.randrange(5):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + piece + text[end:]
            case 2:
                at = choose.randrange(len(text) + 1)
                text = text[:at] + piece + text[at:]
            case 3:
                other = choose.choice(files)
                at = choose.randrange(len(other))
                text = text[:start] + other[at : at + choose.choice((5, 50))] + text[start:]
            case _:
                text = text[:start] + choose.choice(scraps) + text[start:]
    return text


@dataclass(frozen=True, slots=True)
class Templates:
    """Templates to begin with, and the words and pieces that are put into them."""

    texts: Sequence[str]
    words: Sequence[str]
    pieces: Sequence[str]

    def mutated(self, seed: int) -> str:
        """Return one of the texts after a few mutations."""
        choose = random.Random(seed)
        text = choose.choice(self.texts)
        for _ in range(choose.choice((1, 1, 1, 2, 4))):
            text = choose.choice((self._another_word, self._another_piece))(choose, text)
        return text

    def _another_word(self, choose: random.Random, text: str) -> str:
        word = choose.choice([*_WORD.finditer(text)] or [None])
        if word is None:
            return text
        words = choose.choice(self.words), choose.choice(_WORD.findall(choose.choice(self.texts)) or [""])
        return text[: word.start()] + choose.choice(words) + text[word.end() :]

    def _another_piece(self, choose: random.Random, text: str) -> str:
        """Return the text with some characters deleted, doubled, spliced or drawn by lot."""
        start = choose.randint(0, len(text))
        end = min(len(text), start + choose.randint(0, 12))
        other = choose.choice(self.texts)
        at = choose.randint(0, len(other))
        pieces = (
            "",
            text[start:end] * choose.randint(2, 4),
            other[at : at + choose.randint(1, 30)],
            choose.choice(self.pieces),
            "".join(chr(choose.randrange(choose.choice((128, 0x3000)))) for _ in range(choose.randint(1, 4))),
        )
        return text[:start] + choose.choice(pieces) + text[end:]
