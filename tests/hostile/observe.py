"""Let the engine meet every row of a group at once, each at an account of its own, and note what
came of each.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Min

from editorapp.alerts.models import Alert
from editorapp.costs.models import Entry
from editorapp.generations.checks import expiring, overdue, unsendable
from editorapp.generations.engine import sweep, transfer
from editorapp.generations.models import Attempt, Generation, Pause, Search
from editorapp.generations.queue import slots
from editorapp.generations.reconcile import search
from editorapp.generations.states import ACTIVE, State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from tests.factories import make_reserved
from tests.generations.drive import Clock
from tests.hostile.row import LINK, UPLOADING, Row
from tests.hostile.server import SHARED, Place, Server
from tests.hostile.spoils import status
from tests.hostile.wires import Wire

ROUNDS = 400
DOWN = status(503)  # a provider's list of jobs, unless a row is about it: nothing is decided by it
KEY = "key-of-the-account-0123456789"


@dataclass(frozen=True)
class Seen:
    """What came of a row."""

    state: str
    lines: tuple[str, ...]
    message: str
    alerts: dict[str, str]
    calls: dict[str, int]
    at: dict[str, tuple[datetime, ...]]  # when each kind of call was made, by the engine's clock
    waits_seconds: float | None
    slots_held: int  # of its account, by whatever is over
    take: int


def make_account(wire: Wire, base: str, name: str, *, slots: int = 1) -> ProviderAccount:
    """Make an account at an address that takes one job at a time, or several."""
    account = ProviderAccount(
        provider=wire.slug,
        name=name,
        base_url=base + wire.root,
        max_concurrent=slots,
        requests_per_minute=1000,
        unit_price_usd=Decimal("0.01") if wire.slug == "scenario" else None,
    )
    account.set_key(KEY if wire.slug != "scenario" else f"{KEY}:secret-of-it")
    account.save()
    return account


def make_take(
    row: Row, place: Place, member: Member, account: ProviderAccount, clip: Asset, picture: Asset
) -> Generation:
    """Queue a take of five seconds; one with a file of ours where the upload is what the row is
    about.
    """
    prompt = f"A quiet harbor at dawn {place.job}"
    wanted = GenerationRequest(task=Task.GENERATE, prompt=prompt, duration="5s", resolution="720p")
    source = None
    if row.where in UPLOADING and account.provider == "gmi-cloud":
        wanted = GenerationRequest(
            Task.GENERATE, prompt=prompt, duration="5s", start_frame=Ref(asset_id=picture.pk)
        )
    elif row.where in UPLOADING:
        source = clip
        wanted = GenerationRequest(
            Task.EDIT, prompt=prompt, auto_controls=True, source=Ref(asset_id=clip.pk)
        )
    fields = {"parent": None} if source is None else {"source": source}
    return make_reserved(
        member,
        account=account,
        provider=account.provider,
        task=wanted.task,
        prompt=prompt,
        request=wanted.to_json(),
        **fields,
    )


def run(made: "Sequence[Made]", slug: str, clock: Clock) -> None:
    """Do what is due, then jump to what is due next, until each take is over or only waits for a
    person.

    The clock takes ever longer steps: a day is a dozen and a half of them, and what is tried for a
    day is tried on.
    """
    takes, began = [one.take.pk for one in made], clock()
    for _ in range(ROUNDS):
        sweep.work(slug, seconds=0.01, clock=clock)
        transfer.transfer(0, clock=clock)
        search.search(slug, clock=clock)
        overdue.look(clock())
        for one in made:
            one.note_wait()
        if (at := _next(takes, clock)) is None:
            return
        clock.jump_to(at + (at - began) + timedelta(seconds=0.2))


def _next(takes: Sequence[int], clock: Clock) -> datetime | None:
    """Return when something is due that is not only followed on until a person says what next."""
    rows = Attempt.objects.filter(generation__in=takes, state__in=ACTIVE).exclude(
        state=State.RUNNING, flagged_at__isnull=False
    )
    at = rows.aggregate(at=Min("next_action_at"))["at"]
    queued = rows.filter(state=State.QUEUED)
    if (
        at is not None
        and at <= clock()
        and queued.count() == rows.filter(next_action_at__lte=clock()).count()
    ):
        paused = Pause.objects.filter(
            account__in=queued.values("account"), until__gt=clock()
        ).aggregate(at=Min("until"))
        at = paused["at"] or at
    if at is not None:
        return at
    return Search.objects.filter(verdict=Search.Verdict.LOOKING).aggregate(at=Min("at"))["at"]


@dataclass
class Made:
    """A row under way. `waits_seconds` is how long the engine meant to wait after the first call
    that misbehaved.
    """

    row: Row
    call: str
    place: Place
    account: ProviderAccount
    take: Generation
    waits_seconds: float | None = None

    def note_wait(self) -> None:
        """Note it, where the row is about that and the first call was made since."""
        if (
            self.row.wait is None
            or self.waits_seconds is not None
            or not self.place.count(self.call)
        ):
            return
        first, *later = [one.at for one in self.place.asked if one.call == self.call]
        until = [Attempt.objects.values_list("next_action_at", flat=True).get(generation=self.take)]
        until += Pause.objects.filter(account=self.account).values_list("until", flat=True)
        # A short wait may be over by now, and the take at its end: then it was as long as it was.
        until += later[:1]
        self.waits_seconds = max((at - first).total_seconds() for at in until if at is not None)


def observe(
    rows: Sequence[Row],
    wire: Wire,
    server: Server,
    member: Member,
    clip: Asset,
    picture: Asset,
    clock: Clock,
    files: dict[str, bytes],
) -> dict[str, Seen]:
    """Run all these rows at once and return what came of each, by where and name."""
    made = []
    common = make_account(
        wire, f"{server.url}/{SHARED}", f"{wire.slug}, shared", slots=len(rows) + 1
    )
    for number, row in enumerate(rows):
        call = wire.link if row.where == LINK else row.where
        key = f"{wire.slug}-{number}"
        spoils = {"list": DOWN, call: row.spoil, **row.also}
        place = Place(
            wire,
            spoils,
            f"{server.url}/{key}",
            str(uuid.uuid4()),
            server.other_port,
            files=dict(files),
        )
        server.places[key] = place
        if row.is_gentle:
            server.sharing.append(place)
        account = (
            common if row.is_gentle else make_account(wire, place.base, f"{wire.slug} {number}")
        )
        made.append(
            Made(row, call, place, account, make_take(row, place, member, account, clip, picture))
        )
    run(made, wire.slug, clock)
    for look in (expiring.look, unsendable.look):
        look(clock())
    later = clock() + timedelta(minutes=20)
    held = {
        one.pk: one.max_concurrent - slots.free_slots(one, now=later)
        for one in {one.account for one in made}
    }
    return {one.row.id: _seen(one, held[one.account.pk]) for one in made}


def _seen(one: Made, slots_held: int) -> Seen:
    take, place = one.take, one.place
    take.refresh_from_db()
    subjects = (f"generation:{take.pk}", f"account:{one.account.pk}")
    kinds = {asked.call for asked in place.asked}
    return Seen(
        state=take.state,
        lines=tuple(
            Entry.objects.filter(generation_id=take.pk)
            .order_by("pk")
            .values_list("kind", flat=True)
        ),
        message=f"{take.failure_message} {take.warning}".strip(),
        alerts=dict(
            Alert.objects.filter(subject__in=subjects).still_open().values_list("kind", "message")
        ),
        calls={call: place.count(call) for call in kinds},
        at={call: tuple(asked.at for asked in place.asked if asked.call == call) for call in kinds},
        waits_seconds=one.waits_seconds,
        slots_held=slots_held,
        take=take.pk,
    )
