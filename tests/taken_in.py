"""Taking in what was taken in before: measuring a clip and drawing its previews is a second of a
processor, and hundreds of tests begin with one of a few clips.
"""

import os
import pickle
import shutil
from pathlib import Path

from editorapp.media import intake, queueing, store
from editorapp.media.display_names import safe_name
from editorapp.media.layout import ORIGINAL, PREVIEWS
from editorapp.media.models import Asset
from editorapp.teams.models import Team, User
from tests.environment import SHARED_BY_ALL

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
# What intake made of each content, for all processes of a run: its row's values, and its files.
_MADE = SHARED_BY_ALL / "taken-in"
_VALUES = "values"


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

    A content that was taken in before in this run gets a row with what was measured then; its files
    are copied to a store that has none of them. One that a test has changed is taken in anew.
    """
    sha256 = store.hash_file(path)
    about = {"name": name, "origin": origin, "is_simulated": is_simulated}
    there = Asset.objects.filter(team=team, sha256=sha256).exists()
    if there or not _is_brought(sha256):
        asset = intake.take_in(path, team=team, user=user, **about)
        asset.refresh_from_db()
        if not there:
            _remember(asset)
        return asset
    values = pickle.loads((_MADE / sha256 / _VALUES).read_bytes())
    path.unlink()
    about["name"] = safe_name(name, fallback=values["kind"])
    asset = Asset.objects.create(team=team, created_by=user, **about, **values)
    if asset.proxy == Asset.Proxy.PENDING:
        queueing.send_proxy(asset)
    return asset


def _is_brought(sha256: str) -> bool:
    """Bring the files of a content into a store that has none of them. Say whether it has them now,
    as they were made.
    """
    made = _MADE / sha256
    if not made.exists():
        return False
    files = [path for path in made.rglob("*") if path.is_file() and path.name != _VALUES]
    kept = {path: store.path(path.parent.name, path.name) for path in files}
    if not any(path.exists() for path in kept.values()):
        for path, place in kept.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)
    return all(
        place.exists() and place.stat().st_size == path.stat().st_size
        for path, place in kept.items()
    )


def _remember(asset: Asset) -> None:
    """Keep what intake made of a content: whole, or not at all."""
    if (_MADE / asset.sha256).exists():
        return
    part = _MADE / f"{asset.sha256}.{os.getpid()}.part"
    for sha256 in {asset.sha256, asset.outgoing_sha256 or asset.sha256}:
        (part / sha256).mkdir(parents=True)
        for what in (ORIGINAL, *PREVIEWS):
            if (kept := store.path(sha256, what)).exists():
                shutil.copy2(kept, part / sha256 / what)
    fields = [field.name for field in Asset._meta.concrete_fields if field.name not in _ITS_OWN]
    values = {field: getattr(asset, field) for field in fields}
    (part / _VALUES).write_bytes(pickle.dumps(values))
    try:
        part.rename(_MADE / asset.sha256)
    except OSError:  # another process was first
        shutil.rmtree(part)
