"""Prepare command, `manage.py prepare`: bring the installation up to date, once, before its servers start."""

from typing import Any

from django.core.management.base import BaseCommand

from editorapp.ops import preparing


class Command(BaseCommand):
    help = (
        "Bring the tables up to date and make the first team. Of several machines that start at once one does it and "
        "the others wait; `serve`, `work` and `studio` do the same when they start."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        preparing.prepare(self.stdout.write)
        self.stdout.write("Prepared.")
