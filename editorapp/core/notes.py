"""Notes: the words in which somebody says why, wherever a person decides about money."""

LONGEST_NOTE = 200  # it stands in a ledger line, beside who decided what


class NoteNeeded(Exception):
    """A decision that must say why does not, or does not fit."""


def required(note: str, *, why: str, longest: int = LONGEST_NOTE) -> str:
    """Return a note without the space around it, on one line.

    Raises: NoteNeeded, with `why` it is asked for where there are no words, and where there are too many.
    """
    words = " ".join(note.split())
    if not any(map(str.isalnum, words)):
        raise NoteNeeded(why)
    if len(words) > longest:
        raise NoteNeeded(f"The note has {len(words):,} characters, {longest:,} fit. Shorten it.")
    return words
