"""Pages of a large team: what each costs in CPU of the server and its database, in the installation
that the settings name, which tests/seed has filled.

`python -m tests.bench.scale_measure` prints it as JSON; with `--explain queue` instead what the database
is asked for that page, how long each answer took, and its plan.
"""

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from editorapp.costs.ledger import month_of
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library.models import Tag
from editorapp.library.take_orders import ORDERS
from editorapp.media.models import Asset
from editorapp.review.models import Playlist
from editorapp.teams.models import Member, Project
from editorapp.teams.roles import Role
from editorapp.web.gallery.filter_table import FILTERS, REVIEWS, STATE_GROUPS
from tests.bench.in_process import PLAIN, Answer, Visitor, queries
from tests.queries import Asked, asked
from tests.seed.plan import CHAIN, NEWEST
from tests.seed.words import ABSENT, COMMON, RARE

MOST_ASKED, LEAST_ASKED, SECONDS = 25, 5, 2.0
# 302: a round leads on to its next take; 204 and 286: nothing new.
ANSWERED = {"200", "204", "286", "302"}
Ask = Callable[[], Answer]
# Of the filters of the gallery, by their names.
GalleryValues = dict[str, tuple[Any, Any]]


class TeamPages:
    """The pages of the seed's team, as its owner and as one of its creators sees them."""

    def __init__(self) -> None:
        self.owner = Member.objects.filter(role=Role.OWNER).earliest("pk")
        self.creator = self._newest_maker()
        self.visitor = Visitor(self.owner)
        self.newest = Generation.objects.latest("pk").pk
        self.old = self.newest - NEWEST
        self.account = self._takes().latest("pk").account_id
        self.clip = self._files().filter(origin=Asset.Origin.UPLOAD).latest("pk")
        kin = Generation.objects.filter(lineage=self._takes().earliest("pk").lineage)
        self.kin = list(kin.order_by("pk").values_list("pk", flat=True)[:CHAIN])

    def all(self) -> dict[str, Ask]:
        """Return every page by its name."""
        return {
            **self._gallery(),
            **self._search(),
            **self._polls(),
            **self._others(),
            **self._review(),
            **self._of_creator(),
        }

    def filters(self) -> GalleryValues:
        """Return each filter of the gallery, with a value that there is and one that there is not:
        "" where the seed has none of one kind.
        """
        ids = Project.objects.order_by("pk").values_list("pk", flat=True)
        billing = Member.objects.get(team=self.owner.team, role=Role.BILLING)
        tags = Tag.objects.order_by("pk").values_list("pk", flat=True)
        nothing = self.newest + 100_000_000
        values: GalleryValues = {
            "state": ("failed", "failed&review=approved"),
            "review": ("approved", "approved&task=modify"),
            "asked": ("", "me"),
            "answers": ("", "yes"),
            "star": ("1", "1&state=failed"),
            "rating": ("5", "5&state=failed"),
            "colour": ("red", "grey"),
            "tag": (tags[0], nothing),
            "person": (self.creator.user_id, billing.user_id),
            "project": (ids[0], list(ids)[-1]),
            "source": (self.clip.pk, nothing),
            "parent": (self.kin[1], nothing),
            "lineage": (f"a{self.clip.pk}", "a0"),
            "task": ("reframe", "modify"),
            "provider": ("scenario", "scenario&task=generate"),
            "model": ("ray-3.2", "modify-video"),
            "account": (self.account, nothing),
            "size": ("720p", "4k"),
            "with": ("open_notes", "exr"),
            "since": ("2020-01-01", "2999-01-01"),
            "until": ("2999-01-01", "2020-01-01"),
            "cost_from": ("1", "1000"),
            "cost_to": ("1000", "0.01"),
            "seconds_from": ("1", "1000"),
            "seconds_to": ("1000", "1"),
        }
        assert values.keys() == FILTERS.keys(), "a filter of the gallery is not measured"
        return values

    def _gallery(self) -> dict[str, Ask]:
        get = partial(partial, self.visitor.get)
        found = {
            "gallery": get("/gallery/"),
            "gallery, done": get(f"/gallery/?before={self.old}"),
            "gallery, half way back": get(f"/gallery/?before={self.newest // 2}"),
            "gallery, the end of it": get("/gallery/?before=30"),
        }
        for state in STATE_GROUPS:
            found[f"gallery, state={state}"] = get(f"/gallery/?state={state}")
        for review in REVIEWS:
            found[f"gallery, review={review}"] = get(f"/gallery/?review={review}")
        for order in ORDERS:
            found[f"gallery, sort={order}"] = get(f"/gallery/?sort={order}")
        for name, (there, absent) in self.filters().items():
            if there:
                found[f"gallery, {name} with a hit"] = get(f"/gallery/?{name}={there}")
                found[f"counts, {name}"] = get(f"/gallery/counts?{name}={there}", is_part=True)
            found[f"gallery, {name} without"] = get(f"/gallery/?{name}={absent}")
        former = Member.objects.filter(team=self.owner.team, disabled_at__isnull=False)[0]
        found["gallery, a former member"] = get(f"/gallery/?person={former.user_id}")
        both = f"person={former.user_id}&task=generate"
        found["gallery, a former member's task"] = get(f"/gallery/?{both}")
        return found

    def _search(self) -> dict[str, Ask]:
        get = partial(partial, self.visitor.get)
        return {
            "search, a common word": get(f"/gallery/?q={COMMON}"),
            "search, a rare word": get(f"/gallery/?q={RARE}"),
            "search, an absent word": get(f"/gallery/?q={ABSENT}"),
            "search, common, in what failed": get(f"/gallery/?q={COMMON}&state=failed"),
            "search, rare, in what failed": get(f"/gallery/?q={RARE}&state=failed"),
            "search, an absent one of two": get(f"/gallery/?q={COMMON}+{ABSENT}"),
        }

    def _polls(self) -> dict[str, Ask]:
        part = partial(partial, self.visitor.get, is_part=True)
        seen = "&".join(f"live={pk}.{state}" for pk, state in self._shown())
        return {
            "poll of the gallery": part(f"/gallery/live?{seen}"),
            "poll of the queue": part("/queue/?seen=none"),
            "poll of the queue, unchanged": _unchanged(self.visitor),
            "poll of a clip's takes": part(f"/studio/takes/{self.clip.pk}?seen=0"),
            "poll of takes without a clip": part("/studio/takes/generated?seen=0"),
            "poll of the news": part("/shell/news"),
            "poll of a take": part(f"/takes/{self._last(State.RUNNING)}/live?seen=none"),
        }

    def _others(self) -> dict[str, Ask]:
        get = partial(partial, self.visitor.get)
        month = f"{month_of(timezone.now()):%Y-%m}"
        project = Project.objects.earliest("pk").pk
        return {
            "queue": get("/queue/"),
            "sources": get("/gallery/sources"),
            "studio": get("/studio/"),
            "studio, a clip": get(f"/studio/?source={self.clip.pk}"),
            "studio, a take": get(f"/studio/?from={self._last(State.SUCCEEDED)}"),
            "needs a person": get("/gallery/?state=attention"),
            "take page": get(f"/takes/{self._last(State.SUCCEEDED)}"),
            "take page, first of a large lineage": get(f"/takes/{self.kin[0]}"),
            "take page, deep in a large lineage": get(f"/takes/{self.kin[-1]}"),
            "take page, running": get(f"/takes/{self._last(State.RUNNING)}"),
            "take page, unknown": get(f"/takes/{self._last(State.UNKNOWN)}"),
            "lineage, large": get(f"/takes/{self.kin[-1]}/lineage/"),
            "a branch": get(f"/takes/{self.kin[1]}/branch"),
            "inbox": get("/inbox/"),
            "webhooks": get("/inbox/webhooks/"),
            "shares": get("/shares/"),
            "trash": get("/gallery/trash/"),
            "saved views": get("/gallery/views/"),
            "compare": get(f"/compare/?take={self.kin[1]}&take={self.kin[2]}"),
            "costs": get("/costs/?month=" + month),
            "costs, all months": get("/costs/?month=all"),
            "costs, charged": get(f"/costs/?month={month}&shows=spent"),
            "projects": get("/projects/"),
            "a project": get(f"/projects/{project}/"),
            "audit": get("/audit/"),
            "people": get("/people/"),
            "accounts": get("/accounts/"),
            "status": get("/status/"),
            "models": get("/models/"),
        }

    def _review(self) -> dict[str, Ask]:
        """Return what a reviewer opens."""
        reviewers = Member.objects.filter(team=self.owner.team, role=Role.REVIEWER)
        reviewer = reviewers.select_related("user", "team")[0]
        get = partial(partial, Visitor(reviewer).get)
        seen = Generation.objects.visible_to(reviewer).filter(state=State.SUCCEEDED)
        playlist = Playlist.objects.earliest("pk")
        item = seen.filter(pk__in=playlist.items.values("generation_id")).latest("pk").pk
        return {
            "round": get(f"/review/{seen.latest('pk').pk}"),
            "round, its beginning": get("/review/"),
            "gallery, asked for a review, to a reviewer": get("/gallery/?asked=me"),
            "playlists": get("/review/playlists/"),
            "a playlist": get(f"/review/playlists/{playlist.pk}/"),
            "a take of a playlist": get(f"/review/playlists/{playlist.pk}/play/{item}"),
            "notes of a take": get(f"/comments/take/{item}"),
            "verdicts on a take": get(f"/review/{item}/verdicts"),
        }

    def _of_creator(self) -> dict[str, Ask]:
        """Return the pages as somebody gets them who does not see all: there are private projects."""
        get = partial(partial, Visitor(self.creator).get)
        addresses = {
            "gallery": "/gallery/",
            "gallery, a project": f"/gallery/?project={Project.objects.earliest('pk').pk}",
            "gallery, needs a person": "/gallery/?state=attention",
            "search, an absent word": f"/gallery/?q={ABSENT}",
            "search, a common word": f"/gallery/?q={COMMON}",
            "queue": "/queue/",
            "sources": "/gallery/sources",
            "studio": "/studio/",
            "take page": f"/takes/{self.kin[-1]}",
            "costs": "/costs/",
            "projects": "/projects/",
        }
        return {f"{name}, to a creator": get(address) for name, address in addresses.items()}

    def _newest_maker(self) -> Member:
        creators = Member.objects.active().filter(team=self.owner.team, role=Role.CREATOR)
        return creators.select_related("user", "team").latest("pk")

    def _takes(self) -> Any:
        return Generation.objects.filter(team=self.owner.team)

    def _files(self) -> Any:
        return Asset.objects.filter(team=self.owner.team)

    def _last(self, state: State) -> int:
        found: int = self._takes().filter(state=state).latest("pk").pk
        return found

    def _shown(self) -> list[tuple[int, str]]:
        return list(self._takes().order_by("-pk").values_list("pk", "state")[:24])


