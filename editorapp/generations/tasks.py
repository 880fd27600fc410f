"""What the queue may call: an id in, one verb called.

Delivered twice, late or never, it changes nothing.

A task about what is gone, a row or a provider whose module was taken away, ends quietly: nothing is
to be done.
"""

from django.utils import timezone

from editorapp.alerts import telling
from editorapp.generations.engine import sweep
from editorapp.generations.files import frames
from editorapp.generations.files import transfer as transfers
from editorapp.generations.request import asking
from editorapp.generations.running import health, wake
from editorapp.generations.unknown import search as searches
from editorapp.generations.verifying import checks
from editorapp.generations.watch import lookout
from editorapp.providers import registry


def work(provider: str) -> None:
    """Look after all that is due at a provider."""
    if provider in registry.slugs():
        sweep.work(provider)


def transfer(lane: int) -> None:
    """Carry files: sources to providers, results home."""
    transfers.transfer(lane)


def fetch_frames(generation_id: int) -> None:
    """Fetch the EXR frames of a take that is done without them."""
    frames.fetch_frames(generation_id, now=timezone.now())


def search(provider: str) -> None:
    """Look for paid calls of unknown outcome in a provider's own list of jobs."""
    if provider in registry.slugs():
        searches.search(provider)


def ask_price(asked_id: int) -> None:
    """Ask a provider what a draft would cost."""
    asking.answer(asked_id)


def verify(verification_id: int) -> None:
    """Make the free checks of a verification."""
    checks.run(verification_id)


def beat() -> None:
    """Show that the cluster works: see running/health.py."""
    now = timezone.now()
    wake.answered("beat", now=now)
    health.beat("cluster", now=now)


def tell() -> None:
    """Tell people what needs them."""
    now = timezone.now()
    wake.answered("tell", now=now)
    telling.tell(now)


def check_books() -> None:
    """Check the ledger."""
    now = timezone.now()
    wake.answered("books", now=now)
    lookout.check_books(now)
