"""Studio command, `manage.py studio --port N`: the supervisor of a whole studio, one process that
starts and stops all the others.
"""

import time
import webbrowser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import DatabaseError

from editorapp.generations.models import Attempt
from editorapp.ops import preparing, web_server
from editorapp.ops.management.commands.link import sign_in_link
from editorapp.ops.management.server_command import ServerCommand, add_address
from editorapp.ops.processes import Processes
from editorapp.ops.supervisor import look_after, start_engine, start_simulator
from editorapp.providers import accounts
from editorapp.providers.models import KeyOrigin, ProviderAccount
from editorapp.teams.sign_in import SIGN_IN_LINK_HOURS

ORIGINS = {
    KeyOrigin.ENVIRONMENT: "real, its key is in the environment",
    KeyOrigin.ADMIN: "real, its key was entered by an admin",
    KeyOrigin.SIMULATED: "simulated",
}


class Command(ServerCommand):
    help = "Start the studio: web server, queue workers, ticker and (without a provider key) the simulator."

    def add_arguments(self, parser: CommandParser) -> None:
        add_address(parser)
        parser.add_argument(
            "--simulator",
            action="store_true",
            help="start the simulator although a key is configured",
        )
        parser.add_argument(
            "--open",
            action="store_true",
            help="open the sign-in link in a browser",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        web_server.take_port(options["host"], options["port"], instead="make run PORT={port}")
        instead = "Stop that first, or give this studio a folder of its own with RUSHES_DATA_DIR."
        with self.supervising("a studio", instead=instead):
            self._run(**options)

    def _run(
        self,
        *,
        host: str,
        port: int,
        simulator: bool,
        open: bool,
        **_: Any,
    ) -> None:
        self.say(f"Preparing the data folder {settings.DATA_DIR} ...")
        owner = preparing.prepare(self.say)
        web_server.collect_static_files()
        found, is_simulated = accounts.in_use(accounts.made()), accounts.all_simulated()
        processes = Processes(say=self.say)
        try:
            if is_simulated or simulator or _is_simulating():
                start_simulator(processes)
            start_engine(processes)
            processes.start("web server", *web_server.granian(host, port))
            url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
            processes.wait_until("web server", lambda: web_server.answers(url))
            link = sign_in_link(owner.user, url)
            self._welcome(found, is_simulated, link)
            if open:
                webbrowser.open(link)
            self._look_after(processes)
        finally:
            self.say("Stopping ...")
            processes.stop()

    def _look_after(self, processes: Processes) -> None:
        while True:
            time.sleep(1)
            look_after(processes)
            if "simulator" not in processes.children and _needs_simulator():
                start_simulator(processes)

    def _welcome(
        self,
        found: list[ProviderAccount],
        is_simulated: bool,
        link: str,
    ) -> None:
        self.say("\nRushes is running. Provider accounts:")
        for account in found:
            self.say(f"    {account.name}: {account.problem or ORIGINS[account.origin]}")
        for account in accounts.unproven(accounts.made()) if is_simulated else []:
            self.say(
                f"    {account.name}: {ORIGINS[account.origin]}; used once it has passed its test, in a moment"
            )
        if not found:
            self.say("    none")
        if is_simulated:
            self.say(
                "Takes stay on this machine and cost nothing; every result is marked as simulated."
            )
        self.say(
            "Open this link to sign in as the owner "
            f"(it works once, for {SIGN_IN_LINK_HOURS} hours; each start prints a new one):"
        )
        self.say(f"\n    {link}\n\nCtrl-C stops everything.")


def _needs_simulator() -> bool:
    """Has the last real account gone since the start?"""
    try:
        return accounts.all_simulated()
    except DatabaseError:
        return False  # says nothing about accounts; asked again in a second


def _is_simulating() -> bool:
    """Are takes under way that were queued before a key was set? Without the simulator they would
    never end.
    """
    return Attempt.objects.filter(
        account__is_simulated=True,
        next_action_at__isnull=False,
    ).exists()
