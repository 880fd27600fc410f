"""Chosen takes: those that a form names, with the words and names that go with them."""

from collections.abc import Mapping, Sequence

from django.http import QueryDict

from editorapp.core.request_values import BadValue, row_ids
from editorapp.exports.chosen import MOST_TAKES, ChosenTake
from editorapp.exports.notes import notes_of
from editorapp.exports.papers import may_see_price
from editorapp.generations.models import Generation
from editorapp.teams.models import Member
from editorapp.web.presenters import file_names, request_summary
from editorapp.web.presenters.differences import BETWEEN, differences

READ_WITH = (
    "account",
    "source_asset",
    "result",
    "exr",
    "came",
    "parent__result",
    "created_by",
    "assignee",
)


class NotHandedOn(Exception):
    """What a form names cannot be handed on; the message says why."""


def numbers_in(form: QueryDict) -> list[int]:
    """Return the numbers of the takes that a form names.

    Raises: BadValue; NotHandedOn, where there are none.
    """
    numbers = row_ids(form, "takes")
    if len(numbers) > MOST_TAKES:
        raise BadValue("takes", f"numbers of takes belong here, at most {MOST_TAKES}.")
    if not numbers:
        raise NotHandedOn("Choose the takes to hand on first.")
    return numbers


def chosen_takes(numbers: Sequence[int], member: Member) -> list[ChosenTake]:
    """Return these takes in their order; the number of queries does not grow with them.

    Raises: NotHandedOn, where one of them is not there for this member.
    """
    visible = Generation.objects.visible_to(member).filter(pk__in=numbers)
    found = visible.select_related(*READ_WITH).in_bulk()
    missing = [f"#{number}" for number in numbers if number not in found]
    if missing:
        raise NotHandedOn(f"Nothing was handed on: {', '.join(missing[:5])} cannot be found here.")
    takes = [found[number] for number in dict.fromkeys(numbers)]
    return _chosen(takes, member, stems=file_names.stems_of(takes, member))


def _chosen(
    takes: Sequence[Generation],
    member: Member,
    *,
    stems: Mapping[int, str],
) -> list[ChosenTake]:
    notes, own = notes_of(takes), differences(takes)
    return [
        ChosenTake(
            take=take,
            stem=stems[take.pk],
            differs=own[take.pk] if len(takes) > 1 else "",
            how=_how(take),
            sees_price=may_see_price(take, member),
            notes=notes.get(take.pk, ()),
        )
        for take in takes
    ]


def _how(take: Generation) -> str:
    """Say how a take was made: "Flex 1 · 720p · Ray 3.2"."""
    wanted = take.wanted
    said = (
        request_summary.spoken(wanted.strength) or ("Auto" if wanted.auto_controls else ""),
        wanted.resolution,
        request_summary.model_of(take),
    )
    return BETWEEN.join(filter(None, said))
