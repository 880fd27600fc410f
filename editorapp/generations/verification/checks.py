"""Free checks: all of a verification that is free: each call that costs nothing, one after the other, and the
price of the take.

Begun again after a restart, it makes them again: they change nothing at the provider but an upload
of a tiny clip.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from editorapp.core.money import show_range
from editorapp.costs.estimate import Estimate
from editorapp.costs.models import PriceQuote
from editorapp.generations import exchange_log
from editorapp.generations.coordination import leases, wake
from editorapp.generations.coordination.leases import Clock
from editorapp.generations.files import staging
from editorapp.generations.models import Verification
from editorapp.generations.provider_calls import call
from editorapp.generations.request import quotes
from editorapp.generations.request.check import check
from editorapp.generations.request.draft import Draft
from editorapp.media import intake, sample, store
from editorapp.media.models import Asset
from editorapp.providers import capability_discovery, registry
from editorapp.providers.contract import (
    GenerationRequest,
    NotFound,
    ProviderError,
    Quote,
    Ref,
    Task,
)
from editorapp.providers.documents.compare import Difference, DifferenceKind
from editorapp.providers.http.recording import listening
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model
from editorapp.teams import audit
from editorapp.teams.models import Member

log = logging.getLogger(__name__)
State = Verification.State

CLIP_NAME = "Test clip for accounts.mp4"
CLIP_FRAMES = 48  # two seconds: no shortest length is documented anywhere
LEASE_SECONDS = 600.0  # as long as its task may take; a dead worker's ends at once
LIST_WINDOW = timedelta(hours=1)
# With all that restarts cost: what fails each time is not tried for ever.
LONGEST_CHECK = timedelta(minutes=30)


class StepFailed(Exception):
    """A step came to nothing. The message may be read by strangers."""


class CannotVerify(Exception):
    """This account cannot be verified now. The message says why."""


def begin(
    account: ProviderAccount,
    member: Member,
    *,
    now: datetime,
    in_background: bool = True,
) -> Verification:
    """Begin to verify an account, or return what the team has begun and not ended. Free.

    Raises: CannotVerify.
    """
    if exchange_log.documents_of(account.provider) is None:
        raise CannotVerify(f"Nothing is written down here of how {account.spec.name} answers.")
    if problem := account.problem:
        raise CannotVerify(problem)
    close_past(now)
    with transaction.atomic():
        verification, is_new = Verification.objects.filter(
            state__in=(State.CHECKING, *exchange_log.LISTENED)
        ).get_or_create(
            account=account,
            team=member.team,
            defaults={"person": member.user, "started_at": now},
        )
        if is_new:
            subject, about = f"account:{account.pk}", account.name
            audit.record("account.verification_begun", subject, by=member, about=about)
        if is_new and in_background:
            wake.wake("verify", verification.pk, now=now)
    return verification


def run(verification_id: int, *, clock: Clock = timezone.now) -> None:
    """Make the free checks of a verification. Delivered twice, it is done once."""
    name = wake.lease_of("verify", verification_id)
    wake.answered(name, now=clock())
    rows = Verification.objects.select_related("account", "team", "person")
    verification = rows.filter(pk=verification_id, state=State.CHECKING).first()
    if verification is None:
        return
    with leases.held(name, clock=clock, seconds=LEASE_SECONDS) as renew:
        if renew is None:
            return
        try:
            _Checks(verification, clock).run()
        finally:
            leases.end(name, f"wake:{name}")


def unfinished(now: datetime) -> list[int]:
    """Return which verifications have been checking for so long that their task may be lost with a
    killed worker.
    """
    since = now - timedelta(seconds=wake.LOST_AFTER_SECONDS)
    rows = Verification.objects.filter(state=State.CHECKING, started_at__lt=since).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:20])


def close_past(now: datetime) -> None:
    """Close what needs nobody any more: its take is over, nobody has decided for a day, or it
    cannot be checked.
    """
    stuck = Verification.objects.filter(state=State.CHECKING, started_at__lt=now - LONGEST_CHECK)
    says = "The free checks did not come to an end. The log says more."
    stuck.update(state=State.OVER, says=says)
    for one in Verification.objects.select_related("take").filter(state__in=exchange_log.LISTENED):
        is_left = one.is_ready and one.started_at < now - timedelta(days=1)
        if is_left or (one.take and not one.is_following):
            says = "Nobody decided within a day." if is_left else ""
            same = Verification.objects.filter(pk=one.pk, state=one.state)
            same.update(state=State.OVER, says=says)


class _Checks:
    """The steps of one verification."""

    def __init__(self, verification: Verification, clock: Clock) -> None:
        self.verification = verification
        self.clock = clock
        self.account = verification.account
        self.adapter = registry.get(self.account.provider)
        self.steps: list[dict[str, Any]] = []

    def run(self) -> None:
        """Make the steps and say what comes next."""
        if not self._step("Key and limits", self._tested):
            says = "The account did not pass its test, so nothing else was tried."
            self._end(State.OVER, says=says)
            return
        if hasattr(self.adapter, "recent"):
            self._step("List of jobs", self._listed)
        self._step("A job that is not there", self._unknown_job, expected_status=404)
        if not self._step("Tiny clip", self._clip):
            self._end(State.OVER, says="Without a clip there is nothing to edit.")
            return
        self._step("Upload of the clip", self._upload)
        self._step("Price", self._price)
        if self.verification.high_usd is not None:
            self._end(State.READY)
        else:
            self._end(State.OVER, says="No price is known for the take.")

    def _step(
        self,
        name: str,
        work: Callable[[], str],
        *,
        expected_status: int | None = None,
    ) -> bool:
        """Make one step and note how it went.

        Of errors only kinds and codes are told: their words may say anything.

        Returns whether the step itself worked, so that the next can follow, compared or not.
        """
        with listening() as heard:
            worked, says = self._made(name, work, "Rushes could not do it")
        note = partial(exchange_log.note, self.verification, heard, expected_status=expected_status)
        compared, problem = self._made(name, note, "What came could not be compared")
        is_ok = worked and compared
        self.steps.append({"name": name, "is_ok": is_ok, "says": problem or says})
        self._checking().update(steps=self.steps)
        return worked

    def _made(self, name: str, work: Callable[[], str | None], otherwise: str) -> tuple[bool, str]:
        """Make one step; say whether it worked, and what it says."""
        try:
            return True, work() or ""
        except StepFailed as failed:
            return False, str(failed)
        except ProviderError as error:
            code = f", HTTP {error.code}" if error.code.isdigit() else ""
            return False, f"{type(error).__name__}{code}"
        except DatabaseError:
            raise
        except Exception as error:  # or it would be begun again and again
            log.exception("%s, the step %r: %s", self.verification, name, otherwise)
            return False, f"{otherwise} ({type(error).__name__}); its log says more."

    def _checking(self) -> QuerySet[Verification]:
        return Verification.objects.filter(pk=self.verification.pk, state=State.CHECKING)

    def _end(self, state: State, *, says: str = "") -> None:
        kept = ("clip", "request", "low_usd", "high_usd", "basis")
        found = {name: getattr(self.verification, name) for name in kept}
        self._checking().update(state=state, says=says, **found)

    def _tested(self) -> str:
        tested = capability_discovery.test(self.account)
        if not tested.is_ok:
            raise StepFailed("The account did not pass its test. The accounts page says why.")
        self.account.refresh_from_db()
        return "The key is accepted."

    def _listed(self) -> str:
        until = self.clock()
        self._call(
            "recent",
            since=until - LIST_WINDOW,
            until=until,
            models={model.model_id for model in self.account.spec.models},
        )
        return "It can be read."

    def _unknown_job(self) -> str:
        try:
            self._call("poll", self.adapter.DOCUMENTS.unknown_id)
        except NotFound:
            return "It is said not to be there."
        raise StepFailed("An id that nobody has was answered as if there were a job.")

    def _call(self, name: str, *given: Any, **options: Any) -> Any:
        return call(self.account.access(), name, *given, **options)

    def _clip(self) -> str:
        one = self.verification
        if one.clip is None:
            with store.workspace() as folder:
                path = Path(folder) / "clip.mp4"
                sample.draw(path, frames=CLIP_FRAMES)
                one.clip = intake.take_in(
                    path,
                    name=CLIP_NAME,
                    team=one.team,
                    user=one.person,
                    origin=Asset.Origin.SAMPLE,
                )
        one.request = cheapest(self.account, one.clip).to_json()
        return f"{one.clip.duration_seconds:.3g} s, {one.clip.size_bytes:,} bytes."

    def _upload(self) -> str:
        clip = self._its_clip()
        account = self.account
        wanted = GenerationRequest.from_json(self.verification.request)
        staging.note_outgoing(clip, asyncio.run(staging.outgoing_of(clip)))
        if clip.pk not in staging.staged_ids(wanted, account.spec):
            return "Not tried: a clip travels inside the paid request here."
        lies = account.staged.filter(asset=clip, staged_at__gte=self.verification.started_at)
        if not lies.exists():  # after a restart it does: not again and again
            ref = asyncio.run(staging.stage(clip, account))
            staging.keep(account.pk, clip, ref, now=self.clock())
        return "The clip is there."

    def _price(self) -> str:
        one = self.verification
        account = self.account
        draft = Draft(GenerationRequest.from_json(one.request), account, self._its_clip())
        quote = self._fresh_quote(draft) if draft.is_quoted else None
        price = self._estimate(draft, quote)
        one.low_usd = price.low_usd
        one.high_usd = price.high_usd
        one.basis = price.basis[:300]
        if quote is None and any(model.is_priced_by_asking for model in account.spec.models):
            self._compare_quote(draft.wanted, price)
        return f"{show_range(price.low_usd, price.high_usd)}."

    def _estimate(self, draft: Draft, quote: PriceQuote | None) -> Estimate:
        verdict = check(draft, with_options=False, quote=quote, now=self.clock())
        if not verdict.can_send or verdict.estimate is None:
            rules = ", ".join(broken.rule_id for broken in verdict.refusals) or "no price"
            raise StepFailed(f"The take could not be sent ({rules}).")
        return verdict.estimate

    def _fresh_quote(self, draft: Draft) -> PriceQuote:
        """Ask for the price as the studio does, so that the take finds it; one that was asked
        before is asked anew.
        """
        member = Member.objects.get(team=self.verification.team, user=self.verification.person)
        self.account.price_quotes.filter(key=quotes.key_of(draft)).delete()
        row = quotes.ask(draft, member=member, now=self.clock())
        quotes.fetch(row.pk, clock=self.clock)
        row.refresh_from_db()
        return row

    def _compare_quote(self, wanted: GenerationRequest, price: Estimate) -> None:
        """Hold the provider's live price against the published one, which we reckon with."""
        seconds = self._its_clip().duration_seconds
        quote: Quote = self._call("quote", wanted, seconds=seconds, spec=self.account.spec)
        if quote.low_usd <= price.low_usd and price.high_usd <= quote.high_usd:
            return
        live = show_range(quote.low_usd, quote.high_usd)
        published = show_range(price.low_usd, price.high_usd)
        difference = Difference(
            DifferenceKind.PRICE,
            "model",
            "price_info",
            f"live: {live}",
            f"published: {published}",
        )
        exchange_log.keep_difference(self.verification, difference)

    def _its_clip(self) -> Asset:
        assert self.verification.clip is not None
        return self.verification.clip


def cheapest(account: ProviderAccount, clip: Asset) -> GenerationRequest:
    """Return the cheapest edit of the newest model: its smallest size, and everything else as it
    comes.
    """
    model = account.spec.models_for(Task.EDIT)[0]
    return GenerationRequest(
        task=Task.EDIT,
        model=model.name,
        prompt=exchange_log.PROMPT,
        source=Ref(asset_id=clip.pk, media_type=clip.mime_type),
        resolution=_smallest(model),
        auto_controls=True if model.knows("auto_controls") else None,
    )


def _smallest(model: Model) -> str | None:
    sizes = model.limits.resolutions
    return min(sizes, key=lambda size: int(size.removesuffix("p")), default=None)
