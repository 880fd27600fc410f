"""Told: what a page says about drafts: what stayed behind or came back, with ways to have it
otherwise.
"""

from dataclasses import dataclass

LONGEST = 60  # characters of a quoted prompt


@dataclass(frozen=True)
class WayOut:
    """A button: what it says, and what it changes, as `encode_changes` writes it."""

    label: str
    change: str


@dataclass(frozen=True)
class Told:
    """Some sentences, and their buttons."""

    sentences: tuple[str, ...] = ()
    ways: tuple[WayOut, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


NOTHING = Told()


def guide_frames(count: int) -> str:
    return "1 guide frame" if count == 1 else f"{count} guide frames"


def stay(count: int) -> str:
    """Say that they stay: "2 guide frames stay"."""
    return f"{guide_frames(count)} {'stays' if count == 1 else 'stay'}"


def quoted(words: str) -> str:
    return f"“{words[:LONGEST]}…”" if len(words) > LONGEST else f"“{words}”"
