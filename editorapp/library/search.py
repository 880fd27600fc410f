"""Full-text search: the takes of a team that have all words of a text, newest first.

SQLite's FTS5 and PostgreSQL's text search each find them in an index of their own (see the
migrations); the words are folded before, so that both answer alike. A search costs what it finds,
not what there is: it asks for so many ids below a bound.
"""

from django.db import connection

from editorapp.library.folding import searched
from editorapp.library.index import team_word

# On PostgreSQL an index of words has no order: a common word is found in the newest texts, a rare
# one by the index.
NEWEST = 1000

_FTS5 = """
    SELECT rowid FROM library_words WHERE library_words MATCH %s AND rowid < %s
    ORDER BY rowid DESC LIMIT %s
"""
_TSQUERY_NEWEST = """
    SELECT generation_id FROM (
        SELECT text.generation_id, text.vector FROM library_taketext text
        JOIN generations_generation take ON take.id = text.generation_id
        WHERE take.team_id = %s AND take.id < %s ORDER BY take.id DESC LIMIT %s
    ) newest WHERE vector @@ to_tsquery('simple', %s) ORDER BY generation_id DESC LIMIT %s
"""
_TSQUERY = """
    SELECT generation_id FROM library_taketext
    WHERE vector @@ to_tsquery('simple', %s) AND generation_id < %s
    ORDER BY generation_id DESC LIMIT %s
"""
END = 2**62


def found(team_id: int, text: str, *, before: int | None = None, most: int) -> list[int]:
    """Return the ids of the newest takes of a team, below `before`, that have every word of a text;
    of its last word the beginning is enough. None, for a text without words.
    """
    words = searched(text)
    if not words:
        return []
    bound = END if before is None else before
    if connection.vendor == "postgresql":
        return _by_vector(team_id, words, bound, most)
    return _asked(_FTS5, [_match(team_id, words), bound, most])


def _match(team_id: int, words: list[str]) -> str:
    """Return what FTS5 is asked: words in quotes, which are no operators then."""
    quoted = " ".join(f'"{word}"' for word in [team_word(team_id), *words])
    return f"{quoted}*"


def _by_vector(team_id: int, words: list[str], bound: int, most: int) -> list[int]:
    query = " & ".join([team_word(team_id), *words]) + ":*"
    newest = _asked(_TSQUERY_NEWEST, [team_id, bound, NEWEST, query, most])
    return newest if len(newest) == most else _asked(_TSQUERY, [query, bound, most])


def _asked(sql: str, params: list[int | str]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]
