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
_PIECE = re.compile(f"[{''.join(_UNSPACED_SCRIPTS)}]|[^\\W_{MARKER}{''.join(_UNSPACED_SCRIPTS)}]+")
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
    bare = _bare(text)
    return [word[:LONGEST_WORD] for word in _WORD.findall(_UNSPACED.sub(r" \1 ", bare))]


def _bare(text: str) -> str:
    """Return a text in one case and without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare)


def places(asked: SearchedWords, text: str) -> list[tuple[int, int]]:
    """Return where a text has the words that were asked for: first and last place + 1, in order, none
    of which touches another. Of a word that is only begun, its beginning.
    """
    letters = [(letter, at) for at, one in enumerate(text) for letter in _bare(one)]
    origin = [at for _letter, at in letters] + [len(text)]
    found: list[tuple[int, int]] = []
    for piece in _PIECE.finditer("".join(letter for letter, _at in letters)):
        if not (length := _length_of(asked, piece[0])):
            continue
        first, behind = origin[piece.start()], piece.start() + length
        end = max(origin[behind], origin[behind - 1] + 1)
        if found and found[-1][1] >= first:
            first = found.pop()[0]
        found.append((first, end))
    return found


def _length_of(asked: SearchedWords, word: str) -> int:
    """Return how much of a folded word was asked for."""
    if word[:LONGEST_WORD] in asked.words:
        return len(word)
    last = asked.words[-1] if asked.is_begun else ""
    return len(last) if last and word.startswith(last) else 0


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
