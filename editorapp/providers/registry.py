"""Provider registry: every module in `vendors`, looked for by name and imported on first use.

So it stands below the session that a provider's own module is written with.
"""

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

VENDORS = "editorapp.providers.vendors"
# The order in which people see them; others follow by name.
FIRST = ("luma-agents", "gmi-cloud", "scenario")


class UnknownProvider(LookupError):
    """There is no provider of this name."""


@cache
def get(slug: str) -> ModuleType:
    """Return the module of a provider: SPEC, PRICES, encode, endpoint, decode, stage, submit, poll,
    ping.

    Where a model's price must be asked for, it has `quote` too; where the provider's own limits can
    be read, `discover`; where its documents say how it answers, DOCUMENTS.

    Raises: UnknownProvider, when there is no such module.
    """
    if slug not in slugs():
        raise UnknownProvider(f"There is no provider {slug!r}; there are: {', '.join(slugs())}.")
    return import_module(_module_name(slug))


def _module_name(slug: str) -> str:
    return f"{VENDORS}.{slug.replace('-', '_')}"


def every() -> tuple[ModuleType, ...]:
    """Return the module of every provider, in the order in which people see them."""
    return tuple(map(get, slugs()))


def slugs() -> tuple[str, ...]:
    """Return the names of all providers, in the order in which people see them."""
    return _names(*import_module(VENDORS).__path__)


@cache
def _names(*folders: str) -> tuple[str, ...]:
    """Look into the folders once: every page asks several times."""
    modules = pkgutil.iter_modules(folders)
    found = sorted(module.name.replace("_", "-") for module in modules)
    firsts = (slug for slug in FIRST if slug in found)
    return tuple(dict.fromkeys((*firsts, *found)))
