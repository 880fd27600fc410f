"""Paid take: the one take of a verification that costs money: an ordinary one, sent once, after a person
agreed to its price.
"""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.money import show_usd
from editorapp.generations.models import Generation, Verification
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused, enqueue
from editorapp.providers.contract import GenerationRequest
from editorapp.teams import audit
from editorapp.teams.models import Member

State = Verification.State


class NotWaiting(Exception):
    """Nothing waits for this decision: it was made before, or the checks are not over.

    The message says which.
    """


class Dearer(Exception):
    """It would cost more than was agreed to: nothing was sent."""


# What `go_on` raises, beside OverBudget, where nothing was sent.
REFUSED = (NotWaiting, Dearer, RequestRefused, PermissionDenied)


def go_on(
    verification: Verification,
    member: Member,
    *,
    at_most_usd: Decimal,
    now: datetime,
) -> Generation:
    """Send the take of a verification, once, with this member's right and budget, and let it be
    followed.

    `at_most_usd` is what the person was told and agreed to.
    Raises: NotWaiting; Dearer; and what `enqueue` raises: Refused, OverBudget, PermissionDenied.
    """
    if not verification.is_ready or verification.high_usd is None or verification.clip is None:
        raise NotWaiting("Nothing waits for this decision any more.")
    with transaction.atomic():
        wanted = GenerationRequest.from_json(verification.request)
        draft = Draft(wanted, verification.account, verification.clip)
        take = enqueue(draft, member=member, now=now)
        if take.estimate_high_usd > at_most_usd:
            raise Dearer(f"It may cost {show_usd(take.estimate_high_usd)} now: nothing was sent.")
        waiting = Verification.objects.filter(pk=verification.pk, state=State.READY)
        if not waiting.update(state=State.PAID, take=take, person=member.user):
            raise NotWaiting("Somebody else has decided this a moment ago.")
        account, agreed = verification.account, str(at_most_usd)
        subject = f"account:{account.pk}"
        act = "account.verification_paid"
        audit.record(act, subject, by=member, about=account.name, take=take.pk, agreed_usd=agreed)
    verification.refresh_from_db()
    return take


def leave_it(verification: Verification) -> None:
    """End a verification without the paid take; where that was sent already, nothing is changed."""
    rows = Verification.objects.filter(pk=verification.pk, state=State.READY)
    rows.update(state=State.OVER, says="The paid take was left out.")
    verification.refresh_from_db()
