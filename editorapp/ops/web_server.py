"""Web server: its command line, its port, and whether it answers."""

import errno
import os
import socket
import sys

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError


def collect_static_files() -> None:
    """Lay the static files where the web server reads them, compressed and with names that change
    with them.
    """
    call_command("collectstatic", verbosity=0, interactive=False)


def granian(host: str, port: int, *, workers: int = 1, threads: int = 16) -> list[str]:
    """Return the web server's command line: see editorapp/wsgi.py why it is WSGI.

    One process with threads is enough for a team, and half the memory of two.
    """
    # Its own lines are few, and come from before Django is there: the same writer, named in a file.
    lines = ["--log-config", str(settings.PACKAGE_DIR / "ops/server_lines.json")]
    options = (
        f"--interface wsgi --host {host} --port {port} --workers {workers}"
        f" --blocking-threads {threads} --no-ws --http 1 --respawn-failed-workers"
        f" --workers-kill-timeout 5 --log-level warning"
    )
    return [
        *(sys.executable, "-m", "granian"),
        *options.split(),
        *(lines if settings.LOG_FORMAT == "json" else []),
        "editorapp.wsgi:application",
    ]


def take_port(host: str, port: int, *, instead: str) -> None:
    """Look whether we may listen there, as a process whose settings know this port.

    They carry it in the cookies' names, and every process must agree on it: where they were read
    for another port, this very command is started over.

    Raises: CommandError, with a way out: `instead` takes another port.
    """
    if port != settings.PORT:
        os.environ["RUSHES_PORT"] = str(port)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
            raise CommandError(
                f"Port {port} is taken or not allowed. If Rushes runs already, use it; else choose another port: "
                f"{instead.format(port=port + 10)}"
            ) from error


def answers(url: str) -> bool:
    """Does the web server answer? Its pages may be for https only, and this is asked without."""
    try:
        return httpx.get(f"{url}/healthz", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
