"""Server commands: what the commands that run until they are stopped have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from editorapp.ops.processes import NotStarted, stop_when_asked
from editorapp.ops.supervisor import EngineLock


class ServerCommand(BaseCommand):
    """A command that says each line at once, since it may run for days."""

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    @contextmanager
    def supervising(
        self,
        who: str,
        *,
        instead: str,
        is_alone: bool = True,
    ) -> Iterator[None]:
        """Run processes until we are asked to stop; where `is_alone`, nobody else runs the engine
        of the data folder meanwhile.

        Raises: CommandError, which says who does and what to do `instead`, or what did not start.
        """
        stop_when_asked()
        try:
            with EngineLock() as lock:
                if is_alone and not lock.take(who):
                    raise CommandError(
                        f"The data folder {settings.DATA_DIR} is in use by {EngineLock.holder()}. {instead}"
                    )
                yield
        except KeyboardInterrupt:
            self.say(
                "Stopped. Everything that was running at a provider is taken up at the next start."
            )
        except NotStarted as error:
            raise CommandError(str(error)) from error


def add_address(parser: CommandParser) -> None:
    """Add where the web server listens."""
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: this machine only)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=settings.PORT,
        help="port to listen on (default 8000)",
    )
