"""`python manage.py work`: the engine alone, that is the queue's workers and a ticker, looked
after.
"""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from editorapp.generations.engine.dispatcher import POST_SECONDS
from editorapp.ops import engine_watchdog, preparing
from editorapp.ops.processes import STOPPED, Interrupted, NotStarted, Processes, stop_when_asked
from editorapp.ops.supervisor import EngineLock, look_after, start_engine, start_simulator

# Longer than a paid call may take, with its answer's writing: killed before that, its outcome would
# be unknown.
GRACE_SECONDS = POST_SECONDS + 5


class Command(BaseCommand):
    help = (
        "Run the engine alone: queue workers and a ticker, restarted when they die or hang. On PostgreSQL any number "
        "of machines may run it; leases in the database say who does what."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--simulator",
            action="store_true",
            help="run the simulator too, for accounts without a key",
        )
        parser.add_argument(
            "--grace",
            type=float,
            default=GRACE_SECONDS,
            metavar="SECONDS",
            help="how long to wait at the end for what is under way (default %(default)g)",
        )

    def handle(self, *args: Any, simulator: bool, grace: float, **options: Any) -> None:
        stop_when_asked()
        try:
            with EngineLock() as lock:
                # SQLite is for one machine, and its folder has one engine. On PostgreSQL there may
                # be others.
                if not settings.IS_SHARED and not lock.take("an engine"):
                    raise CommandError(
                        f"The data folder {settings.DATA_DIR} is in use by {EngineLock.holder()}. Stop that first; "
                        "several engines at once need a PostgreSQL, named by DATABASE_URL."
                    )
                self._run(simulator=simulator, grace=grace)
        except Interrupted:
            self._say(STOPPED)
        except NotStarted as error:
            raise CommandError(str(error)) from error

    def _run(self, *, simulator: bool, grace: float) -> None:
        preparing.prepare(self._say)
        preparing.warn(self._say)
        processes = Processes({}, say=self._say, into_files=False)
        try:
            if simulator:
                start_simulator(processes)
            start_engine(processes)
            engine_watchdog.start()
            self._say(
                f"The engine runs: {settings.Q_CLUSTER['workers']} queue workers and a ticker."
            )
            while True:
                time.sleep(1)
                look_after(processes)
        finally:
            self._say(f"Stopping: waiting up to {grace:g} s for what is under way ...")
            processes.stop(seconds=grace)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
