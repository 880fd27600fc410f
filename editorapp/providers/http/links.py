"""Links that a provider names: where its results lie and where its uploads go, and what of that is
followed.

What lies at the account's own base URL is as far as an admin has sent it already, and is reached
like it. Anything else must be on the public network (core/ssrf_guard.py); a simulated account has
nothing else at all.
"""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from editorapp.core import ssrf_guard
from editorapp.core.ssrf_guard import AddressNotAllowed
from editorapp.providers.contract import Access


def check(url: str, access: Access) -> None:
    """Let a link through that can lead to this account's provider. Looks nothing up.

    Raises: AddressNotAllowed.
    """
    if _is_own(url, access):
        return
    if access.is_simulated:
        raise AddressNotAllowed("What is simulated lies with the simulator and nowhere else.")
    ssrf_guard.judged(url)


def client(access: Access, **options: Any) -> httpx.AsyncClient:
    """Make a client for links that passed `check`: it judges where each request really goes."""
    return ssrf_guard.guarded_client(transport(access), **options)


def transport(access: Access, **options: Any) -> ssrf_guard.GuardedTransport:
    """Make what such a client is made of."""
    return ssrf_guard.GuardedTransport(
        trusts=lambda url: _is_own(url, access), uses_proxy=not access.is_simulated, **options
    )


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


def _is_own(url: str | httpx.URL, access: Access) -> bool:
    own = ssrf_guard.origin(url) == ssrf_guard.origin(access.base_url)
    return own and not httpx.URL(url).userinfo
