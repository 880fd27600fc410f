"""Shell views: the theme switch, the news and the error pages, which belong to no single screen."""

from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from editorapp.core import reasons
from editorapp.core.htmx import is_part
from editorapp.core.request_values import BadValue, shown, wants_json
from editorapp.core.way_back import way_back
from editorapp.web.shell import themes
from editorapp.web.shell.context import home
from editorapp.web.shell.cookies import remember
from editorapp.web.shell.news import news

# What Django itself refuses to read, and what to do about it.
NOT_READ: dict[type[Exception], str] = {
    RequestDataTooBig: (
        "More came than is read here. Send less at once; a clip goes through the upload."
    ),
    TooManyFieldsSent: "More fields came than any form of ours has. Send less at once.",
    TooManyFilesSent: "More files came than are read at once. Send less at once.",
    MultiPartParserError: "The form did not arrive whole. Send it again.",
}


def front(request: HttpRequest) -> HttpResponse:
    """Lead on to where this person begins."""
    return redirect(home(getattr(request, "member", None)).url)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie, so that the next page is already drawn in it, and go back."""
    response = HttpResponseRedirect(way_back(request, "/"))
    wanted = request.POST.get("theme", "")
    if themes.is_theme(wanted):
        remember(response, themes.COOKIE, wanted, is_for_scripts=True)
    return response


def not_signed_by_us(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose CSRF token is missing or old: what happened, and how to go on."""
    if wants_json(request):
        is_in = request.user.is_authenticated
        return reasons.refused(reasons.CSRF if is_in else reasons.SIGNED_OUT)
    response = render(request, "403_csrf.html", {"reason": reason}, status=403)
    response.headers["X-Reason"] = reasons.CSRF  # for htmx, which asks for pages
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what cannot be read with 400: which value was wrong; to htmx and scripts as one
    sentence.
    """
    says, setting = _wrong_in(request, exception)
    if wants_json(request):
        return reasons.answer("bad_request", says, status=400)
    if is_part(request):
        return HttpResponse(says, content_type="text/plain; charset=utf-8", status=400)
    return render(request, "400.html", {"says": says, "setting": setting}, status=400)


def _wrong_in(request: HttpRequest, exception: Exception) -> tuple[str, str]:
    """Say what was wrong; and, where the studio is only not known by a name, the setting that makes
    it known.
    """
    if isinstance(exception, DisallowedHost):
        name = request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME", "")
        return f"This studio is not known as {shown(name)}.", "RUSHES_ALLOWED_HOSTS"
    if isinstance(exception, BadValue):
        return str(exception), ""
    said = (says for kind, says in NOT_READ.items() if isinstance(exception, kind))
    return next(said, "This could not be read."), ""


urlpatterns = [
    path("theme", theme, name="theme"),
    path("news", news, name="news"),
]
