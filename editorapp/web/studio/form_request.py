"""Form request: the request that a form makes, and the form that makes a request again: of the same
source, or of a take's result.
"""

from editorapp.core.request_values import as_decimal
from editorapp.generations.models import Generation
from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    DEFAULT_VALUES,
    POSITION,
    GenerationRequest,
    Ref,
    Task,
)
from editorapp.providers.spec import Model
from editorapp.web.studio.draft_form import (
    ENDS,
    EXTENDS,
    FLAGS,
    DraftForm,
    KeyframeRow,
    Values,
)

# Fields of a request that the form has as they are.
SAID = ("task", "model", "prompt", "resolution", "aspect_ratio", "duration", "concepts", *FLAGS)


def request_of(
    form: DraftForm,
    source: Ref | None,
    *,
    model: Model | None = None,
    extend: Ref | None = None,
) -> GenerationRequest:
    """Return the request that a form makes of a source: what its task has and its chosen modes
    count.

    What the model lacks is said all the same, so that its rules name it; only a size is left out
    where the model has one size. `extend` is how the account reads the take that is continued.
    """
    values: Values = {"prompt": form.prompt or None}
    if form.task == Task.GENERATE:
        values |= _generation(form, extend)
    else:
        values |= _change_of(form, model) | {"source": source}
    if form.task in (Task.EDIT, Task.GENERATE):
        values |= {"hdr": form.hdr or None, "exr": form.exr or None}
    if model is None or model.knows("resolution"):
        values["resolution"] = form.resolution or None
    name = model.name if model is not None else form.model or "ray-3.2"
    return GenerationRequest(task=form.task, model=name, **values)


def _change_of(form: DraftForm, model: Model | None) -> Values:
    """Return what is done to a source."""
    if form.task == Task.EDIT:
        return _conditioning(form, model) | _guides(form)
    if form.task == Task.REFRAME:
        placed = {name: getattr(form, name) for name in POSITION}
        place = {name: _number(typed) for name, typed in placed.items() if typed}
        return {"aspect_ratio": form.aspect_ratio or None} | place
    # The page keeps an edit's keyframes in sight here: they are said, and refused by name.
    return {"strength": form.strength or None} | _guides(form)


def _conditioning(form: DraftForm, model: Model | None) -> Values:
    if form.conditioning == "auto":
        return {"auto_controls": True}
    values: Values = {"strength": form.strength or None}
    for name in CONTROLS:
        if getattr(form, f"{name}_enabled"):
            values |= {f"{name}_enabled": True} | _control_value(form, name, model)
    return values


def _control_value(form: DraftForm, control: str, model: Model | None) -> Values:
    name = CONTROL_VALUES.get(control, "")
    typed = getattr(form, name, "")
    if typed:
        return {name: typed if control == "pose" else _number(typed)}
    is_needed = model is not None and is_on_by_value(model, control)
    return {name: DEFAULT_VALUES[name]} if is_needed else {}


def control_values(form: DraftForm, control: str, model: Model | None) -> Values:
    """Return all that a request says of one control of a form; None for what it does not say."""
    switch, own = f"{control}_enabled", CONTROL_VALUES.get(control)
    unsaid: Values = dict.fromkeys(filter(None, (switch, own)))
    if not getattr(form, switch):
        return unsaid
    return unsaid | {switch: True} | _control_value(form, control, model)


def is_on_by_value(model: Model, control: str) -> bool:
    """Is this signal switched on by giving its value, without a flag of its own?"""
    return not model.knows(f"{control}_enabled") and model.knows(CONTROL_VALUES.get(control, ""))


def _guides(form: DraftForm) -> Values:
    if form.guides == "keyframes":
        return _pinned(form)
    if form.guides == "single" and form.guide_asset is not None:
        return {"start_frame": Ref(asset_id=form.guide_asset)}
    return {}


def _pinned(form: DraftForm) -> Values:
    if not form.keyframes:
        return {}
    return {
        "keyframes": tuple(Ref(asset_id=row.asset) for row in form.keyframes),
        "keyframe_indexes": tuple(row.frame_index for row in form.keyframes),
    }


