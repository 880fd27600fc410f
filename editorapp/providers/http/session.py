"""The one way out to a provider: connections, deadlines, errors in our words, and nothing secret in
any log.

httpx looks at every connection of a pool on every request, so pools stay small and there are
several of them.
"""

import asyncio
import base64
import json
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from editorapp.core import ssrf_guard
from editorapp.core.content_encoding import IDENTITY
from editorapp.core.loopback import is_loopback
from editorapp.core.ssrf_guard import certificates
from editorapp.media import store
from editorapp.media.refusals import Refusal
from editorapp.providers import registry
from editorapp.providers.contract import (
    Access,
    BadCredentials,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    Unreadable,
    UploadRefused,
)
from editorapp.providers.field_mapping import STAGED_LATER
from editorapp.providers.http import answers, links, recording
from editorapp.providers.http.answers import UPLOAD_REFUSED
from editorapp.providers.http.inline_body import InlineBody, stored_files
from editorapp.providers.http.lean import MAX_BODY_BYTES, Answer, LeanClient, TooLong, can_be_direct
from editorapp.providers.spec import Auth, Spec

log = logging.getLogger(__name__)
# Their own lines show whole URLs (presigned queries) at INFO and headers at DEBUG.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

SHARD_CONNECTIONS = 8
MAX_SHARDS = 16
OPERATION = httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=10.0)
PAID_DEADLINE_SECONDS = 60.0
FREE_DEADLINE_SECONDS = 20.0
# for a file from a bucket, before the post: with PAID_DEADLINE_SECONDS less than courier waits
BRING_SECONDS = 12.0
CHUNK_BYTES = 256 * 1024
SLOWEST_BYTES_PER_SECOND = 128 * 1024
USER_AGENT = "Rushes/0.1"

# Raised before a byte of the request left this machine: the provider cannot have seen it.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)


def _limits(*, keep_alive: bool = True) -> httpx.Limits:
    kept = SHARD_CONNECTIONS if keep_alive else 0
    return httpx.Limits(max_connections=SHARD_CONNECTIONS, max_keepalive_connections=kept)


