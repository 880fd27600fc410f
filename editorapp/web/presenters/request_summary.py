"""Request summary: what was requested, in words; and what one request changed against another."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    POSITION,
    GenerationRequest,
    Ref,
    Task,
)
from editorapp.providers.spec import Model
from editorapp.teams.models import Member

LEAST_SIMILARITY = 0.5  # below it, struck and added words read as soup


@dataclass(frozen=True)
class GuideStill:
    """A still that guides a take: the frame it stands at (None: none of its own) and our copy of
    it, if we have one.
    """

    label: str
    frame_index: int | None
    asset: Asset | None


@dataclass(frozen=True)
class SettingChange:
    """One setting that differs from the parent's."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Words:
    """A run of words of a prompt."""

    text: str
    is_added: bool = False
    is_removed: bool = False


def settings(take: Generation) -> dict[str, str]:
    """Return everything but the prompt and the source, in the order in which the studio asks; for
    every task.
    """
    wanted = take.wanted
    said = {
        "Task": wanted.task.capitalize(),
        "Provider": str(take.account),
        "Model": model_of(take),
        "Conditioning": _conditioning(wanted) if wanted.task == Task.EDIT else "",
        "Strength": spoken(wanted.strength),
        **{control.capitalize(): _control(wanted, control) for control in CONTROLS},
        "Extends": _extends(take),
        **_frames(wanted),
        "Placement": placement(wanted),
        "Aspect ratio": wanted.aspect_ratio or "",
        "Duration": length(wanted.duration),
        "Loop": "on" if wanted.loop else "",
        "Camera concepts": ", ".join(spoken(concept).lower() for concept in wanted.concepts or ()),
        "Resolution": wanted.resolution or "",
        "HDR": "on" if wanted.hdr else "",
        "EXR frames": "on" if wanted.exr else "",
    }
    return {label: value for label, value in said.items() if value}


def in_short(take: Generation) -> str:
    """Return what tells takes of one batch apart: "Adhere 2, 720p, HDR"."""
    wanted = take.wanted
    said = (
        spoken(wanted.strength) or ("Auto" if wanted.auto_controls else ""),
        wanted.aspect_ratio,
        length(wanted.duration),
        wanted.resolution,
        "HDR" if wanted.hdr else "",
        "EXR" if wanted.exr else "",
    )
    return ", ".join(filter(None, said))


def changes(before: Generation, after: Generation) -> list[SettingChange]:
    """Return the settings in which a take differs from another, in the order of `settings`."""
    old, new = settings(before), settings(after)
    labels = list(new) + [label for label in old if label not in new]
    return [
        SettingChange(label, old.get(label, "not set"), new.get(label, "not set"))
        for label in labels
        if old.get(label) != new.get(label)
    ]


def provider_names() -> dict[str, str]:
    """Return every provider's name, by its slug."""
    return {slug: registry.get(slug).SPEC.name for slug in registry.slugs()}


def model_names() -> dict[str, str]:
    """Return every model's name, by ours: what the first provider that has it calls it."""
    return {
        model.name: model.label
        for module in reversed(registry.every())
        for model in reversed(module.SPEC.models)
    }


def model_of(take: Generation) -> str:
    """Return a model as its provider's page calls it; by our name where the provider has it no
    more.
    """
    model = _listed(take)
    return model.label if model else take.model


def _listed(take: Generation) -> Model | None:
    try:
        return registry.get(take.provider).SPEC.find(take.task, take.model)
    except registry.UnknownProvider:
        return None


def direction(wanted: GenerationRequest) -> str:
    """Return "forward" or "backward" where a generation goes on from an earlier result; "" where it
    does not.
    """
    if wanted.task != Task.GENERATE:
        return ""
    frames = {"forward": wanted.start_frame, "backward": wanted.end_frame}
    continued = (way for way, ref in frames.items() if ref and ref.generation_id is not None)
    return next(continued, "")


