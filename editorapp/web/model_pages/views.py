"""Models page: what every model can do, from the rows that the rest of Rushes reads."""

from dataclasses import astuple, dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import path, reverse

from editorapp.core.htmx import page_or_part
from editorapp.core.request_values import text
from editorapp.providers import registry
from editorapp.providers.accounts import usable
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules.describe import (
    TASK_WORDS,
    Described,
    every_model,
    with_account_limits,
)
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.roles import Act

MAX_SEARCH = 100
SEARCHED = ("parameters", "limits", "rules", "prices", "capabilities")


@dataclass(frozen=True)
class ModelShown:
    """A model, and for each account that reaches it (account, the studio's address with both
    chosen).
    """

    model: Described
    studios: list[tuple[ProviderAccount, str]]


@dataclass(frozen=True)
class TaskShown:
    """The models of one task, and what they are compared by: (question, one answer a model)."""

    label: str
    says: str
    shown: list[ModelShown]
    matrix: list[tuple[str, list[str]]]


@page_for(Act.SEE_TEAM)
def page(request: MemberRequest) -> HttpResponse:
    """Show every model, or what of it speaks of the words that are looked for (?q=)."""
    search = text(request.GET, "q", most=MAX_SEARCH)
    accounts = usable(request.member.team)
    told = [(account.name, account.spec) for account in accounts]
    models = [with_account_limits(one, told) for one in every_model(registry.every())]
    words = search.lower().split()
    found = list(filter(None, (_narrowed(one, words) for one in models)))
    context = {
        "here": "models",
        "search": search,
        "tasks": [
            _task(task, list(models), accounts)
            for task, models in groupby(found, key=attrgetter("task"))
        ],
        "count": len(found),
        "of": len(models),
    }
    return page_or_part(request, "models/page.html", "models/_models.html", context)


def _narrowed(one: Described, words: list[str]) -> Described | None:
    """Return the model with only the rows that have every word, in themselves or in its name; None
    without any.
    """
    head = _head(one)
    left = [word for word in words if word not in head]
    if not left:
        return one
    kept: dict[str, Any] = {
        name: tuple(row for row in getattr(one, name) if _says(row, left)) for name in SEARCHED
    }
    return replace(one, **kept) if any(kept.values()) else None


def _head(one: Described) -> str:
    said = (one.title, one.task, one.name, one.model_id, one.slug, one.summary)
    return " ".join(said).lower()


def _says(row: Any, words: list[str]) -> bool:
    said = str(row if isinstance(row, tuple) else astuple(row)).lower()
    return all(word in said for word in words)


def _task(task: str, models: list[Described], accounts: list[ProviderAccount]) -> TaskShown:
    """Lay the models of a task side by side; a question that only some still answer stays empty for
    the others.
    """
    label, says = TASK_WORDS[task]
    questions = dict.fromkeys(question for one in models for question, _answer in one.capabilities)
    answers = [dict(one.capabilities) for one in models]
    matrix = [(question, [said.get(question, "") for said in answers]) for question in questions]
    return TaskShown(label, says, [_shown(one, accounts) for one in models], matrix)


def _shown(one: Described, accounts: list[ProviderAccount]) -> ModelShown:
    studios = [(own, _studio(one, own)) for own in accounts if own.provider == one.slug]
    return ModelShown(one, studios)


def _studio(one: Described, account: ProviderAccount) -> str:
    said = {"task": one.task, "model": one.name, "account": account.pk}
    return f"{reverse('studio:page')}?{urlencode(said)}"


urlpatterns = [path("", page, name="page")]
