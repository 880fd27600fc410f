"""Link command, `manage.py link [NAME]`: a link that signs a person in once, for who can reach the
server's terminal.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from editorapp.core.typed_text import wrong_in
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import User
from editorapp.teams.sign_in import SIGN_IN_LINK_HOURS, make_link


class Command(BaseCommand):
    help = (
        "Print a link that signs the owner in, or the person named. "
        f"It works once, for {SIGN_IN_LINK_HOURS} hours."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "name",
            nargs="?",
            help="who is to be signed in (default: the owner)",
        )

        parser.add_argument(
            "--port",
            type=int,
            default=settings.PORT,
            help="where the web server listens",
        )

    def handle(
        self,
        *args: Any,
        name: str | None,
        port: int,
        **options: Any,
    ) -> None:
        if name and wrong_in(name):
            raise CommandError(
                "Nobody here has such a name: there is a character in it that nobody can see."
            )
        user = User.objects.filter(username=name).first() if name else ensure_owner().user
        if user is None:
            raise CommandError(f'Nobody is called "{name}" here.')
        if not user.is_active:
            raise CommandError(
                f"{user} is disabled and cannot sign in. An admin can bring them back, under People."
            )
        self.stdout.write(sign_in_link(user, f"http://127.0.0.1:{port}"))


def sign_in_link(user: User, url: str) -> str:
    """Make a link that signs this person in; `url` is where the studio answers on this machine, if
    it has no address outside.
    """
    base = settings.PUBLIC_URL if settings.CSRF_TRUSTED_ORIGINS else url
    token = make_link(user, now=timezone.now(), passes_factor=True)
    return base + reverse("people:link", args=[token])
