"""Links that a provider names: where its results lie and where its uploads go, and what of that is
followed.

What lies at the account's own base URL is as far as an admin has sent it already, and is reached
like it. Anything else must be on the public network (core/ssrf_guard.py); a simulated account has
nothing else at all.
"""

from typing import Any

import httpx

from editorapp.core import ssrf_guard
from editorapp.core.ssrf_guard import AddressNotAllowed
from editorapp.providers.contract import Access


def check(url: str, access: Access) -> None:
    """Let a link through that can lead to this account's provider. Looks nothing up.

    Raises: NotAllowed.
    """
    if _is_own(url, access):
        return
    if access.is_simulated:
        raise AddressNotAllowed("What is simulated lies with the simulator and nowhere else.")
    ssrf_guard.judged(url)


def client(access: Access, **options: Any) -> httpx.AsyncClient:
    """Make a client for links that passed `check`: it judges where each request really goes."""
    return ssrf_guard.guarded_client(
        trusts=lambda url: _is_own(url, access), uses_proxy=not access.is_simulated, **options
    )


def _is_own(url: str | httpx.URL, access: Access) -> bool:
    own = ssrf_guard.origin(url) == ssrf_guard.origin(access.base_url)
    return own and not httpx.URL(url).userinfo
