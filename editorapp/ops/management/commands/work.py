"""Work command, `manage.py work`: the engine alone, that is the queue's workers and a ticker under
the supervisor.
"""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from editorapp.generations.engine.dispatcher import POST_SECONDS
from editorapp.ops import engine_watchdog, preparing
from editorapp.ops.management.server_command import ServerCommand
from editorapp.ops.processes import Processes
from editorapp.ops.supervisor import look_after, start_engine, start_simulator

# Longer than a paid call may take, with its answer's writing: killed before that, its outcome would
# be unknown.
GRACE_SECONDS = POST_SECONDS + 5


class Command(ServerCommand):
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

    def handle(
        self,
        *args: Any,
        simulator: bool,
        grace: float,
        **options: Any,
    ) -> None:
        # SQLite is for one machine, and its folder has one engine. On PostgreSQL there may be others.
        instead = (
            "Stop that first; several engines at once need a PostgreSQL, named by DATABASE_URL."
        )
        with self.supervising("an engine", instead=instead, is_alone=not settings.IS_SHARED):
            self._run(simulator=simulator, grace=grace)

    def _run(self, *, simulator: bool, grace: float) -> None:
        preparing.prepare(self.say)
        preparing.warn(self.say)
        processes = Processes(say=self.say, into_files=False)
        try:
            if simulator:
                start_simulator(processes)
            start_engine(processes)
            engine_watchdog.start()
            self.say(
                f"The engine runs: {settings.Q_CLUSTER['workers']} queue workers and a ticker."
            )
            while True:
                time.sleep(1)
                look_after(processes)
        finally:
            self.say(f"Stopping: waiting up to {grace:g} s for what is under way ...")
            processes.stop(seconds=grace)
