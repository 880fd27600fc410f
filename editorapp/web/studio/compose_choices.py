"""The options that the compose form offers: read from the model's own rows, with what is chosen and
closed now.

An option that the model lacks is offered only where it is chosen: then it stands there with its
reason and its way out beside it. All else that the form holds is kept in hidden inputs, so that
another task or provider brings it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from editorapp.providers.contract import CONTROLS, STRENGTHS, GenerationRequest, Task
from editorapp.providers.rules import table
from editorapp.providers.spec import Model, Spec
from editorapp.web.studio.forms import CONTROL_VALUES, FLAGS, POSITION, Compose, is_on_by_value

BANDS = (
    ("adhere", "Adhere", "Keeps motion, composition and structure."),
    ("flex", "Flex", "Keeps motion; the prompt restyles the rest."),
    ("reimagine", "Reimagine", "Takes the source as loose grounding."),
)
TASK_FLAGS: dict[str, tuple[str, ...]] = {
    Task.EDIT: ("hdr", "exr"),
    Task.GENERATE: ("loop", "hdr", "exr"),
}
TASKS = {
    "edit": (
        "Edit",
        "Queue edit",
        "What should change? “Rainy neon evening, wet asphalt, the dancer in a red coat.”",
    ),
    "generate": (
        "Generate",
        "Queue generation",
        "What should be seen? “A paper boat drifts down a gutter after rain.”",
    ),
    "reframe": (
        "Reframe",
        "Queue reframe",
        "What lies outside the frame? “The harbour goes on, boats and low hills.”",
    ),
    "modify": (
        "Modify",
        "Queue modification",
        "How should it look? “A claymation world, soft studio light.”",
    ),
}
SOURCE_KINDS = {"asset": "Upload", "generation": "Gallery", "url": "URL", "id": "Id"}
# Which groups hold the notes of a slot; where none of them is shown, the notes stand above the
# price.
HOMES = {
    "conditioning": {"conditioning", "strength"},
    "controls": {"controls"},
    "guides": {"guides", "frames"},
    "concepts": {"concepts"},
    "placement": {"canvas"},
}
# What the page always holds in inputs of its own.
ALWAYS = frozenset({"task", "account", "model", "prompt", "form_token", "takes", "more_prompts"})
SIGNALS = frozenset({f"{name}_enabled" for name in CONTROLS} | set(CONTROL_VALUES.values()))


@dataclass(frozen=True)
class RadioChoice:
    """One radio button. `option` is its name in the verdict's list of unavailable options."""

    value: str
    label: str
    is_chosen: bool
    is_closed: bool = False
    option: str = ""


@dataclass(frozen=True)
class Band:
    label: str
    says: str
    choices: tuple[RadioChoice, ...]


@dataclass(frozen=True)
class Control:
    """One of the five signals: its switch, and its own parameter where it has one."""

    name: str
    label: str
    says: str
    is_on: bool
    is_closed: bool
    value_name: str = ""
    value_label: str = ""
    value_says: str = ""
    value: str = ""
    choices: tuple[
        RadioChoice, ...
    ] = ()  # a parameter that is one of a few words; else a number from 0 to 1
    unsaid: str = "The model's own"  # what an empty value means; "" where there must be one


@dataclass(frozen=True)
class TaskWords:
    """A task as the page names it: its tab, its button, an example of a prompt."""

    value: str
    label: str
    act: str
    example: str
    is_chosen: bool = False


@dataclass(frozen=True)
class IdKinds:
    """A source by the provider's own id: what the field is called, and what such an id can name."""

    label: str
    choices: tuple[RadioChoice, ...]


@dataclass(frozen=True)
class Flag:
    """One checkbox of the output."""

    name: str
    label: str
    says: str
    is_on: bool
    is_closed: bool


@dataclass(frozen=True)
class Choices:
    shown: frozenset[str]  # the groups and fields that the page shows
    bands: tuple[Band, ...]
    controls: tuple[Control, ...]
    resolutions: tuple[RadioChoice, ...]
    aspects: tuple[RadioChoice, ...]
    durations: tuple[RadioChoice, ...]
    flags: tuple[Flag, ...]
    kept: tuple[tuple[str, str], ...]  # hidden inputs
    homeless: tuple[str, ...]  # slots of notes whose group is not shown
    needs_prompt: bool
    help: dict[str, str] = field(default_factory=dict)


