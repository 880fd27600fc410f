"""Folding: texts as words that are compared: without accents, in one case, in no order.

"Café au Lait", "cafe" and "CAFÉ" have the word `cafe`. Letters of scripts that put no space between
words (Chinese, Japanese, Thai ...) are words each, so that a part of a sentence is found too.
"""

import re
import unicodedata

MOST_WORDS = 12  # that are searched for
LONGEST_WORD = 60
_UNSPACED_SCRIPTS = (
    "\u0e00-\u0eff",  # Thai, Lao
    "\u1000-\u109f",  # Burmese
    "\u1780-\u17ff",  # Khmer
    "\u3040-\u30ff",  # kana
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",  # ideographs
)
_UNSPACED = re.compile(f"([{''.join(_UNSPACED_SCRIPTS)}])")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> list[str]:
    """Return the words of a text, folded, in their order."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    bare = unicodedata.normalize("NFC", bare)
    return [word[:LONGEST_WORD] for word in _WORD.findall(_UNSPACED.sub(r" \1 ", bare))]


def searched(text: str) -> list[str]:
    """Return the words that a search asks for, each once; the last one may be the beginning of one."""
    return list(dict.fromkeys(fold(text)))[:MOST_WORDS]
