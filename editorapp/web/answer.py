"""What the studio says about a form: notes beside the fields they belong to, closed options, price, exact request.

It decides nothing: it sorts a verdict's findings into the places of the page.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from editorapp.costs.estimate import Estimate
from editorapp.generations.verdict import Verdict
from editorapp.providers.rules import REFUSE, Broken, Mend, Unavailable
from editorapp.web.forms import Compose, encode_changes
from editorapp.web.sources import Source

SLOTS = ("source", "prompt", "conditioning", "controls", "guides", "output", "whole")
SLOT_OF = {
    "source": "source", "prompt": "prompt", "auto_controls": "conditioning", "strength": "conditioning",
    "start_frame": "guides", "keyframes": "guides", "keyframe_indexes": "guides",
    "resolution": "output", "hdr": "output", "exr": "output",
    "pose_enabled": "controls", "pose_strength": "controls", "depth_enabled": "controls", "depth_blur": "controls",
    "normals_enabled": "controls", "normals_augmentation": "controls", "trajectory_enabled": "controls",
    "trajectory_sparsity": "controls", "face_enabled": "controls",
}  # fmt: skip
SLOT_OF_OPTION = {
    "hdr": "output", "exr": "output", "resolution": "output", "auto": "conditioning", "strength": "conditioning",
    "controls": "controls", "pose": "controls", "depth": "controls", "normals": "controls",
    "trajectory": "controls", "face": "controls", "single": "guides", "keyframes": "guides",
}  # fmt: skip
CONTROL_OPTIONS = ("pose", "depth", "normals", "trajectory", "face")
NOT_YET = frozenset({"E2", "E3"})  # nothing is wrong with a form that is not filled in yet
BY_HAND = "Auto decides how closely to follow the source; choose Manual to set a strength or the signals yourself."
EMPTY_GUIDES = {
    "single": "Choose the picture for the guide frame: pin the source's first frame, or upload a still.",
    "keyframes": "Pin a frame of the source, or upload a still, to make the first keyframe.",
}


@dataclass(frozen=True)
class Button:
    """A way out. `is_cut` ones need the server: they make a new, shorter source."""

    label: str
    value: str
    is_cut: bool


@dataclass(frozen=True)
class Note:
    """One finding beside its field. `tone`: "bad", "warn", or "todo" for what is merely not filled in yet."""

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


@dataclass
class Slot:
    """One place of the page beside a group of fields."""

    name: str
    notes: list[Note] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """All that the page says about one state of the form."""

    slots: dict[str, Slot]
    closed: frozenset[str]
    estimate: Estimate | None
    body_json: str
    curl: str
    can_send: bool
    open_count: int  # how many findings still keep it from being sent


def own_findings(form: Compose, source: Source) -> list[Broken]:
    """Return what only the form can know: a clip that is gone, a guide without its picture."""
    found = []
    if source.problem:
        found.append(Broken("form.source", "source", REFUSE, source.problem))
    is_empty = form.guide_asset is None if form.guides == "single" else not form.keyframes
    if form.guides in EMPTY_GUIDES and is_empty:
        mend = Mend("Use no guides", {"guides": "none"})
        found.append(Broken("form.guides", "keyframes", REFUSE, EMPTY_GUIDES[form.guides], (mend,)))
    return found


def answer(form: Compose, source: Source, verdict: Verdict, *, strictly: bool = False) -> Answer:
    """Sort a verdict into the page's slots. `strictly`: what is not filled in yet counts as an error, too."""
    slots = {name: Slot(name) for name in SLOTS}
    own = own_findings(form, source)
    if source.problem:  # more exact than "choose a source"
        refused = [one for one in verdict.refusals if one.family != "E3"]
    else:
        refused = verdict.refusals
    for one in [*own, *refused, *verdict.warnings]:
        slots[_slot(one.field)].notes.append(_note(one, form, strictly=strictly))
    closed = list(_closed(verdict.unavailable))
    for entry in closed:
        slots[_slot_of_option(entry.options)].closed.append(entry)
    return Answer(
        slots=slots,
        closed=frozenset(verdict.unavailable),
        estimate=verdict.estimate,
        body_json=verdict.body_json,
        curl=verdict.curl,
        can_send=verdict.can_send and not own,
        open_count=len(own) + len(refused),
    )


def _slot(name: str) -> str:
    return SLOT_OF.get(name.partition(".")[0], "whole")


def _slot_of_option(options: str) -> str:
    return SLOT_OF_OPTION.get(options.partition(" ")[0].partition("=")[0], "whole")


def _note(one: Broken, form: Compose, *, strictly: bool) -> Note:
    is_todo = one.family in NOT_YET and one.rule_id in NOT_YET and not (one.field == "prompt" and form.prompt)
    tone = ("bad" if strictly or not is_todo else "todo") if one.is_refusal else "warn"
    return Note(tone, one.message, one.field, tuple(_button(mend) for mend in one.mends))


def _button(mend: Mend) -> Button:
    return Button(mend.label, encode_changes(mend.changes), "trim_to_seconds" in mend.changes)


def _closed(unavailable: dict[str, Unavailable]) -> Iterable[Closed]:
    """Yield the closed options; those of one mode as one line, so that the mode says its reason once."""
    rest = dict(unavailable)
    controls, strength = rest.pop("controls", None), rest.pop("strength", None)
    signals = ("controls", *CONTROL_OPTIONS)
    if controls is not None:
        rest = {option: why for option, why in rest.items() if option not in signals}
    if strength is not None and controls is not None and strength.mend == controls.mend:
        yield _line(" ".join(("strength", *signals)), Unavailable(BY_HAND, strength.mend))
    else:
        if strength is not None:
            yield _line("strength", strength)
        if controls is not None:
            yield _line(" ".join(signals), controls)
    yield from _merged([_line(option, why) for option, why in rest.items()])


def _merged(lines: list[Closed]) -> Iterable[Closed]:
    """Join lines that differ only in the value they close: "not 360p" and "not 540p" are "not 360p or 540p"."""
    alike: dict[tuple[str, Button | None], list[Closed]] = {}
    for line in lines:
        value = line.options.partition("=")[2]
        pattern = line.reason.replace(value, "\0") if value else line.reason + line.options
        alike.setdefault((pattern, line.button), []).append(line)
    for (pattern, button), same in alike.items():
        values = " or ".join(line.options.partition("=")[2] for line in same)
        reason = pattern.replace("\0", values) if len(same) > 1 else same[0].reason
        yield Closed(" ".join(line.options for line in same), reason, button)


def _line(options: str, why: Unavailable) -> Closed:
    return Closed(options, why.reason, _button(why.mend) if why.mend else None)


def context(form: Compose, source: Source, said: Answer) -> dict[str, Any]:
    """Return what the parts of the page need to show an answer."""
    return {"form": form, "source": source, "answer": said, "slots": said.slots}
