"""Resolved form: who would do what a form asks: the account, its model, and the source as that
account reads it.

Task, model and account depend on each other. Which of them a person has just changed is seen by
what the page showed when the form was filled in (`task_was` and its siblings): that one counts, and
the others follow it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from editorapp.core.request_values import as_whole
from editorapp.generations.models import Generation
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.offers import word_of
from editorapp.generations.states import CANCELABLE
from editorapp.media.models import Asset
from editorapp.providers.accounts import to_show
from editorapp.providers.contract import CONTROL_VALUES, Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules.conditions import is_said
from editorapp.providers.spec import Model, Spec
from editorapp.teams.models import Member
from editorapp.web.studio import control_variants, sources
from editorapp.web.studio.cache import accounts_to_show
from editorapp.web.studio.draft_form import ALLOWED, DraftForm, Values
from editorapp.web.studio.form_request import request_of
from editorapp.web.studio.sources import ChosenSource

Remembered = dict[str, tuple[int | None, str]]  # by task: its account, the wished model

# Said of every task, or only beside another field.
PLAIN = {
    "task",
    "model",
    "prompt",
    "source",
    "keyframe_indexes",
    *CONTROL_VALUES.values(),
}
MOST_KINDS = 1_000  # whoever types more is told that it is too many
CONTINUED = Ref(generation_id="continued")  # stands for the take that an extension goes on from


@dataclass(frozen=True)
class ResolvedForm:
    """A form with everything around it settled.

    `is_switched`: it was filled in for another task, model or account.
    """

    form: DraftForm
    member: Member
    accounts: Sequence[ProviderAccount]  # all that can be worked with
    unproven: Sequence[ProviderAccount]  # real ones that were never found to work
    account: ProviderAccount
    model: Model
    source: ChosenSource
    is_switched: bool

    @property
    def is_closed(self) -> bool:
        """Can nothing be sent with any account?"""
        return all(one.problem for one in self.accounts)

    @cached_property
    def replaced(self) -> Generation | None:
        """The take that it is sent instead of, while that waits."""
        return waiting_take(self.form.replaces, self.member)

    @property
    def clip(self) -> Asset | None:
        """The clip that is shown; a generation has no source, and shows what was generated before."""
        return None if self.form.task == Task.GENERATE else self.source.asset

    @cached_property
    def draft(self) -> Draft:
        """What is sent."""
        return self._draft(self.account, self.model)

    def draft_at(self, account: ProviderAccount) -> Draft:
        """Return the same draft for another account: by the model that a switch to it would choose.

        One that does not do the task is asked for this model all the same, so that it says so.
        """
        if account.pk == self.account.pk:
            return self.draft
        names = (self.form.model_wish, self.model.name)
        return self._draft(account, model_at(account.spec, self.form.task, *names))

    def _draft(self, account: ProviderAccount, model: Model | None) -> Draft:
        source = sources.at(self.source, account)
        wanted = request_of(self.form, source.ref, model=model, extend=source.extend)
        return Draft(wanted, account, source.asset, source.parent)

    @cached_property
    def kinds(self) -> tuple[Draft, ...]:
        """Each different draft that the form makes, the one as shown first: prompts by strengths by
        settings of the controls; never more than can be counted at a glance.
        """
        wanted, form = self.draft.wanted, self.form
        lines = (line.strip() for line in form.more_prompts.split("\n"))
        strengths = form.more_strengths if wanted.strength is not None else ()
        made = (
            replace(wanted, prompt=prompt, strength=strength, **controls)
            for prompt in (wanted.prompt, *filter(None, lines))
            for strength in (wanted.strength, *strengths)
            for controls in self._controls()
        )
        others = (one for one in dict.fromkeys(islice(made, MOST_KINDS)) if one != wanted)
        return (self.draft, *(replace(self.draft, wanted=one) for one in others))

    def _controls(self) -> Iterable[Values]:
        """Return the ways to set the controls; one that says nothing where Auto decides."""
        is_manual = self.form.task == Task.EDIT and self.form.conditioning == "manual"
        return control_variants.settings(self.form, self.model) if is_manual else ({},)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Return the tasks that some account does."""
        return tuple(task for task in Task if any(task in one.spec.tasks for one in self.accounts))

    @property
    def models(self) -> tuple[Model, ...]:
        """Return the models that some account has for this task, each name once."""
        found = [model for one in self.accounts for model in one.spec.models_for(self.form.task)]
        return tuple({model.name: model for model in reversed(found)}.values())[::-1]


def waiting_take(pk: int | None, member: Member) -> Generation | None:
    """Return the take that a form is to replace, while it is not sent; None of a colleague's, but
    to an admin.
    """
    if pk is None:
        return None
    return Generation.objects.answered_by(member).filter(pk=pk, state__in=CANCELABLE).first()


