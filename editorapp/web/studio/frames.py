"""Frames: the ways a generation's frames are given, takes to extend, camera concepts, as the page
shows them.
"""

import json
from dataclasses import dataclass

from editorapp.core.htmx import Context
from editorapp.generations.request.references import can_continue
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.providers.spec import Model
from editorapp.teams.models import Member
from editorapp.web.studio import canvas, sources
from editorapp.web.studio.choices import Choice
from editorapp.web.studio.draft_form import ENDS, DraftForm
from editorapp.web.studio.resolved_form import ResolvedForm

# The provider lists its concepts in no order; these are a camera operator's.
CONCEPTS = {
    "Moves": (
        "pan_left pan_right tilt_up tilt_down roll_left roll_right truck_left truck_right "
        "pedestal_up pedestal_down push_in pull_out zoom_in zoom_out dolly_zoom orbit_left "
        "orbit_right crane_up crane_down static"
    ),
    "Angles": (
        "eye_level low_angle high_angle ground_level overhead over_the_shoulder pov selfie aerial"
    ),
    "Looks": "handheld aerial_drone bolt_cam elevator_doors tiny_planet",
}
SPELLED = {"pov": "POV"}
# Ways that the verdict's unavailable options name otherwise: only keyframes are one by themselves.
OPTIONS = {"keyframes": "keyframes"}


@dataclass(frozen=True)
class ConceptGroup:
    label: str
    concepts: tuple[Choice, ...]


@dataclass(frozen=True)
class EndFrame:
    """The first or the last frame as a picture to choose: the form's field, and what it is called."""

    field: str
    label: str
    none: str
    asset: int | None


@dataclass(frozen=True)
class Grid:
    """The frames of a clip that is yet to be made: `last` is the index at its end."""

    fps: int
    last: int

    @property
    def seconds(self) -> int:
        return self.last // self.fps

    @property
    def clip(self) -> str:
        """The clip as the time line reads it, as JSON: it has frames, but no picture yet."""
        told = {"id": None, "name": "The clip to come", "frames": self.last + 1}
        return json.dumps(told | {"fps": [self.fps, 1], "seconds": self.seconds, "take": None})


def context(resolved: ResolvedForm) -> Context:
    """Return what the widgets of the chosen task need; nothing is asked for the others."""
    form, model, chosen = resolved.form, resolved.model, resolved.form.extend_generation
    # How the model calls its single guide frame, and which guide frames it takes.
    guide = {
        "row": model.parameter("start_frame"),
        "takes_keyframes": model.knows("keyframes"),
        "is_first_frame": model.task == Task.MODIFY,  # an edited copy of the source's own
        "has_first": any(row.frame_index == 0 for row in form.keyframes),
    }
    found: Context = {"guide": guide}
    if model.task == Task.GENERATE:
        takes = sources.extendable_takes(resolved.member, resolved.account, chosen)
        found |= {
            "ways": ways(form, model),
            "ends": ends(form, model),
            "grid": grid(form, model),
            "extendable": takes,
            "extended": next((take for take in takes if take.pk == chosen), None),
        }
    if model.task == Task.REFRAME:
        found["board"] = canvas.Board(form, model, resolved.clip)
    if model.knows("concepts"):
        found["concept_groups"] = concept_groups(form, model)
    return found


def ways(form: DraftForm, model: Model) -> tuple[Choice, ...]:
    """Return the ways to give a generation its frames: those that the model knows, and the chosen
    one, closed, even where it does not.
    """
    pictures = "First and last" if model.knows("end_frame") else "First frame"
    offered = {
        "none": ("None", True),
        "frames": (pictures, model.knows("start_frame")),
        "keyframes": ("Keyframes", model.knows("keyframes")),
        "forward": ("Extend forward", can_continue(model, "start_frame")),
        "backward": ("Extend backward", can_continue(model, "end_frame")),
    }
    return tuple(
        Choice(way, label, form.frames == way, not is_known, OPTIONS.get(way, f"frames={way}"))
        for way, (label, is_known) in offered.items()
        if is_known or form.frames == way
    )


def ends(form: DraftForm, model: Model) -> tuple[EndFrame, ...]:
    """Return the anchors that the model takes as pictures."""
    words = {field: field.removesuffix("_asset") for field, row in ENDS.items() if model.knows(row)}
    return tuple(
        EndFrame(field, f"{word.capitalize()} frame", f"No {word} frame", getattr(form, field))
        for field, word in words.items()
    )


def grid(form: DraftForm, model: Model) -> Grid:
    """Return the frames of the clip to come, at the duration chosen, or at the model's first."""
    durations, fps = model.limits.durations, model.limits.grid_fps
    wanted = form.duration if form.duration in durations else durations[0]
    return Grid(fps, int(wanted.removesuffix("s")) * fps)


def concept_groups(form: DraftForm, model: Model) -> tuple[ConceptGroup, ...]:
    """Return the camera concepts of the model by kind; one that is new to us comes last."""
    row = model.parameter("concepts")
    known = row.choices if row else ()
    groups = {label: values.split() for label, values in CONCEPTS.items()}
    sorted_out = [value for values in groups.values() for value in values]
    groups["Others"] = [value for value in known if value not in sorted_out]
    return tuple(
        ConceptGroup(label, chips)
        for label, values in groups.items()
        if (chips := tuple(_chip(value, form) for value in values if value in known))
    )


def _chip(value: str, form: DraftForm) -> Choice:
    label = SPELLED.get(value) or value.replace("_", " ").capitalize()
    return Choice(value, label, value in form.concepts)


@dataclass(frozen=True)
class Keyframe:
    """A keyframe as the page lists it: the typed index, and the picture (None: it is gone)."""

    index: str
    asset: Asset | None
    asset_id: int | None


def keyframes(form: DraftForm, member: Member) -> list[Keyframe]:
    """Return the form's keyframes with their pictures: one query, however many there are."""
    found = _pictures(form, member)
    return [Keyframe(row.index, found.get(row.asset or 0), row.asset) for row in form.keyframes]


def _pictures(form: DraftForm, member: Member) -> dict[int, Asset]:
    pks = [row.asset for row in form.keyframes if row.asset is not None]
    return Asset.objects.visible_to(member).in_bulk(pks) if pks else {}
