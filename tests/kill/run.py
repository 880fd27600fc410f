"""One run: people at work, a killer about, somebody who settles what only a person can, and the
books at the end.
"""

import argparse
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation, Search, Settlement
from editorapp.generations.states import State
from editorapp.providers import accounts, registry
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.sign_in import make_link
from tests.kill import books
from tests.kill.installation import Installation
from tests.kill.killer import Killer
from tests.kill.people import SENT_AGAIN, Crowd, Gone, Person, wishes
from tests.patience import PATIENCE_SECONDS
from tests.video import write_clip

log = logging.getLogger("kill")
LOOKED_UP_AFTER = timedelta(seconds=3)  # a person looks at the provider's console no sooner
SEARCHED_FOR = timedelta(
    minutes=6
)  # what the engine's own search has not settled by then, a person does


class Run:
    """The whole of it; `options` are those of the command line."""

    def __init__(self, installation: Installation, options: argparse.Namespace) -> None:
        self.installation, self.options = installation, options
        self.stopping = threading.Event()
        self.faults: list[str] = []
        self.looks = 0
        self.began = time.monotonic()
        self.killer = Killer(
            installation,
            kills=options.kills,
            every_seconds=options.every,
            every_point=options.every_point,
            seed=options.seed,
            first=[group for group in options.first.split(",") if group],
        )

    def to_its_end(self) -> bool:
        """Run until all generations have ended, print what happened, and say whether all is as it
        must be.
        """
        self.say(
            f"seed {self.options.seed}, {self.options.database}, folder {self.installation.folder}"
        )
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        self.installation.start()
        wanted = wishes(self.options.generations, seed=self.options.seed)
        self.sent_again = {wish.prompt for wish in wanted if wish.fault in SENT_AGAIN}
        people = self._people()
        self._until_answers()
        crowd, self.settler = Crowd(people[1:], wanted), people[0]
        self.settler.sign_in()
        crowd.start()
        self._let_services_die()
        self.killer.start()
        try:
            self._watch(crowd)
        finally:
            self.killer.stop()
            self.stopping.set()
        self.faults += crowd.problems
        took = self.installation.stop()
        self.faults += [
            f"Still running at the end: {words}" for words in self.installation.left_behind()
        ]
        self.faults += books.faults(self.installation.folder, wanted, seen=len(crowd.takes))
        self.faults += [
            f"Nobody died at any of the points of {group}." for group in self.killer.missed
        ]
        self._report(crowd, took)
        return not self.faults

    def say(self, line: str) -> None:
        print(f"[{time.monotonic() - self.began:6.1f} s] {line}", flush=True)

    # Before

    def _people(self) -> list[Person]:
        owner = ensure_owner()
        clips = self.installation.folder / "clips"
        clips.mkdir()
        write_clip(clips / "plain.mp4", frames=24)
        write_clip(clips / "odd.mp4", frames=24, codec="mpeg4")
        here = {account.provider: account.pk for account in accounts.usable()}
        assert set(here) == set(registry.slugs()), here
        return [
            Person(
                self.installation.url,
                reverse("people:link", args=[make_link(owner.user, now=timezone.now())]),
                here,
                clips,
                self.stopping,
            )
            for _ in range(self.options.people + 1)
        ]

    def _until_answers(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                if (
                    httpx.get(
                        f"{self.installation.url}/sign-in", trust_env=False, timeout=5
                    ).status_code
                    < 500
                ):
                    return
            except httpx.HTTPError:
                time.sleep(0.2)
        raise RuntimeError("The web server does not answer.")

    def _let_services_die(self) -> None:
        if self.installation.services is None:
            return
        services, kills = self.installation.services, self.options.kills
        self.killer.once(kills // 4, "redis", services.redis.restart)
        self.killer.once(kills // 2, "postgresql", services.postgresql.restart)
        from signal import SIGKILL

        self.killer.once(kills * 2 // 3, "redis", lambda: services.redis.restart(SIGKILL))
        self.killer.once(kills * 5 // 6, "postgresql", lambda: services.postgresql.restart(SIGKILL))

    # While it runs

    def _watch(self, crowd: Crowd) -> None:
        """Let people go on as the kills do, settle, and hold the books against each other, until
        all have ended.
        """
        let, until, said, left = 0, time.monotonic() + 60 * self.options.minutes, 0.0, None
        while time.monotonic() < until:
            while let < self._may_begin(is_idle=left == [] and len(crowd.takes) == let):
                crowd.allowed.release()
                let += 1
            self._again(self._settle)
            if wrong := self._again(differences):
                self.faults += [f"While it ran: {one}" for one in wrong]
            self.looks += 1
            left = self._again(books.unended)
            if time.monotonic() - said > 15:
                said = time.monotonic()
                self.say(
                    f"{len(self.killer.kills)} kills, {len(crowd.takes)} takes, {len(left or [])} not ended"
                )
            if left == [] and crowd.is_done and self.killer.has_killed_enough:
                self._see_queue_drained()
                return
            time.sleep(0.5)
        self.faults.append("It had not ended when the time was over.")

    def _see_queue_drained(self) -> None:
        """See that what was enqueued is taken; a task in the hands of a killed process counts as
        taken.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while (waiting := self._again(books.waiting_tasks)) and time.monotonic() < until:
            time.sleep(0.2)
        if waiting:
            self.faults.append(f"{waiting} tasks wait in the queue, and nobody takes them.")

    def _may_begin(self, *, is_idle: bool) -> float:
        """Return how many generations people may have asked for by now: as many of all as there are
        kills of all.

        The last ones wait for the points at which nobody has died yet: somebody must come past
        them. And the very last waits until nobody is killed any more, or until all others are over.
        """
        if self.killer.is_done or (is_idle and self.killer.has_killed_enough):
            return self.options.generations
        share = min(1.0, (len(self.killer.kills) + 1) / max(1, 0.85 * self.options.kills))
        if self.killer.every_point and self.killer.never_reached:
            late = max(
                0.0, time.monotonic() - self.killer.began - self.options.every * self.options.kills
            )
            share = min(share, 0.85 + late / 600)
        return min(max(4, share * self.options.generations), self.options.generations - 1)

    def _again(self, ask: Callable[[], Any]) -> Any:
        """Ask the database, and again where it is being restarted."""
        for _ in range(60):
            try:
                return ask()
            except DatabaseError:
                connection.close()
                time.sleep(0.5)
        return ask()

    def _settle(self) -> None:
        """Do what only a person can: look at the provider's console, and press a button."""
        now = timezone.now()
        rows = Attempt.objects.filter(state=State.UNKNOWN).select_related("generation", "account")
        for attempt in rows.filter(generation__state_since__lt=now - LOOKED_UP_AFTER):
            found = books.job_of(attempt.generation, self.installation.folder)
            if found and self._is_searched_for(attempt, now):
                continue
            try:
                self.settler.settle(attempt.generation_id, job_id=found)
            except Gone:
                return
        for generation in Generation.objects.filter(state=State.FETCH_FAILED):
            self.settler.press(generation.pk, "fetch")
        for generation in Generation.objects.filter(
            state=State.FAILED, can_retry=True, attempt_number=1
        ):
            if generation.prompt in self.sent_again:
                self.settler.press(generation.pk, "retry")

    def _is_searched_for(self, attempt: Attempt, now: datetime) -> bool:
        """Does the engine's own search find it without anybody's help? A job that never arrived
        takes it an hour.
        """
        if self.options.by_hand or not hasattr(registry.get(attempt.account.provider), "recent"):
            return False
        if Search.objects.filter(attempt=attempt, verdict=Search.Verdict.PERSON).exists():
            return False  # it has found what this could be, and leaves it to a person to say so
        if attempt.generation.state_since > now - SEARCHED_FOR:
            return True
        self.faults.append(
            f"{attempt.generation}: the search at {attempt.account.provider} did not find its job."
        )
        return False

    # After

    def _report(self, crowd: Crowd, took: dict[str, float]) -> None:
        jobs = books.accepted_jobs(self.installation.folder)
        sent = Attempt.objects.exclude(provider_job_id=None).count()
        starts = ", ".join(
            f"{name} {one.starts}" for name, one in self.installation.keepers.items()
        )
        self.say(f"{len(self.killer.kills)} kills:\n{self.killer.table()}")
        for outcome, count in sorted(books.outcomes().items()):
            print(f"  {outcome:<40} {count:>4}")
        by = Counter(
            f"{'by a person' if row['person'] else 'by the search'}: {row['outcome']}"
            for row in Settlement.objects.values("person", "outcome")
        )
        settled = ", ".join(f"{count} {how}" for how, count in sorted(by.items())) or "none"
        posts = len(books.received_posts(self.installation.folder))
        self.say(
            f"posts received {posts}, taken by the provider {len(jobs)}, on our rows {sent}; "
            f"unknown outcomes settled: {settled}"
        )
        self.say(
            f"the ledger was checked {self.looks} times; started: {starts}; people tried again "
            f"{sum(one.tries for one in crowd.people)} times; stopped in "
            f"{', '.join(f'{name} {seconds:.1f} s' for name, seconds in took.items())}"
        )
        for trouble, count in sum(
            (one.troubles for one in crowd.people), Counter[str]()
        ).most_common(8):
            print(f"  {count:>5} times: {trouble}")
        if self.killer.never_reached:
            self.say(f"nobody died at: {', '.join(self.killer.never_reached)}")
        for fault in self.faults:
            self.say(f"FAULT {fault}")
        self.say("all is as it must be" if not self.faults else f"{len(self.faults)} faults")