def choices(form: Compose, closed: frozenset[str], model: Model, spec: Spec) -> Choices:
    """Return every option of the form's task, as this form has them."""
    shown = _shown(form, model)
    flags = tuple(
        _flag(form, closed, name, model) for name in TASK_FLAGS.get(form.task, ()) if name in shown
    )
    return Choices(
        shown=shown,
        bands=tuple(_band(form, closed, *band) for band in BANDS) if "strength" in shown else (),
        controls=_controls(form, closed, model) if "controls" in shown else (),
        resolutions=_picks("resolution", model.limits.resolutions, form, closed)
        if "resolution" in shown
        else (),
        aspects=_aspects(form, closed, model) if "aspect_ratio" in shown else (),
        durations=_durations(form, closed, model) if "duration" in shown else (),
        flags=flags,
        kept=_kept(form, model, shown),
        homeless=tuple(name for name, groups in HOMES.items() if not groups & shown),
        needs_prompt=needs_prompt(spec, model),
        help={row.field: row.help for row in model.parameters},
    )


@lru_cache(maxsize=64)
def needs_prompt(spec: Spec, model: Model) -> bool:
    """Would the model refuse a request for want of a prompt?"""
    broken = table.check(spec, GenerationRequest(task=model.task, model=model.name), None)
    return any(one.field == "prompt" for one in table.refusals(broken))


def task_words(task: str, *, is_chosen: bool = False) -> TaskWords:
    return TaskWords(task, *TASKS[task], is_chosen=is_chosen)


def source_kinds(form: Compose, closed: Iterable[str]) -> tuple[RadioChoice, ...]:
    """Return the ways to a source; `closed` are options that the account does not take."""
    options = {value: f"source_kind={value}" for value in SOURCE_KINDS}
    return tuple(
        RadioChoice(
            value, label, form.source_kind == value, options[value] in closed, options[value]
        )
        for value, label in SOURCE_KINDS.items()
    )


def id_kinds(form: Compose, model: Model, provider: str) -> IdKinds:
    """Return what an id of this provider can name.

    Where it tells a result from a file by nothing, it is one kind.
    """
    row = model.parameter("source")
    places = (
        {kind: row.carriers.get(f"{kind}_id", "") for kind in ("generation", "file")} if row else {}
    )
    known = [kind for kind, place in places.items() if place or (row and not row.carriers)]
    is_one = (
        len(known) > 1 and bool(places["generation"]) and places["generation"] == places["file"]
    )
    known = (known[:1] if is_one else known) or ["generation"]
    picks = tuple(RadioChoice(kind, kind, form.source_id_kind == kind) for kind in known)
    word = (
        "Asset id" if is_one or known == ["file"] else "Generation id" if len(known) == 1 else "Id"
    )
    return IdKinds(f"{word} at {provider}", picks)


def _takes(model: Model, name: str) -> bool:
    row = model.parameter(name)
    return row is not None and not row.is_ignored


def _shown(form: Compose, model: Model) -> frozenset[str]:
    task, found = form.task, set()
    for name in ("resolution", *TASK_FLAGS.get(task, ())):
        if _takes(model, name) or (name in FLAGS and getattr(form, name)):
            found.add(name)
    if task in (Task.GENERATE, Task.REFRAME) and _takes(model, "aspect_ratio"):
        found.add("aspect_ratio")
    if task == Task.GENERATE:
        found |= {"frames"} | (
            {"duration"} if _takes(model, "duration") and not _is_extension(form) else set()
        )
        found |= {"concepts"} if _takes(model, "concepts") else set()
    if task == Task.REFRAME:
        found.add("canvas")
    if task == Task.EDIT:
        found |= {"conditioning", "controls", "guides"}
    if task in (Task.EDIT, Task.MODIFY) and _takes(model, "strength"):
        found.add("strength")
    if task == Task.MODIFY and (_takes(model, "start_frame") or form.guides == "single"):
        found.add("guides")
    return frozenset(found)


def _is_extension(form: Compose) -> bool:
    return form.frames in ("forward", "backward") and form.extend_generation is not None


