"""From a request to a queued generation whose money is reserved."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from editorapp.core.fault_points import reached
from editorapp.costs import ledger
from editorapp.costs.ledger import OverBudget
from editorapp.generations import asking, pausing, reach, staging, wake
from editorapp.generations.lineage import inherited_key, own_key
from editorapp.generations.models import Attempt, Generation, Priority
from editorapp.generations.money import subject
from editorapp.generations.verdict import Verdict, weigh
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

__all__ = ["OverBudget", "Refused", "enqueue"]


class Refused(Exception):
    """The request breaks rules: nothing was reserved and nothing will be sent. `verdict` has all the reasons."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(" ".join(one.message for one in verdict.refusals) or "No price is known for this.")
        self.verdict = verdict


def enqueue(
    wanted: GenerationRequest, *, account: ProviderAccount, member: Member, source_asset: Asset | None = None,
    parent: Generation | None = None, now: datetime | None = None, form_token: str = "",
) -> Generation:  # fmt: skip
    """Reserve the estimate's high end, keep the request, and wake the engine.

    `parent` is the take that is edited or continued; where it is not given, it is found by what the request names.
    An earlier result is named as this account can read it: see reach.py. `form_token` names one shown form: sent
    twice with the same content, it makes one generation.
    Raises: Refused, with every broken rule; OverBudget; PermissionDenied, when the member may not create, or the
    source or a guide frame is not the team's.
    """
    now = now or timezone.now()
    form_token = _token_of(form_token, wanted, account)
    if form_token and (made := _made_before(member, form_token)):
        return made
    if not member.may(Act.CREATE):
        raise PermissionDenied("This role may not create generations.")
    takes = reach.takes_named(wanted, member)
    wanted = reach.typed(wanted, reach.types_of(staging.asset_ids(wanted), member))
    if parent is None:
        parent = _made_from(wanted, source_asset, takes, member)
    if source_asset is None and parent is not None:
        source_asset = parent.result
    _guard(member, source_asset, parent)
    wanted = reach.reachable(wanted, account, parent=parent, takes=takes)
    asked = asking.known(account, wanted, source_asset, now=now, however_old=True)
    verdict = weigh(wanted, source_asset, account, with_options=False, asked=asked, now=now)
    if not verdict.can_send:
        raise Refused(verdict)
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: reached("enqueue.committed"))
            return _create(wanted, verdict, account, member, source_asset, parent, now, form_token)
    except IntegrityError:
        if form_token and (made := _made_before(member, form_token)):
            return made  # the other click was first; all of this one is rolled back
        raise


def _token_of(form_token: str, wanted: GenerationRequest, account: ProviderAccount) -> str:
    """Name a form together with what it asks of whom: a page brought back, with changes, is not the old form."""
    if not form_token:
        return ""
    asked = json.dumps(wanted.to_json(), sort_keys=True, default=str)
    return hashlib.sha256(f"{form_token}\n{account.pk}\n{asked}".encode()).hexdigest()[:40]


def _made_before(member: Member, form_token: str) -> Generation | None:
    return Generation.objects.filter(team_id=member.team_id, form_token=form_token).first()


def _made_from(
    wanted: GenerationRequest, source_asset: Asset | None, takes: Mapping[str, Generation], member: Member
) -> Generation | None:
    """Find the take behind a source, or the one that is continued."""
    if source_asset is not None and source_asset.origin == Asset.Origin.RESULT:
        return source_asset.result_of.order_by("-pk").first()
    if wanted.source is not None:
        return takes.get(wanted.source.generation_id or "")
    return reach.continued_take(wanted, takes, member)


def _guard(member: Member, source_asset: Asset | None, parent: Generation | None) -> None:
    for owned in (source_asset, parent):
        if owned is not None and owned.team_id != member.team_id:
            raise PermissionDenied("The source belongs to another team.")


def _create(
    wanted: GenerationRequest, verdict: Verdict, account: ProviderAccount, member: Member,
    source_asset: Asset | None, parent: Generation | None, now: datetime, form_token: str,
) -> Generation:  # fmt: skip
    priced = verdict.estimate
    assert priced is not None  # can_send
    generation = Generation.objects.create(
        team_id=member.team_id, created_by=member.user, created_at=now, account=account, provider=account.provider,
        model=wanted.model or "", task=wanted.task, prompt=wanted.prompt or "", request=wanted.to_json(),
        is_simulated=account.is_simulated, parent=parent, source_asset=source_asset,
        lineage=inherited_key(parent, source_asset),
        estimate_low_usd=priced.low_usd, estimate_high_usd=priced.high_usd, estimate_basis=priced.basis[:300],
        state_since=now, form_token=form_token,
    )  # fmt: skip
    if not generation.lineage:
        generation.lineage = own_key(generation)
        Generation.objects.filter(pk=generation.pk).update(lineage=generation.lineage)
    add_attempt(generation, number=1, now=now)
    return generation


def add_attempt(generation: Generation, *, number: int, now: datetime) -> Attempt:
    """Make the next attempt with its reservation, and wake the engine. Call it inside a transaction.

    Raises: OverBudget, which must roll the transaction back.
    """
    is_batch = generation.batch is not None and number == 1  # what is sent again is one by itself
    attempt = Attempt.objects.create(
        generation=generation, number=number, account_id=generation.account_id, created_at=now,
        next_action_at=None if pausing.is_paused(generation) else now,
        priority=Priority.BATCH if is_batch else Priority.SINGLE,
    )  # fmt: skip
    ledger.reserve(subject(attempt), generation.estimate_high_usd, now=now, note=generation.estimate_basis)
    reached("enqueue.reserved")
    wake.soon(generation.provider)
    return attempt
