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
for _name in ("LUMA_AGENTS_API_KEY", "LUMA_AGENTS_BASE_URL", "RUSHES_SIMULATOR_URL"):
    os.environ.pop(_name, None)

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("RUSHES_SHARED") or ROOT.parent / "shared")
MEDIA = SHARED / "media"