INPUTS_OF: dict[str, tuple[str, ...]] = {
    "controls": tuple(SIGNALS),
    "strength": ("strength", "more_strengths"),
    "guides": ("guides", "guide_asset", "keyframe_asset", "keyframe_index"),
    "frames": ("frames", "extend_generation", "keyframe_asset", "keyframe_index"),
}


def _visible(model: Model, shown: frozenset[str]) -> set[str]:
    """Return the names that a visible input says, beside those that the page always has."""
    names = {name for group in shown for name in INPUTS_OF.get(group, (group,))}
    if "frames" in shown:
        ends = {"first_asset": "start_frame", "last_asset": "end_frame"}
        names |= {name for name, row in ends.items() if model.knows(row)}
    if "canvas" in shown and model.knows("x_norm"):
        names |= set(POSITION)
    return names


def _kept(form: Compose, model: Model, shown: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return what no visible input says.

    Sources have inputs of their own on the page, seen or not.
    """
    visible = _visible(model, shown) | ALWAYS
    return tuple(
        (name, value)
        for name, value in form.pairs()
        if name not in visible and not name.startswith("source_")
    )


def _picks(
    name: str, values: Iterable[str], form: Compose, closed: frozenset[str]
) -> tuple[RadioChoice, ...]:
    """Return one radio button a value; the chosen one is there even where the model lacks it."""
    chosen = getattr(form, name)
    every = dict.fromkeys([*([chosen] if chosen and chosen not in values else ()), *values])
    return tuple(
        RadioChoice(value, value, chosen == value, f"{name}={value}" in closed, f"{name}={value}")
        for value in every
    )


def _aspects(form: Compose, closed: frozenset[str], model: Model) -> tuple[RadioChoice, ...]:
    picks = _picks("aspect_ratio", model.limits.aspect_ratios, form, closed)
    if form.task == Task.REFRAME:
        return picks
    return (RadioChoice("", "Model's choice", not form.aspect_ratio), *picks)


def _durations(form: Compose, closed: frozenset[str], model: Model) -> tuple[RadioChoice, ...]:
    row = model.parameter("duration")
    values = (row.choices if row else ()) or model.limits.durations
    return tuple(
        RadioChoice(
            one.value, one.value.removesuffix("s") + " s", one.is_chosen, one.is_closed, one.option
        )
        for one in _picks("duration", values, form, closed)
    )


def _flag(form: Compose, closed: frozenset[str], name: str, model: Model) -> Flag:
    row = model.parameter(name)
    label = row.label if row else {"hdr": "HDR", "exr": "EXR"}.get(name, name.capitalize())
    return Flag(name, label, row.help if row else "", getattr(form, name), name in closed)


def _band(form: Compose, closed: frozenset[str], name: str, label: str, says: str) -> Band:
    picks = tuple(
        RadioChoice(value, value[-1], form.strength == value, "strength" in closed, "strength")
        for value in STRENGTHS
        if value.startswith(name)
    )
    return Band(label, says, picks)


def _controls(form: Compose, closed: frozenset[str], model: Model) -> tuple[Control, ...]:
    """Return the signals that the model follows, or that the form has switched on."""
    names = (
        name
        for name in CONTROLS
        if model.knows(f"{name}_enabled")
        or model.knows(CONTROL_VALUES.get(name, ""))
        or _is_on(form, name)
    )
    return tuple(_control(form, closed, name, model) for name in names)


def _is_on(form: Compose, control: str) -> bool:
    return bool(getattr(form, f"{control}_enabled"))


def _control(form: Compose, closed: frozenset[str], name: str, model: Model) -> Control:
    switch = model.parameter(f"{name}_enabled")
    label, says = (switch.label, switch.help) if switch else (name.capitalize(), "")
    is_on, is_closed = _is_on(form, name), name in closed or "controls" in closed
    own = model.parameter(CONTROL_VALUES.get(name, ""))
    if own is None:
        return Control(name, label, says, is_on, is_closed)
    value = getattr(form, own.field)
    picks = tuple(RadioChoice(word, word.capitalize(), value == word) for word in own.choices)
    unsaid = "" if is_on_by_value(model, name) else "The model's own"
    return Control(
        name, label, says, is_on, is_closed, own.field, own.label, own.help, value, picks, unsaid
    )
