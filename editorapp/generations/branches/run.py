"""Branch runs: the press that begins one, and the one that stops it."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from editorapp.core.money import show_usd
from editorapp.generations import auditing
from editorapp.generations.branches import advance
from editorapp.generations.branches.plan import BranchPlan, NotABranch, plan
from editorapp.generations.models import BranchRun, BranchStep, Generation
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


class DearerNow(NotABranch):
    """The branch costs more than what was shown."""


def run_again(
    end: Generation,
    *,
    member: Member,
    start: int | None,
    onto: Generation | None,
    agreed_usd: Decimal,
    form_token: str,
    now: datetime,
) -> BranchRun:
    """Begin to make a branch once more, for no more than was agreed to; its first step is queued in
    the same transaction. The same form sent twice begins it once.

    Raises: NotABranch; RequestRefused; OverBudget; PermissionDenied. Then nothing is begun.
    """
    if made := _made_before(member, form_token):
        return made
    if not member.may(Act.CREATE):
        raise PermissionDenied("This role may not create generations.")
    wanted = plan(end, member, start=start, onto=onto, now=now)
    _guard(wanted, agreed_usd)
    try:
        with transaction.atomic():
            run = _begin(wanted, member, form_token, now=now)
            advance.send_first(run, now=now)
            return run
    except IntegrityError:
        if made := _made_before(member, form_token):
            return made  # the other press was first; all of this one is rolled back
        raise


def stop(run: BranchRun, *, member: Member, now: datetime) -> bool:
    """Send nothing more of a run; what is on its way goes on. Say whether it was still open.

    Raises: PermissionDenied, unless it is theirs, or they answer for all.
    """
    if run.team_id != member.team_id or not member.may_answer_for(run.person_id, Act.CANCEL):
        raise PermissionDenied("Only the person who began it or an admin may stop it.")
    with transaction.atomic():
        why = f"{member.user} stopped it."
        if not advance.end(run, BranchRun.State.STOPPED, why=why, now=now):
            return False
        last = run.steps.select_related("original").order_by("-position").first()
        if last is not None:
            auditing.record("branch.stopped", last.original, by=member, run=run.pk)
    return True


def _made_before(member: Member, form_token: str) -> BranchRun | None:
    return BranchRun.objects.filter(team_id=member.team_id, form_token=form_token).first()


def _guard(wanted: BranchPlan, agreed_usd: Decimal) -> None:
    """See that all of it can be sent, for the price that was shown. Raises: NotABranch."""
    for step in wanted.steps:
        if step.why_not:
            raise NotABranch(f"#{step.take.pk}: {step.why_not}")
    if wanted.budget:
        raise NotABranch(wanted.budget)
    if wanted.high_usd > agreed_usd:
        raise DearerNow(
            f"Nothing was queued: the branch would cost up to {show_usd(wanted.high_usd)} now, and "
            f"{show_usd(agreed_usd)} was shown. Look at the new price and press again."
        )


def _begin(wanted: BranchPlan, member: Member, form_token: str, *, now: datetime) -> BranchRun:
    run = BranchRun.objects.create(
        team_id=member.team_id,
        person=member.user,
        onto=wanted.onto,
        form_token=form_token,
        created_at=now,
    )
    BranchStep.objects.bulk_create(
        [
            BranchStep(run=run, position=place, original=step.take, agreed_usd=step.high_usd)
            for place, step in enumerate(wanted.steps)
        ]
    )
    auditing.record(
        "branch.run",
        wanted.steps[-1].take,
        by=member,
        run=run.pk,
        steps=[step.take.pk for step in wanted.steps],
        at_most_usd=str(wanted.high_usd),
    )
    return run
