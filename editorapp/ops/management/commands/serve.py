"""`python manage.py serve --host --port`: the web server alone, for a machine among several, or
behind a proxy.
"""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from editorapp.ops import preparing, web_server


class Command(BaseCommand):
    help = "Run the web server alone. `work` runs the engine, on this machine or on others."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
        )
        parser.add_argument(
            "--port", type=int, default=settings.PORT, help="port to listen on (default 8000)"
        )
        parser.add_argument(
            "--workers", type=int, default=1, help="web server processes (default 1)"
        )
        parser.add_argument(
            "--threads",
            type=int,
            default=16,
            help="threads of each, one database connection a thread",
        )

    def handle(
        self, *args: Any, host: str, port: int, workers: int, threads: int, **options: Any
    ) -> None:
        web_server.with_port(port)
        web_server.check_port(host, port, instead="--port {port}")
        preparing.prepare(self._say)
        web_server.collect_static_files()
        preparing.warn(self._say)
        self._say(
            f"Answering at http://{host}:{port}. For a link that signs the owner in: python manage.py link"
        )
        connections.close_all()
        command = web_server.granian(host, port, workers=max(1, workers), threads=max(1, threads))
        # In our place, so that whoever started us signals the web server itself.
        os.environ["PYTHONUNBUFFERED"] = "1"
        os.chdir(settings.BASE_DIR)
        os.execv(command[0], command)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
