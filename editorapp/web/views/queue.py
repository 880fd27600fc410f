"""The queue: what is on its way, what waits for a person, and what went wrong lately."""

import hashlib
from datetime import timedelta

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from editorapp.core.htmx import is_part, page_or_part
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import ACTIVE, State
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.history import usual_of
from editorapp.web.templatetags.takes import NEEDS_A_PERSON, held_up, percent

MOST_ROWS = 100
RECENT = timedelta(days=1)


@require_safe
@needs(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the queue; to htmx only its rows, and 204 while they say what they said before."""
    member = request.member
    running = list(_rows(member).filter(state__in=ACTIVE).order_by("pk")[: MOST_ROWS + 1])
    waiting = list(_rows(member).filter(state__in=NEEDS_A_PERSON).order_by("-pk")[:MOST_ROWS])
    over = [State.FAILED, State.CANCELED, State.SUCCEEDED]
    since = timezone.now() - RECENT
    recent = list(_rows(member).filter(state__in=over, state_since__gte=since).order_by("-pk")[:10])
    seen = _seen([*running, *waiting, *recent])
    if is_part(request) and seen == request.GET.get("seen"):
        return HttpResponse(status=204)
    context = {
        "here": "queue",
        "seen": seen,
        "waiting": waiting,
        "running_rows": _with_usual(member, running[:MOST_ROWS]),
        "more": len(running) > MOST_ROWS,
        "recent": recent,
    }
    return page_or_part(request, "queue/page.html", "queue/_rows.html", context)


def _seen(takes: list[Generation]) -> str:
    """Return a short name for what the rows say, so that a poll that finds nothing new leaves the page alone."""
    said = [
        (take.pk, take.state, take.state_since, take.attempt_count, take.error_count, percent(take.progress))  # type: ignore[attr-defined]
        for take in takes
    ]
    held = [(take.pk, why) for take in takes if (why := held_up(take))]
    return hashlib.sha256(repr((said, held)).encode()).hexdigest()[:16]


def _with_usual(member: Member, takes: list[Generation]) -> list[tuple[Generation, timedelta | None]]:
    """Return each take with how long its kind usually takes: one query a kind."""
    kinds = {(take.model, take.task, take.is_simulated) for take in takes}
    usual = {
        (model, task, simulated): usual_of(member.team_id, model, task, is_simulated=simulated)
        for model, task, simulated in kinds
    }
    return [(take, usual[take.model, take.task, take.is_simulated]) for take in takes]


def _rows(member: Member) -> "QuerySet[Generation]":
    """Return the takes with what a row reads."""
    takes = Generation.objects.visible_to(member).select_related(
        "source_asset", "result", "created_by", "parent__result", "account"
    )
    # Looked up for the rows shown: a GROUP BY would first count the attempts of every take there ever was.
    newest = Attempt.objects.filter(generation=OuterRef("pk")).order_by("-number")
    return takes.annotate(
        attempt_count=Subquery(newest.values("number")[:1]), error_count=Subquery(newest.values("error_count")[:1]),
        progress=Subquery(newest.values("progress")[:1]),
    )  # fmt: skip


urlpatterns = [path("", page, name="page")]
