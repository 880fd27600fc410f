"""From a request to a queued generation whose money is reserved."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from editorapp.core.fault_points import reached
from editorapp.core.money import ZERO
from editorapp.costs import ledger
from editorapp.costs.estimate import Estimate
from editorapp.costs.ledger import OverBudget
from editorapp.generations.coordination import wake
from editorapp.generations.files import staging
from editorapp.generations.ledger_lines import subject
from editorapp.generations.lineage import inherited_key, own_key
from editorapp.generations.models import Attempt, Generation, Priority, turn_of
from editorapp.generations.queue import parking, senders
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.request import quotes, references
from editorapp.generations.request.verdict import Verdict, weigh
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

__all__ = ["Draft", "OverBudget", "RequestRefused", "TooLate", "enqueue", "enqueue_all"]

MOST_AT_ONCE = 60


class RequestRefused(Exception):
    """The request breaks rules: nothing was reserved and nothing will be sent.

    `verdict` has all the reasons.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            " ".join(one.message for one in verdict.refusals) or "No price is known for this."
        )
        self.verdict = verdict


@dataclass(frozen=True)
class Draft:
    """One request, and what of ours it is made from where that is known: see `enqueue`."""

    wanted: GenerationRequest
    source_asset: Asset | None = None
    parent: Generation | None = None


def enqueue(
    wanted: GenerationRequest,
    *,
    account: ProviderAccount,
    member: Member,
    source_asset: Asset | None = None,
    parent: Generation | None = None,
    now: datetime | None = None,
    form_token: str = "",
    replaces: Generation | None = None,
) -> Generation:
    """Reserve the estimate's high end, keep the request, and wake the engine.

    `parent` is the take that is edited or continued; where it is not given, it is found by what the
    request names.
    An earlier result is named as this account can read it: see reach.py. `form_token` and
    `replaces` as below.
    Raises: as below.
    """
    draft = Draft(wanted, source_asset, parent)
    return enqueue_all(
        [draft], account=account, member=member, now=now, form_token=form_token, replaces=replaces
    )[0]


def enqueue_all(
    drafts: Sequence[Draft],
    *,
    account: ProviderAccount,
    member: Member,
    now: datetime | None = None,
    form_token: str = "",
    replaces: Generation | None = None,
) -> list[Generation]:
    """Do the same for several at once, all or none: one batch, whose money is reserved in one
    transaction.

    `form_token` names one shown form: sent twice with the same content, it makes its generations
    once. `replaces`, a
    generation that is not sent yet, is canceled in the same transaction, and the first new one
    takes its place in line.
    Raises: Refused, with every broken rule; OverBudget; PermissionDenied, when the member may not
            create, or the
    source or a guide frame is not the team's; TooLate, when what should be replaced was sent. Then
    nothing is changed.
    """
    now = now or timezone.now()
    tokens = _tokens_of(form_token, drafts, account)
    if form_token and (made := _made_before(member, tokens)):
        return made
    if not member.may(Act.CREATE):
        raise PermissionDenied("This role may not create generations.")
    ready = _all_ready(drafts, account, member, now=now)
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: reached("enqueue.committed"))
            flags = parking.locked_flags(account.pk, member.team_id)
            senders.guard(member)
            left = _withdrawn(replaces, member, now=now) if replaces is not None else None
            return _create_all(ready, account, member, now, tokens, left, flags)
    except IntegrityError:
        if form_token and (made := _made_before(member, tokens)):
            return made  # the other click was first; all of this one is rolled back
        raise


@dataclass(frozen=True)
class _Ready:
    """A draft that was judged, as it is kept."""

    wanted: GenerationRequest
    source_asset: Asset | None
    parent: Generation | None
    priced: Estimate


def _all_ready(
    drafts: Sequence[Draft], account: ProviderAccount, member: Member, *, now: datetime
) -> list[_Ready]:
    """Judge each draft; one that is the same as the one before only once."""
    ready: list[_Ready] = []
    for at, draft in enumerate(drafts):
        is_same = at > 0 and draft == drafts[at - 1]
        ready.append(ready[-1] if is_same else _ready(draft, account, member, now=now))
    return ready


def _ready(draft: Draft, account: ProviderAccount, member: Member, *, now: datetime) -> _Ready:
    source_asset, parent = draft.source_asset, draft.parent
    takes = references.takes_named(draft.wanted, member)
    wanted = references.typed(
        draft.wanted, references.types_of(staging.asset_ids(draft.wanted), member)
    )
    if parent is None:
        parent = _made_from(wanted, source_asset, takes, member)
    if source_asset is None and parent is not None:
        source_asset = parent.result
    _guard(member, source_asset, parent)
    wanted = references.reachable(wanted, account, parent=parent, takes=takes)
    asked = quotes.known(account, wanted, source_asset, now=now, however_old=True)
    verdict = weigh(wanted, source_asset, account, with_options=False, asked=asked, now=now)
    if not verdict.can_send or verdict.estimate is None:
        raise RequestRefused(verdict)
    return _Ready(wanted, source_asset, parent, verdict.estimate)