def prompt_changes(before: str, after: str) -> list[Words]:
    """Return a prompt word by word against an earlier one; one that was written anew comes back
    unmarked.
    """
    old, new = re.findall(r"\S+\s*", before), re.findall(r"\S+\s*", after)
    matcher = difflib.SequenceMatcher(a=[*map(str.strip, old)], b=[*map(str.strip, new)])
    if matcher.ratio() < LEAST_SIMILARITY:
        return [Words(after)]
    found: list[Words] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        after_words = Words("".join(new[c:d]), is_added=kind != "equal")
        before_words = Words("".join(old[a:b]), is_removed=True)
        found += [after_words] if kind == "equal" else [before_words, after_words]
    return [words for words in found if words.text]


def guides(wanted: GenerationRequest, member: Member) -> list[GuideStill]:
    """Return the stills that guide a take, with our copies of them: one query."""
    named = list(_guide_refs(wanted))
    ids = [ref.asset_id for _label, _index, ref in named if ref.asset_id]
    ours = Asset.objects.visible_to(member).in_bulk(ids) if ids else {}
    return [GuideStill(label, index, ours.get(ref.asset_id or 0)) for label, index, ref in named]


def _guide_refs(wanted: GenerationRequest) -> Iterator[tuple[str, int | None, Ref]]:
    """Yield the pictures named; an earlier result that is continued is none."""
    first = "First frame" if wanted.task in {Task.GENERATE, Task.MODIFY} else "Guide frame"
    if wanted.start_frame and direction(wanted) != "forward":
        yield first, None, wanted.start_frame
    if wanted.end_frame and direction(wanted) != "backward":
        yield "Last frame", None, wanted.end_frame
    indexes = wanted.keyframe_indexes or ()
    for number, ref in enumerate(wanted.keyframes or ()):
        index = indexes[number] if number < len(indexes) else None
        yield f"Frame {index}", index, ref


def _conditioning(wanted: GenerationRequest) -> str:
    if wanted.auto_controls:
        return "Auto"
    is_set = wanted.strength or any(getattr(wanted, f"{name}_enabled") for name in CONTROLS)
    return "Manual" if is_set else ""


def _control(wanted: GenerationRequest, name: str) -> str:
    """Return a control's value: its parameter where it has one."""
    enabled = getattr(wanted, f"{name}_enabled")
    if enabled is None:
        return ""
    if not enabled:
        return "off"
    own = CONTROL_VALUES.get(name, "")
    value = getattr(wanted, own, None)
    word = own.removeprefix(f"{name}_")
    return (f"{word} {value:g}" if isinstance(value, int | float) else value) or "on"


def _frames(wanted: GenerationRequest) -> dict[str, str]:
    """Return the pictures in words: guide frames of an edit, anchors of a generation."""
    if wanted.keyframes:
        label = "Keyframes" if wanted.task == Task.GENERATE else "Guide frames"
        at = ", ".join(map(str, wanted.keyframe_indexes or ()))
        count = len(wanted.keyframes)
        return {label: f"{count} keyframe{'s' if count > 1 else ''} at {at}"}
    if wanted.task == Task.EDIT:
        return {"Guide frames": "single" if wanted.start_frame else ""}
    pictures = [label for label, _index, _ref in _guide_refs(wanted)]
    return dict.fromkeys(pictures, "a picture")


def _extends(take: Generation) -> str:
    way = direction(take.wanted)
    what = f"#{take.parent_id}" if take.parent_id else "an earlier result"
    return f"{what}, {way}" if way else ""


def placement(wanted: GenerationRequest) -> str:
    """Return where a reframe's source lies on the canvas, in percent of it; "" of no reframe."""
    if wanted.task != Task.REFRAME:
        return ""
    place = [getattr(wanted, name) for name in POSITION]
    if None in place:
        return "centred fit"
    x, y, w, h = (f"{100 * float(value or 0):.4g} %" for value in place)
    return f"{w} × {h} of the canvas, at {x}, {y}"


def length(duration: str | None) -> str:
    """Write a wished duration: "5 s"; "" where none is said."""
    return f"{duration.removesuffix('s')} s" if duration else ""


def spoken(name: str | None) -> str:
    """Write a name of a contract as people say it: "Flex 3"."""
    return (name or "").replace("_", " ").capitalize()
