"""What the pages that people look at most cost, in CPU of the server, each beside a plain signed-in
view that is asked in turn with it.

`python -m tests.bench pages --profile gallery` prints where the time of one goes instead.
"""

import argparse
import cProfile
import pstats
import re
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import include, path

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from editorapp.web.presenters import kept_parts
from tests.bench import Figure, promised
from tests.bench.in_process import PLAIN, Answer, Visitor, cpu_ms, queries
from tests.factories import make_asset, make_generation, make_member

ROUNDS = 30
TAKES, RUNNING, WAITING = 200, 10, 40
PLAIN_VIEW = "/bench/plain"
Ask = Callable[[], Answer]


@login_required
def plain(request: HttpRequest) -> HttpResponse:
    """The yardstick: all middleware, the session and its person, and two letters."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [path("bench/plain", plain), path("", include("editorapp.web.urls"))]


def run(options: Sequence[str] = ()) -> list[Figure]:
    """Measure every page against its limit, or profile one of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench pages")
    parser.add_argument("--profile", default="", help="the name of one page")
    chosen = parser.parse_args(options).profile
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["localhost"], STORAGES=PLAIN):
        call_command("migrate", verbosity=0)
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        pages, yardstick = _pages()
        if chosen:
            _profile(next(ask for name, _limit, ask in pages if chosen in name))
            return []
        return [figure for page in pages for figure in _figures(*page, yardstick)]


def _figures(name: str, limit_ms: float, ask: Ask, yardstick: Ask) -> list[Figure]:
    answer = ask()
    assert answer.status[:3] in {"200", "204"}, f"{name}: {answer.status}"
    page, beside = [], []
    for _ in range(ROUNDS):
        page.append(cpu_ms(ask))
        beside.append(cpu_ms(yardstick))
    took, plain_ms = statistics.median(page), statistics.median(beside)
    return [
        promised(f"CPU of {name}", took, at_most=limit_ms, digits=2, unit=" ms"),
        Figure("  against a plain signed-in view", f"{took / plain_ms:.1f} times"),
        Figure("  queries", str(queries(ask))),
    ]


def _profile(ask: Ask) -> None:
    ask()
    with cProfile.Profile() as profile:
        for _ in range(50):
            ask()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(90)


def _pages() -> tuple[list[tuple[str, float, Ask]], Ask]:
    """Make an installation in use; return its pages with the milliseconds that each may take, and
    the yardstick.
    """
    member = make_member(role=Role.ADMIN, name="Ada")
    clip = _history(member)
    visitor = Visitor(member)
    live = _running(member, clip)
    seen = "&".join(f"live={take.pk}.{take.state}" for take in live)
    part = partial(partial, visitor.get, is_part=True)
    return [
        ("gallery, 24 cards", 15.0, partial(visitor.get, f"/gallery/?before={live[0].pk}")),
        ("gallery, 24 of them running", 15.0, partial(visitor.get, "/gallery/")),
        ("gallery, drawn for the first time", 35.0, _anew(partial(visitor.get, "/gallery/"))),
        ("queue, 50 rows", 30.0, partial(visitor.get, "/queue/")),
        ("queue, drawn for the first time", 50.0, _anew(partial(visitor.get, "/queue/"))),
        ("studio", 20.0, partial(visitor.get, f"/studio/?source={clip.pk}")),
        ("take page", 20.0, partial(visitor.get, f"/takes/{live[0].pk - 1}")),
        ("unchanged poll of the gallery", 5.0, part(f"/gallery/live?{seen}")),
        ("unchanged poll of the queue", 5.0, _queue_poll(visitor)),
        ("unchanged poll of a clip's takes", 5.0, _takes_poll(visitor, clip)),
    ], partial(visitor.get, PLAIN_VIEW)


def _anew(ask: Ask) -> Ask:
    """Return a page as it is when nothing that it prints has been printed before."""

    def anew() -> Answer:
        kept_parts.forget()
        return ask()

    return anew


def _queue_poll(visitor: Visitor) -> Ask:
    """Return a poll that has seen what the queue showed last: what is recent there grows old."""
    seen = ""

    def ask() -> Answer:
        nonlocal seen
        answer = visitor.get(f"/queue/?seen={seen}", is_part=True)
        if answer.status.startswith("200"):
            found = re.search('name="seen" value="([0-9a-f]{16})"', answer.text)
            assert found
            seen = found[1]
        return answer

    return ask


def _takes_poll(visitor: Visitor, clip: Asset) -> Ask:
    """Return the poll that the studio's page of a clip begins with."""
    page = visitor.get(f"/studio/?source={clip.pk}").text
    found = re.search(r'hx-get="(/studio/takes/[0-9]+\?seen=[0-9a-f]+)"', page)
    assert found
    return partial(visitor.get, found[1], is_part=True)


def _history(member: Member) -> Asset:
    """Make clips and takes that are done, chains among them; return the newest clip."""
    colleagues = [member, *(make_member(team=member.team) for _ in range(3))]
    clips = [make_asset(member) for _ in range(12)]
    before: Generation | None = None
    for number in range(TAKES):
        one = colleagues[number % len(colleagues)]
        result = make_asset(one, origin=Asset.Origin.RESULT)
        source = {"source": clips[number % len(clips)]} if number % 3 or not before else {}
        chain = {} if source else {"parent": before, "lineage": before.lineage}  # type: ignore[union-attr]
        more = {"cost_usd": "1.08", "result": result, "state": State.SUCCEEDED}
        before = make_generation(one, **source, **chain, **more)  # type: ignore[arg-type]
    return clips[-1]


def _running(member: Member, clip: Asset) -> list[Generation]:
    """Make what is at the provider and what waits, some of it in one batch."""
    batch = uuid4()
    sent = [
        make_generation(member, source=clip, state=State.RUNNING, prompt=f"Rain {number}")
        for number in range(RUNNING)
    ]
    waiting = [
        make_generation(member, source=clip, batch=batch if number % 2 else None)
        for number in range(WAITING)
    ]
    return [*sent, *waiting]
