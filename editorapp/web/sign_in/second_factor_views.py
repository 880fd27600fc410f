"""Second factor: the code that is asked for after the password, and its page under one's own account."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from editorapp.teams import audit, second_factor
from editorapp.teams.models import SecondFactor, User
from editorapp.teams.password_throttle import TooSoon

HALF_IN = "half_in"  # in the session: who has shown a password, and no code yet
GOOD_FOR = timedelta(minutes=10)


def ask_code(request: HttpRequest, user: User, onward: str, *, by_link: bool) -> HttpResponse:
    """Keep that a person has shown the first factor, and ask for the second."""
    request.session.cycle_key()
    request.session[HALF_IN] = {
        "user": user.pk,
        "mark": user.mark(HALF_IN),
        "at": timezone.now().isoformat(),
        "onward": onward,
        "by_link": by_link,
    }
    return redirect("people:code")


def half_in(request: HttpRequest, now: datetime) -> User | None:
    """Return who has shown the first factor lately, and may sign in still."""
    kept = request.session.get(HALF_IN)
    if not kept or datetime.fromisoformat(kept["at"]) < now - GOOD_FOR:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return user if user is not None and user.mark(HALF_IN) == kept["mark"] else None


def checked(request: HttpRequest, user: User, *, now: datetime) -> tuple[str, int]:
    """Check the posted code; return what is wrong ("" for nothing) and the status to say it with."""
    try:
        second_factor.check(user, request.POST.get("code", "")[:64], now=now)
    except second_factor.WrongCode as error:
        return str(error), 422
    except TooSoon as error:
        return str(error), 429
    audit.record_of_person("person.signed_in", user, how="code")
    return "", 200


@never_cache
@login_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def own_factor(request: HttpRequest) -> HttpResponse:
    """Show one's second factor; set it up, or take it away with a code of it."""
    if not second_factor.is_available():
        raise Http404
    assert isinstance(request.user, User)
    if request.method != "POST":
        return _own(request, request.user)
    verb = request.POST.get("verb", "")
    if verb == "begin" and not second_factor.is_asked_of(request.user):
        second_factor.begin(request.user)
        return redirect("people:second_factor")
    if verb == "confirm":
        return _confirmed(request, request.user)
    if verb == "remove":
        return _removed(request, request.user)
    return _own(request, request.user)


def _confirmed(request: HttpRequest, user: User) -> HttpResponse:
    try:
        codes = second_factor.confirm(user, request.POST.get("code", "")[:64], now=timezone.now())
    except second_factor.WrongCode as error:
        return _own(request, user, problem=str(error), status=422)
    return _own(request, user, codes=codes)


def _removed(request: HttpRequest, user: User) -> HttpResponse:
    try:
        second_factor.check(user, request.POST.get("code", "")[:64], now=timezone.now())
    except (second_factor.WrongCode, TooSoon) as error:
        return _own(request, user, problem=str(error), status=422)
    second_factor.remove(user)
    messages.success(request, "No code is asked for any more when you sign in.")
    return redirect("people:me")


def _own(
    request: HttpRequest,
    user: User,
    *,
    problem: str = "",
    codes: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    factor = SecondFactor.objects.filter(user=user).select_related("user").first()
    is_on = factor is not None and factor.confirmed_at is not None
    context = {
        "factor": factor,
        "is_on": is_on,
        "secret": second_factor.secret_of(factor) if factor and not is_on else "",
        "address": second_factor.address_of(factor) if factor and not is_on else "",
        "codes": codes,
        "codes_left": second_factor.codes_left(user) if is_on else 0,
        "problem": problem,
    }
    return render(request, "people/second_factor.html", context, status=status)
