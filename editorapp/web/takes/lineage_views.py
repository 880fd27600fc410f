"""Lineage views: the tree of a take, and a branch that is run again: its quote, the press that
begins it, and the one that stops it.
"""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.form_token import new_token, token_of
from editorapp.core.htmx import Context
from editorapp.core.money import usd_typed_or_none
from editorapp.core.request_values import row_id, text
from editorapp.costs.ledger import OverBudget
from editorapp.generations.branches.plan import BranchPlan, NotABranch, plan
from editorapp.generations.branches.run import run_again, stop
from editorapp.generations.models import BranchRun, BranchStep, Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.enqueue import RequestRefused
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.takes.found import take_or_404
from editorapp.web.takes.source_words import source_words
from editorapp.web.takes.tree import tree_of

RUNS_SHOWN = 5
REFUSED = (NotABranch, RequestRefused, OverBudget, quotes.NothingToAsk)


@page_for(Act.SEE)
def lineage_page(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the tree that a take stands in."""
    take, member = take_or_404(request, pk), request.member
    tree = tree_of(take, member, before=row_id(request.GET, "before"))
    context = {
        "here": "gallery",
        "take": take,
        "tree": tree,
        "source_words": source_words(tree.first.wanted),
        "runs": _runs(take, member),
    }
    return render(request, "takes/lineage.html", context)


@page_for(Act.SEE)
def runs(request: MemberRequest, pk: int) -> HttpResponse:
    """Return how far the branches are that are run again in a take's lineage."""
    take = take_or_404(request, pk)
    context = {"take": take, "runs": _runs(take, request.member)}
    return render(request, "takes/_branch_runs.html", context)


@page_for(Act.CREATE)
def branch(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what running a branch again would send and cost, from a step down to this take."""
    return _quoted(request, take_or_404(request, pk), request.GET)


@action_for(Act.CREATE)
def run_branch(request: MemberRequest, pk: int) -> HttpResponse:
    """Run a branch again, for no more than was shown; 422 with the reason where it cannot be."""
    take, asked = take_or_404(request, pk), request.POST
    try:
        run = run_again(
            take,
            member=request.member,
            start=row_id(asked, "start"),
            onto=_onto(request, asked),
            agreed_usd=usd_typed_or_none(text(asked, "agreed_usd")) or Decimal(0),
            form_token=token_of(asked),
            now=timezone.now(),
        )
    except REFUSED as error:
        return _quoted(request, take, asked, status=422, problem=str(error))
    first = run.steps.order_by("position").values_list("generation_id", flat=True)[0]
    count = run.steps.count()
    rest = f" {count - 1} more follow, each once the one before is done." if count > 1 else ""
    messages.success(request, f"#{first} is queued.{rest}")
    return redirect("takes:lineage", first)


@action_for(Act.CREATE)
def ask_branch(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask the providers for the prices of steps that publish none. Free."""
    take, asked = take_or_404(request, pk), request.POST
    try:
        found = _plan(request, take, asked)
        for step in found.steps:
            if step.can_ask:
                quotes.ask(step.verdict.draft, member=request.member)
    except REFUSED as error:
        return _quoted(request, take, asked, status=422, problem=str(error))
    chosen = {name: asked[name] for name in ("start", "onto") if asked.get(name)}
    return redirect(reverse("takes:branch", args=[pk], query=chosen))


@action_for(Act.CANCEL)
def stop_branch(request: MemberRequest, pk: int) -> HttpResponse:
    """Send nothing more of a branch that is run again."""
    run = get_object_or_404(_visible_runs(request.member), pk=pk)
    if stop(run, member=request.member, now=timezone.now()):
        messages.success(request, "Stopped. What was sent goes on to its end; nothing follows it.")
    else:
        messages.warning(request, "It had ended already.")
    last = run.steps.order_by("-position").values_list("original_id", flat=True)[0]
    return redirect("takes:lineage", last)


def _visible_runs(member: Member) -> "QuerySet[BranchRun]":
    """Return the runs of which somebody sees every take."""
    rows = BranchRun.objects.filter(team_id=member.team_id)
    if member.sees_all:
        return rows
    steps = BranchStep.objects.filter(run__team_id=member.team_id)
    hidden = steps.exclude(original__in=Generation.objects.visible_to(member))
    return rows.exclude(pk__in=hidden.values("run"))


def _runs(take: Generation, member: Member) -> "list[BranchRun]":
    """Return the last runs of a take's lineage, newest first, with their steps: two queries."""
    rows = _visible_runs(member).filter(steps__original__lineage=take.lineage).distinct()
    rows = rows.select_related("person").prefetch_related("steps__generation", "steps__original")
    return list(rows.order_by("-pk")[:RUNS_SHOWN])


def _onto(request: MemberRequest, asked: Any) -> Generation | None:
    pk = row_id(asked, "onto")
    return take_or_404(request, pk) if pk else None


def _plan(request: MemberRequest, take: Generation, asked: Any) -> BranchPlan:
    return plan(
        take,
        request.member,
        start=row_id(asked, "start"),
        onto=_onto(request, asked),
        now=timezone.now(),
    )


def _quoted(
    request: MemberRequest,
    take: Generation,
    asked: Any,
    *,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    """Show the quote of a branch; where it is none, why."""
    context: Context = {
        "here": "gallery",
        "take": take,
        "start": row_id(asked, "start"),
        "problem": problem,
        "form_token": new_token(),
        "plan": None,
    }
    try:
        context["plan"] = _plan(request, take, asked)
    except NotABranch as error:
        context["problem"], status = str(error), 422
    return render(request, "takes/branch.html", context, status=status)


urlpatterns = [
    path("<int:pk>/lineage/", lineage_page, name="lineage"),
    path("<int:pk>/lineage/runs", runs, name="runs"),
    path("<int:pk>/branch", branch, name="branch"),
    path("<int:pk>/branch/run", run_branch, name="run_branch"),
    path("<int:pk>/branch/ask", ask_branch, name="ask_branch"),
    path("branches/<int:pk>/stop", stop_branch, name="stop_branch"),
]
