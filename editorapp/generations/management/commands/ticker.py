"""`python manage.py ticker`: the small process that wakes the queue once a second."""

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from editorapp.generations.worker.ticker import Ticker
from editorapp.teams import audit_origin

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Wake the queue workers when something is due. Run exactly one; a second one waits."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopping.set())
        with audit_origin.this_process_is(audit_origin.ENGINE):
            _tick_until(stopping)


def _tick_until(stopping: threading.Event) -> None:
    ticker = Ticker()
    while not stopping.is_set():
        began = time.monotonic()
        try:
            close_old_connections()
            ticker.tick(timezone.now())
        except DatabaseError:
            log.exception("The database did not answer; trying again in a second")
        stopping.wait(max(0.0, 1.0 - (time.monotonic() - began)))
    ticker.stop(timezone.now())
