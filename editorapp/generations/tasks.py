"""Tasks that the queue may call: an id in, one verb called.

Delivered twice, late or never, it changes nothing.

A task about what is gone, a row or a provider whose module was taken away, ends quietly: nothing is
to be done.
"""

from django.utils import timezone

from editorapp.alerts import delivery
from editorapp.generations import trash
from editorapp.generations.branches import advance
from editorapp.generations.checks import alert_checks
from editorapp.generations.coordination import heartbeat, wake
from editorapp.generations.engine import sweep
from editorapp.generations.engine import transfer as transfers
from editorapp.generations.files import ingest
from editorapp.generations.reconcile import search as searches
from editorapp.generations.request import quotes
from editorapp.generations.verification import checks
from editorapp.inbox import mail, webhooks
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
    ingest.fetch_frames(generation_id, now=timezone.now())


def search(provider: str) -> None:
    """Look for paid calls of unknown outcome in a provider's own list of jobs."""
    if provider in registry.slugs():
        searches.search(provider)


def ask_price(asked_id: int) -> None:
    """Ask a provider what a draft would cost."""
    quotes.fetch(asked_id)


def verify(verification_id: int) -> None:
    """Make the free checks of a verification."""
    checks.run(verification_id)


def run_branches() -> None:
    """Send what may follow in branches that are run again."""
    now = timezone.now()
    wake.answered("run_branches", now=now)
    advance.advance_all(now)


def beat() -> None:
    """Show that the cluster works: see coordination/heartbeat.py."""
    now = timezone.now()
    wake.answered("beat", now=now)
    heartbeat.beat("cluster", now=now)


def tell() -> None:
    """Tell people what needs them."""
    now = timezone.now()
    wake.answered("tell", now=now)
    delivery.tell(now)


def notify() -> None:
    """Mail and post to people and webhooks what happened."""
    now = timezone.now()
    wake.answered("notify", now=now)
    mail.send_due(now)
    webhooks.deliver_due(now)


def empty_trash() -> None:
    """Delete the files of what has been in the trash for long enough."""
    now = timezone.now()
    wake.answered("empty_trash", now=now)
    trash.sweep(now)


def check_books() -> None:
    """Check the ledger."""
    now = timezone.now()
    wake.answered("check_books", now=now)
    alert_checks.check_books(now)
