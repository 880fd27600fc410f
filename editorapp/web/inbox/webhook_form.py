"""Webhook form: a name, the address, and what is posted to it."""

from typing import Any

from django import forms

from editorapp.core.typed_text import TextField
from editorapp.inbox.models import NoticeKind, Webhook
from editorapp.inbox.webhooks import LONGEST_NAME, Wanted

# The same kinds as a team names them: a person's say "my".
POSTED = {
    NoticeKind.COMMENT: "Notes on takes",
    NoticeKind.REPLY: "Replies to comments",
    NoticeKind.MENTION: "Mentions of people",
    NoticeKind.ASKED: "Requests to review",
    NoticeKind.VERDICT: "Verdicts",
    NoticeKind.ANSWER: "Takes that answer a note",
    NoticeKind.TROUBLE: "Takes that went wrong",
}


class WebhookForm(forms.Form):
    """The address is never shown again: an empty one keeps what is there."""

    name = TextField(max_length=LONGEST_NAME)
    address = TextField(
        max_length=2000,
        help_text=(
            "An https address that takes a POST. It may hold a password, so it is kept encrypted. "
            "Saving it sends nothing."
        ),
    )
    kinds = forms.MultipleChoiceField(
        label="What is posted",
        choices=list(POSTED.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, data: Any = None, *, is_new: bool = True, **more: Any) -> None:
        super().__init__(data, **more)
        if not is_new:
            address = self.fields["address"]
            address.required = False
            address.label = "Another address"
            address.help_text = (
                "Leave it empty to keep the one that is there. Saving sends nothing."
            )

    def wanted(self) -> Wanted:
        """Return what was typed."""
        given = self.cleaned_data
        return Wanted(given["name"], given["address"], given["kinds"])


def filled(webhook: Webhook) -> WebhookForm:
    """Return the form with what a webhook is now."""
    initial = {"name": webhook.name, "kinds": webhook.kinds}
    return WebhookForm(is_new=False, initial=initial)
