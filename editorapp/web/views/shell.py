"""What belongs to no single screen: the theme switch and the error pages."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from editorapp.core import reasons
from editorapp.web.context import THEME_COOKIE, THEMES

YEAR = 60 * 60 * 24 * 365


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie, so that the next page is already drawn in it, and go back."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    wanted = request.POST.get("theme", "")
    if wanted in dict(THEMES):
        response.set_cookie(THEME_COOKIE, wanted, max_age=YEAR, samesite="Lax")
    return response


def not_signed_by_us(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose CSRF token is missing or old: what happened, and how to go on."""
    if reasons.wants_json(request):
        return reasons.refused(reasons.CSRF if request.user.is_authenticated else reasons.SIGNED_OUT)
    response = render(request, "403_csrf.html", {"reason": reason}, status=403)
    response.headers["X-Reason"] = reasons.CSRF  # for htmx, which asks for pages
    return response


urlpatterns = [path("theme", theme, name="theme")]
