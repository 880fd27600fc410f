"""Loaded by pytest before Django's settings are read (see pyproject.toml): every test process gets state of its own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_folder = tempfile.mkdtemp(prefix="rushes-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["RUSHES_DATA_DIR"] = _folder
os.environ["RUSHES_SECRET_KEY"] = "only for tests"
for _name in list(os.environ):
    if _name.startswith(("LUMA_", "GMI_", "SCENARIO_")) or _name in ("RUSHES_SIMULATOR_URL", "RUSHES_ENCRYPTION_KEYS"):
        del os.environ[_name]

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("RUSHES_SHARED") or ROOT.parent / "shared")
MEDIA = SHARED / "media"
