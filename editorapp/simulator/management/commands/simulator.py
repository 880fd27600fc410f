"""`python manage.py simulator`: the simulated providers, in a process of their own."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from editorapp.simulator.core import Options


class Command(BaseCommand):
    help = "Answer as the providers do, and really re-render the video. For trying and testing without a key."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8001, help="0 takes a free one")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--queue-seconds", type=float, default=1.0, help="how long a job stays queued"
        )
        parser.add_argument(
            "--render-seconds", type=float, default=0.0, help="how long a rendering takes at least"
        )
        parser.add_argument(
            "--any-media", action="store_true", help="unknown references stand for a sample clip"
        )
        parser.add_argument(
            "--no-render", action="store_true", help="one tiny canned clip for every job"
        )
        parser.add_argument(
            "--url-lifetime",
            type=float,
            default=3600.0,
            help="seconds that a result's link is good",
        )
        parser.add_argument(
            "--rpm", type=int, default=300, help="accepted jobs a minute and client; 0: no limit"
        )
        parser.add_argument(
            "--concurrent", type=int, default=100, help="jobs at a time and client; 0: no limit"
        )
        parser.add_argument("--renderers", type=int, default=1, help="rendering processes")
        parser.add_argument(
            "--with-parent", action="store_true", help="end when standard input closes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _allow_many_connections()
        settings_of = Options(
            folder=settings.DATA_DIR / "simulator",
            queue_seconds=options["queue_seconds"],
            render_seconds=options["render_seconds"],
            any_media=options["any_media"],
            no_render=options["no_render"],
            url_lifetime=options["url_lifetime"],
            rpm=options["rpm"],
            concurrent=options["concurrent"],
            renderers=max(1, options["renderers"]),
        )
        settings_of.folder.mkdir(parents=True, exist_ok=True)
        logging.getLogger("asyncio").setLevel(logging.WARNING)
        try:
            asyncio.run(
                self._serve(settings_of, options["host"], options["port"], options["with_parent"])
            )
        except OSError as error:
            raise CommandError(
                f"Cannot answer on port {options['port']}: {error.strerror or error}."
            ) from error

    async def _serve(self, options: Options, host: str, port: int, with_parent: bool) -> None:
        from editorapp.simulator.server import App

        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, end.set)
        if with_parent:
            loop.add_reader(sys.stdin.fileno(), _end_with_parent, loop, end)
        app = App(options)
        url = f"http://{host}:{await app.start(host, port)}"
        note = settings.RUN_DIR / "simulator.url"
        _write(note, url)
        self.stdout.write(f"Simulator answering at {url}")
        self.stdout.flush()
        try:
            await end.wait()
        finally:
            if note.exists() and note.read_text() == url:
                note.unlink()
            await app.stop()


def _end_with_parent(loop: asyncio.AbstractEventLoop, end: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        end.set()


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all: others read it while it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    os.replace(part, path)


def _allow_many_connections() -> None:
    """Raise the limit of open files as far as this user may: every connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65536, hard)
        )
