"""A provider's short-lived link -> a file on disk, whole or not at all."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

import httpx

from editorapp.core.fault_points import reached
from editorapp.generations.files.parts import Part, Progress
from editorapp.providers.contract import Access

TOTAL_SECONDS = 900.0
CUTS_AT_MOST = 4
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
GONE = {401, 403, 404, 410}


class LinkExpired(Exception):
    """The link works no more; the provider can make a fresh one."""


class CutOff(Exception):
    """The transfer broke off, or the server did not answer well: try again later."""


class NotAllowed(Exception):
    """The link leads where no result of this provider can be, or to more than a result can weigh."""


async def download(url: str, part: Part, *, access: Access, max_bytes: int) -> int:
    """Stream a link into a part, going on where it was cut, here or by an earlier worker; return the file's size.

    Raises: LinkExpired, CutOff, NotAllowed. What came stays in the part, but after NotAllowed nothing of it is of use.
    """
    await check_host(url, access)
    # No redirect: the host that was checked is the one that is asked.
    trust_env = not access.is_simulated  # a proxy is for the outside
    async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=trust_env) as client:
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                for cut in range(CUTS_AT_MOST):
                    await asyncio.sleep(0.2 * cut)
                    if await _go_on(client, url, part, max_bytes=max_bytes):
                        return part.progress.received
        except TimeoutError as error:
            raise CutOff("The download took too long.") from error
        finally:
            part.sync()
    raise CutOff(f"The download was cut off {CUTS_AT_MOST} times, last after {part.progress.received:,} bytes.")


async def _go_on(client: httpx.AsyncClient, url: str, part: Part, *, max_bytes: int) -> bool:
    """Make one connection and take what comes. Say whether the file is complete now."""
    progress = part.progress
    if progress.total is not None and progress.validator and progress.received == progress.total:
        return True  # an earlier worker had all of it
    headers = {"Accept-Encoding": "identity"}
    if progress.received:
        headers |= {"Range": f"bytes={progress.received}-", "If-Range": progress.validator}
    try:
        async with client.stream("GET", url, headers=headers) as response:
            _begin(response, progress, max_bytes=max_bytes)
            part.go_to(progress.received)
            async for piece in response.aiter_raw(256 * 1024):
                progress.received += len(piece)
                if progress.received > max_bytes:
                    raise NotAllowed(f"The result is larger than {max_bytes:,} bytes.")
                part.write(piece)
                reached("fetch.part_half")
    except httpx.HTTPError:
        if not progress.validator:
            progress.received = 0  # cannot be taken up: from the start
        return False
    if progress.total is not None and progress.received != progress.total:
        if not progress.validator or progress.received > progress.total:
            progress.received = 0
        return False
    return True


def _begin(response: httpx.Response, progress: Progress, *, max_bytes: int) -> None:
    """Read the answer's head: is it the file, from where, and how long?"""
    if response.status_code in GONE:
        raise LinkExpired(f"The link answered {response.status_code}.")
    if response.status_code == 206 and progress.received:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {progress.received}-"):
            progress.received, progress.validator = 0, ""
            raise CutOff("The server went on at another place than asked.")
        return
    if response.status_code == 416:  # what came is not a part of what lies there now
        progress.received, progress.validator = 0, ""
    if response.status_code != 200:
        raise CutOff(f"The link answered {response.status_code}.")
    length = response.headers.get("Content-Length", "")
    progress.received = 0
    progress.total = int(length) if length.isdigit() else None
    etag = response.headers.get("ETag", "")
    takes_ranges = response.headers.get("Accept-Ranges", "") == "bytes"
    progress.validator = etag if takes_ranges and etag and not etag.startswith("W/") else ""
    if progress.total is not None and progress.total > max_bytes:
        raise NotAllowed(f"The result would be {progress.total:,} bytes; at most {max_bytes:,} are taken.")


async def check_host(url: str, access: Access) -> None:
    """Let a link through only to where results of this account can lie.

    A simulated account: the simulator itself. Any other: https, on a public address.
    Raises: NotAllowed.
    """
    parts, base = urlsplit(url), urlsplit(access.base_url)
    if (parts.scheme, parts.netloc) == (base.scheme, base.netloc):
        return
    if access.is_simulated:
        raise NotAllowed("A simulated result lies with the simulator and nowhere else.")
    if parts.scheme != "https" or not parts.hostname:
        raise NotAllowed("Results are fetched over https only.")
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CutOff(f"The host {parts.hostname} cannot be found.") from error
    if not all(_is_public(info[4][0]) for info in found):
        raise NotAllowed(f"The host {parts.hostname} is not on the public network.")


def _is_public(address: str | int) -> bool:
    """Is this an ordinary public address? IPv4 inside an IPv6 address counts as what it is."""
    ip = ipaddress.ip_address(str(address).split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return _is_public(str(inner))
        if any(ip in net for net in _ODD_NETWORKS):
            return False
    return ip.is_global and not ip.is_multicast


# is_global says True for these: NAT64, v4-compatible, site-local.
_ODD_NETWORKS = tuple(ipaddress.IPv6Network(net) for net in ("64:ff9b::/96", "::/96", "fec0::/10"))
