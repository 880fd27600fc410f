"""The providers there are: a slug and the module that speaks to it, imported on first use."""

from functools import cache
from importlib import import_module
from types import ModuleType

PROVIDERS = {
    "luma-agents": "editorapp.providers.luma_agents",
}


class UnknownProvider(LookupError):
    """There is no provider of this name."""


@cache
def get(slug: str) -> ModuleType:
    """Return the module of a provider: SPEC, encode, decode, stage, submit, poll, ping.

    Raises: UnknownProvider, when the slug is not registered.
    """
    if slug not in PROVIDERS:
        raise UnknownProvider(f"There is no provider {slug!r}; there are: {', '.join(PROVIDERS)}.")
    return import_module(PROVIDERS[slug])


def slugs() -> tuple[str, ...]:
    return tuple(PROVIDERS)
