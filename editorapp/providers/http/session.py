"""Session: the one way out to a provider, with deadlines, errors in our words, and nothing secret
in any log.
"""

import asyncio
import base64
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx

from editorapp.core import ssrf_guard
from editorapp.core.content_encoding import IDENTITY
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
from editorapp.providers.http import connections, error_mapping, links, recording, response_body
from editorapp.providers.http.connections import NEVER_SENT
from editorapp.providers.http.error_mapping import UPLOAD_REFUSED
from editorapp.providers.http.inline_body import InlineBody, stored_files
from editorapp.providers.spec import Auth, Spec

log = logging.getLogger(__name__)
# Their own lines show whole URLs (presigned queries) at INFO and headers at DEBUG.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

# Whole calls have deadlines of their own; what a single step may take counts beside them.
CALL_STEPS = httpx.Timeout(None, connect=5.0).as_dict()
UPLOAD_STEPS = httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=10.0).as_dict()
PAID_DEADLINE_SECONDS = 60.0
FREE_DEADLINE_SECONDS = 20.0
# for a file from a bucket, before the post: with PAID_DEADLINE_SECONDS less than the dispatcher waits
FETCH_STORED_SECONDS = 12.0
CHUNK_BYTES = 256 * 1024
SLOWEST_BYTES_PER_SECOND = 128 * 1024
USER_AGENT = "Rushes/0.1"

MakeTransport = Callable[[Access], httpx.AsyncBaseTransport]