def _generation(form: DraftForm, extend: Ref | None) -> Values:
    values: Values = {
        name: getattr(form, name) or None
        for name in ("aspect_ratio", "loop", "concepts", "duration")
    }
    if form.frames == "frames":
        pictures = {name: getattr(form, field) for field, name in ENDS.items()}
        values |= {name: Ref(asset_id=pk) for name, pk in pictures.items() if pk is not None}
    elif form.frames == "keyframes":
        values |= _pinned(form)
    elif form.frames in EXTENDS:
        # An extension always makes 5 s: there is nothing to say of its length.
        end = "start_frame" if form.frames == "forward" else "end_frame"
        values |= {"duration": None, end: extend}
    return values


def _number(text: str) -> float | str:
    number = as_decimal(text)
    return text if number is None else float(number)


def editing(take: Generation, *, task: str, account: int | None) -> DraftForm:
    """Return the form that works on a take's result, with the settings it was made with; at its own
    account where none is said.
    """
    said = _settings_of(take.wanted)
    if take.task != task:
        said |= {"task": task, "model": ""}
    said |= {"source_kind": "generation", "source_generation": take.pk}
    return DraftForm(account=take.account_id if account is None else account, **said)


def again(take: Generation) -> DraftForm:
    """Return the form that a take was made with: its source, its frames and its settings."""
    wanted, parent = take.wanted, take.parent_id
    said = _settings_of(wanted) | {"account": take.account_id}
    said |= {"project": str(take.project_id)} if take.project_id else {}
    if wanted.task == Task.GENERATE:
        said |= _frames_of(wanted, parent)
    else:
        said |= _source_of(wanted.source or Ref(), parent) | _guides_of(wanted)
    return DraftForm(**said)


def _source_of(source: Ref, parent: int | None) -> Values:
    if parent is not None:
        return {"source_kind": "generation", "source_generation": parent}
    if source.asset_id is not None:
        return {"source_asset": source.asset_id}
    if source.url:
        media_type = source.media_type or ""
        return {"source_kind": "url", "source_url": source.url, "source_media_type": media_type}
    for kind, name in (("generation", source.generation_id), ("file", source.file_id)):
        if name:
            return {"source_kind": "id", "source_id": name, "source_id_kind": kind}
    return {}


def _guides_of(wanted: GenerationRequest) -> Values:
    if wanted.start_frame is not None:
        return {"guides": "single", "guide_asset": wanted.start_frame.asset_id}
    return {"guides": "keyframes", "keyframes": _rows(wanted)} if wanted.keyframes else {}


def _frames_of(wanted: GenerationRequest, parent: int | None) -> Values:
    if wanted.keyframes:
        return {"frames": "keyframes", "keyframes": _rows(wanted)}
    first, last = wanted.start_frame, wanted.end_frame
    if parent is not None and (first or last):
        way = "backward" if first is None else "forward"
        return {"frames": way, "extend_generation": parent}
    ends = {field: getattr(wanted, name) for field, name in ENDS.items()}
    pictures = {field: ref.asset_id for field, ref in ends.items() if ref}
    return {"frames": "frames"} | pictures if pictures else {}


def _rows(wanted: GenerationRequest) -> tuple[KeyframeRow, ...]:
    pinned = zip(wanted.keyframes or (), wanted.keyframe_indexes or (), strict=False)
    return tuple(KeyframeRow(ref.asset_id, str(index)) for ref, index in pinned)


def _settings_of(wanted: GenerationRequest) -> Values:
    """Return task, model, prompt, conditioning, output and shape of a request as fields of the
    form.
    """
    untouched = DraftForm()
    said: Values = {name: getattr(wanted, name) or getattr(untouched, name) for name in SAID}
    for name in (*CONTROL_VALUES.values(), *POSITION):
        value = getattr(wanted, name)
        said[name] = "" if value is None else str(value)
    is_manual = wanted.task == Task.EDIT and not wanted.auto_controls
    has_strength = is_manual or wanted.task == Task.MODIFY
    return said | {
        "strength": (wanted.strength or "") if has_strength else "flex_2",
        "conditioning": "manual" if is_manual else "auto",
    }
