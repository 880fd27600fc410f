"""Enqueue: from a draft to a queued generation whose money is reserved."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from editorapp.core.fault_points import reached
from editorapp.core.money import ZERO
from editorapp.costs import ledger
from editorapp.costs.estimate import Estimate
from editorapp.costs.ledger import OverBudget
from editorapp.costs.models import PriceQuote
from editorapp.generations import auditing
from editorapp.generations.coordination import wake
from editorapp.generations.files import staging
from editorapp.generations.ledger_lines import subject
from editorapp.generations.lineage import inherited_key, own_key
from editorapp.generations.models import Attempt, Fields, Generation, Priority, turn_of
from editorapp.generations.queue import parking, senders
from editorapp.generations.queue.cancel import cancel
from editorapp.generations.request import quotes, references
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.draft import Draft
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest
from editorapp.teams import projects
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

MOST_AT_ONCE = 60


class RequestRefused(Exception):
    """The request breaks rules: nothing was reserved and nothing will be sent.

    `verdict` has all the reasons.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reasons)
        self.verdict = verdict


def enqueue(
    draft: Draft,
    *,
    member: Member,
    now: datetime | None = None,
    form_token: str = "",
    replaces: Generation | None = None,
) -> Generation:
    """Reserve the estimate's high end, keep the request, and wake the engine.

    The draft's parent, where it is not given, is found by what the request names. An earlier result
    is named as the account can read it: see references.py. `form_token` and `replaces` as below.
    Raises: as below.
    """
    return enqueue_all(
        [draft],
        member=member,
        now=now,
        form_token=form_token,
        replaces=replaces,
    )[0]


def enqueue_all(
    drafts: Sequence[Draft],
    *,
    member: Member,
    now: datetime | None = None,
    form_token: str = "",
    replaces: Generation | None = None,
) -> list[Generation]:
    """Do the same for several of one account at once, all or none: one batch, whose money is
    reserved in one transaction.

    `form_token` names one shown form: sent twice with the same content, it makes its generations
    once. `replaces`, a generation that is not sent yet, is canceled in the same transaction, and
    the first new one takes its place in line.
    Raises: RequestRefused, with every broken rule; OverBudget; PermissionDenied, when the member
            may not create, or the source or a guide frame is not the team's; TooLate, when what
            should be replaced was sent. Then nothing is changed.
    """
    now = now or timezone.now()
    account = drafts[0].account
    tokens = _tokens_of(form_token, drafts)
    if form_token and (made := _made_before(member, tokens)):
        return made
    if not member.may(Act.CREATE):
        raise PermissionDenied("This role may not create generations.")
    found = {draft: _priced(draft, member, now=now) for draft in dict.fromkeys(drafts)}
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: reached("enqueue.committed"))
            flags = parking.locked_flags(account.pk, member.team_id)
            senders.guard(member)
            left = _withdrawn(replaces, member, now=now) if replaces else None
            rows = [
                found[draft] | {"form_token": token}
                for draft, token in zip(drafts, tokens, strict=True)
            ]
            made = _create_all(rows, member, flags, left, now=now)
            auditing.record_queued(made, by=member)
            return made
    except IntegrityError:
        if form_token and (made := _made_before(member, tokens)):
            return made  # the other click was first; all of this one is rolled back
        raise


def _priced(draft: Draft, member: Member, *, now: datetime) -> Fields:
    """Return a draft that can be sent as the fields that are kept, with what is reserved."""
    draft = _reachable(draft, member)
    wanted = draft.wanted
    account = draft.account
    return {
        "account": account,
        "provider": account.provider,
        "model": wanted.model or "",
        "task": wanted.task,
        "prompt": wanted.prompt or "",
        "request": wanted.to_json(),
        "is_simulated": account.is_simulated,
        "parent": draft.parent,
        "finished_from": draft.finishes,
        "project_id": draft.project_id,
        "source_asset": draft.source_asset,
        "lineage": inherited_key(draft.parent, draft.source_asset),
        **estimated(price_to_send(draft, last_quote(draft, now), now=now)),
    }


def estimated(price: Estimate) -> Fields:
    """Return the fields in which a generation keeps what is reserved for it."""
    return {
        "estimate_low_usd": price.low_usd,
        "estimate_high_usd": price.high_usd,
        "estimate_basis": price.basis[:300],
    }


def last_quote(draft: Draft, now: datetime) -> PriceQuote | None:
    """Return what the provider said of a draft's price last, however long ago."""
    return quotes.find(draft, now=now, however_old=True)


def price_to_send(draft: Draft, quote: PriceQuote | None, *, now: datetime) -> Estimate:
    """Return what a draft would reserve now. Raises: RequestRefused, where it cannot be sent."""
    verdict = check(draft, with_options=False, quote=quote, now=now)
    if not verdict.can_send or verdict.estimate is None:
        raise RequestRefused(verdict)
    return verdict.estimate