def make_client(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    keep_alive: bool = True,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """Make one small pool.

    It follows no redirect, and a proxy from the environment is not used for loopback.
    """
    return httpx.AsyncClient(
        headers={"User-Agent": USER_AGENT, **IDENTITY, **(headers or {})},
        timeout=OPERATION,
        limits=_limits(keep_alive=keep_alive),
        verify=certificates(),
        trust_env=not is_loopback(url),
        follow_redirects=False,
        transport=transport,
    )


class ProviderSession:
    """The connections of one account for as long as an event loop runs.

    Use it with `async with`.
    """

    def __init__(
        self, access: Access, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.access = access
        module = registry.get(access.provider)
        self.spec: Spec = module.SPEC
        self._explain: answers.Explain | None = getattr(module, "explain", None)
        self.name = self.spec.name
        self._transport = transport
        self._shards: list[tuple[httpx.AsyncClient, list[int]]] = []
        self._paid: httpx.AsyncClient | None = None
        self._plain: httpx.AsyncClient | None = None
        self._lean: LeanClient | None = None

    def __repr__(self) -> str:
        return f"<Wire to {self.name}, account {self.access.account_id}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        clients = [*(client for client, _busy in self._shards), self._paid, self._plain, self._lean]
        self._shards, self._paid, self._plain, self._lean = [], None, None, None
        for client in clients:
            if client is not None:
                await client.aclose()

    async def call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> dict[str, Any]:
        """Make a free call and return its JSON object; an empty answer is an empty one.

        All text in it is clean (core/sanitizing.py), but nothing says that a value has the type it
        should.
        Raises: Rejected and its kinds, NotFound, Throttled; Unreadable, where what came makes no
                sense; Unavailable
        for everything else that a later try may mend.
        """
        params = {**self.access.params, **(params or {})} or None
        try:
            if method == "GET" and (lean := self._lean_client()) is not None:
                response = await self._timed(
                    lambda tracing: lean.get(path, params=params, headers=tracing),
                    method,
                    path,
                    deadline=FREE_DEADLINE_SECONDS,
                    params=params,
                )
            else:
                response = await self._by_shard(method, path, params=params, json=body)
        except TooLong as error:
            says = f"{self.name} gave an answer that is longer than {MAX_BODY_BYTES:,} bytes."
            raise Unreadable(says, code="too_long") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(
                f"{self.name} did not answer ({_kind(error)}).", code=_kind(error)
            ) from error
        answers.raise_for(
            response, name=self.name, secret=self.access.secret, explain=self._explain
        )
        return answers.object_in(response, name=self.name, secret=self.access.secret)

    async def pay(self, path: str, *, body: Any, idempotency_key: str) -> dict[str, Any]:
        """Send the paid POST, exactly once, and return the provider's JSON object.

        It gets a connection of its own: an idle one that the provider closes in the same moment
        would leave the outcome unknown for no reason. Stored files that the body names (see
        inline.py) are streamed into it.

        Raises: Rejected and its kinds, Throttled (nothing queued, nothing charged), a body that
        cannot be written or still names a file that is not staged among them; Unavailable (never
        arrived); OutcomeUnknown for every other end, 5xx included.
        """
        content = await _sendable(body, name=self.name)
        try:
            return await self._pay(path, content, idempotency_key=idempotency_key)
        finally:
            content.close()

    async def _pay(self, path: str, content: InlineBody, *, idempotency_key: str) -> dict[str, Any]:
        headers = {
            "Idempotency-Key": idempotency_key,
            "Content-Type": "application/json",
            "Content-Length": str(content.size),
        }
        deadline = PAID_DEADLINE_SECONDS + content.size / SLOWEST_BYTES_PER_SECOND
        params = self.access.params or None
        whole, lean = content.whole, self._lean_client()
        try:
            if whole is not None and lean is not None:
                response = await self._timed(
                    lambda tracing: lean.post_once(
                        path, content=whole, params=params, headers={**tracing, **headers}
                    ),
                    "POST",
                    path,
                    deadline=deadline,
                    params=params,
                )
            else:
                client = self._paid = self._paid or self._authorised(keep_alive=False)
                response = await self._send(
                    client,
                    "POST",
                    path,
                    deadline=deadline,
                    content=content.pieces(),
                    headers=headers,
                    params=params,
                )
        except NEVER_SENT as error:
            raise Unavailable(
                f"{self.name} could not be reached ({_kind(error)}).", code=_kind(error)
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise OutcomeUnknown(
                f"{self.name} did not answer ({_kind(error)}). It may have taken the request.",
                code=_kind(error),
            ) from error
        answers.raise_for(
            response, name=self.name, secret=self.access.secret, is_paid=True, explain=self._explain
        )
        return answers.object_in(response, name=self.name, secret=self.access.secret, is_paid=True)

    async def upload(
        self,
        url: str,
        path: Path,
        *,
        headers: Mapping[str, str],
        method: str = "PUT",
        start: int = 0,
        length: int | None = None,
    ) -> None:
        """Stream a file, or `length` bytes of it from `start`, to a presigned address, with the
        headers given and without the key.

        Raises: Unavailable and Throttled, when it did not get there; UploadRefused, when it is
        refused for good at this address, or the address is none, or none to send files to: a fresh
        one may be.
        """
        url = _plain(url, name=self.name)
        size = path.stat().st_size - start if length is None else length
        self._plain = self._plain or self._guarded()
        sent = {**headers, "Content-Length": str(size)}
        began = time.monotonic()
        try:
            links.check(url, self.access)
            async with asyncio.timeout(FREE_DEADLINE_SECONDS + size / SLOWEST_BYTES_PER_SECOND):
                response = await _whole(
                    self._plain, method, url, content=_pieces(path, start, size), headers=sent
                )
        except (ssrf_guard.NoAddress, ValueError):
            raise UploadRefused(
                f"{self.name} gave an upload address that cannot be read.", code=UPLOAD_REFUSED
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            # Not chained: the address is a secret, and the message may hold it.
            raise Unavailable(
                f"The upload to {self.name} broke off ({_kind(error)}).", code=_kind(error)
            ) from None
        except ssrf_guard.AddressNotAllowed as error:
            raise UploadRefused(
                f"{self.name} gave an address to upload to where nothing may be sent. {error}",
                code=UPLOAD_REFUSED,
            ) from error
        _note(logging.INFO, method, f"(upload, {size} bytes)", response, began)
        recording.note(method, recording.UPLOAD, response, url=url)
        answers.raise_for_upload(response, name=self.name, size=path.stat().st_size)

    def _lean_client(self) -> LeanClient | None:
        """Return the lean way for GETs, unless a proxy or a test's own transport stands between."""
        if self._lean is None and self._transport is None and can_be_direct(self.access.base_url):
            headers = {"User-Agent": USER_AGENT, **self._authorisation()}
            self._lean = LeanClient(self.access.base_url, headers=headers, verify=certificates())
        return self._lean

    async def _by_shard(self, method: str, path: str, **content: Any) -> Answer:
        client, busy = self._shard()
        busy[0] += 1
        try:
            return await self._send(client, method, path, deadline=FREE_DEADLINE_SECONDS, **content)
        finally:
            busy[0] -= 1

    def _shard(self) -> tuple[httpx.AsyncClient, list[int]]:
        """Return the first pool with a free connection, a new one, or at the most the least busy."""
        for shard in self._shards:
            if shard[1][0] < SHARD_CONNECTIONS:
                return shard
        if len(self._shards) < MAX_SHARDS:
            self._shards.append((self._authorised(), [0]))
            return self._shards[-1]
        return min(self._shards, key=lambda shard: shard[1][0])

    def _url(self, path: str) -> str:
        return self.access.base_url.rstrip("/") + path

    def _authorisation(self) -> dict[str, str]:
        key = self.access.secret.strip()
        if not key or not key.isascii() or not key.isprintable():
            raise BadCredentials(
                f"The key for {self.name} is missing or holds characters that no key has.",
                code="key",
            )
        if self.spec.auth is Auth.BASIC:
            key = base64.b64encode(key.encode()).decode()
        return {
            "Authorization": f"{self.spec.auth} {key}",
            "Accept": "application/json",
            **self.access.headers,
        }

    def _guarded(self) -> httpx.AsyncClient:
        """Make the pool for addresses that the provider names."""
        options: dict[str, Any] = {
            "headers": {"User-Agent": USER_AGENT, **IDENTITY},
            "timeout": OPERATION,
        }
        if self._transport is not None:
            return httpx.AsyncClient(transport=self._transport, **options)
        return links.client(self.access, limits=_limits(), **options)

    def _authorised(self, *, keep_alive: bool = True) -> httpx.AsyncClient:
        headers = self._authorisation()
        return make_client(
            self.access.base_url, headers=headers, keep_alive=keep_alive, transport=self._transport
        )

    async def _send(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        *,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> Answer:
        content = {key: value for key, value in content.items() if value is not None}
        return await self._timed(
            lambda tracing: _whole(
                client, method, self._url(path), headers={**tracing, **(headers or {})}, **content
            ),
            method,
            path,
            deadline=deadline,
            params=content.get("params"),
        )

    async def _timed(
        self,
        exchange: Callable[[dict[str, str]], Awaitable[Answer]],
        method: str,
        path: str,
        *,
        deadline: float,
        params: Mapping[str, Any] | None,
    ) -> Answer:
        """Make one exchange within its deadline, with a request id of its own, and note how it
        went.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(deadline):
                response = await exchange({"X-Request-Id": str(uuid.uuid4())})
        except httpx.InvalidURL as error:
            raise Unavailable(
                f"The address set for {self.name} is not one.", code="base_url"
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning(
                "%s %s: %s after %.0f ms",
                method,
                path,
                _kind(error),
                (time.monotonic() - began) * 1000,
            )
            raise
        _note(logging.DEBUG if method == "GET" else logging.INFO, method, path, response, began)
        recording.note(method, path, response, params=params)
        return response


async def _whole(client: httpx.AsyncClient, method: str, url: str, **request: Any) -> Answer:
    """Make a call and read its answer as it comes, unpacked here: httpx would unpack any amount.

    Raises: httpx.HTTPError, TooLong among them; httpx.InvalidURL.
    """
    async with client.stream(method, url, **request) as response:
        if (
            response.is_stream_consumed
        ):  # handed over whole, and unpacked, by a transport without a socket
            return Answer(response.status_code, response.headers.raw, response.content)
        came = bytearray()
        async for piece in response.aiter_raw():
            came += piece
            if len(came) > MAX_BODY_BYTES:
                raise TooLong("The answer is too long.")
        return Answer.of(response.status_code, response.headers.raw, bytes(came))


async def _sendable(body: Any, *, name: str) -> InlineBody:
    """Return the body as it is sent.

    Raises: Rejected; Unavailable, when a stored file cannot be brought here yet.
    """
    try:
        if STAGED_LATER in json.dumps(body, ensure_ascii=False):
            raise Rejected(
                f"A file has not been uploaded to {name} yet; nothing was sent.", code="not_staged"
            )
        if not any(stored_files(body)):
            return InlineBody(body)
        async with asyncio.timeout(BRING_SECONDS):  # what comes later lies here for the next try
            return await asyncio.to_thread(InlineBody, body)
    except store.Gone as error:
        raise Rejected(
            "A stored file is not there any more; nothing was sent.", code="file_gone"
        ) from error
    except Refusal as error:
        raise Unavailable(f"{error.message} Nothing was sent.", code=error.code) from error
    except TimeoutError as error:
        raise Unavailable(
            "A stored file is still on its way here; nothing was sent.", code="storage_slow"
        ) from error
    except (TypeError, ValueError) as error:
        raise Rejected(
            "This request cannot be written as JSON; nothing was sent.", code="not_json"
        ) from error


def _note(level: int, method: str, path: str, response: Answer, began: float) -> None:
    if not log.isEnabledFor(level):
        return
    request_id = response.headers.get("X-Request-Id", "-")[:80]
    took = (time.monotonic() - began) * 1000
    log.log(
        level, "%s %s -> %s in %.0f ms [%s]", method, path, response.status_code, took, request_id
    )


def _plain(url: str, *, name: str) -> str:
    """Return an upload address as it is sent: without blanks and line breaks around and in it.

    Raises: UploadRefused, when it is none.
    """
    try:
        return as_sent(url)
    except ValueError:  # not chained: the address is a secret
        raise UploadRefused(
            f"{name} gave an upload address that cannot be read.", code=UPLOAD_REFUSED
        ) from None


def as_sent(url: str) -> str:
    """Return a link without what copying leaves around and in it: blanks, line breaks.

    Raises: ValueError.
    """
    kept = re.sub(r"[\t\r\n]", "", url).strip(_AROUND)
    kept.encode()  # half a character
    parts = urlsplit(kept)
    try:
        httpx.URL(kept)
    except httpx.InvalidURL as error:
        raise ValueError("This is no address.") from error
    if not parts.scheme or (parts.port is not None and not parts.port):
        raise ValueError("This is no whole address.")
    return kept


_AROUND = "".join(map(chr, range(33)))  # as browsers do


def _kind(error: BaseException) -> str:
    """Name an error without its message, which could quote an address."""
    return "deadline" if type(error) is TimeoutError else type(error).__name__


async def _pieces(path: Path, start: int, left: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while left and (piece := await asyncio.to_thread(file.read, min(left, CHUNK_BYTES))):
            left -= len(piece)
            yield piece
