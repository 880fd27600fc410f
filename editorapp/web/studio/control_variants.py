"""Control variants: one form's control signals set in several ways: with and without pose, depth at
0.3 and at 0.6.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product

from editorapp.providers.contract import CONTROL_VALUES, CONTROLS
from editorapp.providers.spec import Model
from editorapp.web.studio.draft_form import MORE_VALUES, OFF, ON, DraftForm, Values
from editorapp.web.studio.form_request import control_values

MOST_VALUES = 9  # of one control, beside the form's own


def values_of(form: DraftForm, control: str) -> list[str]:
    """Return the further values that were typed for a control, each once and as typed."""
    typed = getattr(form, MORE_VALUES.get(control, ""), "")
    return list(dict.fromkeys(filter(None, re.split(r"[,;/\s]+", typed))))


def too_many_of(form: DraftForm) -> list[str]:
    """Return the controls for which more values were typed than are taken in one go."""
    return [name for name in CONTROLS if len(values_of(form, name)) > MOST_VALUES]


def settings(form: DraftForm, model: Model) -> Iterator[Values]:
    """Yield each way in which the form sets its controls, its own first, as what a request says of
    them; each control's ways with each of the others'.
    """
    ways = [_ways(form, name, model) for name in CONTROLS]
    for chosen in product(*ways):
        yield {name: value for one in chosen for name, value in one.items()}


def _ways(form: DraftForm, control: str, model: Model) -> Sequence[Values]:
    """Return what a request says of one control: of the form's own setting, and of each further
    one; nothing where there is none.
    """
    forms = list(_forms(form, control))
    if not forms:
        return ({},)
    found: list[Values] = []
    for one in (form, *forms):
        if (said := control_values(one, control, model)) not in found:
            found.append(said)
    return found


def _forms(form: DraftForm, control: str) -> Iterator[DraftForm]:
    switch, own = f"{control}_enabled", CONTROL_VALUES.get(control, "")
    for one in form.more_controls:
        name, _equals, value = one.partition("=")
        if name != control:
            continue
        said: Values = {switch: value != OFF}
        if own and value != OFF:
            said[own] = "" if value == ON else value
        yield replace(form, **said)
    for value in islice(values_of(form, control), MOST_VALUES):
        typed: Values = {switch: True, own: value}
        yield replace(form, **typed)
