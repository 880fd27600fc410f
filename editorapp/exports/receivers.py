"""Receivers: a take's file that was downloaded and is brought back is the take's file again."""

from pathlib import Path
from typing import Any

from django.dispatch import receiver

from editorapp.exports.provenance.returned import original_of
from editorapp.media.signals import came_back
from editorapp.teams.models import Team


@receiver(came_back)
def know_what_left(path: Path, sha256: str, team: Team, **_more: Any) -> str | None:
    """Return the hash of the stored original that a file is a copy of."""
    return original_of(path, sha256, team)
