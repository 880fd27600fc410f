"""Notes: the words in which somebody says why, wherever a person decides about money."""

from editorapp.core.typed_text import wrong_in

LONGEST_READ = 20_000  # characters that are looked at before they are joined to one line
LONGEST_NOTE = 200  # it stands in a ledger line, beside who decided what


class NoteNeeded(Exception):
    """A decision that must say why does not, or does not fit."""


def required(note: str, *, why: str, longest: int = LONGEST_NOTE) -> str:
    """Return a note without the space around it, on one line.

    Raises: NoteNeeded, with `why` it is asked for where there are no words, and where they cannot
    be kept: see `kept`.
    """
    words = " ".join(kept(note, longest=LONGEST_READ).split())
    if not any(map(str.isalnum, words)):
        raise NoteNeeded(why)
    return kept(words, longest=longest)


def kept(note: str, *, longest: int) -> str:
    """Return a note without the space around it, its lines as they are.

    Raises: NoteNeeded, with what is wrong.
    """
    words = note.strip()
    if wrong := wrong_in(words, most=longest):
        raise NoteNeeded(f"The note cannot be kept. {wrong}")
    return words
