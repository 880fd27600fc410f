"""Full-text search: the takes of a team that have all words of a text, newest first.

SQLite's FTS5 and PostgreSQL's text search each find them in an index of their own (see the
migrations); the words are folded before, so that both answer alike. A search costs what it finds,
not what there is: it asks for so many ids below a bound.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from editorapp.library.folding import SearchedWords, fold, person_word, searched, team_word
from editorapp.library.id_lists import END
from editorapp.library.models import TakeText
from editorapp.teams.models import Member

# On PostgreSQL an index of words has no order: a common word is found in the newest texts, a rare
# one by the index. So many texts are read for as many takes as are asked for.
NEWEST = 1000
TEXTS_FOR_ONE = 4

_FTS5 = """
    SELECT rowid FROM library_words WHERE library_words MATCH %s AND rowid < %s
    ORDER BY rowid DESC LIMIT %s
"""
_TSQUERY_NEWEST = """
    SELECT generation_id FROM (
        SELECT text.generation_id, text.vector FROM library_taketext text
        JOIN generations_generation take ON take.id = text.generation_id
        WHERE take.team_id = %s AND take.trashed_at IS NULL AND take.id < %s
        ORDER BY take.id DESC LIMIT %s
    ) newest WHERE vector @@ %s::tsquery ORDER BY generation_id DESC LIMIT %s
"""
_TSQUERY = """
    SELECT generation_id FROM library_taketext
    WHERE vector @@ %s::tsquery AND generation_id < %s
    ORDER BY generation_id DESC LIMIT %s
"""


@dataclass(frozen=True)
class TakeSearch:
    """A search of one team's takes, ready to be asked: each word with the people whom it names."""

    team_id: int
    wanted: SearchedWords
    people: tuple[tuple[str, ...], ...]  # for each word, the words of those people's takes

    @classmethod
    def read(cls, team_id: int, text: str) -> "TakeSearch | None":
        """Return the search that somebody typed; None for a text without words. One query."""
        wanted = searched(text)
        return cls(team_id, wanted, _people(team_id, wanted)) if wanted.words else None

    def newest(self, *, before: int = END, most: int) -> list[int]:
        """Return the ids of the newest takes, below `before`, that have all that is searched for."""
        if connection.vendor == "postgresql":
            return self._by_vector(before, most)
        return _asked(_FTS5, [self._match(), before, most])

    def among(self, takes: Sequence[int]) -> set[int]:
        """Return which of these takes have all that is searched for: one query."""
        rows = TakeText.objects.filter(generation__in=takes).values_list("generation_id", "words")
        return {take for take, words in rows if self._is_in(words.split(" "))}

    def _is_in(self, there: list[str]) -> bool:
        have = set(there)
        if team_word(self.team_id) not in have:
            return False
        last = len(self.wanted.words) - 1
        for place, word in enumerate(self.wanted.words):
            is_begun = self.wanted.is_begun and place == last
            is_there = word in have or (is_begun and any(one.startswith(word) for one in there))
            if not is_there and have.isdisjoint(self.people[place]):
                return False
        return True

    def _match(self) -> str:
        """Return what FTS5 is asked: words in quotes, which are no operators then."""
        asked = [f'"{team_word(self.team_id)}"']
        for word, people in self._each('"', "*"):
            asked.append(f"({' OR '.join([word, *people])})")
        return " AND ".join(asked)

    def _by_vector(self, bound: int, most: int) -> list[int]:
        asked = [f"'{team_word(self.team_id)}'"]
        for word, people in self._each("'", ":*"):
            asked.append(f"({' | '.join([word, *people])})")
        query = " & ".join(asked)
        texts = max(NEWEST, most * TEXTS_FOR_ONE)
        newest = _asked(_TSQUERY_NEWEST, [self.team_id, bound, texts, query, most])
        return newest if len(newest) == most else _asked(_TSQUERY, [query, bound, most])

    def _each(self, quote: str, begun: str) -> Iterable[tuple[str, list[str]]]:
        """Return each word in quotes, with the people whom it names; the last one perhaps begun."""
        last = len(self.wanted.words) - 1
        for place, word in enumerate(self.wanted.words):
            ending = begun if self.wanted.is_begun and place == last else ""
            people = [f"{quote}{one}{quote}" for one in self.people[place]]
            yield f"{quote}{word}{quote}{ending}", people


def _people(team_id: int, wanted: SearchedWords) -> tuple[tuple[str, ...], ...]:
    """Return for each word the people of a team whom it names, also those who have left."""
    rows = Member.objects.filter(team_id=team_id).values_list(
        "user_id", "user__display_name", "user__username"
    )
    named = [(person_word(user), fold(shown or name)) for user, shown, name in rows]
    last = len(wanted.words) - 1
    return tuple(
        tuple(one for one, names in named if _names(word, names, wanted.is_begun and place == last))
        for place, word in enumerate(wanted.words)
    )


def _names(word: str, names: list[str], is_begun: bool) -> bool:
    return any(one == word or (is_begun and one.startswith(word)) for one in names)


def found(team_id: int, text: str, *, before: int | None = None, most: int) -> list[int]:
    """Return the ids of the newest takes of a team, below `before`, that have every word of a text;
    of its last word the beginning is enough. None, for a text without words.
    """
    search = TakeSearch.read(team_id, text)
    return search.newest(before=before or END, most=most) if search else []


def _asked(sql: str, params: list[int | str]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]
