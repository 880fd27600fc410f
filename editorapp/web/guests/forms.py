"""Door form: who comes by a link, and its password where it has one."""

from typing import Any

from django import forms

from editorapp.core.typed_text import TextField
from editorapp.review.shares import LONGEST_NAME


class DoorForm(forms.Form):
    """A name, and a password where the link has one."""

    name = TextField(
        label="Your name",
        max_length=LONGEST_NAME,
        help_text="It stands beside what you write here. You need no account.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = TextField(
        label="Password of the link",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, needs_password: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not needs_password:
            del self.fields["password"]
