"""`python manage.py simulator`: the simulated providers, in a process of their own."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from editorapp.simulator.simulation import Options

# Name, type, default, help.
ARGUMENTS: tuple[tuple[str, type, Any, str], ...] = (
    ("--port", int, 8001, "0 takes a free one"),
    ("--host", str, "127.0.0.1", ""),
    ("--queue-seconds", float, 1.0, "how long a job stays queued"),
    ("--render-seconds", float, 0.0, "how long a rendering takes at least"),
    ("--url-lifetime", float, 3600.0, "seconds that a result's link is good"),
    ("--rpm", int, 300, "accepted jobs a minute and client; 0: no limit"),
    ("--concurrent", int, 100, "jobs at a time and client; 0: no limit"),
    ("--renderers", int, 1, "rendering processes"),
)
SWITCHES = {
    "--any-media": "unknown references stand for a sample clip",
    "--no-render": "one tiny canned clip for every job",
    "--with-parent": "end when standard input closes",
}


class Command(BaseCommand):
    help = "Answer as the providers do, and really re-render the video. For trying and testing without a key."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, kind, default, words in ARGUMENTS:
            parser.add_argument(
                name,
                type=kind,
                default=default,
                help=words or None,
            )
        for name, words in SWITCHES.items():
            parser.add_argument(name, action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        _allow_many_connections()
        named = {one.name: options[one.name] for one in fields(Options) if one.name != "folder"}
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
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    os.replace(part, path)


def _allow_many_connections() -> None:
    """Raise the limit of open files as far as this user may: every connection is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65536 if hard == resource.RLIM_INFINITY else hard
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
