"""Dispatcher: makes calls to one provider concurrently, in one thread. Knows no table.

The event loop stands still between two calls of `gather`: database work happens then, HTTP happens
inside. So neither threads nor Django's async switch are needed, and one traceback tells the whole
story.
"""

import asyncio
from dataclasses import dataclass, replace
from types import ModuleType

from editorapp.core import logs
from editorapp.core.fault_points import reached
from editorapp.generations.engine.claims import DuePoll
from editorapp.generations.models import Attempt, Fields
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
    body: Fields
    path: str  # where the body is posted, below the base URL
    extra_seconds: float = 0.0  # what sending stored files inside the body may take on top
    is_listened_to: bool = False  # somebody verifies its account: see verification/

    async def job(self, provider: ModuleType, session: ProviderSession) -> Job:
        reached("submit.first_byte")
        async with asyncio.timeout(POST_SECONDS + self.extra_seconds):
            job: Job = await provider.submit(
                self.body,
                path=self.path,
                session=session,
                idempotency_key=str(self.attempt.idempotency_key),
            )
        reached("submit.answered")
        return job

    def failed(self, message: str, error: Exception) -> ProviderError:
        """Return what it means that the call ended in no error that a provider's module names."""
        return OutcomeUnknown(message, code=type(error).__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Poll:
    """A job to ask about."""

    attempt: DuePoll
    access: Access
    is_listened_to: bool = False

    async def job(self, provider: ModuleType, session: ProviderSession) -> Job:
        async with asyncio.timeout(POLL_SECONDS):
            job: Job = await provider.poll(self.attempt.provider_job_id, session=session)
        reached("poll.answered")
        return job

    def failed(self, message: str, error: Exception) -> ProviderError:
        kind = Unavailable if isinstance(error, TimeoutError) else Unreadable
        return kind(message, code=type(error).__name__)


Call = Post | Poll


def extra_seconds(body: Fields) -> float:
    """Return what a post may take longer because stored files travel in its body."""
    return stored_bytes(body) / SLOWEST_BYTES_PER_SECOND


@dataclass(frozen=True, eq=False, slots=True)
class CallResult:
    """What came of a call: a job, or why there is none."""

    call: Call
    job: Job | None
    error: ProviderError | None
    heard: tuple[Exchange, ...] = ()


class Dispatcher:
    """A fixed set of coroutines that make calls to one provider."""

    def __init__(self, provider: ModuleType) -> None:
        self.provider = provider
        self._loop = asyncio.new_event_loop()
        self._posts: asyncio.Queue[Call] = asyncio.Queue()
        self._polls: asyncio.Queue[Call] = asyncio.Queue()
        self._sessions: dict[int, ProviderSession] = {}
        # Of accounts that are reached another way by now.
        self._outdated: list[ProviderSession] = []
        self._results: list[CallResult] = []
        self._answered = asyncio.Event()
        self.posting = self.polling = 0  # calls without an answer yet
        queues = [self._polls] * POLL_WORKERS + [self._posts] * POST_WORKERS
        self._workers = [self._loop.create_task(self._serve(queue)) for queue in queues]

    @property
    def in_flight(self) -> int:
        """How many calls have no answer yet."""
        return self.posting + self.polling

    @property
    def free_posts(self) -> int:
        """How many posts would leave at once: none is written down as sent while it waits for its
        turn.
        """
        return POST_WORKERS - self.posting

    def send(self, call: Call) -> None:
        if isinstance(call, Post):
            self.posting += 1
            self._posts.put_nowait(call)
        else:
            self.polling += 1
            self._polls.put_nowait(call)

    def gather(self, seconds: float) -> list[CallResult]:
        """Make calls for so long and return their results; sooner, once a post was answered or all
        calls were.
        """
        self._answered.clear()
        self._loop.run_until_complete(self._wait(seconds))
        results = self._results
        self._results = []
        return results

    def close(self) -> None:
        self._loop.run_until_complete(self._stop())
        self._loop.close()

    async def _wait(self, seconds: float) -> None:
        if self.in_flight == 0:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._answered.wait()
        except TimeoutError:
            return
        if self.posting:
            await asyncio.sleep(TOGETHER_SECONDS)

    async def _serve(self, queue: "asyncio.Queue[Call]") -> None:
        while True:
            call = await queue.get()
            result = await self._made(call)
            self._results.append(result)  # not in one line: the list is another one after the wait
            self._count_out(call)

    def _count_out(self, call: Call) -> None:
        is_post = isinstance(call, Post)
        if is_post:
            self.posting -= 1
        else:
            self.polling -= 1
        if is_post or self.in_flight == 0:
            self._answered.set()

    async def _made(self, call: Call) -> CallResult:
        attempt = call.attempt
        with logs.about(attempt.generation_id, attempt.pk, attempt.account_id):
            if call.is_listened_to:
                return await self._heard(call)
            return await self._result(call)

    async def _heard(self, call: Call) -> CallResult:
        """Make the call, and keep what went to and fro."""
        with listening() as heard:
            result = await self._result(call)
        return replace(result, heard=tuple(heard))

    async def _result(self, call: Call) -> CallResult:
        """Make the call. Whatever goes wrong becomes a result: nothing is lost, and no worker
        ends.
        """
        try:
            job = await call.job(self.provider, self._session(call.access))
        except ProviderError as error:
            return CallResult(call, None, error)
        except Exception as error:  # the whole deadline, or an answer that an adapter stumbled over
            is_late = isinstance(error, TimeoutError)
            words = "No answer in time." if is_late else f"{type(error).__name__}: {error}"
            return CallResult(call, None, call.failed(words, error))
        return CallResult(call, job, None)

    def _session(self, access: Access) -> ProviderSession:
        session = self._sessions.get(access.account_id)
        if session:
            if session.access is access or session.access == access:
                return session
            self._outdated.append(session)  # another key, another address
        session = self._sessions[access.account_id] = ProviderSession(access)
        return session

    async def _stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for session in [*self._outdated, *self._sessions.values()]:
            await session.aclose()
