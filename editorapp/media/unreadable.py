"""Unreadable results: what came for a paid result and cannot be read is kept byte for byte, for the provider or for a
better decoder.
"""

from pathlib import Path

from editorapp.media import store
from editorapp.media.display_names import safe_name
from editorapp.media.models import Asset
from editorapp.teams.models import Team, User


def keep(
    path: Path,
    *,
    name: str,
    team: Team,
    user: User | None,
    is_simulated: bool,
) -> Asset:
    """Move a file into the store as it is and return its asset; the same bytes give the same asset
    again.

    Raises: Refusal "disk_full".
    """
    sha256, size_bytes = store.hash_file(path), path.stat().st_size
    store.keep(path, sha256, store.ORIGINAL)
    values = {
        "name": safe_name(name, fallback="result"),
        "created_by": user,
        "kind": Asset.Kind.UNREADABLE,
        "origin": Asset.Origin.RESULT,
        "is_simulated": is_simulated,
        "size_bytes": size_bytes,
        "mime_type": "application/octet-stream",
    }
    asset, _is_new = Asset.objects.get_or_create(team=team, sha256=sha256, defaults=values)
    return asset
