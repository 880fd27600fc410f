"""Options of the simulator, each also an argument of its command."""

from dataclasses import dataclass
from pathlib import Path

# Luma's; a provider with a rule of its own follows that until this is set
DEFAULT_URL_LIFETIME = 3600.0


@dataclass(frozen=True)
class Options:
    """How the simulator behaves.

    Seconds; `rpm` and `concurrent` are per API client, 0 for no limit.
    """

    folder: Path
    queue_seconds: float = 1.0
    render_seconds: float = 0.0
    any_media: bool = False
    no_render: bool = False
    url_lifetime: float = DEFAULT_URL_LIFETIME
    rpm: int = 300
    concurrent: int = 100
    renderers: int = 1