def _unchanged(visitor: Visitor) -> Ask:
    """Return a poll of the queue that has seen what it showed last."""
    seen = ""

    def ask() -> Answer:
        nonlocal seen
        answer = visitor.get(f"/queue/?seen={seen}", is_part=True)
        if found := re.search('name="seen" value="([0-9a-f]{16})"', answer.text):
            seen = found[1]
        return answer

    return ask


def measured(pages: dict[str, Ask]) -> dict[str, tuple[float, int]]:
    """Return what each page costs: milliseconds of CPU, of this process and of the database's, and
    how many queries it makes.
    """
    found = {}
    for name, ask in pages.items():
        answer = ask()
        assert answer.status[:3] in ANSWERED, f"{name}: {answer.status}"
        asked = queries(ask)
        found[name] = (_median_ms(ask), asked)
        print(f"{name:<50} {found[name][0]:9.2f} ms  {asked:3} queries", file=sys.stderr)
    return found


def _median_ms(ask: Ask) -> float:
    spent: list[float] = []
    until = time.process_time() + SECONDS
    while len(spent) < MOST_ASKED and (len(spent) < LEAST_ASKED or time.process_time() < until):
        before = _cpu_ns()
        ask()
        spent.append((_cpu_ns() - before) / 1e6)
    return statistics.median(spent)


