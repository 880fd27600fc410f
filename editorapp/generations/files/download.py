"""Download: a provider's short-lived link -> a file on disk, whole or not at all."""

import asyncio
from dataclasses import dataclass

import httpx

from editorapp.core import ssrf_guard
from editorapp.core.content_encoding import IDENTITY, CannotUnpack, Unpacker
from editorapp.core.fault_points import reached
from editorapp.generations.files.partial import PartialFile, Progress
from editorapp.providers.contract import Access
from editorapp.providers.http import links, recording
from editorapp.providers.http.retry_after import wait_asked

TOTAL_SECONDS = 900.0
CUTS_AT_MOST = 4
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
GONE = {401, 403, 404, 410}


class NotNow(Exception):
    """The link does not give the file now.

    `retry_after_seconds` is how long its server asks to be left alone.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class LinkExpired(NotNow):
    """The link works no more; the provider can make a fresh one."""


class CutOff(NotNow):
    """The transfer broke off, or the server did not answer well: try again later."""


class BadLink(CutOff):
    """This is no link that anything can be asked of; another answer may hold one."""


class LinkNotAllowed(Exception):
    """The link leads where no result of this provider can be, or to more than a result can weigh."""


async def download(url: str, part: PartialFile, *, access: Access, max_bytes: int) -> int:
    """Stream a link into a part, going on where it was cut, here or by an earlier worker; return
    the file's size.

    Raises: LinkExpired, CutOff, BadLink, NotAllowed. What came stays in the part, but after
    NotAllowed nothing of it is of use.
    """
    try:
        url = links.as_sent(url)
        links.check(url, access)
        async with links.client(access, timeout=TIMEOUT) as client:
            await _Download(client, url, part, max_bytes).collect()
    except (ValueError, ssrf_guard.NoAddress):  # not chained: a link is a secret
        raise BadLink("The link that the provider gave cannot be read.") from None
    except ssrf_guard.AddressNotAllowed as error:
        raise LinkNotAllowed(str(error)) from error
    return part.progress.received


@dataclass(frozen=True)
class _Download:
    """One link, and where what it brings is collected, over all its connections."""

    client: httpx.AsyncClient
    url: str
    part: PartialFile
    max_bytes: int

    async def collect(self) -> None:
        """Collect the whole file. Raises: LinkExpired, CutOff, NotAllowed."""
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                for cut in range(CUTS_AT_MOST):
                    await asyncio.sleep(0.2 * cut)
                    if await self._go_on():
                        return
        except TimeoutError as error:
            raise CutOff("The download took too long.") from error
        except ssrf_guard.HostNotFound as error:
            raise CutOff(str(error)) from error
        finally:
            self.part.sync()
        came = f"{self.part.progress.received:,} bytes"
        raise CutOff(f"The download was cut off {CUTS_AT_MOST} times, last after {came}.")

    async def _go_on(self) -> bool:
        """Make one connection and take what comes. Say whether the file is complete now."""
        progress = self.part.progress
        if (
            progress.total is not None
            and progress.validator
            and progress.received == progress.total
        ):
            return True  # an earlier worker had all of it
        try:
            if not await self._take():
                progress.received = 0
                return False
        except ssrf_guard.HostNotFound:
            raise
        except CannotUnpack as error:
            progress.start_over()
            raise CutOff(f"The link's answer cannot be used. {error}") from error
        except httpx.HTTPError:
            if not progress.validator:
                progress.received = 0  # cannot be taken up: from the start
            return False
        if progress.total is not None and progress.received != progress.total:
            if not progress.validator or progress.received > progress.total:
                progress.received = 0
            return False
        return True

    async def _take(self) -> bool:
        """Take what one connection brings. Say whether what came packed is whole."""
        progress = self.part.progress
        headers = dict(IDENTITY)
        if progress.received:
            headers |= {"Range": f"bytes={progress.received}-", "If-Range": progress.validator}
        async with self.client.stream("GET", self.url, headers=headers) as response:
            recording.note("GET", recording.LINK, response, url=self.url)
            unpacker = self._begin(response, progress)
            self.part.go_to(progress.received)
            async for came in response.aiter_raw(256 * 1024):
                for piece in unpacker.pieces(came):
                    progress.received += len(piece)
                    if progress.received > self.max_bytes:
                        raise LinkNotAllowed(f"The result is larger than {self.max_bytes:,} bytes.")
                    self.part.write(piece)
                reached("fetch.part_half")
        return unpacker.is_whole

    def _begin(self, response: httpx.Response, progress: Progress) -> Unpacker:
        """Read the answer's head: is it the file, from where, how long, and how is it packed
        although nobody asked?
        """
        says = f"The link answered {response.status_code}."
        wait = wait_asked(response.headers)
        if response.status_code in GONE:
            raise LinkExpired(says, retry_after_seconds=wait)
        packed = response.headers.get("Content-Encoding", "") if response.is_success else ""
        unpacker = Unpacker(packed)
        if response.status_code == 206 and progress.received:
            _check_place(response, progress, is_packed=unpacker.is_needed)
            return unpacker
        if response.status_code == 416:  # what came is not a part of what lies there now
            progress.start_over()
        if response.status_code != 200:
            raise CutOff(says, retry_after_seconds=wait)
        _note_head(response, progress, is_packed=unpacker.is_needed)
        if progress.total is not None and progress.total > self.max_bytes:
            raise LinkNotAllowed(
                f"The result would be {progress.total:,} bytes; at most {self.max_bytes:,} are taken."
            )
        return unpacker


def _check_place(response: httpx.Response, progress: Progress, *, is_packed: bool) -> None:
    """See that a server goes on where it was asked to."""
    place = f"bytes {progress.received}-"
    if is_packed or not response.headers.get("Content-Range", "").startswith(place):
        progress.start_over()
        raise CutOff("The server went on at another place than asked.")


def _note_head(response: httpx.Response, progress: Progress, *, is_packed: bool) -> None:
    """Note what a whole answer says of itself.

    Of what comes packed neither the length nor a place to go on from is known.
    """
    head = response.headers
    length = "" if is_packed else head.get("Content-Length", "")
    etag = head.get("ETag", "")
    is_other = is_packed or bool(etag and progress.validator and etag != progress.validator)
    progress.received = 0
    # A length that was announced once holds where a later answer announces none: less is a cut.
    progress.total = int(length) if length.isdecimal() else None if is_other else progress.total
    progress.media_type = head.get("Content-Type", "")[:100]
    takes_ranges = head.get("Accept-Ranges", "") == "bytes" and not is_packed
    progress.validator = etag if takes_ranges and etag and not etag.startswith("W/") else ""
