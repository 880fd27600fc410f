"""Share form: what a link is called, until when it leads anywhere, and what it allows."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from editorapp.core.typed_text import TextField
from editorapp.review.shares import LEAST_PASSWORD, LONGEST_TITLE, Terms
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

FOREVER = "0"
DAYS = (
    ("1", "1 day"),
    ("7", "7 days"),
    ("14", "14 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    (FOREVER, "Until I revoke it"),
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
        expires = None if days == FOREVER else now + timedelta(days=int(days))
        return Terms(is_frozen=follows == "frozen", expires_at=expires, **said)
