"""Run the engine in the test's own process, with a clock that jumps to whatever is due next."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from editorapp.generations.engine import sweep, transfer
from editorapp.generations.models import Attempt, Generation, Pause
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import ACTIVE
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from tests.factories import default_account, make_member


class Clock:
    """The real time, and what was jumped over."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return timezone.now() + self.ahead

    def jump(self, **by: float) -> None:
        self.ahead += timedelta(**by)

    def jump_to(self, at: datetime) -> None:
        self.ahead += max(timedelta(), at - self())


def ask(
    member: Member | None = None,
    *,
    prompt: str = "A quiet harbor at dawn",
    clip: Asset | None = None,
    **options,
):
    """Queue a generation from text alone, or an edit of a clip."""
    if clip is None:
        wanted = GenerationRequest(
            task=Task.GENERATE, prompt=prompt, resolution="360p", duration="5s"
        )
    else:
        wanted = GenerationRequest(
            prompt=prompt, resolution="360p", auto_controls=True, source=Ref(asset_id=clip.pk)
        )
    return enqueue(
        Draft(wanted, default_account("luma-agents"), clip),
        member=member or make_member(),
        **options,
    )


def priced(
    wanted: GenerationRequest,
    account: ProviderAccount,
    member: Member,
    *,
    source: Asset | None = None,
) -> GenerationRequest:
    """Ask what a request costs where the provider publishes no price, as the page does before it
    lets one send it.
    """
    if Draft(wanted, account).is_quoted:
        quotes.fetch(quotes.ask(Draft(wanted, account, source), member=member).pk)
    return wanted


def run(clock: Clock, *, rounds: int = 60, until: str = "", pause: float = 0.0) -> None:
    """Do what is due at every provider, then jump to what is due next, until nothing is active or a
    state is reached.

    `pause` is what the simulator is given each round to draw in, in seconds that really pass.
    """
    for _ in range(rounds):
        active = Attempt.objects.filter(state__in=ACTIVE)
        for provider in sorted(set(active.values_list("account__provider", flat=True))) or [
            "luma-agents"
        ]:
            sweep.work(provider, seconds=0.02, clock=clock)
        transfer.transfer(0, clock=clock)
        time.sleep(pause)
        if until and Generation.objects.filter(state=until).exists():
            return
        if (at := next_at(clock)) is None:
            return
        clock.jump_to(at)


def next_at(clock: Clock) -> datetime | None:
    at = Attempt.objects.filter(state__in=ACTIVE).aggregate(at=Min("next_action_at"))["at"]
    paused = Pause.objects.filter(until__gt=clock()).aggregate(at=Min("until"))["at"]
    return at if at is None or paused is None else max(at, paused)


@contextmanager
def elsewhere(settings, url: str) -> Iterator[None]:
    """Let the simulated account point at another address for a while."""
    before, settings.SIMULATOR_URL = settings.SIMULATOR_URL, url
    yield
    settings.SIMULATOR_URL = before
