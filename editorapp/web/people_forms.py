"""The forms of signing in, joining, and managing a team."""

from decimal import Decimal

from django import forms

from editorapp.teams.models import Team, User
from editorapp.teams.roles import Role


class SignInForm(forms.Form):
    username = forms.CharField(
        label="User name or e-mail",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = forms.CharField(
        strip=False, max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class AcceptForm(forms.Form):
    """What an invited person chooses."""

    display_name = forms.CharField(
        label="Your name, as others see it", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = forms.CharField(
        label="User name or e-mail",
        max_length=150,
        help_text="You sign in with this.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        strip=False,
        max_length=200,
        help_text="At least 10 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NameForm(forms.ModelForm):
    display_name = forms.CharField(
        label="Your name, as others see it", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    class Meta:
        model = User
        fields = ["display_name"]


class AlertsForm(forms.ModelForm):
    """Where an admin is told what needs a person. To empty it is to be told nothing."""

    email = forms.EmailField(
        label="E-mail for alerts", required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="What needs an admin is told here. Leave it empty to get no mail.",
    )  # fmt: skip

    class Meta:
        model = User
        fields = ["email"]


class InviteForm(forms.Form):
    """Defaults to the role that most people need and a week to use it."""

    role = forms.ChoiceField(choices=Role.choices, initial=Role.CREATOR)
    note = forms.CharField(
        label="For whom", max_length=120, required=False, help_text="Only admins see this; it tells links apart."
    )
    days = forms.TypedChoiceField(
        label="Works for", coerce=int, initial=7, choices=[(1, "1 day"), (7, "7 days"), (30, "30 days")]
    )


class TeamForm(forms.ModelForm):
    monthly_limit_usd = forms.DecimalField(
        label="Monthly limit in US dollars",
        min_value=Decimal(0),
        max_value=Decimal("1000000"),
        max_digits=9,
        decimal_places=2,
        required=False,
        help_text="Nothing is queued beyond it. Empty: no limit.",
    )

    class Meta:
        model = Team
        fields = ["name", "monthly_limit_usd"]
        labels = {"name": "Team name"}
