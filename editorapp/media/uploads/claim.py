"""Claim: the right to take an upload in. Of several requests that finish it at once, on any machines, one
has it.

It is renewed for as long as its holder lives. So a machine that died is waited for no longer than
this, and the next request takes the file in from the same pieces.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from editorapp.media.models import Upload

_RENEWED_EVERY_SECONDS = 10.0
_HOLDS_FOR = timedelta(seconds=45)


class BeingTaken(Exception):
    """Somebody else takes the file in just now: whoever asks again in a moment hears how that
    ended.
    """


@contextmanager
def claimed(upload: Upload) -> Iterator[bool]:
    """Hold the right to take an upload in until the end. Yield False where it has ended already.

    Raises: BeingTaken.
    """
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - _HOLDS_FOR)
    if not Upload.objects.under_way().filter(free, pk=upload.pk).update(claimed_at=now):
        if Upload.objects.under_way().filter(pk=upload.pk).exists():
            raise BeingTaken
        yield False
        return
    is_over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(upload.pk, is_over), daemon=True)
    renewing.start()
    try:
        yield True
    finally:
        is_over.set()
        renewing.join()
        Upload.objects.filter(pk=upload.pk).update(claimed_at=None)


def _renew(pk: int, is_over: threading.Event) -> None:
    while not is_over.wait(_RENEWED_EVERY_SECONDS):
        try:
            Upload.objects.filter(pk=pk).update(claimed_at=timezone.now())
        except DatabaseError:
            continue  # the next renewal may come through
        finally:
            connection.close()
