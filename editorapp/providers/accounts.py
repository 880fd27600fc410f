"""Which accounts there are to work with."""

from editorapp.providers import registry
from editorapp.providers.models import key_in_environment


def all_simulated() -> bool:
    """Is there no key of any real provider? Then everything is tried against the simulator."""
    return not any(key_in_environment(registry.get(slug).SPEC) for slug in registry.slugs())