def _reachable(draft: Draft, member: Member) -> Draft:
    """Return the draft with all that it is made from, each named as its account can read it."""
    takes = references.takes_named(draft.wanted, member)
    types = references.types_of(staging.asset_ids(draft.wanted), member)
    wanted = references.typed(draft.wanted, types)
    parent = draft.parent
    source = draft.source_asset
    if parent is None:
        parent = _made_from(wanted, source, takes, member)
    if source is None and parent:
        source = parent.result
    if any(one and one.team_id != member.team_id for one in (source, parent)):
        raise PermissionDenied("The source belongs to another team.")
    projects.may_use(draft.project_id, member)
    wanted = references.reachable(wanted, draft.account, parent=parent, takes=takes)
    return replace(draft, wanted=wanted, source_asset=source, parent=parent)


def _tokens_of(form_token: str, drafts: Sequence[Draft]) -> list[str]:
    """Name a form together with what it asks of whom: a page brought back, with changes, is not the
    old form.
    """
    if not form_token:
        return [""] * len(drafts)
    asked = json.dumps(
        [draft.wanted.to_json() for draft in drafts],
        sort_keys=True,
        default=str,
    )
    text = f"{form_token}\n{drafts[0].account.pk}\n{asked}"
    if project := drafts[0].project_id:
        text += f"\n{project}"
    name = hashlib.sha256(text.encode()).hexdigest()[:36]
    return [f"{name}{place:x}" for place in range(len(drafts))]


def _made_before(member: Member, tokens: Sequence[str]) -> list[Generation]:
    rows = Generation.objects.filter(team_id=member.team_id, form_token__in=tokens)
    return list(rows.order_by("pk"))


def _withdrawn(old: Generation, member: Member, *, now: datetime) -> Attempt:
    """Cancel what is replaced and return its attempt, whose place in line is free now.

    Raises: TooLate.
    """
    senders.may_arrange(old, member)
    note = "Replaced before it was sent"
    why = "Replaced by an edited one before it was sent."
    return cancel(old, now=now, note=note, why=why)


def _made_from(
    wanted: GenerationRequest,
    source_asset: Asset | None,
    takes: Mapping[str, Generation],
    member: Member,
) -> Generation | None:
    """Find the take behind a source, or the one that is continued."""
    if source_asset and source_asset.origin == Asset.Origin.RESULT:
        return source_asset.result_of.order_by("-pk").first()
    if wanted.source:
        return takes.get(wanted.source.generation_id or "")
    return references.continued_take(wanted, takes, member)


def _create_all(
    rows: Sequence[Fields],
    member: Member,
    flags: parking.Flags,
    left: Attempt | None,
    *,
    now: datetime,
) -> list[Generation]:
    """Make a generation of each row, in the batch and the place in line that one has left."""
    batch = left and left.generation.batch
    shared = {
        "team_id": member.team_id,
        "created_by": member.user,
        "created_at": now,
        "state_since": now,
        "batch": batch or (uuid.uuid4() if len(rows) > 1 else None),
    }
    turn, priority = (left.turn, left.priority) if left else (turn_of(now), None)
    made: list[Generation] = []
    for place, row in enumerate(rows, turn):
        generation = Generation.objects.create(**row, **shared)
        if guides := staging.asset_ids(generation.wanted) - {generation.source_asset_id}:
            generation.guides.set(guides)
        if not generation.lineage:
            generation.lineage = own_key(generation)
            generation.save(update_fields=["lineage"])
        try:
            add_attempt(
                generation,
                number=1,
                now=now,
                flags=flags,
                turn=place,
                priority=priority,
            )
        except OverBudget as error:
            needed = sum((each["estimate_high_usd"] for each in rows), ZERO)
            available = sum((each.estimate_high_usd for each in made), error.available_usd)
            raise OverBudget(needed_usd=needed, available_usd=available) from error
        made.append(generation)
    return made


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
    held itself. `turn` and `priority` give it a place in line that another one has left; else it
    stands behind its person's others.
    Raises: OverBudget, which must roll the transaction back.
    """
    assert (flags.account_id, flags.team_id) == (generation.account_id, generation.team_id), (
        "another's pauses"
    )
    if priority is None:  # what is sent again is one by itself
        is_batch = generation.batch is not None and number == 1
        priority = Priority.BATCH if is_batch else Priority.SINGLE
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
        subject(attempt),
        generation.estimate_high_usd,
        now=now,
        note=generation.estimate_basis,
    )
    reached("enqueue.reserved")
    attempt.note("queued")
    wake.soon(generation.provider)
    return attempt
