"""Notes: what the studio says beside the fields of a form: what is wrong with each, and which options
are closed.

They decide nothing: they sort a verdict's findings into the places of the page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from django.urls import reverse

from editorapp.generations.models import Generation
from editorapp.generations.request.check import NOT_QUOTED, Verdict
from editorapp.generations.request.finish import finished
from editorapp.generations.request.quality import Quality, is_draft
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, POSITION, Task
from editorapp.providers.rules.shared_fixes import MANUAL
from editorapp.providers.spec import REFUSE, Broken, Fix, UnavailableOption
from editorapp.web.studio.draft_form import (
    EXTENDS,
    DraftForm,
    encode_changes,
)
from editorapp.web.studio.resolved_form import ResolvedForm

FRAMES = ("start_frame", "end_frame", "keyframes")
# The places of the page, each with the fields and the options that it speaks of.
SLOTS: dict[str, tuple[str, ...]] = {
    "source": ("source",),
    "prompt": ("prompt",),
    "model": ("model", "task"),
    "conditioning": ("auto", "auto_controls", "strength"),
    "controls": (
        "controls",
        *CONTROLS,
        *(f"{name}_enabled" for name in CONTROLS),
        *CONTROL_VALUES.values(),
    ),
    "guides": (*FRAMES, "keyframe_indexes", "single"),
    "concepts": ("concepts",),
    "placement": POSITION,
    "output": ("resolution", "hdr", "exr", "loop", "duration", "aspect_ratio"),
    "variants": ("takes",),
    "price": (),
    "whole": (),
}
SLOT_OF = {name: slot for slot, names in SLOTS.items() for name in names}
# Fields that one button leaves out together.
GROUPS = dict.fromkeys(("keyframes", "keyframe_indexes"), "keyframes")
GROUPS |= dict.fromkeys(POSITION, "position")
CUTS = frozenset({"trim_to_seconds", "mp4_copy"})  # what makes a new source
# The ways to give a generation its frames, as options and as a fix's changes.
FRAME_FIELDS = {*FRAMES, "keyframe_indexes", "single", "guides", "frames"}
EMPTY_GUIDE = (
    "Choose the picture for the guide frame: pin the source's first frame, or upload a still."
)
EMPTY_KEYFRAMES = "Pin a frame of the source, or upload a still, to make the first keyframe."
EMPTY_FIRST = "Download the source's frame 0, paint on it, and put it back here."
EMPTY_FRAMES = {
    "frames": "Choose a first frame, a last frame, or both.",
    "keyframes": "Choose a picture, and the frame of the result that it stands for.",
    "forward": "Choose the take to go on from.",
    "backward": "Choose the take to lead up to.",
}
NO_SOURCE = {
    "url": "{} takes no clip from a web address: upload it instead.",
    "id": "{} takes no clip by its id: upload it, or choose a take from the gallery.",
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


class Link(NamedTuple):
    """A way out that leads to another page."""

    label: str
    address: str


@dataclass(frozen=True)
class Note:
    """One finding beside its field.

    `tone`: "bad", "warn", or "todo" for what is merely not filled in yet.
    """

    tone: str
    message: str
    field: str
    buttons: tuple[Button, ...]
    links: tuple[Link, ...] = ()

    @property
    def slot(self) -> str:
        """The place of the page that speaks of its field."""
        return SLOT_OF.get(self.field.partition(".")[0], "whole")


@dataclass(frozen=True)
class Closed:
    """Options that cannot be combined with the present choice: `options` as the inputs name them.

    Without a button it is said only to who tries the option: it helps nobody else.
    """

    options: str
    reason: str
    button: Button | None

    @property
    def value(self) -> str:
        """The value of a field that it closes; "" where it closes all of an option."""
        return self.options.partition("=")[2]

    @property
    def pattern(self) -> str:
        """The reason with a gap for the value."""
        if not self.value:
            return self.reason + self.options
        return self.reason.replace(self.value, "\0")


@dataclass
class NoteSlot:
    """One place of the page beside a group of fields."""

    name: str
    notes: list[Note] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)

    @property
    def says_anything(self) -> bool:
        return bool(self.notes or self.closed)


def own_findings(resolved: ResolvedForm) -> list[Broken]:
    """Return what only the form can know: a clip that is gone, a guide without its picture."""
    form, problem = resolved.form, resolved.source.problem
    found, is_generation = [], form.task == Task.GENERATE
    if problem:
        field = "start_frame" if is_generation else "source"
        found.append(Broken("form.source", field, REFUSE, problem))
    if says := _empty_frames(form) if is_generation else _empty_guides(form):
        fix = Fix(f"Use no {'frames' if is_generation else 'guides'}", {"guides": "none"})
        found.append(Broken("form.guides", "keyframes", REFUSE, says, (fix,)))
    return found


def _empty_frames(form: DraftForm) -> str:
    given = {"frames": form.first_asset or form.last_asset, "keyframes": form.keyframes}
    chosen = given.get(form.frames, form.extend_generation)
    return "" if chosen else EMPTY_FRAMES.get(form.frames, "")


def _empty_guides(form: DraftForm) -> str:
    if form.guides == "single" and not form.guide_asset:
        return EMPTY_FIRST if form.task == Task.MODIFY else EMPTY_GUIDE
    is_empty = form.guides == "keyframes" and not form.keyframes
    return EMPTY_KEYFRAMES if is_empty and form.task == Task.EDIT else ""


def still_open(own: Sequence[Broken], verdict: Verdict) -> list[Broken]:
    """Return all that keeps a form from being sent, each once, with its own findings first.

    What the form knows is more exact than "choose a source" or "this is no picture".
    """
    known = {one.field for one in own if one.rule_id != "form.guides"}
    refused = [one for one in verdict.refusals if one.field.partition(".")[0] not in known]
    return [*own, *_joined(refused)]


def slots_of(
    resolved: ResolvedForm,
    verdict: Verdict,
    found: Iterable[Broken],
    *,
    strictly: bool,
) -> dict[str, NoteSlot]:
    """Sort findings, and the verdict's warnings and closed options, into the page's slots.

    `strictly`: what is not filled in yet counts as an error, too; otherwise a field that nobody
    has touched says nothing.
    """
    form = resolved.form
    slots = {name: NoteSlot(name) for name in SLOTS}
    for one in [*found, *verdict.warnings]:
        if one.rule_id == NOT_QUOTED:  # stands where the price stands, with its button
            continue
        if strictly or not _is_untouched(one, form):  # the bar names it, and nobody is blamed
            slot = SLOT_OF.get(one.field.partition(".")[0], "whole")
            slots[slot].notes.append(note_of(one, form, strictly=strictly))
    if resolved.account.doubt:  # it may answer again by now, so it is said and nothing is closed
        slots["model"].notes.append(Note("warn", resolved.account.doubt, "account", ()))
    slots["source"].notes += _draft_source(resolved.source.parent)
    slots["source"].closed += _closed_sources(resolved)
    for closed in _merged(_lines(_worth_saying(form, verdict.unavailable))):
        option = closed.options.partition(" ")[0].partition("=")[0]
        slots[SLOT_OF.get(option, "whole")].closed.append(closed)
    return slots


def _closed_sources(resolved: ResolvedForm) -> Iterator[Closed]:
    """Yield the ways to a source that the model does not take; a chosen one is the rules' to
    refuse.
    """
    row, kind = resolved.model.parameter("source"), resolved.form.source_kind
    if row is None or not row.carriers:
        return
    carriers = {"url": {"url"}, "id": {"generation_id", "file_id"}}
    for way, ids in carriers.items():
        if kind != way and ids.isdisjoint(row.carriers):
            reason = NO_SOURCE[way].format(resolved.account.spec.name)
            yield Closed(f"source_kind={way}", reason, None)


def _draft_source(take: Generation | None) -> Iterator[Note]:
    """Say of a source that is a draft that it is one, and the way to its finished one."""
    if take is None or not is_draft(take):
        return
    draft, done = f"#{take.pk} is a {Quality.of(take.wanted).label} draft", finished(take)
    if done is not None:
        says = f"{draft}, and finished as #{done.pk}: use that one."
        way = Link(f"Use #{done.pk}", f"{reverse('studio:page')}?generation={done.pk}")
    else:
        says = f"{draft}: what you make of it starts from its small picture. Finish it first."
        address = reverse("takes:page", args=[take.pk])
        way = Link(f"Finish #{take.pk}", f"{address}#finish-{take.pk}")
    yield Note("warn", says, "source", (), (way,))


def _joined(found: Iterable[Broken]) -> list[Broken]:
    """Say once what one button leaves out: keyframes and their positions, the four numbers of a
    place.
    """
    seen: set[tuple[str, str]] = set()
    once = []
    for one in found:
        group = GROUPS.get(one.field, "")
        if not group or not one.fixes or (one.rule_id, group) not in seen:
            once.append(one)
        seen.add((one.rule_id, group))
    return once


def note_of(one: Broken, form: DraftForm, *, strictly: bool) -> Note:
    """Return one finding as the page says it, with its ways out."""
    buttons = tuple(button_of(_back(fix, form)) for fix in one.fixes)
    tone = _tone(one, form, strictly=strictly)
    return Note(tone, one.message, one.field, buttons)


def _tone(one: Broken, form: DraftForm, *, strictly: bool) -> str:
    if not one.is_refusal:
        return "warn"
    return "todo" if _is_empty(one, form) and not strictly else "bad"


def _back(fix: Fix, form: DraftForm) -> Fix:
    """Call it the way back where it leads to the account that was chosen before."""
    if fix.changes != {"account": form.account_before}:
        return fix
    return replace(fix, label=fix.label.replace("Send to", "Back to", 1))


def _is_empty(one: Broken, form: DraftForm) -> bool:
    """Is this merely not filled in yet? Then nothing is wrong."""
    return one.rule_id == "form.guides" or _is_untouched(one, form)


def _is_untouched(one: Broken, form: DraftForm) -> bool:
    """Is this about a field that is as empty as the page showed it?"""
    if not one.is_refusal:
        return False
    if one.field == "source":
        return not getattr(form, f"source_{form.source_kind}")
    return one.field in ("prompt", "aspect_ratio") and not getattr(form, one.field)


def button_of(fix: Fix) -> Button:
    """Return a fix as the page's button."""
    if "ask" in fix.changes:
        return Button(fix.label, str(fix.changes["ask"]), is_ask=True)
    return Button(fix.label, encode_changes(fix.changes), not CUTS.isdisjoint(fix.changes))


