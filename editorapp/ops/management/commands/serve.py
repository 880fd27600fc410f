"""Serve command, `manage.py serve --host --port`: the web server alone, for a machine among several, or
behind a proxy.
"""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import connections

from editorapp.ops import preparing, web_server
from editorapp.ops.management.server_command import ServerCommand, add_address


class Command(ServerCommand):
    help = "Run the web server alone. `work` runs the engine, on this machine or on others."

    def add_arguments(self, parser: CommandParser) -> None:
        add_address(parser)
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            help="web server processes (default 1)",
        )
        parser.add_argument(
            "--threads",
            type=int,
            default=16,
            help="threads of each, one database connection a thread",
        )

    def handle(
        self,
        *args: Any,
        host: str,
        port: int,
        workers: int,
        threads: int,
        **options: Any,
    ) -> None:
        web_server.take_port(host, port, instead="--port {port}")
        preparing.prepare(self.say)
        web_server.collect_static_files()
        preparing.warn(self.say)
        self.say(
            f"Answering at http://{host}:{port}. For a link that signs the owner in: python manage.py link"
        )
        connections.close_all()
        command = web_server.granian(
            host,
            port,
            workers=max(1, workers),
            threads=max(1, threads),
        )
        # In our place, so that whoever started us signals the web server itself.
        os.environ["PYTHONUNBUFFERED"] = "1"
        os.chdir(settings.BASE_DIR)
        os.execv(command[0], command)
