"""`python manage.py media_to_bucket`: copy the media folder into the bucket that RUSHES_S3_BUCKET
names.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from editorapp.media import store
from editorapp.media.refusals import Refusal, show_bytes


class Command(BaseCommand):
    help = "Copy the media folder into the bucket and compare each file. Can be repeated; the folder stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        storage = store.bucket()
        if storage is None:
            raise CommandError(
                "No bucket is set: name it in RUSHES_S3_BUCKET, then call this again."
            )
        # It needs the packages of a bucket.
        from editorapp.media.backends.migration import to_bucket

        try:
            moved = to_bucket(Path(settings.MEDIA_ROOT), storage)
        except Refusal as refusal:
            raise CommandError(
                f"{refusal.message} What was copied stays; call this again."
            ) from refusal
        self.stdout.write(
            f"Files: {moved.copied} ({show_bytes(moved.copied_bytes)}) copied and compared, {moved.there} were there."
        )
        if moved.damaged:
            raise CommandError(
                "These files are not what their hash says and were left out; restore them from a backup:\n"
                + "\n".join(moved.damaged)
            )
