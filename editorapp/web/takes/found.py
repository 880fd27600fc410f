"""Found takes: the take that an address names, of those that the person asking may see."""

from django.shortcuts import get_object_or_404

from editorapp.generations.models import Generation
from editorapp.teams.access import MemberRequest


def take_or_404(request: MemberRequest, pk: int) -> Generation:
    """Return a take with the people, the source and the account that its actions read."""
    takes = Generation.objects.visible_to(request.member).select_related(
        "created_by",
        "assignee",
        "source_asset",
        "account",
    )
    return get_object_or_404(takes, pk=pk)


def note_of(request: MemberRequest) -> str:
    """Return the note that was sent with a choice; "" for none."""
    return request.POST.get("note", "")
