"""Organise: tags, stars, ratings and colours put on takes and taken off, many at once.

Each is safe to do twice and by two people at once: nothing is lost and nothing doubled.
"""

from collections.abc import Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Avg, Count

from editorapp.core.locks import locked
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.library import index
from editorapp.library.folding import fold
from editorapp.library.models import Colour, Mark, Rating, Star, Tag, TakeTag
from editorapp.teams import audit
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

LONGEST_TAG = 60
MOST_AT_ONCE = 200  # takes


class NotOrganised(Exception):
    """What was asked for cannot be done so; says what to do."""


@transaction.atomic
def tag(takes: Iterable[int], name: str, *, by: Member) -> int:
    """Put a tag on takes, made where there is none of this name yet. Return on how many it is now.

    Raises: PermissionDenied; NotOrganised.
    """
    ids = _able(takes, by)
    made = tag_named(name, by=by)
    rows = [TakeTag(generation_id=pk, tag=made) for pk in ids]
    TakeTag.objects.bulk_create(rows, ignore_conflicts=True)
    index.write(ids)
    return len(ids)


@transaction.atomic
def untag(takes: Iterable[int], made: Tag, *, by: Member) -> int:
    """Take a tag off takes. Return from how many. Raises: PermissionDenied."""
    ids = _able(takes, by)
    count, _of = TakeTag.objects.filter(tag=made, generation__in=ids).delete()
    index.write(ids)
    return count


def tag_named(name: str, *, by: Member) -> Tag:
    """Return the team's tag of this name, in any case and accent; make it where there is none.

    Raises: PermissionDenied; NotOrganised.
    """
    _may(by, Act.ORGANISE)
    words, folded = _tag_name(name)
    made, _is_new = Tag.objects.get_or_create(
        team=by.team,
        folded=folded,
        defaults={"name": words},
    )
    return made


def find_tag(name: str, *, by: Member) -> Tag | None:
    """Return the team's tag of this name, in any case and accent; None where there is none.

    Raises: PermissionDenied.
    """
    _may(by, Act.ORGANISE)
    folded = " ".join(fold(name))
    return Tag.objects.filter(team=by.team_id, folded=folded).first() if folded else None


@transaction.atomic
def change_tag(made: Tag, *, name: str, colour: str, by: Member) -> None:
    """Call a tag something else, or give it another colour.

    Raises: PermissionDenied; NotOrganised, where another one is called so; ValueError, for a colour
    that there is not.
    """
    _may(by, Act.ORGANISE, made.team_id)
    words, folded = _tag_name(name)
    if Tag.objects.filter(team=made.team_id, folded=folded).exclude(pk=made.pk).exists():
        raise NotOrganised(f"There is a tag “{words}” already: choose another name.")
    Tag.objects.filter(pk=made.pk).update(name=words, folded=folded, colour=Colour(colour))
    if folded != made.folded:
        index.write(_tagged(made))
    made.refresh_from_db()


@transaction.atomic
def merge_tag(made: Tag, into: Tag, *, by: Member) -> int:
    """Put a tag on all takes that have another one, and delete that. Return on how many it is now.

    Raises: PermissionDenied; NotOrganised, for one and the same.
    """
    for one in (made, into):
        _may(by, Act.ORGANISE, one.team_id)
    if made.pk == into.pk:
        raise NotOrganised("Choose another tag to merge this one into.")
    ids = _tagged(made)
    rows = [TakeTag(generation_id=pk, tag=into) for pk in ids]
    TakeTag.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    audit.record("tag.merged", f"tag:{made.pk}", by=by, about=made.name, into=into.name)
    made.delete()
    index.write(ids)
    return TakeTag.objects.filter(tag=into).count()


@transaction.atomic
def delete_tag(made: Tag, *, by: Member) -> None:
    """Take a tag off all takes, and delete it. Raises: PermissionDenied."""
    _may(by, Act.ORGANISE, made.team_id)
    ids = _tagged(made)
    audit.record("tag.deleted", f"tag:{made.pk}", by=by, about=made.name, takes=len(ids))
    made.delete()
    index.write(ids)


def star(takes: Iterable[int], *, by: Member, is_on: bool = True) -> int:
    """Put a person's own star on takes, or take it off. Return on how many, or from how many.

    Raises: PermissionDenied.
    """
    ids = _able(takes, by, Act.SEE)
    if not is_on:
        return Star.objects.filter(user=by.user, generation__in=ids).delete()[0]
    rows = [Star(user=by.user, generation_id=pk) for pk in ids]
    Star.objects.bulk_create(rows, ignore_conflicts=True)
    return len(ids)


@transaction.atomic
def rate(take: int, value: int, *, by: Member) -> Mark | None:
    """Keep how many stars, 1 to 5, a person gives a take; 0 takes their rating back. Return what the
    take is marked with; None for a take that they do not see.

    Raises: PermissionDenied; NotOrganised.
    """
    if not 0 <= value <= 5:
        raise NotOrganised("A rating is 1 to 5 stars.")
    if not (ids := _able([take], by)):
        return None
    mark = _locked_marks(ids, by)[0]
    own = Rating.objects.filter(user=by.user, generation=take)
    if value:
        fields = {"value": value}
        Rating.objects.update_or_create(user=by.user, generation_id=take, defaults=fields)
    else:
        own.delete()
    found = Rating.objects.filter(generation=take).aggregate(mean=Avg("value"), count=Count("pk"))
    mark.rating, mark.rated_by = round(100 * (found["mean"] or 0)), found["count"]
    mark.save(update_fields=["rating", "rated_by"])
    return mark


@transaction.atomic
def colour(takes: Iterable[int], name: str, *, by: Member) -> int:
    """Mark takes with a colour; "" with none. Return how many.

    Raises: PermissionDenied; ValueError, for a colour that there is not.
    """
    chosen = Colour(name)
    ids = _able(takes, by)
    _locked_marks(ids, by)
    return Mark.objects.filter(generation__in=ids).update(colour=chosen)


def _able(takes: Iterable[int], by: Member, act: Act = Act.ORGANISE) -> list[int]:
    """Return those of these takes that somebody sees. Raises: PermissionDenied; NotOrganised."""
    _may(by, act)
    wanted = sorted(set(takes))
    if len(wanted) > MOST_AT_ONCE:
        raise NotOrganised(f"Choose {MOST_AT_ONCE} takes at most at once.")
    rows = Generation.objects.visible_to(by).filter(pk__in=wanted).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _may(by: Member, act: Act, team_id: int | None = None) -> None:
    if not by.may(act) or team_id not in (None, by.team_id):
        raise PermissionDenied("This role may not organise takes.")


def _tag_name(name: str) -> tuple[str, str]:
    """Return a tag's name as it is shown, and as it is told from others."""
    words = " ".join(name.split())
    folded = " ".join(fold(words))
    if not folded:
        raise NotOrganised("Give the tag a name with a letter or a digit in it.")
    if wrong := wrong_in(words, most=LONGEST_TAG):
        raise NotOrganised(f"The tag cannot be kept. {wrong}")
    return words, folded


def _tagged(made: Tag) -> list[int]:
    return list(TakeTag.objects.filter(tag=made).values_list("generation_id", flat=True))


def _locked_marks(ids: Sequence[int], by: Member) -> list[Mark]:
    """Return the marks of takes, made where there are none, and locked."""
    rows = [Mark(generation_id=pk, team=by.team) for pk in ids]
    Mark.objects.bulk_create(rows, ignore_conflicts=True)
    marks = Mark.objects.filter(generation__in=ids)
    return list(locked(marks).order_by("pk"))
