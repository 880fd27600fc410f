"""Output classification: what a provider's link to a result holds, by what is said of it and by its
file's name.

Which of them becomes the take is decided where the bytes are (generations/files/selection.py): a
word or an ending may be wrong, and more comes than was asked for: posters, previews, sound, the
source itself.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from editorapp.providers.contract import Output

VIDEO, EXR, IMAGE, AUDIO, UNKNOWN = "video", "exr", "image", "audio", "unknown"

# Words in a type, a MIME type or a name of a field, in any case; the first row that has one of them
# says the kind.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (EXR, ("exr", "zip", "x-tar", "archive")),
    (AUDIO, ("audio", "sound", "music", "wav", "mp3", "m4a", "aac")),
    (
        IMAGE,
        ("image", "picture", "photo", "jpeg", "jpg", "png", "webp", "gif", "thumbnail", "poster"),
    ),
    (VIDEO, ("video", "mp4", "movie", "clip", "quicktime", "webm")),
)
_ENDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (EXR, (".exr", ".zip", ".tar", ".tar.gz", ".tgz")),
    (IMAGE, (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic")),
    (AUDIO, (".mp3", ".wav", ".m4a", ".aac", ".flac", ".ogg", ".opus")),
    (VIDEO, (".mp4", ".mov", ".m4v", ".webm", ".mkv")),
)
# What is named so stands beside a result, and is none: it is taken only where nothing else was
# named.
_ASIDE = (
    "preview",
    "thumb",
    "poster",
    "proxy",
    "sample",
    "cover",
    "source",
    "input",
    "first_frame",
    "last_frame",
)
WEB = ("http://", "https://")
MOST_LABEL = 80
# What providers use as ids, and no word of a prompt or name of a model is.
_ID = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,64}|(?:asset|file|job|gen)_\w{4,100}",
    re.I,
)


def output(url: str, *said: Any, label: str = "", **more: Any) -> Output:
    """Return an output of the kind that its words and its file's name say; `said` are the
    provider's words for it.
    """
    words = [one for one in said if isinstance(one, str) and one.strip()]
    label = plain(label or next(iter(words), ""))
    return Output(kind=kind_of(url, *words), url=url, label=label, **more)


def plain(text: str) -> str:
    """Return a text, cut, that any database and page can show."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for letter in text[:MOST_LABEL]
    )


def kind_of(url: str, *said: str) -> str:
    """Say what a link holds.

    Where words and ending differ it is unknown, and its bytes decide; but EXR is EXR.
    """
    kinds = {_by_words(said), _by_ending(file_name(url))}
    if EXR in kinds:
        return EXR
    kinds.discard(UNKNOWN)
    return kinds.pop() if len(kinds) == 1 else UNKNOWN


def _by_words(said: Iterable[str]) -> str:
    known = (kind for kind in map(_by_word, said) if kind != UNKNOWN)
    return next(known, UNKNOWN)


def _by_ending(name: str) -> str:
    return next((kind for kind, endings in _ENDINGS if name.endswith(endings)), UNKNOWN)


def _by_word(said: str) -> str:
    said = said.lower()
    return next((kind for kind, words in _WORDS if any(word in said for word in words)), UNKNOWN)


def file_name(url: str) -> str:
    """Return the last part of a link's path, in small letters; "" where it cannot be read."""
    try:
        return unquote(urlsplit(url).path).rpartition("/")[2].lower()
    except ValueError:
        return ""


def is_aside(label: str, url: str) -> bool:
    """Does its label or its name say that this stands beside a result: a preview, a poster, the
    source?
    """
    return any(word in f"{label} {file_name(url)}".lower() for word in _ASIDE)


class Sent:
    """What a request itself named: its links and its ids, none of which can be its result."""

    def __init__(self, *bodies: Any) -> None:
        texts = {text for body in bodies for text in _texts(body)}
        self._links = {_place(text) for text in texts if text.startswith(WEB)} - {""}
        self._ids = {text.lower() for text in texts if _is_id(text)}

    def names(self, url: str, *ids: Any) -> bool:
        """Is this link, or one of these ids, from the request? Signatures differ from time to time:
        paths count.
        """
        name = file_name(url).partition(".")[0]
        said = {one.lower() for one in ids if isinstance(one, str)}
        return _place(url) in self._links or not self._ids.isdisjoint({name, *said})


def without_repeats(found: Iterable[Output]) -> tuple[Output, ...]:
    """Leave out a link that came before. What an earlier one left unknown, a later word may say."""
    kept: dict[str, Output] = {}
    for one in found:
        known = kept.setdefault(one.url, one)
        if known.kind == UNKNOWN:
            kept[one.url] = replace(known, kind=one.kind)
    return tuple(kept.values())


def _is_id(text: str) -> bool:
    return len(text) <= 120 and _ID.fullmatch(text) is not None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _place(url: str) -> str:
    """Return a link without its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.hostname}{unquote(parts.path)}" if parts.hostname else ""
