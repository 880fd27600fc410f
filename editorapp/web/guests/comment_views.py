"""Guests' comments: read and written where the link allows it, on the takes that it names."""

from collections.abc import Callable

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.form_token import new_token, token_of
from editorapp.core.htmx import is_part
from editorapp.generations.models import Generation
from editorapp.review import guest_comments
from editorapp.review.comments import CommentRefused
from editorapp.review.drawing import BadDrawing
from editorapp.review.guest_comments import GuestForm
from editorapp.review.models import Comment
from editorapp.review.shared_takes import takes_of
from editorapp.web.guests.clips import takes_in_full
from editorapp.web.guests.discussion import talk_of
from editorapp.web.guests.door import GuestRequest, for_guests, shown
from editorapp.web.review.comment_forms import changed_by, said_in, typed_in
from editorapp.web.review.discussion_context import TypedForm


@for_guests(sends_to_door=True)
def talk(request: GuestRequest, pk: int) -> HttpResponse:
    """Show what is said of a take by this link."""
    return _talk(request, _take(request, pk))


@for_guests("POST")
def comment(request: GuestRequest, pk: int) -> HttpResponse:
    """Say something about a take."""
    take = _take(request, pk)

    def act() -> Comment:
        return guest_comments.add(take, said_in(request.POST), _sent(request))

    return _answer(request, take, "add", act)


@for_guests("POST")
def reply(request: GuestRequest, pk: int) -> HttpResponse:
    """Answer a comment of this link."""
    parent = _comment(request, pk)
    take = _take(request, parent.generation_id)

    def act() -> Comment:
        return guest_comments.reply(parent, said_in(request.POST).text, _sent(request))

    return _answer(request, take, f"reply-{pk}", act)


@for_guests("POST")
def edit(request: GuestRequest, pk: int) -> HttpResponse:
    """Change a comment of one's own; its frames and its drawing where the form has them."""
    said = _comment(request, pk)
    take = _take(request, said.generation_id)

    def act() -> Comment:
        says = changed_by(request.POST, said)
        return guest_comments.edit(said, says, by=request.guest, now=timezone.now())

    return _answer(request, take, f"edit-{pk}", act)


@for_guests("POST")
def delete(request: GuestRequest, pk: int) -> HttpResponse:
    """Take back a comment of one's own."""
    said = _comment(request, pk)
    take = _take(request, said.generation_id)

    def act() -> None:
        guest_comments.delete(said, by=request.guest, now=timezone.now())

    return _answer(request, take, f"delete-{pk}", act)


def _answer(
    request: GuestRequest,
    take: Generation,
    key: str,
    act: Callable[[], Comment | None],
) -> HttpResponse:
    try:
        made = act()
    except (CommentRefused, BadDrawing) as error:
        typed = typed_in(request.POST, key, str(error))
        if is_part(request):
            told = {"message": typed.wrong, "form_token": new_token()}
            return JsonResponse(told, status=422)
        return _talk(request, take, typed, status=422)
    if not is_part(request):
        page = reverse("guests:take", args=[request.token, take.pk])
        return redirect(f"{page}#comment-{made.pk}" if made else page)
    answer = _talk(request, take)
    if made is not None:
        answer.headers["X-Comment"] = str(made.pk)
    return answer


def _talk(
    request: GuestRequest,
    take: Generation,
    typed: TypedForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    template = "review/_discussion.html" if is_part(request) else "guests/talk.html"
    context = {"take": take, "talk": talk_of(request, take, typed)}
    return shown(request, template, context, status=status)


def _sent(request: GuestRequest) -> GuestForm:
    return GuestForm(request.guest, token_of(request.POST), timezone.now())


def _comment(request: GuestRequest, pk: int) -> Comment:
    rows = Comment.objects.filter(generation__in=takes_of(request.share))
    rows = rows.select_related("generation__result", "parent__guest", "guest")
    return get_object_or_404(rows, pk=pk)


def _take(request: GuestRequest, pk: int) -> Generation:
    if not request.share.may_comment or pk not in takes_of(request.share):
        raise Http404
    return takes_in_full(request.share, [pk])[0]


urlpatterns = [
    path("<str:token>/takes/<int:pk>/comments", talk, name="talk"),
    path("<str:token>/takes/<int:pk>/comments/add", comment, name="comment"),
    path("<str:token>/comments/<int:pk>/reply", reply, name="reply"),
    path("<str:token>/comments/<int:pk>/edit", edit, name="edit"),
    path("<str:token>/comments/<int:pk>/delete", delete, name="delete"),
]
