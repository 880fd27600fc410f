"""Recipe plan: what a preset or a recipe would change in a form, and what of it does not fit; said
before anything is changed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from editorapp.core.request_values import as_whole
from editorapp.generations.models import Generation
from editorapp.generations.request.check import check
from editorapp.media.frame_times import frame_shown, moment_of
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, POSITION, Task
from editorapp.providers.spec import Broken, Model
from editorapp.reuse.models import EditRecipe, Pairs
from editorapp.teams.models import Member
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.request_summary import SettingChange
from editorapp.web.studio.draft_form import ENDS, NAMES, DraftForm, KeyframeRow, Values
from editorapp.web.studio.resolved_form import ResolvedForm, resolve
from editorapp.web.studio.saved_form import form_of, values_of

# What a preset holds; variants are of no preset: nobody should pay for eight by a name.
SETTINGS = (
    *("task", "model", "conditioning", "strength", "resolution", "hdr", "exr"),
    *(f"{control}_enabled" for control in CONTROLS),
    *CONTROL_VALUES.values(),
    *POSITION,
    *("aspect_ratio", "duration", "loop", "concepts"),
)
PICTURES = ("guides", "guide_asset", "keyframes", "frames", *ENDS)
ROUNDS = 8  # of leaving out what does not fit, and looking again
NOT_REFUSED = frozenset({"source", "prompt", "price", ""})  # for the form to say, as ever
FIELDS = {"auto_controls": ("conditioning",), "start_frame": ("guides", "frames")}


def kept_of(form: DraftForm, kind: str, *, with_prompt: bool = True) -> Pairs:
    """Return what a preset or a recipe keeps of a form: never its source."""
    names = {*SETTINGS}
    if kind == EditRecipe.Kind.RECIPE:
        names |= {*PICTURES, "keyframe_asset", "keyframe_index"}
    if with_prompt:
        names |= {"prompt"}
    return [pair for pair in values_of(form) if pair[0] in names]


@dataclass(frozen=True)
class PlacedKeyframe:
    """A keyframe of a recipe: where it was, and where it comes to stand."""

    picture: Asset
    before: str
    after: int
    note: str = ""

    @property
    def is_moved(self) -> bool:
        return self.before != str(self.after)


@dataclass(frozen=True)
class RecipePlan:
    """The form that a recipe leads to, what it changes, and what is left out, as sentences."""

    recipe: EditRecipe
    form: DraftForm
    changes: list[SettingChange]
    placed: list[PlacedKeyframe]
    left_out: list[str]

    @property
    def says(self) -> str:
        """Say what was done, once it is used."""
        parts = [f"“{self.recipe}” is used."]
        moved = sum(one.is_moved for one in self.placed)
        if moved:
            parts.append(f"{moved} of {len(self.placed)} keyframes moved with the time.")
        if self.left_out:
            parts.append(f"Left out: {len(self.left_out)}.")
        return " ".join(parts)


def plan_of(recipe: EditRecipe, form: DraftForm, member: Member) -> RecipePlan:
    """Return what a recipe would do to a form. Changes nothing."""
    before = resolve(form, member)
    kept = form_of(recipe.values)
    wanted, placed, left_out = _with_pictures(recipe, form, kept, before)
    wanted = _with_settings(wanted, kept, recipe)
    wanted, refused = _fitted(wanted, form, member)
    after = resolve(wanted, member)
    there = {(row.asset, row.index) for row in wanted.keyframes}
    return RecipePlan(
        recipe,
        wanted,
        changes=_changes(before, after),
        placed=[one for one in placed if (one.picture.pk, str(one.after)) in there],
        left_out=[*left_out, *refused],
    )


def _with_settings(form: DraftForm, kept: DraftForm, recipe: EditRecipe) -> DraftForm:
    values: Values = {name: getattr(kept, name) for name in SETTINGS}
    if any(name == "prompt" for name, _value in recipe.values):
        values["prompt"] = kept.prompt
    # Nothing of this page's own task comes back with another one: it is what was kept that counts.
    return replace(form, **values, model_wish=kept.model, task_was=kept.task, model_was="")


def _with_pictures(
    recipe: EditRecipe,
    form: DraftForm,
    kept: DraftForm,
    before: ResolvedForm,
) -> tuple[DraftForm, list[PlacedKeyframe], list[str]]:
    """Return the form with the pictures of a recipe, its keyframes placed by time."""
    if recipe.kind != EditRecipe.Kind.RECIPE:
        return form, [], []
    found = _pictures(kept, before.member)
    values: Values = {name: getattr(kept, name) for name in PICTURES}
    left_out = []
    for name in ("guide_asset", *ENDS):
        if values[name] is not None and values[name] not in found:
            values[name] = None
            left_out.append("A guide frame: its picture is not here any more.")
    if values["guide_asset"] is None and kept.guides == "single":
        values["guides"] = "none"
    clip = None if kept.task == Task.GENERATE else before.source.asset
    placed, gone = place(recipe, kept.keyframes, found, clip)
    rows = (KeyframeRow(one.picture.pk, str(one.after)) for one in placed)
    values["keyframes"] = tuple(rows)
    return replace(form, **values), placed, [*left_out, *gone]


def _pictures(form: DraftForm, member: Member) -> dict[int, Asset]:
    pks = {form.guide_asset, form.first_asset, form.last_asset}
    pks |= {row.asset for row in form.keyframes}
    rows = Asset.objects.visible_to(member).filter(kind=Asset.Kind.IMAGE)
    return rows.in_bulk([pk for pk in pks if pk is not None])


def place(
    recipe: EditRecipe,
    rows: Iterable[KeyframeRow],
    pictures: dict[int, Asset],
    clip: Asset | None,
) -> tuple[list[PlacedKeyframe], list[str]]:
    """Return a recipe's keyframes on another clip's frames, by time; and what has no place there.

    Of two that come to one frame, the later goes to the nearest free one. Without a clip they stay
    at their indexes.
    """
    placed: list[PlacedKeyframe] = []
    gone: list[str] = []
    for row in rows:
        picture, index = pictures.get(row.asset or 0), row.frame_index
        if picture is None:
            gone.append(f"The keyframe at frame {row.index}: its picture is not here any more.")
            continue
        if not isinstance(index, int):
            gone.append(f"The keyframe at “{row.index}”: this is no frame.")
            continue
        wanted = _at_same_time(recipe, index, clip)
        if clip is not None and wanted > clip.last_frame:
            gone.append(_past_end(recipe, index, wanted, clip))
            continue
        free = _nearest_free(wanted, {one.after for one in placed}, clip)
        note = "" if free == wanted else f"frame {wanted} is taken"
        placed.append(PlacedKeyframe(picture, row.index, free, note))
    return sorted(placed, key=lambda one: one.after), gone


def _at_same_time(recipe: EditRecipe, index: int, clip: Asset | None) -> int:
    """Return the frame of a clip that is shown when the recipe's frame was, by the real times of
    both; half a frame goes up.
    """
    if clip is None or clip.fps is None or not recipe.grid_fps_numerator:
        return index
    try:
        return frame_shown(clip, _moment(recipe, index))
    except Refusal:  # its times are not kept any more
        return int(_by_rate(recipe, index) * clip.fps + Fraction(1, 2))


def _moment(recipe: EditRecipe, index: int) -> Fraction:
    """Return when a recipe's frame is shown on the clip that it was made on; once that is gone, by
    its rate.
    """
    made_on = recipe.made_on
    try:
        return _by_rate(recipe, index) if made_on is None else moment_of(made_on, index)
    except Refusal:
        return _by_rate(recipe, index)


def _by_rate(recipe: EditRecipe, index: int) -> Fraction:
    return index / Fraction(recipe.grid_fps_numerator, recipe.grid_fps_denominator)


def _past_end(recipe: EditRecipe, index: int, wanted: int, clip: Asset) -> str:
    where = f"frame {wanted}"
    if wanted != index:
        where = f"frame {index} of {recipe.grid_name or 'its clip'}, frame {wanted} here"
    return f"The keyframe at {where}: {clip.name} ends at frame {clip.last_frame}."


def _nearest_free(wanted: int, taken: set[int], clip: Asset | None) -> int:
    last = clip.last_frame if clip is not None else wanted + len(taken) + 1
    steps = (wanted + sign * by for by in range(last + 2) for sign in (1, -1))
    return next((at for at in steps if 0 <= at <= last and at not in taken), wanted)


def _fitted(wanted: DraftForm, form: DraftForm, member: Member) -> tuple[DraftForm, list[str]]:
    """Leave out what the chosen account's model does not take, as the check says it; what is not
    the recipe's own stays for the form to say.
    """
    said = {one.message for one in _refusals(resolve(form, member))}
    left_out: list[str] = []
    for _round in range(ROUNDS):
        resolved = resolve(wanted, member)
        new = (one for one in _refusals(resolved) if one.message not in said)
        found = ((one, _without(wanted, form, one, resolved.model)) for one in new)
        better = next(((one, less) for one, less in found if less not in (None, wanted)), None)
        if better is None or better[1] is None:
            break
        left_out.append(better[0].message)
        wanted = better[1]
    return wanted, left_out


def _refusals(resolved: ResolvedForm) -> list[Broken]:
    return check(resolved.draft, with_options=False).refusals


def _without(
    wanted: DraftForm,
    form: DraftForm,
    broken: Broken,
    model: Model,
) -> DraftForm | None:
    """Return the form without what breaks a rule: that field as it was before; None where it is not
    the recipe's.
    """
    head, _dot, number = broken.field.partition(".")
    if head in NOT_REFUSED:
        return None
    if head in ("keyframes", "keyframe_indexes", "guides"):
        return _without_keyframes(wanted, number, model)
    names = FIELDS.get(head, (head,))
    back = {name: getattr(form, name) for name in names if name in NAMES}
    return replace(wanted, **back) if back else None


def _without_keyframes(wanted: DraftForm, number: str, model: Model) -> DraftForm:
    """Return the form without the one that is named; with as many as fit where none is."""
    rows, most = wanted.keyframes, model.limits.max_keyframes or 0
    at = as_whole(number)
    if at is not None and at < len(rows):
        return replace(wanted, keyframes=rows[:at] + rows[at + 1 :])
    if 0 < most < len(rows):
        return replace(wanted, keyframes=rows[:most])
    return replace(wanted, guides="none", frames="none", keyframes=())


def _changes(before: ResolvedForm, after: ResolvedForm) -> list[SettingChange]:
    found = list(_prompt_change(before.form.prompt, after.form.prompt))
    return found + request_summary.changes(_as_take(before), _as_take(after))


def _prompt_change(before: str, after: str) -> Iterator[SettingChange]:
    if before != after:
        yield SettingChange("Prompt", before or "none", after or "none")


def _as_take(resolved: ResolvedForm) -> Generation:
    """Return the take that a form would be, never saved: so that both are told in the same words."""
    wanted, account = resolved.draft.wanted, resolved.account
    return Generation(
        account=account,
        provider=account.provider,
        task=wanted.task,
        model=wanted.model or "",
        prompt=wanted.prompt or "",
        request=wanted.to_json(),
    )
