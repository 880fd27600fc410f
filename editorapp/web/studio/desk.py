"""Who would do what the form asks: the account, its model, and the source as that account reads it.

Task, model and account depend on each other. Which of them a person has just changed is seen by
what the page showed when the form was filled in (`task_was` and its siblings): that one counts, and
the others follow it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from editorapp.core.request_values import as_whole
from editorapp.providers.accounts import to_show
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model, Spec
from editorapp.teams.models import Member
from editorapp.web.studio import sources
from editorapp.web.studio.cache import shown_now
from editorapp.web.studio.forms import Compose
from editorapp.web.studio.sources import ChosenSource

ORDER = tuple(task.value for task in Task)


@dataclass(frozen=True)
class Desk:
    """A form with everything around it settled.

    `is_switched`: it was filled in for another task, model or account.
    """

    form: Compose
    accounts: tuple[ProviderAccount, ...]  # all that can be worked with
    account: ProviderAccount
    model: Model
    source: ChosenSource
    is_switched: bool

    @property
    def is_closed(self) -> bool:
        """Can nothing be sent with any account?"""
        return all(one.problem for one in self.accounts)

    @cached_property
    def wanted(self) -> GenerationRequest:
        return self.form.request(self.source.ref, model=self.model, extend=self.source.extend)

    def wanted_at(self, account: ProviderAccount) -> GenerationRequest:
        """Return the same draft for another account: by the model that a switch to it would choose.

        One that does not do the task is asked for this model all the same, so that it says so.
        """
        form, source = self.form, sources.at(self.source, account)
        model = model_at(account.spec, form.task, form.model_wish, self.model.name)
        return form.request(source.ref, model=model, extend=source.extend)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Return the tasks that some account does."""
        return tuple(task for task in ORDER if any(task in one.spec.tasks for one in self.accounts))

    @property
    def models(self) -> tuple[Model, ...]:
        """Return the models that some account has for this task, each name once."""
        found = [model for one in self.accounts for model in one.spec.models_for(self.form.task)]
        return tuple({model.name: model for model in reversed(found)}.values())[::-1]

    @property
    def able(self) -> tuple[ProviderAccount, ...]:
        """Return the accounts that do this task."""
        return tuple(one for one in self.accounts if self.form.task in one.spec.tasks)


def model_at(spec: Spec, task: str, *names: str) -> Model | None:
    """Return the first model of these names, or else the first that does the task; None where there
    is none.
    """
    named = (spec.find(task, name) for name in names)
    return next((model for model in named if model is not None), None) or next(
        iter(spec.models_for(task)), None
    )


def settle(form: Compose, member: Member, *, is_quick: bool = False) -> Desk:
    """Find the account and the model for a form, and what it names as its source.

    `is_quick`: accounts as they were up to two seconds ago; not for anything that is queued.
    """
    accounts, default = _accounts(member, is_quick=is_quick)
    form = _recalled(_wishing(form))
    account = _account_for(form, accounts, default)
    if form.task not in account.spec.tasks:  # nobody does it any more
        form = replace(form, task=account.spec.tasks[0])
    model = model_at(account.spec, form.task, form.model_wish, form.model)
    assert model is not None  # a provider's tasks are those of its models
    now = (form.task, model.name, account.pk)
    is_switched = bool(form.task_was) and (form.task_was, form.model_was, form.account_was) != now
    form = replace(
        form,
        model=model.name,
        account=account.pk,
        task_was=form.task,
        model_was=model.name,
        account_was=account.pk,
        account_before=form.account_was
        if form.account_was not in (None, account.pk)
        else form.account_before,
    )
    return Desk(form, accounts, account, model, sources.find(form, member, account), is_switched)


def _accounts(
    member: Member, *, is_quick: bool
) -> tuple[tuple[ProviderAccount, ...], ProviderAccount]:
    """Return the accounts to work with and the team's own among them; see `to_show` where none can
    be used.
    """
    found, default = shown_now(member.team) if is_quick else to_show(member.team)
    return tuple(found), default


def _wishing(form: Compose) -> Compose:
    """Note which model was chosen by hand: an account that lacks it has another one, and it comes
    back with the next account that has it.
    """
    is_chosen = bool(form.model) and (form.model != form.model_was or not form.model_wish)
    return replace(form, model_wish=form.model) if is_chosen else form


def _recalled(form: Compose) -> Compose:
    """Bring back the account and the model with which the chosen task was left."""
    if not form.task_was or form.task_was == form.task:
        return form
    kept = _remembered(form.remembered)
    kept[form.task_was] = (form.account_was, form.model_wish)
    account, wish = kept.get(form.task, (form.account, form.model_wish))
    return replace(form, account=account, model_wish=wish, remembered=_written(kept))


def _account_for(
    form: Compose, accounts: Sequence[ProviderAccount], default: ProviderAccount
) -> ProviderAccount:
    """Return the chosen account, or one that does what was chosen since: another task, a model that
    it lacks.
    """
    chosen = next((one for one in accounts if one.pk == form.account), None) or default
    is_new_model = (
        bool(form.model_was)
        and form.model not in ("", form.model_was)
        and form.task_was == form.task
    )
    with_it = [one for one in accounts if one.spec.find(form.task, form.model_wish)]
    able = with_it or [one for one in accounts if form.task in one.spec.tasks]
    if form.task in chosen.spec.tasks and (not is_new_model or chosen in able):
        return chosen
    return able[0] if able else chosen


def _remembered(text: str) -> dict[str, tuple[int | None, str]]:
    """Read "edit:3:ray-3.2 modify:9:modify-video"; what is not understood is left out."""
    found: dict[str, tuple[int | None, str]] = {}
    for part in text.split():
        task, account, model = (*part.split(":"), "", "")[:3]
        if task in ORDER:
            found[task] = (as_whole(account), model)
    return found


def _written(kept: dict[str, tuple[int | None, str]]) -> str:
    return " ".join(f"{task}:{account or ''}:{model}" for task, (account, model) in kept.items())
