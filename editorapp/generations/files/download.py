"""Download: a provider's short-lived link -> a file on disk, whole or not at all."""

import asyncio

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
        await _collect(url, part, access, max_bytes=max_bytes)
    except (ValueError, ssrf_guard.NoAddress):  # not chained: a link is a secret
        raise BadLink("The link that the provider gave cannot be read.") from None
    except ssrf_guard.AddressNotAllowed as error:
        raise LinkNotAllowed(str(error)) from error
    return part.progress.received


async def _collect(url: str, part: PartialFile, access: Access, *, max_bytes: int) -> None:
    async with links.client(access, timeout=TIMEOUT) as client:
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                for cut in range(CUTS_AT_MOST):
                    await asyncio.sleep(0.2 * cut)
                    if await _go_on(client, url, part, max_bytes=max_bytes):
                        return
        except TimeoutError as error:
            raise CutOff("The download took too long.") from error
        except ssrf_guard.HostNotFound as error:
            raise CutOff(str(error)) from error
        finally:
            part.sync()
    raise CutOff(
        f"The download was cut off {CUTS_AT_MOST} times, last after {part.progress.received:,} bytes."
    )


async def _go_on(client: httpx.AsyncClient, url: str, part: PartialFile, *, max_bytes: int) -> bool:
    """Make one connection and take what comes. Say whether the file is complete now."""
    progress = part.progress
    if progress.total is not None and progress.validator and progress.received == progress.total:
        return True  # an earlier worker had all of it
    try:
        if not await _take(client, url, part, max_bytes=max_bytes):
            progress.received = 0
            return False
    except ssrf_guard.HostNotFound:
        raise
    except CannotUnpack as error:
        _start_over(progress)
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


async def _take(client: httpx.AsyncClient, url: str, part: PartialFile, *, max_bytes: int) -> bool:
    """Take what one connection brings. Say whether what came packed is whole."""
    progress = part.progress
    headers = _headers(progress)
    async with client.stream("GET", url, headers=headers) as response:
        recording.note("GET", recording.LINK, response, url=url)
        unpacker = _begin(response, progress, max_bytes=max_bytes)
        part.go_to(progress.received)
        async for came in response.aiter_raw(256 * 1024):
            for piece in unpacker.pieces(came):
                progress.received += len(piece)
                if progress.received > max_bytes:
                    raise LinkNotAllowed(f"The result is larger than {max_bytes:,} bytes.")
                part.write(piece)
            reached("fetch.part_half")
    return unpacker.is_whole


def _headers(progress: Progress) -> dict[str, str]:
    if not progress.received:
        return dict(IDENTITY)
    place = f"bytes={progress.received}-"
    return {**IDENTITY, "Range": place, "If-Range": progress.validator}


def _start_over(progress: Progress) -> None:
    progress.received = 0
    progress.validator = ""


def _begin(response: httpx.Response, progress: Progress, *, max_bytes: int) -> Unpacker:
    """Read the answer's head: is it the file, from where, how long, and how is it packed although
    nobody asked?
    """
    says = f"The link answered {response.status_code}."
    wait = wait_asked(response.headers)
    if response.status_code in GONE:
        raise LinkExpired(says, retry_after_seconds=wait)
    unpacker = Unpacker(response.headers.get("Content-Encoding", "") if response.is_success else "")
    if response.status_code == 206 and progress.received:
        _check_place(response, progress, is_packed=unpacker.is_needed)
        return unpacker
    if response.status_code == 416:  # what came is not a part of what lies there now
        _start_over(progress)
    if response.status_code != 200:
        raise CutOff(says, retry_after_seconds=wait)
    _note_head(response, progress, is_packed=unpacker.is_needed)
    if progress.total is not None and progress.total > max_bytes:
        raise LinkNotAllowed(
            f"The result would be {progress.total:,} bytes; at most {max_bytes:,} are taken."
        )
    return unpacker


def _check_place(response: httpx.Response, progress: Progress, *, is_packed: bool) -> None:
    """See that a server goes on where it was asked to."""
    place = f"bytes {progress.received}-"
    if is_packed or not response.headers.get("Content-Range", "").startswith(place):
        _start_over(progress)
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
