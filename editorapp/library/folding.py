"""Folding: texts as words that are compared: without accents, in one case, in no order.

"Café au Lait", "cafe" and "CAFÉ" have the word `cafe`. Letters of scripts that put no space between
words (Chinese, Japanese, Thai ...) are words each, so that a part of a sentence is found too.
"""

import re
import unicodedata
from dataclasses import dataclass

MOST_WORDS = 12  # that are searched for
LONGEST_WORD = 60
# A letter that no folded text holds: it begins the words that the index adds by itself. Databases take
# it for a letter, and nobody can search for it.
MARKER = "\u0298"
_UNSPACED_SCRIPTS = (
    "\u0e00-\u0eff",  # Thai, Lao
    "\u1000-\u109f",  # Burmese
    "\u1780-\u17ff",  # Khmer
    "\u3040-\u30ff",  # kana
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",  # ideographs
)
_UNSPACED = re.compile(f"([{''.join(_UNSPACED_SCRIPTS)}])")
_WORD = re.compile(rf"[^\W_{MARKER}]+")
_NUMBER = re.compile(r"#([0-9]{1,19})(?![0-9])")


@dataclass(frozen=True)
class SearchedWords:
    """What a search asks for: words that must all be there, and whether the last is only begun."""

    words: tuple[str, ...]
    is_begun: bool


def team_word(team_id: int) -> str:
    """Return the word that every take of a team has."""
    return f"{MARKER}t{team_id}"


def number_word(take: int) -> str:
    """Return the word that one take has, and no other: a search for "#12" is not one for "#123"."""
    return f"{MARKER}n{take}"


def person_word(user_id: int) -> str:
    """Return the word of all takes that somebody made: people are found by the name they have now."""
    return f"{MARKER}p{user_id}"


def fold(text: str) -> list[str]:
    """Return the words of a text, folded, in their order."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    bare = unicodedata.normalize("NFC", bare)
    return [word[:LONGEST_WORD] for word in _WORD.findall(_UNSPACED.sub(r" \1 ", bare))]


def searched(text: str) -> SearchedWords:
    """Return what a search asks for, each word once; "#12" is the number of a take."""
    numbers = [number_word(int(number)) for number in _NUMBER.findall(text)]
    words = fold(_NUMBER.sub(" ", text))
    is_begun = bool(words) and not _ends_with_number(text)
    last = words[-1:] if is_begun else []
    before = [word for word in [*numbers, *words] if word not in last]
    found = tuple(dict.fromkeys(before))[: MOST_WORDS - len(last)]
    return SearchedWords((*found, *last), is_begun)


def _ends_with_number(text: str) -> bool:
    return any(not fold(text[one.end() :]) for one in _NUMBER.finditer(text))
