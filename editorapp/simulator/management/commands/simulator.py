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

from editorapp.simulator.options import Options

OPTIONS = {
    "queue_seconds": "how long a job stays queued",
    "render_seconds": "how long a rendering takes at least",
    "url_lifetime": "seconds that a result's link is good",
    "rpm": "accepted jobs a minute and client; 0: no limit",
    "concurrent": "jobs at a time and client; 0: no limit",
    "renderers": "rendering processes",
    "any_media": "unknown references stand for a sample clip",
    "no_render": "one tiny canned clip for every job",
}


class Command(BaseCommand):
    help = "Answer as the providers do, and really re-render the video. For trying and testing without a key."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8001, help="0 takes a free one")
        parser.add_argument("--host", default="127.0.0.1")
        for name, words in OPTIONS.items():
            default = getattr(Options, name)
            how: Any = {"action": "store_true"} if default is False else {"type": type(default)}
            argument = f"--{name.replace('_', '-')}"
            parser.add_argument(argument, default=default, help=words, **how)
        words = "end when standard input closes"
        parser.add_argument("--with-parent", action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        _allow_many_connections()
        named = {name: options[name] for name in OPTIONS}
        named["renderers"] = max(1, named["renderers"])
        how = Options(folder=settings.DATA_DIR / "simulator", **named)
        how.folder.mkdir(parents=True, exist_ok=True)
        logging.getLogger("asyncio").setLevel(logging.WARNING)
        try:
            asyncio.run(self._serve(how, options["host"], options["port"], options["with_parent"]))
        except OSError as error:
            says = f"Cannot answer on port {options['port']}: {error.strerror or error}."
            raise CommandError(says) from error

    async def _serve(
        self,
        options: Options,
        host: str,
        port: int,
        with_parent: bool,
    ) -> None:
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
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def _allow_many_connections() -> None:
    """Raise the limit of open files as far as this user may: every connection is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65536 if hard == resource.RLIM_INFINITY else hard
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
