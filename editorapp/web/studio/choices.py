"""Choices: the options that the form offers: read from the model's own rows, with what is chosen
and closed now.

An option that the model lacks is offered only where it is chosen: then it stands there with its
reason and its way out beside it. All else that the form holds is kept in hidden inputs, so that
another task or provider brings it back.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    POSITION,
    GenerationRequest,
    Task,
)
from editorapp.providers.rules import table
from editorapp.providers.spec import Model, Spec
from editorapp.providers.strengths import BANDS, StrengthBand
from editorapp.web.studio.draft_form import (
    ENDS,
    EXTENDS,
    FLAGS,
    MORE_VALUES,
    OFF,
    ON,
    DraftForm,
)
from editorapp.web.studio.form_request import is_on_by_value
from editorapp.web.studio.resolved_form import ResolvedForm
from editorapp.web.studio.words import BAND_WORDS, CONTROL_WORDS, TASKS

# The groups and fields of a task: those that it always shows, and those of a model that has them.
SHOWN: dict[str, set[str]] = {
    Task.EDIT: {"conditioning", "controls", "guides"},
    Task.GENERATE: {"frames"},
    Task.REFRAME: {"canvas"},
}
SHOWN_IF_KNOWN: dict[str, tuple[str, ...]] = {
    Task.EDIT: ("resolution", "hdr", "exr", "strength"),
    Task.GENERATE: (
        "resolution",
        "loop",
        "hdr",
        "exr",
        "aspect_ratio",
        "duration",
        "concepts",
    ),
    Task.REFRAME: ("resolution", "aspect_ratio"),
    Task.MODIFY: ("resolution", "strength"),
}
SOURCE_KINDS = {
    "asset": "Clip",
    "generation": "Take",
    "url": "URL",
    "id": "Id",
}
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
ALWAYS = {
    "task",
    "account",
    "model",
    "prompt",
    "form_token",
    "takes",
    "more_prompts",
}
TYPED_OF_CONTROLS = (*CONTROL_VALUES.values(), *MORE_VALUES.values())
LONGEST_KEPT = 100  # characters
INPUTS_OF: dict[str, tuple[str, ...]] = {
    "controls": (
        *(f"{name}_enabled" for name in CONTROLS),
        *CONTROL_VALUES.values(),
        "more_controls",
        *MORE_VALUES.values(),
    ),
    "strength": ("strength", "more_strengths"),
    "guides": ("guides", "guide_asset", "keyframe_asset", "keyframe_index"),
    "frames": ("frames", "extend_generation", "keyframe_asset", "keyframe_index"),
}


@dataclass(frozen=True)
class Choice:
    """One radio button or checkbox. `option` is its name among the verdict's unavailable options."""

    value: str
    label: str
    is_chosen: bool
    is_closed: bool = False
    option: str = ""
    says: str = ""


@dataclass(frozen=True)
class Band:
    """Three strengths of one kind: `word` in plain words, `label` as the providers call it."""

    word: str
    label: str
    says: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class ControlValue:
    """The parameter of a signal: the form's field, and what it is called and does."""

    field: str
    label: str
    help: str


@dataclass(frozen=True)
class Control:
    """One of the five signals in plain words: its switch, and its own parameter where it has one: of
    a few words, or else a number from 0 to 1.

    `unsaid` is what an empty value means; "" where there must be one.
    """

    word: str
    switch: Choice
    own: ControlValue | None
    value: str = ""
    choices: tuple[Choice, ...] = ()
    unsaid: str = "The model's own"


@dataclass(frozen=True)
class ControlVariants:
    """Further ways to set one control: its words as checkboxes, and where it has a number, the field
    in which values are typed ("" where it has none).
    """

    label: str
    option: str
    choices: tuple[Choice, ...]
    field: str = ""
    value: str = ""


@dataclass(frozen=True)
class IdKinds:
    """A source by the provider's own id: what the field is called, and what such an id can name."""

    label: str
    choices: list[Choice]


