"""Restore command, `manage.py restore FOLDER`: a backup into an empty installation; nothing that may have been sent
is sent again.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from editorapp.ops.backup.manifest import BackupRefused
from editorapp.ops.backup.restore import Restored, bring_back


class Command(BaseCommand):
    """Put a backup in the place of an empty installation."""

    help = "Restore a backup into an empty installation. What may have been sent since is held for a person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that `backup` made")
        parser.add_argument(
            "--nothing-ran-since",
            action="store_true",
            help="the old installation was stopped before this backup and has not run since: a planned move. What was "
            "queued is then sent as if nothing had happened",
        )

    def handle(self, *, folder: Path, nothing_ran_since: bool, **options: Any) -> None:
        try:
            done = bring_back(
                folder.absolute(),
                nothing_ran_since=nothing_ran_since,
                now=timezone.now(),
            )
        except BackupRefused as refused:
            raise CommandError(str(refused)) from refused
        for line in _told(done, nothing_ran_since=nothing_ran_since):
            self.stdout.write(line)
        if done.missing or done.differences:
            raise CommandError("Restored, but not whole: see above.")


def _told(done: Restored, *, nothing_ran_since: bool) -> list[str]:
    made = done.manifest
    lines = [
        f"Restored as of {made.made_at}: the database and {done.files} files of media, each held to its hash."
    ]
    if made.media != "files":
        lines.append(f"Media lie in the {made.media}: give this installation the same bucket.")
    if not nothing_ran_since:
        if done.held:
            takes = ", ".join(f"#{pk}" for pk in done.held)
            lines.append(
                f"{len(done.held)} takes were queued or being sent and may have been sent since; none is sent again by "
                f"itself. Their price stays held until somebody settles them: {takes}."
            )
        lines.append(
            "What was made after the backup is unknown here. Its cost is in no ledger line: compare the providers' own "
            "lists of jobs since then with the page of costs."
        )
    lines.append(
        "Everybody signs in again; whoever was disabled or lost a role since the backup has it back."
    )
    if done.is_other_secret:
        lines.append(
            "The signing key is another one: enter the keys of provider accounts again under Accounts."
        )
    lines += [f"Missing: {name}" for name in done.missing]
    lines += [f"The books do not balance: {line}" for line in done.differences]
    return lines
