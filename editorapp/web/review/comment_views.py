"""Comments: the discussion of a take, and what is said, answered, changed, taken back and settled in
it.

A page without script gets the take's page, or one with what was typed and why it was refused; a
script gets the panel anew, or a sentence.
"""

from collections.abc import Callable

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from editorapp.core.form_token import new_token, token_of
from editorapp.core.htmx import Context, is_part, page_or_part
from editorapp.core.request_values import row_id, text
from editorapp.generations.models import Generation
from editorapp.review import comments
from editorapp.review.comments import CommentRefused, CommentText
from editorapp.review.drawing import BadDrawing
from editorapp.review.mentions import who_see
from editorapp.review.models import Comment
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.clips import StageClip
from editorapp.web.review.comment_forms import changed_by, said_in, typed_in
from editorapp.web.review.discussion_context import TypedForm, discussion_for

MOST_NAMES = 8
LONGEST_NAME = 150  # characters
SAID_BEFORE = (
    "Your first sending had arrived, and stands among the comments. Send again to say this, too."
)


@page_for(Act.SEE)
def panel(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the discussion of a take."""
    take = _take_or_404(request, pk)
    context = _context(request, take)
    return page_or_part(request, "review/page.html", "review/_discussion.html", context)


@page_for(Act.SEE)
def people(request: MemberRequest, pk: int) -> JsonResponse:
    """Answer with the names that begin with `q`, of those who see the take."""
    take = _take_or_404(request, pk)
    wanted = text(request.GET, "q", most=LONGEST_NAME).casefold()
    rows = who_see(take).exclude(user=request.member.user_id).select_related("user")
    names = sorted((str(one.user) for one in rows), key=str.casefold)
    found = [name for name in names if _begins_with(name.casefold(), wanted)]
    return JsonResponse({"names": found[:MOST_NAMES]})


def _begins_with(name: str, wanted: str) -> bool:
    return name.startswith(wanted) or any(part.startswith(wanted) for part in name.split())


@action_for(Act.COMMENT)
def add(request: MemberRequest, pk: int) -> HttpResponse:
    """Say something about a take."""
    take = _take_or_404(request, pk)

    def act() -> Comment:
        said = said_in(request.POST)
        made = comments.add(take, said, **_signed(request))
        return _sent_once(made, said)

    return _answer(request, take, "add", act)


@action_for(Act.COMMENT)
def reply(request: MemberRequest, pk: int) -> HttpResponse:
    """Answer a comment."""
    comment = _comment_or_404(request, pk)

    def act() -> Comment:
        said = CommentText(said_in(request.POST).text)
        made = comments.reply(comment, said.text, **_signed(request))
        return _sent_once(made, said)

    return _answer(request, comment.generation, f"reply-{pk}", act)


@action_for(Act.COMMENT)
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change a comment of one's own; its frames and its drawing where the form has them."""
    comment = _comment_or_404(request, pk)

    def act() -> Comment:
        said = changed_by(request.POST, comment)
        return comments.edit(comment, said, by=request.member, now=timezone.now())

    return _answer(request, comment.generation, f"edit-{pk}", act)


@action_for(Act.COMMENT)
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Take back a comment of one's own."""
    comment = _comment_or_404(request, pk)

    def act() -> None:
        comments.delete(comment, by=request.member, now=timezone.now())

    return _answer(request, comment.generation, f"delete-{pk}", act)


@action_for(Act.COMMENT)
def resolve(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that a thread asks for nothing any more."""
    comment = _comment_or_404(request, pk)

    def act() -> None:
        comments.resolve(comment, by=request.member, now=timezone.now())

    return _answer(request, comment.generation, f"resolve-{pk}", act)


@action_for(Act.COMMENT)
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that a thread asks for something again."""
    comment = _comment_or_404(request, pk)

    def act() -> None:
        comments.reopen(comment.parent or comment, by=request.member)

    return _answer(request, comment.generation, f"reopen-{pk}", act)


def _answer(
    request: MemberRequest,
    take: Generation,
    key: str,
    act: Callable[[], Comment | None],
) -> HttpResponse:
    """Do something to a discussion, and show it; what was refused is said, and stays typed."""
    shown = _shown_with(request, take)
    try:
        comment = act()
    except (CommentRefused, BadDrawing) as error:
        return _refused(request, shown, typed_in(request.POST, key, str(error)))
    if not is_part(request):
        place = f"#comment-{comment.pk}" if comment is not None else "#talk"
        return redirect(f"{address('takes:page', shown.pk)}{place}")
    answer = render(request, "review/_discussion.html", _context(request, shown))
    if comment is not None:
        answer["X-Comment"] = str(comment.pk)
    return answer


def _refused(request: MemberRequest, take: Generation, typed: TypedForm) -> HttpResponse:
    if is_part(request):
        said = {"message": typed.wrong, "form_token": new_token()}
        return JsonResponse(said, status=422)
    return render(request, "review/page.html", _context(request, take, typed), status=422)


def _context(
    request: MemberRequest,
    take: Generation,
    typed: TypedForm | None = None,
) -> Context:
    shows = request.GET.get("talk", "")
    talk = discussion_for(take, request.member, shows=shows, typed=typed)
    context = {"here": "gallery", "take": take, "talk": talk}
    if not is_part(request) and take.result is not None:
        context["on_stage"] = [StageClip(take.result, take)]
    return context


def _sent_once(made: Comment, said: CommentText) -> Comment:
    """Return what was kept. Raises: CommentRefused, where the form had been sent with other words."""
    if made.text != said.text.strip() or made.drawing != said.shapes:
        raise CommentRefused(SAID_BEFORE)
    return made


def _signed(request: MemberRequest) -> Context:
    return {
        "by": request.member,
        "form_token": token_of(request.POST),
        "now": timezone.now(),
    }


def _take_or_404(request: MemberRequest, pk: int) -> Generation:
    takes = Generation.objects.visible_to(request.member)
    return get_object_or_404(takes.select_related("result", "project"), pk=pk)


def _comment_or_404(request: MemberRequest, pk: int) -> Comment:
    rows = Comment.objects.visible_to(request.member)
    rows = rows.select_related("generation__result", "generation__project", "parent")
    return get_object_or_404(rows, pk=pk)


def _shown_with(request: MemberRequest, take: Generation) -> Generation:
    """Return the take whose panel was used: a carried comment stands in that of another one."""
    pk = row_id(request.POST, "on")
    return take if pk in {None, take.pk} else _take_or_404(request, pk or 0)


urlpatterns = [
    path("take/<int:pk>", panel, name="panel"),
    path("take/<int:pk>/people", people, name="people"),
    path("take/<int:pk>/add", add, name="add"),
    path("<int:pk>/reply", reply, name="reply"),
    path("<int:pk>/edit", edit, name="edit"),
    path("<int:pk>/delete", delete, name="delete"),
    path("<int:pk>/resolve", resolve, name="resolve"),
    path("<int:pk>/reopen", reopen, name="reopen"),
]
