"""Engine watchdog: looks at the engine from outside it.

A dead engine raises no alarm, and its queue delivers no mail.
"""

import logging
import threading
from datetime import datetime

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from editorapp.alerts import delivery
from editorapp.generations.checks import alert_checks

log = logging.getLogger(__name__)
EVERY_SECONDS = 30.0


def look(now: datetime) -> None:
    """Raise a dead engine and a full disk; tell it ourselves where the engine cannot."""
    try:
        alert_checks.disk(now)
        if not alert_checks.engine(now):
            delivery.tell(now)
    except DatabaseError as error:
        log.warning("The engine watchdog cannot see: %s", type(error).__name__)


def start() -> None:
    """Look once in a while for as long as this process lives."""
    threading.Thread(target=_watch, name="engine-watchdog", daemon=True).start()


def _watch() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY_SECONDS):
        close_old_connections()
        try:
            look(timezone.now())
        except Exception:
            log.exception("The engine watchdog failed; it looks again")
        finally:
            close_old_connections()
