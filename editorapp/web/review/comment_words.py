"""Comment words: a comment's text in pieces, those apart that name somebody."""

import re
from typing import NamedTuple

from editorapp.review.models import Comment
from editorapp.teams.models import User


class SaidWords(NamedTuple):
    """A piece of a text; `is_name`: "@" and the name of somebody who is mentioned."""

    text: str
    is_name: bool


def words_of(comment: Comment) -> list[SaidWords]:
    """Return a comment's text in pieces, in order; together they are the whole of it."""
    names = [name for one in comment.mentions.all() for name in _names(one.user)]
    if not names:
        return [SaidWords(comment.text, is_name=False)]
    longest_first = sorted(names, key=len, reverse=True)
    wanted = "|".join(re.escape(f"@{name}") for name in longest_first)
    pieces = re.split(rf"((?:{wanted})(?!\w))", comment.text, flags=re.IGNORECASE)
    return [SaidWords(text, place % 2 == 1) for place, text in enumerate(pieces) if text]


def _names(user: User) -> list[str]:
    return [name for name in (user.display_name, user.username) if name]
