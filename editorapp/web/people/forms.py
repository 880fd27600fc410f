"""Team forms: inviting people, what becomes of somebody's takes, the team itself."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from editorapp.core.request_values import as_whole
from editorapp.core.typed_text import TextField
from editorapp.generations.queue import offboarding
from editorapp.generations.queue.offboarding import (
    Affairs,
    HandOver,
    Offboarding,
)
from editorapp.teams import people
from editorapp.teams.models import Member, Project, Team
from editorapp.teams.roles import Role, assignable_by


class ProjectsField(forms.ModelMultipleChoiceField):
    """Chosen projects. A number that no row can have is refused as one that none has."""

    def clean(self, value: Any) -> Any:
        if any(as_whole(str(one)) is None for one in value or ()):
            raise ValidationError("Choose among the projects of the list.", code="invalid_choice")
        return super().clean(value)


class InviteForm(forms.Form):
    """Defaults to the role that most people need and a week to use it."""

    role = forms.ChoiceField(initial=Role.CREATOR)
    note = TextField(
        label="For whom",
        max_length=120,
        required=False,
        help_text="Only admins see this; it tells links apart.",
    )
    days = forms.TypedChoiceField(
        label="Works for",
        coerce=int,
        initial=7,
        choices=[(1, "1 day"), (7, "7 days"), (30, "30 days")],
    )

    projects = ProjectsField(
        label="Lets into",
        queryset=Project.objects.none(),
        required=False,
        help_text="Guests see nothing else. Several: hold Ctrl, or Cmd on a Mac.",
    )

    def __init__(self, data: Any = None, *, by: Member) -> None:
        super().__init__(data)
        self.team, role, shown = by.team, self.fields["role"], self.fields["projects"]
        assert isinstance(role, forms.ChoiceField)
        assert isinstance(shown, forms.ModelMultipleChoiceField)
        shown.queryset = Project.objects.visible_to(by).current().order_by("name", "pk")
        if not shown.queryset.exists():
            del self.fields["projects"]
        role.choices = [(one.value, one.label) for one in assignable_by(by.role)]

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"]
        if (left := people.disabled_named(self.team, note)) is not None:
            raise ValidationError(
                f"{left.user} was in the team and is disabled. Bring them back, under Former members: with their name "
                "and all that they made. For somebody else of that name, write more than the name."
            )
        return note


class HeirField(forms.ModelChoiceField):
    """Who takes are handed over to."""

    def label_from_instance(self, obj: Member) -> str:
        return f"{obj.user}, {obj.get_role_display().lower()}"


class OffboardingForm(forms.Form):
    """What becomes of the takes of somebody who may not send them any more."""

    choice = forms.ChoiceField(
        initial=HandOver.HOLD,
        required=False,
        widget=forms.RadioSelect,
    )
    to = HeirField(
        label="Hand over to",
        queryset=Member.objects.none(),
        required=False,
        empty_label="Choose somebody",
        help_text="Only where they are handed over.",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        member: Member,
        by: Member,
        affairs: Affairs,
    ) -> None:
        super().__init__(data)
        self.by, heirs = by, offboarding.heirs(member)
        closed = set() if heirs.exists() else {HandOver.HAND_OVER}
        if by == member:
            closed.add(HandOver.KEEP)
        labels = {}
        if not affairs.waiting.count:
            # Only outcomes that nobody knows: an admin may settle these anyhow.
            closed |= {HandOver.CANCEL, HandOver.KEEP}
            labels = {HandOver.HOLD: "Leave them to the admins"}
        heir, choice = self.fields["to"], self.fields["choice"]
        assert isinstance(heir, HeirField) and isinstance(choice, forms.ChoiceField)
        heir.queryset = heirs
        if HandOver.HAND_OVER in closed:
            del self.fields["to"]
        choice.choices = [
            (one.value, labels.get(one, one.label)) for one in HandOver if one not in closed
        ]

    def change(self) -> Offboarding:
        """Return what was chosen; to hold them where nothing was."""
        given = self.cleaned_data
        return Offboarding(self.by, HandOver(given["choice"] or HandOver.HOLD), given.get("to"))


class TeamForm(forms.Form):
    name = TextField(
        label="Team name",
        max_length=Team._meta.get_field("name").max_length,
    )
