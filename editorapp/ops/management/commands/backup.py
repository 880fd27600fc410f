"""Backup command, `manage.py backup FOLDER`: the database, every stored file and the signing key, while everything
runs.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from editorapp.media.refusals import show_bytes
from editorapp.ops.backup.make import make
from editorapp.ops.backup.manifest import BackupRefused


class Command(BaseCommand):
    """Write a backup into a folder of its own."""

    help = "Back up the database, all media and the signing key into a new folder, while everything runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder",
            type=Path,
            help="a folder that is not there yet, or is empty",
        )
        parser.add_argument(
            "--links",
            action="store_true",
            help="link media on the same disk instead of copying them",
        )
        parser.add_argument(
            "--earlier",
            type=Path,
            help="a backup whose media are linked where they are the same",
        )

    def handle(
        self,
        *,
        folder: Path,
        links: bool,
        earlier: Path | None,
        **options: Any,
    ) -> None:
        try:
            made, missing = make(
                folder.absolute(),
                links=links,
                earlier=earlier and earlier.absolute(),
            )
        except BackupRefused as refused:
            raise CommandError(str(refused)) from refused
        media = f"{made.media_files} files, {show_bytes(made.media_bytes)}"
        if made.media != "files":
            media = f"not in the backup: they lie in the {made.media}; keep versions or a copy of it there"
        self.stdout.write(
            f"Backed up to {folder}: the database as of {made.made_at}; media: {media}."
        )
        self.stdout.write(
            "It holds the keys of provider accounts in encrypted form: keep it as safe as the server."
        )
        for name in missing:
            self.stderr.write(f"Missing in the store, so not in the backup: {name}")
