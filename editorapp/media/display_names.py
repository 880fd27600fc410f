"""Display names: names of files as people gave them; shown, offered on download, never part of a path."""

import unicodedata
from pathlib import PurePath

_LONGEST = 120


def safe_name(given: str, *, fallback: str = "clip") -> str:
    """Return a name that is harmless on a page, in a header and on any disk.

    Folders, control characters, and characters that reverse or hide text (categories Cc, Cf, Cs,
    Co, Zl, Zp) go; emoji and every script stay. Joiners inside emoji are format characters too and
    are lost with the rest.
    """
    last = str(given).replace("\\", "/").rsplit("/", 1)[-1]
    text = unicodedata.normalize("NFC", last.encode("utf-8", "replace").decode())
    name = " ".join("".join(map(_shown, text)).split()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if len(name) > _LONGEST and dot and len(ending) <= 8:
        name = stem[: _LONGEST - len(ending) - 1].rstrip() + "." + ending
    return name[:_LONGEST] or fallback


def part_name(name: str, first: int, last: int, *, of: int) -> str:
    """Return what a clip of the frames `first` to `last` is called; `of`: the last one of all."""
    part = "copy" if (first, last) == (0, of) else f"{first}-{last}"
    return f"{PurePath(name).stem} {part}.mp4"


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category.startswith("C"):
        return ""
    return " " if category.startswith("Z") else "_" if character in '<>:"|?*' else character
