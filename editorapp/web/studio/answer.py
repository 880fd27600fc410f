"""What the studio says about a form: notes beside the fields they belong to, closed options, price,
exact request.

It decides nothing: it sorts a verdict's findings into the places of the page.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from editorapp.costs.estimate import Estimate
from editorapp.generations.request.verdict import Verdict
from editorapp.providers.contract import Task
from editorapp.providers.spec import REFUSE, Broken, Fix, Model, UnavailableOption
from editorapp.web.studio.compose_choices import SIGNALS
from editorapp.web.studio.forms import EXTENDS, POSITION, Compose, encode_changes
from editorapp.web.studio.sources import ChosenSource

SLOTS = (
    "source",
    "prompt",
    "model",
    "conditioning",
    "controls",
    "guides",
    "concepts",
    "placement",
    "output",
    "variants",
    "whole",
)
SLOT_OF = (
    {
        "source": "source",
        "prompt": "prompt",
        "model": "model",
        "task": "model",
        "auto_controls": "conditioning",
        "strength": "conditioning",
        "start_frame": "guides",
        "end_frame": "guides",
        "keyframes": "guides",
        "keyframe_indexes": "guides",
        "resolution": "output",
        "hdr": "output",
        "exr": "output",
        "loop": "output",
        "duration": "output",
        "aspect_ratio": "output",
        "concepts": "concepts",
        "takes": "variants",
    }
    | dict.fromkeys(POSITION, "placement")
    | dict.fromkeys(SIGNALS, "controls")
)
SLOT_OF_OPTION = {
    "hdr": "output",
    "exr": "output",
    "loop": "output",
    "resolution": "output",
    "aspect_ratio": "output",
    "duration": "output",
    "auto": "conditioning",
    "strength": "conditioning",
    "controls": "controls",
    "pose": "controls",
    "depth": "controls",
    "normals": "controls",
    "trajectory": "controls",
    "face": "controls",
    "single": "guides",
    "keyframes": "guides",
    "start_frame": "guides",
    "end_frame": "guides",
}
# Fields that one button leaves out together.
GROUPS = {"keyframes": "keyframes", "keyframe_indexes": "keyframes"} | dict.fromkeys(
    POSITION, "position"
)
CONTROL_OPTIONS = ("pose", "depth", "normals", "trajectory", "face")
CUTS = frozenset({"trim_to_seconds", "mp4_copy"})
# The ways to give a generation its frames, as options and as a mend's changes.
FRAME_FIELDS = frozenset(
    {"single", "guides", "frames", "start_frame", "end_frame", "keyframes", "keyframe_indexes"}
)
BY_HAND = "Auto decides how closely to follow the source; choose Manual to set a strength or the signals yourself."
EMPTY_GUIDES = {
    "single": "Choose the picture for the guide frame: pin the source's first frame, or upload a still.",
    "keyframes": "Pin a frame of the source, or upload a still, to make the first keyframe.",
}
EMPTY_FIRST = "Download the source's frame 0, paint on it, and put it back here."
EMPTY_FRAMES = {
    "frames": "Choose a first frame, a last frame, or both.",
    "keyframes": "Choose a picture, and the frame of the result that it stands for.",
    "forward": "Choose the take to go on from.",
    "backward": "Choose the take to lead up to.",
}


@dataclass(frozen=True)
class Button:
    """A way out. `is_cut` ones make a new source: a shorter one, or an MP4 copy; `is_ask` ones ask
    for a price.
    """

    label: str
    value: str
    is_cut: bool = False
    is_ask: bool = False


@dataclass(frozen=True)
class Note:
    """One finding beside its field.

    `tone`: "bad", "warn", or "todo" for what is merely not filled in yet.
    """

    tone: str
    message: str
    field: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Closed:
    """Options that cannot be combined with the present choice: `options` as the inputs name them."""

    options: str
    reason: str
    button: Button | None

    @property
    def is_quiet(self) -> bool:
        """Is it said only to who tries the option? Where nothing can be done about it, it helps
        nobody else.
        """
        return self.button is None


@dataclass
class NoteSlot:
    """One place of the page beside a group of fields."""

    name: str
    notes: list[Note] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)


@dataclass(frozen=True)
class FormCheck:
    """All that the page says about one state of the form."""

    slots: dict[str, NoteSlot]
    closed: frozenset[str]
    estimate: Estimate | None
    body_json: str
    curl: str
    can_send: bool
    open_count: int  # how many findings still keep it from being sent
    is_refused_by_form: bool  # something is not filled in that only the form knows of


def own_findings(form: Compose, source: ChosenSource) -> list[Broken]:
    """Return what only the form can know: a clip that is gone, a guide without its picture."""
    found = []
    is_generation = form.task == Task.GENERATE
    if source.problem:
        found.append(
            Broken(
                "form.source", "start_frame" if is_generation else "source", REFUSE, source.problem
            )
        )
    if is_generation:
        says = EMPTY_FRAMES.get(form.frames, "") if _has_no_frames(form) else ""
        mend = Fix("Use no frames", {"guides": "none"})
    else:
        is_empty = form.guide_asset is None if form.guides == "single" else not form.keyframes
        is_meant = form.task == Task.EDIT or form.guides == "single"
        empty = EMPTY_FIRST if form.task == Task.MODIFY else EMPTY_GUIDES.get(form.guides, "")
        says = empty if is_empty and is_meant else ""
        mend = Fix("Use no guides", {"guides": "none"})
    if says:
        found.append(Broken("form.guides", "keyframes", REFUSE, says, (mend,)))
    return found


def _has_no_frames(form: Compose) -> bool:
    if form.frames == "frames":
        return form.first_asset is None and form.last_asset is None
    return not form.keyframes if form.frames == "keyframes" else form.extend_generation is None


def answer(
    form: Compose, source: ChosenSource, verdict: Verdict, *, model: Model, strictly: bool = False
) -> FormCheck:
    """Sort a verdict into the page's slots.

    `strictly`: what is not filled in yet counts as an error, too.
    """
    slots = {name: NoteSlot(name) for name in SLOTS}
    own = own_findings(form, source)
    # What the form knows is more exact than "choose a source" or "this is no picture".
    known = {one.field for one in own if one.rule_id != "form.guides"}
    refused = _joined([one for one in verdict.refusals if one.field.partition(".")[0] not in known])
    for one in [*own, *refused, *verdict.warnings]:
        if one.rule_id == "price.asking":
            continue  # stands where the price stands, with its button
        slots[SLOT_OF.get(one.field.partition(".")[0], "whole")].notes.append(
            _note(one, form, strictly=strictly)
        )
    slots["source"].closed += closed_sources(form, source, model)
    closed = list(_closed(_worth_saying(form, verdict.unavailable)))
    for entry in closed:
        option = entry.options.partition(" ")[0].partition("=")[0]
        slots[SLOT_OF_OPTION.get(option, "whole")].closed.append(entry)
    return FormCheck(
        slots=slots,
        closed=frozenset(verdict.unavailable),
        estimate=verdict.estimate,
        body_json=verdict.body_json,
        curl=verdict.curl,
        can_send=verdict.can_send and not own,
        open_count=len(own) + len(refused),
        is_refused_by_form=bool(own),
    )


def closed_sources(form: Compose, source: ChosenSource, model: Model) -> list[Closed]:
    """Return the ways to a source that the model does not take; a chosen one is the rules' to
    refuse.
    """
    row, account = model.parameter("source"), source.account
    if row is None or not row.carriers or account is None:
        return []
    name, found = account.spec.name, []
    if "url" not in row.carriers and form.source_kind != "url":
        found.append(
            Closed(
                "source_kind=url",
                f"{name} takes no clip from a web address: upload it instead.",
                None,
            )
        )
    if not {"generation_id", "file_id"} & set(row.carriers) and form.source_kind != "id":
        found.append(
            Closed(
                "source_kind=id",
                f"{name} takes no clip by its id: upload it, or choose a take from the gallery.",
                None,
            )
        )
    return found


def _joined(found: list[Broken]) -> list[Broken]:
    """Tell once what one button leaves out: keyframes and their positions, the four numbers of a
    place.
    """
    told: set[tuple[str, str]] = set()
    kept = []
    for one in found:
        key = (one.rule_id, GROUPS.get(one.field, ""))
        if not key[1] or not one.fixes or key not in told:
            kept.append(one)
        told.add(key)
    return kept


def _note(one: Broken, form: Compose, *, strictly: bool) -> Note:
    tone = ("bad" if strictly or not _is_empty(one, form) else "todo") if one.is_refusal else "warn"
    return Note(
        tone, one.message, one.field, tuple(_button(_back(mend, form)) for mend in one.fixes)
    )


def _back(mend: Fix, form: Compose) -> Fix:
    """Call it the way back where it leads to the account that was chosen before."""
    if form.account_before is None or mend.changes != {"account": form.account_before}:
        return mend
    return replace(mend, label=mend.label.replace("Send to", "Back to", 1))


def _is_empty(one: Broken, form: Compose) -> bool:
    """Is this merely not filled in yet? Then nothing is wrong."""
    if one.rule_id == "form.guides":
        return True
    if one.field == "source":
        named = {
            "asset": form.source_asset,
            "generation": form.source_generation,
            "url": form.source_url,
        }
        return not named.get(form.source_kind, form.source_id)
    return (one.field == "prompt" and not form.prompt) or (
        one.field == "aspect_ratio" and not form.aspect_ratio
    )


def _button(mend: Fix) -> Button:
    if "ask" in mend.changes:
        return Button(mend.label, str(mend.changes["ask"]), is_ask=True)
    return Button(mend.label, encode_changes(mend.changes), not CUTS.isdisjoint(mend.changes))


def _worth_saying(
    form: Compose, unavailable: dict[str, UnavailableOption]
) -> dict[str, UnavailableOption]:
    """Leave out what a radio button shows: a generation has its frames in one way, so the ways
    exclude each other.
    """
    if form.task != Task.GENERATE:
        return unavailable
    if form.frames in EXTENDS:  # its length is always the same, and not shown
        unavailable = {
            option: why for option, why in unavailable.items() if not option.startswith("duration=")
        }
    return {
        option: why
        for option, why in unavailable.items()
        if option not in FRAME_FIELDS
        or (why.fix is not None and not set(why.fix.changes) <= FRAME_FIELDS)
    }


def _closed(unavailable: dict[str, UnavailableOption]) -> Iterable[Closed]:
    """Yield the closed options; those of one mode as one line, so that the mode says its reason
    once.
    """
    rest = dict(unavailable)
    controls, strength = rest.pop("controls", None), rest.pop("strength", None)
    signals = ("controls", *CONTROL_OPTIONS)
    if controls is not None:
        rest = {option: why for option, why in rest.items() if option not in signals}
    if strength is not None and controls is not None and strength.fix == controls.fix:
        yield _line(" ".join(("strength", *signals)), UnavailableOption(BY_HAND, strength.fix))
    else:
        if strength is not None:
            yield _line("strength", strength)
        if controls is not None:
            yield _line(" ".join(signals), controls)
    yield from _merged([_line(option, why) for option, why in rest.items()])


def _merged(lines: list[Closed]) -> Iterable[Closed]:
    """Join lines that differ only in the value they close: "not 360p" and "not 540p" are "not 360p
    or 540p".
    """
    alike: dict[tuple[str, Button | None], list[Closed]] = {}
    for line in lines:
        value = line.options.partition("=")[2]
        pattern = line.reason.replace(value, "\0") if value else line.reason + line.options
        alike.setdefault((pattern, line.button), []).append(line)
    for (pattern, button), same in alike.items():
        values = " or ".join(line.options.partition("=")[2] for line in same)
        reason = pattern.replace("\0", values) if len(same) > 1 else same[0].reason
        yield Closed(" ".join(line.options for line in same), reason, button)


def _line(options: str, why: UnavailableOption) -> Closed:
    return Closed(options, why.reason, _button(why.fix) if why.fix else None)
