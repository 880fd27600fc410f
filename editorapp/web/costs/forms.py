"""Limit form: what a team may spend in a month, and why that changes."""

from datetime import datetime
from decimal import Decimal

from django import forms

from editorapp.core.money import LARGEST_LIMIT_USD
from editorapp.core.notes import LONGEST_NOTE, NoteNeeded
from editorapp.core.typed_text import TextField
from editorapp.teams import people
from editorapp.teams.models import Member


class LimitForm(forms.Form):
    monthly_limit_usd = forms.DecimalField(
        label="Monthly limit in US dollars",
        min_value=Decimal(0),
        max_value=LARGEST_LIMIT_USD,
        max_digits=9,
        decimal_places=2,
        required=False,
        help_text="Nothing is queued beyond it. Empty: no limit.",
    )
    limit_note = TextField(
        label="Why the limit changes",
        max_length=LONGEST_NOTE,
        required=False,
        help_text="Needed where it changes; kept with who changed it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def keep(self, *, by: Member, now: datetime) -> bool:
        """Keep the limit with its note.

        Say whether that was done: the form has the error where not.
        """
        given = self.cleaned_data
        try:
            people.change_limit(
                by.team,
                given["monthly_limit_usd"],
                by=by,
                note=given["limit_note"],
                now=now,
            )
        except NoteNeeded as error:
            self.add_error("limit_note", str(error))
            return False
        return True