@dataclass(frozen=True)
class Choices:
    """Every option of the form's task, as this form has them; `closed` as the verdict names them."""

    resolved: ResolvedForm
    closed: Container[str]

    @property
    def form(self) -> DraftForm:
        return self.resolved.form

    @property
    def model(self) -> Model:
        return self.resolved.model

    @cached_property
    def shown(self) -> set[str]:
        """The groups and fields that the page shows."""
        form, task = self.form, self.form.task
        found = {name for name in SHOWN_IF_KNOWN[task] if self._is_taken(name)}
        if form.frames in EXTENDS and form.extend_generation is not None:
            found.discard("duration")
        if task == Task.MODIFY and (self._is_taken("start_frame") or form.guides == "single"):
            found.add("guides")
        return found | SHOWN.get(task, set())

    def _is_taken(self, name: str) -> bool:
        row = self.model.parameter(name)
        is_known = row is not None and not row.is_ignored
        return is_known or (name in FLAGS and getattr(self.form, name))

    @property
    def has_auto(self) -> bool:
        """Can the model decide how much changes?"""
        return "conditioning" in self.shown

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        if "strength" not in self.shown:
            return ()
        return tuple(self._band(band) for band in BANDS)

    def _band(self, band: StrengthBand) -> Band:
        values = tuple(
            self._choice("strength", one, one[-1], option="strength") for one in band.strengths
        )
        return Band(BAND_WORDS[band.name], band.label, band.says, values)

    def _choice(self, name: str, value: str, label: str = "", *, option: str = "") -> Choice:
        """Return one value of a field as a radio button."""
        option = option or f"{name}={value}"
        is_chosen = getattr(self.form, name) == value
        return Choice(value, label or value, is_chosen, option in self.closed, option)

    def _values(self, name: str, values: Iterable[str]) -> list[str]:
        """Return a field's values; the chosen one is there even where the model lacks it."""
        if name not in self.shown:
            return []
        chosen, known = getattr(self.form, name), list(values)
        return known if not chosen or chosen in known else [chosen, *known]

    def _offered(self, name: str, values: Iterable[str]) -> tuple[Choice, ...]:
        return tuple(self._choice(name, value) for value in self._values(name, values))

    @property
    def resolutions(self) -> tuple[Choice, ...]:
        return self._offered("resolution", self.model.limits.resolutions)

    @property
    def aspects(self) -> tuple[Choice, ...]:
        found = self._offered("aspect_ratio", self.model.limits.aspect_ratios)
        if "aspect_ratio" not in self.shown or self.form.task == Task.REFRAME:
            return found
        return (Choice("", "Model's choice", not self.form.aspect_ratio), *found)

    @property
    def durations(self) -> tuple[Choice, ...]:
        row = self.model.parameter("duration")
        lengths = (row and row.choices) or self.model.limits.durations
        values = self._values("duration", lengths)
        return tuple(
            self._choice("duration", value, f"{value.removesuffix('s')} s") for value in values
        )

    @property
    def flags(self) -> tuple[Choice, ...]:
        return tuple(
            self._switch(name)
            for name in SHOWN_IF_KNOWN[self.form.task]
            if name in FLAGS and name in self.shown
        )

    def _switch(self, option: str, field: str = "") -> Choice:
        """Return a checkbox, named as the model names it."""
        name = field or option
        row, word = self.model.parameter(name), option.capitalize()
        label, says = (row.label, row.help) if row else (FLAG_LABELS.get(option, word), "")
        is_closed = option in self.closed or (option in CONTROLS and "controls" in self.closed)
        return Choice(name, label, getattr(self.form, name), is_closed, option, says)

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """The signals that the model follows, or that the form has switched on."""
        if "controls" not in self.shown:
            return ()
        return tuple(self._control(name) for name in CONTROLS if self._has_control(name))

    def _has_control(self, name: str) -> bool:
        switch, own = f"{name}_enabled", CONTROL_VALUES.get(name, "")
        return self.model.knows(switch) or self.model.knows(own) or getattr(self.form, switch)

    def _control(self, name: str) -> Control:
        switch = self._switch(name, f"{name}_enabled")
        own = self.model.parameter(CONTROL_VALUES.get(name, ""))
        if own is None:
            return Control(CONTROL_WORDS[name], switch, None)
        value = getattr(self.form, own.field)
        words = tuple(Choice(word, word.capitalize(), value == word) for word in own.choices)
        unsaid = "" if is_on_by_value(self.model, name) else "The model's own"
        about = ControlValue(own.field, own.label, own.help)
        return Control(CONTROL_WORDS[name], switch, about, value, words, unsaid)

    @property
    def followed(self) -> list[Control]:
        """The signals that are switched on."""
        return [one for one in self.controls if one.switch.is_chosen]

    @property
    def is_short(self) -> bool:
        """Is what was typed for the signals short enough to be kept as a part of pages?"""
        typed = (getattr(self.form, name) for name in TYPED_OF_CONTROLS)
        return all(len(value) <= LONGEST_KEPT for value in typed)

    @property
    def control_variants(self) -> tuple[ControlVariants, ...]:
        return tuple(self._variants_of(control) for control in self.controls)

    def _variants_of(self, control: Control) -> ControlVariants:
        name = control.switch.option
        words = {OFF: "Without"}
        if control.unsaid or control.own is None:
            words |= {ON: "With"}
        words |= {one.value: one.label for one in control.choices}
        chips = tuple(self._further(f"{name}={value}", label) for value, label in words.items())
        field = "" if control.choices or control.own is None else MORE_VALUES[name]
        typed = getattr(self.form, field, "")
        return ControlVariants(control.switch.label, name, chips, field, typed)

    def _further(self, value: str, label: str) -> Choice:
        return Choice(value, label, value in self.form.more_controls)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The hidden inputs: what no visible input says.

        Sources have inputs of their own on the page, seen or not.
        """
        visible = self._visible | ALWAYS
        return [
            (name, value)
            for name, value in self.form.pairs()
            if name not in visible and not name.startswith("source_")
        ]

    @property
    def _visible(self) -> set[str]:
        """The names that a visible input says, beside those that the page always has."""
        names = {name for group in self.shown for name in INPUTS_OF.get(group, (group,))}
        if "frames" in self.shown:
            names |= {name for name, row in ENDS.items() if self.model.knows(row)}
        if "canvas" in self.shown and self.model.knows("x_norm"):
            names |= set(POSITION)
        return names

    @property
    def tasks(self) -> list[Choice]:
        return [self._choice("task", task, TASKS[task].label) for task in self.resolved.tasks]

    @cached_property
    def models(self) -> list[Choice]:
        models = self.resolved.models
        return [self._choice("model", model.name, model.label) for model in models]

    @property
    def source_kinds(self) -> list[Choice]:
        """The ways to a source; closed are those that the account does not take."""
        kinds = SOURCE_KINDS.items()
        return [self._choice("source_kind", kind, label) for kind, label in kinds]

    @cached_property
    def id_kinds(self) -> IdKinds:
        """What an id of this provider can name.

        Where it tells a result from a file by nothing, it is one kind.
        """
        row = self.model.parameter("source")
        carriers = row.carriers if row else {"generation_id": ""}
        known = [
            kind for kind in ("generation", "file") if not carriers or f"{kind}_id" in carriers
        ]
        is_one = len(known) == 2 and len({carriers.get(f"{kind}_id", kind) for kind in known}) == 1
        known = (known[:1] if is_one else known) or ["generation"]
        word = "Asset" if is_one or known == ["file"] else "Generation" if len(known) == 1 else ""
        label = f"{f'{word} id'.strip().capitalize()} at {self.resolved.account.spec.name}"
        return IdKinds(label, [self._choice("source_id_kind", kind) for kind in known])

    @property
    def homeless(self) -> list[str]:
        """The slots of notes whose group is not shown."""
        return [name for name, groups in HOMES.items() if not groups & self.shown]

    @property
    def needs_prompt(self) -> bool:
        return needs_prompt(self.resolved.account.spec, self.model)

    @property
    def shape_help(self) -> str:
        row = self.model.parameter("aspect_ratio")
        return row.help if row else ""


FLAG_LABELS = {"hdr": "HDR", "exr": "EXR"}  # where the model lacks them


@lru_cache(maxsize=64)
def needs_prompt(spec: Spec, model: Model) -> bool:
    """Would the model refuse a request for want of a prompt?"""
    broken = table.check(spec, GenerationRequest(task=model.task, model=model.name), None)
    return any(one.field == "prompt" for one in table.refusals(broken))
