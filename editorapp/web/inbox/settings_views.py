"""Inbox settings: for each kind of notice whether a mail comes at once, once a day, or never."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from editorapp.core.request_values import BadValue, whole
from editorapp.core.typed_text import EmailField
from editorapp.inbox import preferences
from editorapp.inbox.models import MailPreference, NoticeKind
from editorapp.teams.access import MemberRequest, form_page_for
from editorapp.teams.models import User
from editorapp.teams.roles import Act

When = MailPreference.When


@dataclass(frozen=True)
class KindChoice:
    """A kind of notice, and how its mails are wanted."""

    value: str
    label: str
    chosen: str


class AddressForm(forms.ModelForm):
    """Where a person's mails go. To empty it is to get none."""

    email = EmailField(
        label="E-mail address",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="Leave it empty to get no mail.",
    )

    class Meta:
        model = User
        fields = ["email"]


@form_page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show how this person wants their notices by mail, and keep it."""
    user = request.member.user
    form = AddressForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST":
        chosen, hour = _chosen(request), _hour(request)
        if form.is_valid():
            preferences.keep(user, chosen, hour=hour, address=form.cleaned_data["email"])
            messages.success(request, "Your choice is kept.")
            return redirect("inbox:settings")
    return _page(request, form)


def _page(request: MemberRequest, form: "AddressForm") -> HttpResponse:
    wish = preferences.of(request.member.user)
    context = {
        "form": form,
        "here": "inbox",
        "kinds": [KindChoice(*one, wish.when(one[0])) for one in NoticeKind.choices],
        "whens": When.choices,
        "hour": wish.hour,
        "hours": range(24),
        "address": form.initial["email"],
        "has_mail": settings.EMAIL_IS_SET,
    }
    return render(request, "inbox/settings.html", context, status=422 if form.errors else 200)


def _chosen(request: MemberRequest) -> dict[str, str]:
    """Return what is said of each kind. Raises: BadValue."""
    said = {kind: request.POST.get(kind, When.AT_ONCE) for kind in NoticeKind.values}
    for kind, when in said.items():
        if when not in When:
            raise BadValue(kind, "at once, once a day or never belongs here.")
    return said


def _hour(request: MemberRequest) -> int:
    hour = whole(request.POST, "hour")
    if hour is not None and hour > 23:
        raise BadValue("hour", "an hour from 0 to 23 belongs here.")
    return preferences.HOUR if hour is None else hour


urlpatterns = [path("settings/", page, name="settings")]
