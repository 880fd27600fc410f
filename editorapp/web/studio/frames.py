"""What the studio's widgets show: the ways a generation's frames are given, takes to extend, camera
concepts.
"""

from dataclasses import dataclass
from typing import Any

from editorapp.generations.models import Generation
from editorapp.generations.request.references import can_continue
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model
from editorapp.teams.models import Member
from editorapp.web.studio import canvas
from editorapp.web.studio.forms import Compose

MOST_TO_EXTEND = 12
# The provider lists its concepts in no order; these are a camera operator's.
CONCEPT_GROUPS = (
    (
        "Moves",
        (
            "pan_left",
            "pan_right",
            "tilt_up",
            "tilt_down",
            "roll_left",
            "roll_right",
            "truck_left",
            "truck_right",
            "pedestal_up",
            "pedestal_down",
            "push_in",
            "pull_out",
            "zoom_in",
            "zoom_out",
            "dolly_zoom",
            "orbit_left",
            "orbit_right",
            "crane_up",
            "crane_down",
            "static",
        ),
    ),
    (
        "Angles",
        (
            "eye_level",
            "low_angle",
            "high_angle",
            "ground_level",
            "overhead",
            "over_the_shoulder",
            "pov",
            "selfie",
            "aerial",
        ),
    ),
    ("Looks", ("handheld", "aerial_drone", "bolt_cam", "elevator_doors", "tiny_planet")),
)
SPELLED = {"pov": "POV"}


@dataclass(frozen=True)
class Way:
    """One way to give a generation its frames.

    `is_known` False: chosen before, and this model does not take it.
    """

    value: str
    label: str
    is_chosen: bool
    is_known: bool = True

    @property
    def option(self) -> str:
        """Its name among the verdict's unavailable options; only keyframes are one by themselves."""
        return "keyframes" if self.value == "keyframes" else f"frames={self.value}"


@dataclass(frozen=True)
class Concept:
    """One camera concept as a chip."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class ConceptGroup:
    label: str
    concepts: tuple[Concept, ...]


@dataclass(frozen=True)
class EndFrame:
    """The first or the last frame as a picture to choose: the form's field, and what it is called."""

    field: str
    label: str
    none: str
    act: str
    asset: int | None


@dataclass(frozen=True)
class GuideInputs:
    """What guides an edit by pictures, as this model means it.

    `label` is "" where it takes no single one.
    """

    label: str
    help: str
    takes_keyframes: bool
    is_first_frame: bool  # an edited copy of the source's own first frame


@dataclass(frozen=True)
class Grid:
    """The frames of a clip that is yet to be made: `last` is the index at its end."""

    fps: int
    last: int

    @property
    def seconds(self) -> int:
        return self.last // self.fps

    @property
    def marks(self) -> range:
        return range(self.seconds + 1)


def context(
    form: Compose, model: Model, account: ProviderAccount, member: Member, asset: Asset | None
) -> dict[str, Any]:
    """Return what the widgets of the chosen task need; nothing is asked for the others."""
    found: dict[str, Any] = {"guide": guide(model)}
    if model.task == Task.GENERATE:
        takes = extendable(member, account, form)
        found |= {
            "ways": ways(form, model),
            "ends": ends(form, model),
            "grid": grid(form, model),
            "extendable": takes,
            "extended": next((take for take in takes if take.pk == form.extend_generation), None),
        }
    if model.task == Task.REFRAME:
        found["board"] = canvas.board(form, model, asset)
    if model.knows("concepts"):
        found["concept_groups"] = concept_groups(form, model)
    return found


def guide(model: Model) -> GuideInputs:
    """Return how the model calls its guide frames, and which it takes."""
    row = model.parameter("start_frame")
    return GuideInputs(
        label=row.label if row else "",
        help=row.help if row else "",
        takes_keyframes=model.knows("keyframes"),
        is_first_frame=model.task == Task.MODIFY,
    )


def ways(form: Compose, model: Model) -> tuple[Way, ...]:
    """Return the ways that the model knows, and the chosen one even where it does not."""
    offered = {
        "none": ("None", True),
        "frames": (
            "First and last" if model.knows("end_frame") else "First frame",
            model.knows("start_frame"),
        ),
        "keyframes": ("Keyframes", model.knows("keyframes")),
        "forward": ("Extend forward", can_continue(model, "start_frame")),
        "backward": ("Extend backward", can_continue(model, "end_frame")),
    }
    return tuple(
        Way(value, label, form.frames == value, is_known)
        for value, (label, is_known) in offered.items()
        if is_known or form.frames == value
    )


def ends(form: Compose, model: Model) -> tuple[EndFrame, ...]:
    """Return the anchors that the model takes as pictures."""
    slots = {
        "start_frame": EndFrame(
            "first_asset", "First frame", "No first frame", "set_first", form.first_asset
        ),
        "end_frame": EndFrame(
            "last_asset", "Last frame", "No last frame", "set_last", form.last_asset
        ),
    }
    return tuple(slot for row, slot in slots.items() if model.knows(row))


def grid(form: Compose, model: Model) -> Grid:
    """Return the frames of the clip to come, at the duration chosen, or at the model's first."""
    wanted = form.duration if form.duration in model.limits.durations else model.limits.durations[0]
    return Grid(model.limits.grid_fps, int(wanted.removesuffix("s")) * model.limits.grid_fps)


def extendable(member: Member, account: ProviderAccount, form: Compose) -> list[Generation]:
    """Return the newest results that can be continued, which only the account can that made them;
    and the chosen one.

    One query, two where the chosen one is an older one.
    """
    rows = Generation.objects.visible_to(member).filter(state=State.SUCCEEDED, result__isnull=False)
    rows = rows.select_related("result", "account").order_by("-pk")
    found = list(rows.filter(account=account).exclude(chain_id="")[:MOST_TO_EXTEND])
    chosen = form.extend_generation
    if chosen is not None and all(take.pk != chosen for take in found):
        found = [*rows.filter(pk=chosen), *found]
    return found


def concept_groups(form: Compose, model: Model) -> tuple[ConceptGroup, ...]:
    """Return the camera concepts of the model by kind; one that is new to us comes last."""
    row = model.parameter("concepts")
    known = row.choices if row else ()
    sorted_out = {value for _label, values in CONCEPT_GROUPS for value in values}
    groups = [
        *CONCEPT_GROUPS,
        ("Others", tuple(value for value in known if value not in sorted_out)),
    ]
    return tuple(
        ConceptGroup(label, chips)
        for label, values in groups
        if (chips := tuple(_chip(value, form) for value in values if value in known))
    )


def _chip(value: str, form: Compose) -> Concept:
    label = SPELLED.get(value) or value.replace("_", " ").capitalize()
    return Concept(value, label, value in form.concepts)
