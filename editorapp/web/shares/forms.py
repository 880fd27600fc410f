"""Share form: what a link is called, until when it leads anywhere, and what it allows."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.dateformat import format as date_format

from editorapp.core.typed_text import TextField
from editorapp.review.models import Share
from editorapp.review.shares import LEAST_PASSWORD, LONGEST_TITLE, Terms
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

FOREVER = "0"
AS_IT_IS = ""
DAYS = (
    ("1", "1 day"),
    ("7", "7 days"),
    ("14", "14 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    (FOREVER, "Until I revoke it"),
)
SWITCHES = (
    "may_comment",
    "may_download",
    "has_watermark",
    "shows_source",
    "shows_prompt",
    "shows_cost",
)


class ShareForm(forms.Form):
    """The terms of a link; what stands first is what most people change."""

    title = TextField(
        required=False,
        max_length=LONGEST_TITLE,
        help_text="What guests read at the top. Without one: the numbers of the takes.",
    )
    days = forms.ChoiceField(label="Works for", choices=DAYS, initial="14")
    follows = forms.ChoiceField(
        label="What guests see",
        choices=(
            ("frozen", "These takes, as they are now"),
            ("newest", "Always the newest version of each"),
        ),
        initial="frozen",
        widget=forms.RadioSelect,
    )
    password = TextField(
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=f"If you want one: {LEAST_PASSWORD} characters at least. Send it by another way.",
    )
    may_comment = forms.BooleanField(label="Comment", required=False, initial=True)
    may_download = forms.BooleanField(label="Download the video", required=False)
    has_watermark = forms.BooleanField(
        label="Their own name across the picture (watermark)",
        required=False,
        help_text="Burnt into every frame that they see, and into what they download.",
    )
    shows_source = forms.BooleanField(
        label="What it was made from, beside it",
        required=False,
        help_text="The source, to compare.",
    )
    shows_prompt = forms.BooleanField(label="The prompt", required=False)
    shows_cost = forms.BooleanField(label="What it cost", required=False)

    def __init__(self, *args: Any, member: Member, is_playlist: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not member.may(Act.SEE_ALL_COSTS):
            del self.fields["shows_cost"]
        if is_playlist:
            choices = (
                ("frozen", "These takes, as they are now"),
                ("newest", "Always what the playlist holds"),
            )
            self.fields["follows"] = forms.ChoiceField(
                label="What guests see",
                choices=choices,
                initial="frozen",
                widget=forms.RadioSelect,
            )

    def terms(self, now: datetime) -> Terms:
        """Return what was chosen, of a form that is valid."""
        said = dict(self.cleaned_data)
        days, follows = said.pop("days"), said.pop("follows")
        return Terms(is_frozen=follows == "frozen", expires_at=_end(days, now), **said)


class TermsForm(ShareForm):
    """Other terms for a link that there is: each begins as it stands."""

    no_password = forms.BooleanField(label="Take the password away", required=False)

    def __init__(self, *args: Any, made: Share, member: Member, **more: Any) -> None:
        self.made = made
        initial = {name: getattr(made, name) for name in (*SWITCHES, "title")}
        about: dict[str, Any] = {"member": member, "is_playlist": False}
        super().__init__(*args, **about, initial={**initial, "days": AS_IT_IS}, **more)
        del self.fields["follows"]
        days = forms.ChoiceField(label="Works for", choices=_days(made), required=False)
        password = self.fields["password"]
        password.help_text = (
            f"{LEAST_PASSWORD} characters at least. Whoever has come in already is asked for it."
        )
        if made.password:
            password.label = "Another password"
        else:
            del self.fields["no_password"]
        self.fields["days"] = days

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("password") and said.get("no_password"):
            self.add_error("password", "Give another password, or take it away: not both.")
        return said

    @property
    def keeps_password(self) -> bool:
        """Does the link stay with the password that it has, or with none?"""
        said = self.cleaned_data
        return not said["password"] and not said.get("no_password")

    def terms(self, now: datetime) -> Terms:
        """Return what was chosen, of a form that is valid; what it does not ask for stays."""
        said = {"shows_cost": self.made.shows_cost, **self.cleaned_data}
        days = said.pop("days")
        said.pop("no_password", None)
        expires = self.made.expires_at if days == AS_IT_IS else _end(days, now)
        return Terms(is_frozen=self.made.is_frozen, expires_at=expires, **said)


def _days(made: Share) -> list[tuple[str, str]]:
    if made.expires_at is None:
        return [(AS_IT_IS, "Until I revoke it"), *DAYS[:-1]]
    until = date_format(made.expires_at, "j M Y, H:i")
    return [(AS_IT_IS, f"Until {until} UTC, as it is"), *DAYS]


def _end(days: str, now: datetime) -> datetime | None:
    return None if days == FOREVER else now + timedelta(days=int(days))
