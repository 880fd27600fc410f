"""Answer views: whoever wrote a note says whether the take that answers it does what was asked."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.form_token import token_of
from editorapp.core.request_values import text
from editorapp.generations.models import Generation
from editorapp.review import answers
from editorapp.review.comments import LONGEST_TEXT, CommentRefused
from editorapp.review.models import Answer
from editorapp.teams.access import MemberRequest, action_for
from editorapp.teams.roles import Act
from editorapp.web.presenters.answers import NOTED

SAYS = {
    True: "Resolved: the take does what was asked.",
    False: "Not yet: the note stays open, and {} is told.",
}


@action_for(Act.COMMENT)
def judge(request: MemberRequest, pk: int) -> HttpResponse:
    """Say whether a take does what its note asked for (`does`: yes or no), and why (`why`)."""
    seen = Generation.objects.visible_to(request.member).values("pk")
    rows = Answer.objects.filter(generation__in=seen).select_related(*NOTED)
    made, does = get_object_or_404(rows, pk=pk), request.POST.get("does")
    if does not in ("yes", "no"):
        messages.error(request, "Choose: yes, or not yet.")
    else:
        _judge(request, made, does == "yes")
    return redirect(f"{reverse('takes:page', args=[made.generation_id])}#answers")


def _judge(request: MemberRequest, made: Answer, is_content: bool) -> None:
    why = text(request.POST, "why", most=LONGEST_TEXT)
    try:
        answers.judge(
            made,
            is_content,
            by=request.member,
            now=timezone.now(),
            why=why,
            form_token=token_of(request.POST),
        )
    except CommentRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, SAYS[is_content].format(made.generation.created_by))


urlpatterns = [path("answers/<int:pk>/judge", judge, name="judge")]