def model_at(spec: Spec, task: str, *names: str) -> Model | None:
    """Return the first model of these names, or else the first that does the task; None where there
    is none.
    """
    found = [model for name in names if (model := spec.find(task, name)) is not None]
    return next(iter((*found, *spec.models_for(task))), None)


def resolve(
    form: DraftForm,
    member: Member,
    *,
    is_quick: bool = False,
) -> ResolvedForm:
    """Find the account and the model for a form, and what it names as its source.

    `is_quick`: accounts as they were up to two seconds ago; not for anything that is queued.
    """
    shown = accounts_to_show(member.team) if is_quick else to_show(member.team)
    accounts = shown.found
    form = _with_remembered(_with_wish(form))
    account = _account_for(form, accounts, shown.first)
    if form.task not in account.spec.tasks:  # nobody does it any more
        form = replace(form, task=account.spec.tasks[0])
    model = model_at(account.spec, form.task, form.model_wish, form.model)
    assert model is not None  # a provider's tasks are those of its models
    source = sources.at(sources.find(form, member), account)
    seen = _shown_as(form, model.name, account.pk)
    is_switched = bool(form.task_was) and form.was != seen.was
    return ResolvedForm(
        seen,
        member,
        accounts,
        shown.unproven,
        account=account,
        model=model,
        source=source,
        is_switched=is_switched,
    )


def _shown_as(form: DraftForm, model: str, account: int) -> DraftForm:
    """Note what the page shows, so that the next change is seen, and the account to go back to."""
    is_other = form.account_was not in (None, account)
    return replace(
        form,
        model=model,
        account=account,
        task_was=form.task,
        model_was=model,
        account_was=account,
        account_before=form.account_was if is_other else form.account_before,
        pinned_to=form.pinned_to or form.source_key,
    )


def _with_wish(form: DraftForm) -> DraftForm:
    """Note which model was chosen by hand: an account that lacks it has another one, and it comes
    back with the next account that has it.
    """
    if form.model and (form.model != form.model_was or not form.model_wish):
        return replace(form, model_wish=form.model)
    return form


def _with_remembered(form: DraftForm) -> DraftForm:
    """Bring back the account and the model with which the chosen task was left."""
    if not form.task_was or form.task_was == form.task:
        return form
    left = _read_remembered(form.remembered)
    left[form.task_was] = (form.account_was, form.model_wish)
    account, wish = left.get(form.task, (form.account, form.model_wish))
    return replace(
        form,
        account=account,
        model_wish=wish,
        remembered=_write_remembered(left),
    )


def _account_for(
    form: DraftForm,
    accounts: Sequence[ProviderAccount],
    default: ProviderAccount,
) -> ProviderAccount:
    """Return the chosen account, or one that does what was chosen since: another task, a model that
    it lacks.
    """
    chosen = next((one for one in accounts if one.pk == form.account), None) or default
    with_it = [one for one in accounts if one.spec.find(form.task, form.model_wish)]
    able = with_it or [one for one in accounts if form.task in one.spec.tasks]
    if form.task in chosen.spec.tasks and (not _has_new_model(form) or chosen in able):
        return chosen
    return able[0] if able else chosen


def _has_new_model(form: DraftForm) -> bool:
    """Was another model chosen for the same task?"""
    if form.task_was != form.task or "" in (form.model, form.model_was):
        return False
    return form.model != form.model_was


def _read_remembered(text: str) -> Remembered:
    """Read "edit:3:ray-3.2 modify:9:modify-video"; what is not understood is left out."""
    found: Remembered = {}
    for part in text.split():
        task, account, model = (*part.split(":"), "", "")[:3]
        if task in ALLOWED["task"]:
            found[task] = (as_whole(account), model)
    return found


def _write_remembered(left: Remembered) -> str:
    return " ".join(f"{task}:{account or ''}:{model}" for task, (account, model) in left.items())


def labels_not_sent(resolved: ResolvedForm) -> tuple[str, ...]:
    """Return the labels of what was chosen for other tasks, is kept, and would come back with them:
    named, so that nobody thinks that it is sent now ("HDR", "Depth").
    """
    sent = {name for name, value in vars(resolved.draft.wanted).items() if is_said(value)} | PLAIN
    found: dict[str, None] = {}
    for task in resolved.tasks:
        spec = next(one.spec for one in resolved.accounts if task in one.spec.tasks)
        chosen = _chosen_for(resolved.form, task)
        found |= {word_of(spec, name): None for name in chosen if name not in sent}
    return tuple(found)


def _chosen_for(form: DraftForm, task: str) -> list[str]:
    """Return the attributes that differ, in the request of a task, from those of an untouched form."""
    extend = CONTINUED if form.extend_generation else None
    chosen = request_of(replace(form, task=task), None, extend=extend)
    untouched = request_of(DraftForm(task=task), None)
    return [
        name
        for name, value in vars(chosen).items()
        if is_said(value) and value != getattr(untouched, name)
    ]