class ProviderSession:
    """The connections of one account for as long as an event loop runs.

    Use it with `async with`.
    """

    def __init__(
        self,
        access: Access,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.access = access
        module = registry.get(access.provider)
        self.spec: Spec = module.SPEC
        self._explain: error_mapping.Explain | None = getattr(module, "explain", None)
        self.name = self.spec.name
        self._given = transport
        self._transports: dict[MakeTransport, httpx.AsyncBaseTransport] = {}

    def __repr__(self) -> str:
        return f"<Session with {self.name}, account {self.access.account_id}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        made, self._transports = list(self._transports.values()), {}
        for transport in made:
            await transport.aclose()
        await asyncio.sleep(0)  # a turn of the loop, in which sockets are let go

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> dict[str, Any]:
        """Make a free call and return its JSON object; an empty answer is an empty one.

        All text in it is clean (core/sanitizing.py), but nothing says that a value has the type it
        should.
        Raises: Rejected and its kinds, NotFound, Throttled; Unreadable, where what came makes no
                sense; Unavailable for everything else that a later try may mend.
        """
        request = self._request(method, path, params=params, json=body)
        try:
            response = await self._send(
                connections.for_free, request, path, deadline=FREE_DEADLINE_SECONDS
            )
        except response_body.TooLong as error:
            most = response_body.MAX_ANSWER_BYTES
            says = f"{self.name} gave an answer that is longer than {most:,} bytes."
            raise Unreadable(says, code="too_long") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._unavailable("did not answer", error) from error
        return self._object_in(response)

    def _unavailable(self, says: str, error: Exception) -> Unavailable:
        return Unavailable(f"{self.name} {says} ({_kind(error)}).", code=_kind(error))

    async def pay(self, path: str, *, body: Any, idempotency_key: str) -> dict[str, Any]:
        """Send the paid POST, exactly once, and return the provider's JSON object.

        It gets a connection of its own: an idle one that the provider closes in the same moment
        would leave the outcome unknown for no reason. Stored files that the body names (see
        inline_body.py) are streamed into it.

        Raises: Rejected and its kinds, Throttled (nothing queued, nothing charged), a body that
        cannot be written or still names a file that is not staged among them; Unavailable (never
        arrived); OutcomeUnknown for every other end, 5xx included.
        """
        content = await _sendable(body, name=self.name)
        try:
            response = await self._pay(path, content, idempotency_key=idempotency_key)
        except NEVER_SENT as error:
            raise self._unavailable("could not be reached", error) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise OutcomeUnknown(
                f"{self.name} did not answer ({_kind(error)}). It may have taken the request.",
                code=_kind(error),
            ) from error
        finally:
            content.close()
        return self._object_in(response, is_paid=True)

    async def _pay(
        self,
        path: str,
        content: InlineBody,
        *,
        idempotency_key: str,
    ) -> httpx.Response:
        headers = {
            "Idempotency-Key": idempotency_key,
            "Content-Type": "application/json",
            "Content-Length": str(content.size),
            "Connection": "close",
        }
        request = self._request("POST", path, headers=headers, content=content.pieces())
        deadline = PAID_DEADLINE_SECONDS + content.size / SLOWEST_BYTES_PER_SECOND
        return await self._send(connections.for_paid, request, path, deadline=deadline)

    async def upload(
        self,
        url: str,
        path: Path,
        *,
        headers: Mapping[str, str],
        start: int = 0,
        length: int | None = None,
    ) -> None:
        """Stream a file, or `length` bytes of it from `start`, to a presigned address, with the
        headers given and without the key.

        Raises: Unavailable and Throttled, when it did not get there; UploadRefused, when it is
        refused for good at this address, or the address is none, or none to send files to: a fresh
        one may be.
        """
        whole = path.stat().st_size
        size = whole - start if length is None else length
        try:
            url = links.as_sent(url)
            links.check(url, self.access)
            request = httpx.Request(
                "PUT",
                url,
                headers={**_COMMON, **headers, "Content-Length": str(size)},
                content=_pieces(path, start, size),
                extensions={"timeout": UPLOAD_STEPS},
            )
            response = await self._send(
                connections.for_links,
                request,
                f"(upload, {size} bytes)",
                deadline=FREE_DEADLINE_SECONDS + size / SLOWEST_BYTES_PER_SECOND,
                heard_as=recording.UPLOAD,
            )
        # The first two are not chained: the address is a secret, and the message may hold it.
        except (httpx.HTTPError, TimeoutError) as error:
            says = f"The upload to {self.name} broke off ({_kind(error)})."
            raise Unavailable(says, code=_kind(error)) from None
        except (ssrf_guard.NoAddress, ValueError):
            says = f"{self.name} gave an upload address that cannot be read."
            raise UploadRefused(says, code=UPLOAD_REFUSED) from None
        except ssrf_guard.AddressNotAllowed as error:
            says = f"{self.name} gave an address to upload to where nothing may be sent. {error}"
            raise UploadRefused(says, code=UPLOAD_REFUSED) from error
        error_mapping.raise_for_upload(response, name=self.name, size=whole)

    def _transport(self, make: MakeTransport) -> httpx.AsyncBaseTransport:
        if self._given is not None:
            return self._given
        if make not in self._transports:
            self._transports[make] = make(self.access)
        return self._transports[make]

    @cached_property
    def _headers(self) -> dict[str, str]:
        """What every request says. Raises: BadCredentials."""
        return {
            **_COMMON,
            "Authorization": f"{self.spec.auth} {self._credential()}",
            "Accept": "application/json",
            **self.access.headers,
        }

    def _credential(self) -> str:
        key = self._key()
        is_basic = self.spec.auth is Auth.BASIC
        return base64.b64encode(key.encode()).decode() if is_basic else key

    def _key(self) -> str:
        key = self.access.secret.strip()
        if not _can_be_sent(key):
            says = f"The key for {self.name} is missing or holds characters that no key has."
            raise BadCredentials(says, code="key")
        return key

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Request:
        """Write a request to a path below the base URL, with an id of its own.

        Raises: BadCredentials, Unavailable.
        """
        try:
            return httpx.Request(
                method,
                self.access.base_url.rstrip("/") + path,
                params={**self.access.params, **(params or {})} or None,
                headers={**self._headers, "X-Request-Id": str(uuid.uuid4()), **(headers or {})},
                extensions={"timeout": CALL_STEPS},
                **content,
            )
        except httpx.InvalidURL as error:
            raise Unavailable(
                f"The address set for {self.name} is not one.", code="base_url"
            ) from error

    async def _send(
        self,
        make: MakeTransport,
        request: httpx.Request,
        path: str,
        *,
        deadline: float,
        heard_as: str = "",
    ) -> httpx.Response:
        """Make one exchange within its deadline, and note how it went.

        `path` is what the log shows, and whoever listens to it hears, unless `heard_as` says else.
        """
        method, began = request.method, time.monotonic()
        try:
            async with asyncio.timeout(deadline):
                response = await connections.exchange(self._transport(make), request)
        except (httpx.HTTPError, TimeoutError) as error:
            took = (time.monotonic() - began) * 1000
            log.warning("%s %s: %s after %.0f ms", method, path, _kind(error), took)
            raise
        log.log(
            logging.DEBUG if method == "GET" else logging.INFO,
            "%s %s -> %s in %.0f ms [%s]",
            method,
            path,
            response.status_code,
            (time.monotonic() - began) * 1000,
            response.headers.get("X-Request-Id", "-")[:80],
        )
        recording.note(method, heard_as or path, response, params=request.url.params)
        return response

    def _object_in(self, response: httpx.Response, *, is_paid: bool = False) -> dict[str, Any]:
        """Raises: what an answer outside 2xx means, or one that cannot be read."""
        name, secret = self.name, self.access.secret
        error_mapping.raise_for(
            response, name=name, secret=secret, is_paid=is_paid, explain=self._explain
        )
        return response_body.object_in(
            response,
            name=name,
            secret=secret,
            is_paid=is_paid,
        )


_COMMON = {"User-Agent": USER_AGENT, **IDENTITY}


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
        async with asyncio.timeout(FETCH_STORED_SECONDS):  # what comes later lies here next time
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


def _kind(error: BaseException) -> str:
    """Name an error without its message, which could quote an address."""
    return "deadline" if type(error) is TimeoutError else type(error).__name__


def _can_be_sent(key: str) -> bool:
    return bool(key) and key.isascii() and key.isprintable()


async def _pieces(path: Path, start: int, left: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while left and (piece := await asyncio.to_thread(file.read, min(left, CHUNK_BYTES))):
            left -= len(piece)
            yield piece
