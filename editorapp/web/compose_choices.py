"""The options that the compose form offers: read from the provider's own table, with what is chosen and closed now."""

from dataclasses import dataclass, field

from editorapp.providers.contract import CONTROLS, STRENGTHS
from editorapp.providers.spec import Model
from editorapp.web.forms import CONTROL_VALUES, Compose

BANDS = (
    ("adhere", "Adhere", "Keeps motion, composition and structure."),
    ("flex", "Flex", "Keeps motion; the prompt restyles the rest."),
    ("reimagine", "Reimagine", "Takes the source as loose grounding."),
)


@dataclass(frozen=True)
class Choice:
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
    choices: tuple[Choice, ...]


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
    choices: tuple[Choice, ...] = ()  # a parameter that is one of a few words; else a number from 0 to 1


@dataclass(frozen=True)
class Choices:
    bands: tuple[Band, ...]
    controls: tuple[Control, ...]
    resolutions: tuple[Choice, ...]
    help: dict[str, str] = field(default_factory=dict)


def choices(form: Compose, closed: frozenset[str], model: Model) -> Choices:
    """Return every option of an edit, as this form has them."""
    return Choices(
        bands=tuple(_band(form, closed, *band) for band in BANDS),
        controls=tuple(_control(form, closed, name, model) for name in CONTROLS),
        resolutions=tuple(
            Choice(value, value, form.resolution == value, f"resolution={value}" in closed, f"resolution={value}")
            for value in model.limits.resolutions
        ),
        help={row.field: row.help for row in model.parameters},
    )


def _band(form: Compose, closed: frozenset[str], name: str, label: str, says: str) -> Band:
    picks = tuple(
        Choice(value, value[-1], form.strength == value, "strength" in closed, "strength")
        for value in STRENGTHS
        if value.startswith(name)
    )
    return Band(label, says, picks)


def _control(form: Compose, closed: frozenset[str], name: str, model: Model) -> Control:
    switch = model.parameter(f"{name}_enabled")
    assert switch is not None, f"{model.label} has no control {name}"
    is_on, is_closed = getattr(form, f"{name}_enabled"), name in closed or "controls" in closed
    own = model.parameter(CONTROL_VALUES[name]) if name in CONTROL_VALUES else None
    if own is None:
        return Control(name, switch.label, switch.help, is_on, is_closed)
    value = getattr(form, own.field)
    picks = tuple(Choice(word, word.capitalize(), value == word) for word in own.choices)
    return Control(
        name, switch.label, switch.help, is_on, is_closed, own.field, own.label, own.help, value, picks
    )  # fmt: skip
