"""Provider calls: one free call to a provider's module, made and waited for."""

import asyncio
from typing import Any

from editorapp.providers import registry
from editorapp.providers.contract import Access
from editorapp.providers.http.session import ProviderSession


def call(
    access: Access,
    name: str,
    *given: Any,
    within_seconds: float | None = None,
    **options: Any,
) -> Any:
    """Return what the provider answers to the call of this name, in so many seconds at most.

    Call it outside a transaction. Raises: ProviderError and its kinds; TimeoutError.
    """
    made = getattr(registry.get(access.provider), name)

    async def answer() -> Any:
        async with asyncio.timeout(within_seconds), ProviderSession(access) as session:
            return await made(*given, session=session, **options)

    return asyncio.run(answer())