def _cpu_ns() -> int:
    """Return the CPU that this process has used, and the database's that answers it."""
    if connection.vendor != "postgresql":
        return time.process_time_ns()
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    return time.process_time_ns() + int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])


def explain(ask: Ask) -> None:
    """Print what a page asks the database, dearest last, with the plan of each."""
    ask()
    with asked() as found:
        ask()
    how = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS)"
    for took, one in sorted(((_seconds(one), one) for one in found), key=itemgetter(0)):
        print(f"\n{took:.3f} s  {one.sql[-1500:]}  {one.params}")
        print(*(f"    {line}" for line in one.plan(how) if one.is_read), sep="\n")


def _seconds(one: Asked) -> float:
    if not one.is_read:
        return 0.0
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(one.sql, one.params)
        cursor.fetchall()
    return time.perf_counter() - started


def main() -> int:
    """Measure all, or explain one."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale_measure")
    parser.add_argument("--explain", default="", help="the beginning of a page's name")
    parser.add_argument("--only", default="", help="a part of some pages' names")
    chosen = parser.parse_args()
    with override_settings(ALLOWED_HOSTS=["localhost"], STORAGES=PLAIN):
        pages = TeamPages().all()
        if chosen.explain:
            explain(next(ask for name, ask in pages.items() if name.startswith(chosen.explain)))
        else:
            wanted = {name: ask for name, ask in pages.items() if chosen.only in name}
            print(json.dumps(measured(wanted)))
    return 0
