"""Sign-in forms: signing in, joining, and one's own account."""

from typing import Any

from django import forms

from editorapp.core.typed_text import EmailField, TextField
from editorapp.teams.models import User


def _name() -> TextField:
    return TextField(
        label="Your name, as others see it",
        max_length=80,
        widget=_input(autocomplete="name"),
    )


def _username(**more: Any) -> TextField:
    return TextField(label="User name or e-mail", max_length=150, **more)


def _password(*, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        strip=False,
        max_length=200,
        help_text=help_text,
        widget=widget,
    )


def _input(**attrs: Any) -> forms.TextInput:
    return forms.TextInput(attrs=attrs)


class SignInForm(forms.Form):
    username = _username(
        widget=_input(autocomplete="username", autofocus=True, autocapitalize="none")
    )
    password = _password(autocomplete="current-password")


class AcceptForm(forms.Form):
    """What an invited person chooses."""

    display_name = _name()
    username = _username(
        help_text="You sign in with this.",
        widget=_input(autocomplete="username", autocapitalize="none"),
    )
    password = _password(
        autocomplete="new-password",
        help_text="At least 10 characters.",
    )


class IdentityForm(forms.Form):
    """What an invited person chooses who comes from a single sign-on service."""

    display_name = _name()


class NameForm(forms.ModelForm):
    display_name = _name()

    class Meta:
        model = User
        fields = ["display_name"]


class AlertsForm(forms.ModelForm):
    """Where an admin is told what needs a person. To empty it is to be told nothing."""

    email = EmailField(
        label="E-mail for alerts",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="What needs an admin is told here. Leave it empty to get no mail.",
    )

    class Meta:
        model = User
        fields = ["email"]


class TeamNameForm(forms.Form):
    """The name of a team that is made."""

    team_name = TextField(label="Name of the team", max_length=80)
