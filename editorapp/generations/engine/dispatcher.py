"""Calls to one provider, made concurrently in one thread. Knows no table.

The event loop stands still between two calls of `gather`: database work happens then, HTTP happens
inside. So neither threads nor Django's async switch are needed, and one traceback tells the whole
story.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from editorapp.core import logs
from editorapp.core.fault_points import reached
from editorapp.generations.engine.claims import DuePoll
from editorapp.generations.models import Attempt
from editorapp.providers.contract import (
    Access,
    Job,
    OutcomeUnknown,
    ProviderError,
    Unavailable,
    Unreadable,
)
from editorapp.providers.http.inline_body import stored_bytes
from editorapp.providers.http.recording import Exchange, listening
from editorapp.providers.http.session import SLOWEST_BYTES_PER_SECOND, ProviderSession

POLL_WORKERS = 64
POST_WORKERS = 32
POLL_SECONDS = 12.0  # shorter than the lease of a poll
POST_SECONDS = 75.0  # the provider's own client waits 60 s for an answer
TOGETHER_SECONDS = 0.015  # posts answered within this are written down in one go


@dataclass(frozen=True, eq=False, slots=True)
class Post:
    """A paid post to make."""

    attempt: Attempt
    access: Access
    body: dict[str, Any]
    path: str  # where the body is posted, below the base URL
    extra_seconds: float = 0.0  # what sending stored files inside the body may take on top
    is_listened_to: bool = False  # somebody verifies its account: see verifying/hearing.py

    @property
    def pk(self) -> int:
        return self.attempt.pk

    @property
    def generation_id(self) -> int:
        return self.attempt.generation_id

    def named(self) -> logs.about:
        return self.attempt.named()


@dataclass(frozen=True, eq=False, slots=True)
class Poll:
    """A job to ask about."""

    look: DuePoll
    access: Access
    is_listened_to: bool = False

    @property
    def pk(self) -> int:
        return self.look.pk

    @property
    def generation_id(self) -> int:
        return self.look.generation_id

    def named(self) -> logs.about:
        return logs.about(self.look.generation_id, self.look.pk, self.look.account_id)


Errand = Post | Poll


def extra_seconds(body: dict[str, Any]) -> float:
    """Return what a post may take longer because stored files travel in its body."""
    return stored_bytes(body) / SLOWEST_BYTES_PER_SECOND


@dataclass(frozen=True, eq=False, slots=True)
class CallResult:
    """What came of an errand: a job, or why there is none."""

    errand: Errand
    job: Job | None
    error: ProviderError | None
    heard: tuple[Exchange, ...] = ()


class Dispatcher:
    """A fixed set of coroutines that carry errands to one provider."""

    def __init__(
        self, provider: ModuleType, *, wire: Callable[[Access], ProviderSession] = ProviderSession
    ) -> None:
        self._provider = provider
        self._make_wire = wire
        self._loop = asyncio.new_event_loop()
        self._posts: asyncio.Queue[Errand] = asyncio.Queue()
        self._polls: asyncio.Queue[Errand] = asyncio.Queue()
        self._wires: dict[int, ProviderSession] = {}
        self._left: list[ProviderSession] = []  # of accounts that are reached another way by now
        self._answers: list[CallResult] = []
        self._answered = asyncio.Event()
        self.posting = self.polling = 0  # errands without an answer yet
        crew = [self._polls] * POLL_WORKERS + [self._posts] * POST_WORKERS
        self._crew = [self._loop.create_task(self._serve(queue)) for queue in crew]

    @property
    def carrying(self) -> int:
        """How many errands have no answer yet."""
        return self.posting + self.polling

    @property
    def free_posts(self) -> int:
        """How many posts would leave at once: none is written down as sent while it waits for its
        turn.
        """
        return POST_WORKERS - self.posting

    def send(self, errand: Errand) -> None:
        if isinstance(errand, Post):
            self.posting += 1
            self._posts.put_nowait(errand)
        else:
            self.polling += 1
            self._polls.put_nowait(errand)

    def gather(self, seconds: float) -> list[CallResult]:
        """Make calls for so long and return their answers; sooner, once a post was answered or all
        errands were.
        """
        self._answered.clear()
        self._loop.run_until_complete(self._wait(seconds))
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> None:
        self._loop.run_until_complete(self._stop())
        self._loop.close()

    async def _wait(self, seconds: float) -> None:
        if self.carrying == 0:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._answered.wait()
        except TimeoutError:
            return
        if self.posting:
            await asyncio.sleep(TOGETHER_SECONDS)

    async def _serve(self, queue: "asyncio.Queue[Errand]") -> None:
        while True:
            errand = await queue.get()
            answer = await self._carry(errand)
            self._answers.append(answer)  # not in one line: the list is another one after the wait
            if isinstance(errand, Post):
                self.posting -= 1
                self._answered.set()
            else:
                self.polling -= 1
                if self.carrying == 0:
                    self._answered.set()

    async def _carry(self, errand: Errand) -> CallResult:
        """Make the call. Whatever goes wrong becomes an answer: nothing is lost, and no worker
        ends.
        """
        with errand.named():
            if not errand.is_listened_to:
                return await self._called(errand)
            with listening() as heard:
                answer = await self._called(errand)
            return replace(answer, heard=tuple(heard))

    async def _called(self, errand: Errand) -> CallResult:
        try:
            if isinstance(errand, Post):
                reached("submit.first_byte")
                async with asyncio.timeout(POST_SECONDS + errand.extra_seconds):
                    job = await self._provider.submit(
                        errand.body,
                        path=errand.path,
                        session=await self._wire(errand.access),
                        idempotency_key=str(errand.attempt.idempotency_key),
                    )
                reached("submit.answered")
            else:
                async with asyncio.timeout(POLL_SECONDS):
                    job = await self._provider.poll(
                        errand.look.provider_job_id, session=await self._wire(errand.access)
                    )
                reached("poll.answered")
            return CallResult(errand, job, None)
        except ProviderError as error:
            return CallResult(errand, None, error)
        except (
            Exception
        ) as error:  # the overall deadline, or an answer that an adapter stumbled over
            is_late = isinstance(error, TimeoutError)
            sentence = "No answer in time." if is_late else f"{type(error).__name__}: {error}"
            unclear = (
                OutcomeUnknown
                if isinstance(errand, Post)
                else Unavailable
                if is_late
                else Unreadable
            )
            return CallResult(errand, None, unclear(sentence, code=type(error).__name__))

    async def _wire(self, access: Access) -> ProviderSession:
        wire = self._wires.get(access.account_id)
        if wire is None or (
            wire.access is not access and wire.access != access
        ):  # another key, another address
            self._left += [wire] if wire is not None else []
            wire = self._wires[access.account_id] = self._make_wire(access)
            await wire.__aenter__()
        return wire

    async def _stop(self) -> None:
        for task in self._crew:
            task.cancel()
        await asyncio.gather(*self._crew, return_exceptions=True)
        for wire in [*self._left, *self._wires.values()]:
            await wire.__aexit__(None, None, None)
