"""Project form: name, colour, reference, and whether it is private."""

from django import forms

from editorapp.core.typed_text import TextField
from editorapp.teams.models import Project
from editorapp.teams.projects import ProjectFields


class ProjectForm(forms.Form):
    name = TextField(max_length=80)
    colour = forms.ChoiceField(choices=Project.Colour.choices, initial=Project.Colour.GREY)
    reference = TextField(
        max_length=80,
        required=False,
        help_text="Your own name of the job, say the number of an order.",
    )
    is_private = forms.BooleanField(
        label="Private",
        required=False,
        help_text="Seen by its people, and by owners, admins and billing.",
    )

    def kept(self) -> ProjectFields:
        """Return what was typed."""
        return ProjectFields(**self.cleaned_data)


def filled(project: Project) -> ProjectForm:
    """Return the form with what a project is now."""
    names = ("name", "colour", "reference", "is_private")
    return ProjectForm(initial={name: getattr(project, name) for name in names})
