"""Branch runs, advanced: the next step is sent once the take before it is done.

A run's row is locked while its next step is made, in the transaction that writes down which
generation that is: so no step is sent twice, whoever looks at once and wherever a worker is killed.
It is the first of all locks (core/locks.py).
"""

import logging
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from editorapp.core.money import show_usd
from editorapp.costs.ledger import OverBudget
from editorapp.generations.branches.plan import step_draft
from editorapp.generations.models import BranchRun, BranchStep, Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.enqueue import RequestRefused, enqueue
from editorapp.generations.states import State
from editorapp.teams.models import Member

log = logging.getLogger(__name__)

OVER = (State.FAILED, State.CANCELED)
ENDED = (State.SUCCEEDED, *OVER)  # the others go on, or wait for a person


class DearerThanAgreed(Exception):
    """A step would reserve more than was shown for it. Nothing of it was queued."""


def due() -> "QuerySet[BranchRun]":
    """Return the runs whose newest take has ended."""
    sent = BranchStep.objects.filter(run=OuterRef("pk"), generation__isnull=False)
    newest = sent.order_by("-position").values("generation__state")[:1]
    rows = BranchRun.objects.filter(state=BranchRun.State.OPEN)
    return rows.alias(newest=Subquery(newest)).filter(newest__in=ENDED).order_by("pk")


def advance_all(now: datetime) -> None:
    """Send what may follow in every run. One that cannot be looked at stops no other."""
    for pk in list(due().values_list("pk", flat=True)[:100]):
        try:
            advance(pk, now=now)
        except DatabaseError:
            raise
        except Exception as error:
            log.exception("Branch run %s could not be advanced", pk)
            why = f"The next step could not be sent ({type(error).__name__}); the log says more."
            stop_because(pk, why, now=now)


def advance(pk: int, *, now: datetime) -> None:
    """Send the next step of a run whose newest take is done; end the run where it was the last, or
    nothing came of it.
    """
    with transaction.atomic():
        run = _locked(pk)
        if run is None:
            return
        steps = list(_steps(run))
        sent = [step for step in steps if step.generation is not None]
        made = sent[-1].generation if sent else None
        if made is None or made.state not in ENDED:
            return
        if why := _why_over(made):
            end(run, BranchRun.State.STOPPED, why=why, now=now)
        elif len(sent) == len(steps):
            end(run, BranchRun.State.DONE, now=now)
        else:
            _send_or_stop(run, steps[len(sent)], made, now=now)


def send_first(run: BranchRun, *, now: datetime) -> Generation:
    """Queue the first step of a run that is being made. Call it inside its transaction.

    Raises: as enqueue; DearerThanAgreed.
    """
    return _send(run, _steps(run)[0], run.onto, now=now)


def end(run: BranchRun, state: BranchRun.State, *, why: str = "", now: datetime) -> bool:
    """End a run, unless it has ended; say whether it had not."""
    rows = BranchRun.objects.filter(pk=run.pk, state=BranchRun.State.OPEN)
    return bool(rows.update(state=state, why=why, ended_at=now))


def stop_because(pk: int, why: str, *, now: datetime) -> None:
    """Stop a run, if it is open: what is left of it is not sent."""
    end(BranchRun(pk=pk), BranchRun.State.STOPPED, why=why, now=now)


def stop_all(why: str, *, now: datetime) -> int:
    """Stop every run that is open; say how many there were."""
    rows = BranchRun.objects.filter(state=BranchRun.State.OPEN)
    return rows.update(state=BranchRun.State.STOPPED, why=why, ended_at=now)


def _locked(pk: int) -> BranchRun | None:
    rows = BranchRun.objects.filter(pk=pk, state=BranchRun.State.OPEN)
    return rows.select_for_update(no_key=True, of=("self",)).select_related("person").first()


def _steps(run: BranchRun) -> "QuerySet[BranchStep]":
    rows = BranchStep.objects.filter(run=run).order_by("position")
    return rows.select_related(
        "original__account",
        "original__source_asset",
        "original__parent__result",
        "generation__result",
        "generation__account",
    )


def _why_over(made: Generation) -> str:
    """Say why nothing can follow a take that has ended; "" where something can."""
    if made.state == State.CANCELED:
        return f"#{made.pk} was canceled, so what follows it was not sent."
    if made.state == State.FAILED:
        return f"#{made.pk} failed, so what follows it was not sent. Nothing was charged for that."
    if made.is_trashed:
        return f"#{made.pk} was put into the trash, so what follows it was not sent."
    if not made.can_be_source:
        return f"#{made.pk} has no result any more, so what follows it was not sent."
    return ""


def _send_or_stop(run: BranchRun, step: BranchStep, made: Generation, *, now: datetime) -> None:
    """Queue a step; where it cannot be, stop the run and say why. Where only its price is to be
    asked for, ask, and leave it for the next look.
    """
    try:
        _send(run, step, made, now=now)
    except RequestRefused as refused:
        member = _member(run)
        if refused.verdict.must_quote and member and _is_asked(refused, member, now=now):
            return
        _stop(run, step, str(refused.verdict.reasons), now=now)
    except (OverBudget, PermissionDenied, DearerThanAgreed, quotes.NothingToAsk) as error:
        _stop(run, step, str(error), now=now)


def _send(
    run: BranchRun, step: BranchStep, made_from: Generation | None, *, now: datetime
) -> Generation:
    """Queue a step, for no more than was agreed to, and write down what it became."""
    if (member := _member(run)) is None:
        raise PermissionDenied(f"{run.person} is not in the team any more.")
    draft = step_draft(step.original, made_from)
    with transaction.atomic():
        made = enqueue(draft, member=member, now=now, form_token=f"branch step {step.pk}")
        if made.estimate_high_usd > step.agreed_usd:
            raise DearerThanAgreed(
                f"It would cost up to {show_usd(made.estimate_high_usd)} now, and "
                f"{show_usd(step.agreed_usd)} was agreed to."
            )
        BranchStep.objects.filter(pk=step.pk, generation=None).update(generation=made)
    return made


def _is_asked(refused: RequestRefused, member: Member, *, now: datetime) -> bool:
    """Ask for the price of a step where none is known; say whether its answer is awaited."""
    draft = refused.verdict.draft
    quote = quotes.find(draft, now=now)
    if quote is not None and quote.state == quotes.State.FAILED:
        return False
    asked = quotes.ask(draft, member=member, now=now)
    return asked.state == quotes.State.ASKING


def _stop(run: BranchRun, step: BranchStep, why: str, *, now: datetime) -> None:
    words = f"Step {step.position + 1}, #{step.original_id} once more, was not sent. {why}"
    end(run, BranchRun.State.STOPPED, why=words, now=now)


def _member(run: BranchRun) -> Member | None:
    rows = Member.objects.active().filter(team_id=run.team_id, user_id=run.person_id)
    return rows.select_related("user", "team").first()
