"""Index: the words of takes, written anew whenever something that they are found by changes.

Every row holds, beside its words, one for its team, so that a search never leaves it; one for its
number; and one for who made it: see folding.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db import transaction

from editorapp.core.locks import locked
from editorapp.generations.models import Generation
from editorapp.library.folding import fold, number_word, person_word, team_word
from editorapp.library.models import TakeTag, TakeText
from editorapp.review.models import Comment, Decision

AT_ONCE = 500


@transaction.atomic
def write(takes: Iterable[int]) -> int:
    """Write the words of these takes anew. Return how many there are.

    Six queries for each AT_ONCE of them.
    """
    return sum(_write(some) for some in _portions(sorted(set(takes))))


def write_new(take: Generation) -> None:
    """Write the words of a take about which nothing was said yet."""
    TakeText.objects.create(generation=take, words=_of_take(take, []))


def write_all() -> int:
    """Write the words of every take anew. Return how many there are."""
    count, last = 0, 0
    while True:
        rows = Generation.objects.filter(pk__gt=last).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        if not ids:
            return count
        count, last = count + write(ids), ids[-1]


def _portions(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _write(ids: list[int]) -> int:
    # Locked before what was said is read: of two who say something at once, the later reads both.
    locked(TakeText.objects.filter(pk__in=ids))
    takes = Generation.objects.filter(pk__in=ids).select_related("source_asset")
    takes = takes.only("team_id", "created_by_id", "prompt", "source_asset__name")
    notes, tags = _notes(ids), _tags(ids)
    rows = [
        TakeText(
            generation_id=take.pk,
            words=_of_take(take, [*notes[take.pk], *tags[take.pk]]),
        )
        for take in takes
    ]
    TakeText.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["generation"],
        update_fields=["words"],
    )
    return len(rows)


def words_of(take: int, *, team: int, maker: int, texts: Iterable[str]) -> str:
    """Return the words that one take is found by, as the index keeps them."""
    found = dict.fromkeys(word for text in texts for word in fold(text))
    return " ".join([team_word(team), number_word(take), person_word(maker), str(take), *found])


def _of_take(take: Generation, more: list[str]) -> str:
    clip = take.source_asset.name if take.source_asset else ""
    texts = [take.prompt, clip, *more]
    return words_of(take.pk, team=take.team_id, maker=take.created_by_id, texts=texts)


def _notes(ids: list[int]) -> dict[int, list[str]]:
    """Return what was said about each take."""
    found: dict[int, list[str]] = defaultdict(list)
    comments = Comment.objects.filter(generation__in=ids, deleted_at=None).exclude(text="")
    decisions = Decision.objects.filter(generation__in=ids).exclude(note="").order_by("pk")
    for take, text in comments.order_by("pk").values_list("generation_id", "text"):
        found[take].append(text)
    for take, text in decisions.values_list("generation_id", "note"):
        found[take].append(text)
    return found


def _tags(ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = TakeTag.objects.filter(generation__in=ids).order_by("tag__folded")
    for take, name in rows.values_list("generation_id", "tag__name"):
        found[take].append(name)
    return found
