"""Taking in what was taken in before: measuring a clip and drawing its previews is a second of a
processor, and hundreds of tests begin with one of a few clips.
"""

from pathlib import Path
from typing import Any

from django.conf import settings

from editorapp.media import intake, queueing, store
from editorapp.media.display_names import safe_name
from editorapp.media.layout import PREVIEWS
from editorapp.media.models import Asset
from editorapp.teams.models import Team, User

# What a row says that is not its content's.
_ITS_OWN = {
    "id",
    "team",
    "created_by",
    "created_at",
    "deleted_at",
    "name",
    "origin",
    "is_simulated",
}
# The rows' values, and the files' sizes, by the store that has them and the content.
_known: dict[tuple[str, str], tuple[dict[str, Any], dict[str, int]]] = {}


def take_in(
    path: Path,
    *,
    name: str,
    team: Team,
    user: User | None,
    origin: str = Asset.Origin.UPLOAD,
    is_simulated: bool = False,
) -> Asset:
    """Take a file in as `intake.take_in` does, for tests that are about something else.

    What this process's store has already, and as intake left it, gets a row with what was measured
    then.
    """
    sha256 = store.hash_file(path)
    key = (str(settings.MEDIA_ROOT), sha256)
    about = {"name": name, "origin": origin, "is_simulated": is_simulated}
    there = Asset.objects.filter(team=team, sha256=sha256).exists()
    values, files = _known.get(key, ({}, {}))
    if there or not files or _files(sha256) != files:
        asset = intake.take_in(path, team=team, user=user, **about)
        asset.refresh_from_db()
        _known[key] = _values(asset), _files(sha256)
        return asset
    path.unlink()
    about["name"] = safe_name(name, fallback=values["kind"])
    asset = Asset.objects.create(team=team, created_by=user, **about, **values)
    if asset.proxy == Asset.Proxy.PENDING:
        queueing.send_proxy(asset)
    return asset


def _values(asset: Asset) -> dict[str, Any]:
    fields = [field.name for field in Asset._meta.concrete_fields if field.name not in _ITS_OWN]
    return {field: getattr(asset, field) for field in fields}


def _files(sha256: str) -> dict[str, int]:
    """Return the sizes of what intake keeps of a content."""
    paths = [store.path(sha256, what) for what in (store.ORIGINAL, *PREVIEWS)]
    return {path.name: path.stat().st_size for path in paths if path.exists()}