def by_hand(unavailable: Mapping[str, UnavailableOption]) -> set[str]:
    """Return the options that only Auto closes: choosing one is choosing by hand, so they are
    offered as if they were open.
    """
    return {
        option
        for option, why in unavailable.items()
        if why.fix is not None and why.fix.changes == MANUAL.changes
    }


def _worth_saying(
    form: DraftForm, unavailable: Mapping[str, UnavailableOption]
) -> dict[str, UnavailableOption]:
    """Leave out what a radio button shows: a strength is a choice by hand, and a generation has its
    frames in one way, so the ways exclude each other.
    """
    open_by_hand = by_hand(unavailable)
    unavailable = {name: why for name, why in unavailable.items() if name not in open_by_hand}
    if form.task != Task.GENERATE:
        return unavailable
    is_extension = form.frames in EXTENDS  # its length is always the same, and not shown
    return {
        option: why
        for option, why in unavailable.items()
        if not (is_extension and option.startswith("duration="))
        and not (option in FRAME_FIELDS and _leads_back(why))
    }


def _leads_back(why: UnavailableOption) -> bool:
    return why.fix is None or set(why.fix.changes) <= FRAME_FIELDS


def _lines(unavailable: dict[str, UnavailableOption]) -> list[Closed]:
    """Return the closed options; where all signals are closed together, they are one line."""
    rest = dict(unavailable)
    if (controls := rest.pop("controls", None)) is None:
        return [_line(option, why) for option, why in rest.items()]
    rest = {option: why for option, why in rest.items() if option not in CONTROLS}
    together = _line(" ".join(("controls", *CONTROLS)), controls)
    return [together, *(_line(option, why) for option, why in rest.items())]


def _merged(lines: list[Closed]) -> Iterable[Closed]:
    """Join lines that differ only in the value they close: "not 360p" and "not 540p" are "not 360p
    or 540p".
    """
    alike: dict[tuple[str, Button | None], list[Closed]] = {}
    for line in lines:
        alike.setdefault((line.pattern, line.button), []).append(line)
    for (pattern, button), same in alike.items():
        values = " or ".join(line.value for line in same)
        reason = pattern.replace("\0", values) if len(same) > 1 else same[0].reason
        yield Closed(" ".join(line.options for line in same), reason, button)


def _line(options: str, why: UnavailableOption) -> Closed:
    return Closed(options, why.reason, button_of(why.fix) if why.fix else None)
