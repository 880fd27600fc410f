"""Branch tags: what pages say of branches that are run again, {% load branches %}."""

from collections.abc import Iterable

from django import template

from editorapp.generations.models import BranchRun, BranchStep
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

register = template.Library()


@register.filter
def has_open_run(runs: Iterable[BranchRun]) -> bool:
    """Does any of these still go on?"""
    return any(run.is_open for run in runs)


@register.filter
def by_position(steps: Iterable[BranchStep]) -> list[BranchStep]:
    """Return steps in their order."""
    return sorted(steps, key=lambda step: step.position)


@register.filter
def may_stop(member: Member, run: BranchRun) -> bool:
    """May this member stop a run? Who began it may, and who cancels for all."""
    return member.may_answer_for(run.person_id, Act.CANCEL)
