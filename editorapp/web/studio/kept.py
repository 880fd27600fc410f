"""What the form holds for other tasks and the present one does not send: named, so that nobody
thinks it is.
"""

from dataclasses import replace

from editorapp.generations.request.offers import word_of
from editorapp.providers.contract import CONTROL_VALUES, Ref
from editorapp.providers.rules.conditions import is_said
from editorapp.web.studio.desk import Desk
from editorapp.web.studio.forms import Compose

# Said of every task, or only beside another field.
PLAIN = frozenset(
    {"task", "model", "prompt", "source", "keyframe_indexes", *CONTROL_VALUES.values()}
)
CONTINUED = Ref(generation_id="continued")  # stands for the take that an extension goes on from


def kept(desk: Desk) -> tuple[str, ...]:
    """Return the labels of what was chosen for other tasks and would come back with them: ("HDR",
    "Depth").
    """
    sent = {name for name, value in desk.wanted.__dict__.items() if is_said(value)} | PLAIN
    found: dict[str, None] = {}
    for task in desk.tasks:
        spec = next(one.spec for one in desk.accounts if task in one.spec.tasks)
        found |= {
            word_of(spec, name): None for name in _chosen_for(desk.form, task) if name not in sent
        }
    return tuple(found)


def _chosen_for(form: Compose, task: str) -> list[str]:
    """Return the attributes that differ, in the request of a task, from those of an untouched form."""
    extend = CONTINUED if form.extend_generation else None
    chosen = replace(form, task=task).request(None, extend=extend)
    untouched = Compose(task=task).request(None)
    return [
        name
        for name, value in chosen.__dict__.items()
        if is_said(value) and value != getattr(untouched, name)
    ]