def _tokens_of(form_token: str, drafts: Sequence[Draft], account: ProviderAccount) -> list[str]:
    """Name a form together with what it asks of whom: a page brought back, with changes, is not the
    old form.
    """
    if not form_token:
        return [""] * len(drafts)
    asked = json.dumps([draft.wanted.to_json() for draft in drafts], sort_keys=True, default=str)
    name = hashlib.sha256(f"{form_token}\n{account.pk}\n{asked}".encode()).hexdigest()[:36]
    return [f"{name}{place:x}" for place in range(len(drafts))]


def _made_before(member: Member, tokens: Sequence[str]) -> list[Generation]:
    return list(
        Generation.objects.filter(team_id=member.team_id, form_token__in=tokens).order_by("pk")
    )


def _withdrawn(old: Generation, member: Member, *, now: datetime) -> Attempt:
    """Cancel what is replaced and return its attempt, whose place in line is free now.

    Raises: TooLate.
    """
    senders.may_arrange(old, member)
    return cancel(
        old,
        now=now,
        note="Replaced before it was sent",
        why="Replaced by an edited one before it was sent.",
    )


def _made_from(
    wanted: GenerationRequest,
    source_asset: Asset | None,
    takes: Mapping[str, Generation],
    member: Member,
) -> Generation | None:
    """Find the take behind a source, or the one that is continued."""
    if source_asset is not None and source_asset.origin == Asset.Origin.RESULT:
        return source_asset.result_of.order_by("-pk").first()
    if wanted.source is not None:
        return takes.get(wanted.source.generation_id or "")
    return references.continued_take(wanted, takes, member)


def _guard(member: Member, source_asset: Asset | None, parent: Generation | None) -> None:
    for owned in (source_asset, parent):
        if owned is not None and owned.team_id != member.team_id:
            raise PermissionDenied("The source belongs to another team.")


def _create_all(
    ready: Sequence[_Ready],
    account: ProviderAccount,
    member: Member,
    now: datetime,
    tokens: Sequence[str],
    left: Attempt | None,
    flags: parking.Flags,
) -> list[Generation]:
    batch = left.generation.batch if left is not None else None
    batch = batch or (uuid.uuid4() if len(ready) > 1 else None)
    first_turn = left.turn if left is not None else turn_of(now)
    made: list[Generation] = []
    for at, (one, token) in enumerate(zip(ready, tokens, strict=True)):
        generation = _create(one, account, member, now, token, batch)
        priority = left.priority if left is not None else None
        try:
            add_attempt(
                generation, number=1, now=now, flags=flags, turn=first_turn + at, priority=priority
            )
        except OverBudget as error:
            needed = sum((each.priced.high_usd for each in ready), ZERO)
            so_far = sum((each.estimate_high_usd for each in made), ZERO)
            raise OverBudget(
                needed_usd=needed, available_usd=error.available_usd + so_far
            ) from error
        made.append(generation)
    return made


def _create(
    one: _Ready,
    account: ProviderAccount,
    member: Member,
    now: datetime,
    form_token: str,
    batch: uuid.UUID | None,
) -> Generation:
    wanted, priced = one.wanted, one.priced
    generation = Generation.objects.create(
        team_id=member.team_id,
        created_by=member.user,
        created_at=now,
        account=account,
        provider=account.provider,
        model=wanted.model or "",
        task=wanted.task,
        prompt=wanted.prompt or "",
        request=wanted.to_json(),
        is_simulated=account.is_simulated,
        parent=one.parent,
        source_asset=one.source_asset,
        lineage=inherited_key(one.parent, one.source_asset),
        estimate_low_usd=priced.low_usd,
        estimate_high_usd=priced.high_usd,
        estimate_basis=priced.basis[:300],
        state_since=now,
        form_token=form_token,
        batch=batch,
    )
    if not generation.lineage:
        generation.lineage = own_key(generation)
        Generation.objects.filter(pk=generation.pk).update(lineage=generation.lineage)
    return generation


def add_attempt(
    generation: Generation,
    *,
    number: int,
    now: datetime,
    flags: parking.Flags,
    turn: int | None = None,
    priority: int | None = None,
) -> Attempt:
    """Make the next attempt with its reservation, and wake the engine.

    Call it inside a transaction.

    `flags` are its account's and its team's, locked at the beginning of the transaction; it is not
    held itself.
    `turn` and `priority` give it a place in line that another one has left; else it stands behind
    its person's others.
    Raises: OverBudget, which must roll the transaction back.
    """
    assert (flags.account_id, flags.team_id) == (generation.account_id, generation.team_id), (
        "another's pauses"
    )
    if priority is None:  # what is sent again is one by itself
        priority = (
            Priority.BATCH if generation.batch is not None and number == 1 else Priority.SINGLE
        )
    attempt = Attempt.objects.create(
        generation=generation,
        number=number,
        account_id=generation.account_id,
        created_at=now,
        next_action_at=None if flags.is_paused else now,
        priority=priority,
        turn=turn or 0,
    )
    ledger.reserve(
        subject(attempt), generation.estimate_high_usd, now=now, note=generation.estimate_basis
    )
    reached("enqueue.reserved")
    attempt.note("queued")
    wake.soon(generation.provider)
    return attempt
