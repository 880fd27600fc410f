"""Bundles: scripts that a page asks for as one file; the files of a folder of static/js, one after the
other.

Each file stays a function of its own, so order matters only where one uses what another left on
`window.rushes`. BundleFinder gives the joined files to collectstatic and to the tests' server.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

# In this order; what is not named here follows by name.
FIRST = {
    "page": ("app",),
    "stage": (
        "clock",
        "film",
        "layer",
        "step",
        "monitor",
        "compare",
        "transport",
        "keys",
        "drawing",
        "mentions",
        "comment-panel",
        "comment-forms",
        "comments",
        "address",
    ),
    "studio": (
        "upload",
        "studio",
        "switch",
        "keyframes",
        "guides",
        "frames",
        "range",
        "canvas",
        "canvas-on-stage",
        "concepts",
        "files",
    ),
}
# A comment that has its lines for itself: a sixth of the bytes on the wire. Whoever reads the scripts
# reads the files.
COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.DOTALL | re.MULTILINE)
NAMES = ("page", "stage", "studio", "gallery", "queue", "review", "lineage")


def address(bundle: str) -> str:
    """Return the name of a bundle among the static files."""
    if bundle not in NAMES:
        raise ValueError(f"There is no bundle {bundle!r}.")
    return f"js/{bundle}.bundle.js"


def sources(bundle: str) -> list[Path]:
    """Return the files of a bundle, in their order."""
    first = FIRST.get(bundle, ())

    def place(file: Path) -> tuple[int, str]:
        return (first.index(file.stem) if file.stem in first else len(first), file.stem)

    return sorted((settings.SHIPPED_DIR / "static/js" / bundle).glob("*.js"), key=place)


class BundleFinder(BaseFinder):
    """Finds the bundles: written anew each time that they are asked for, for their files may have
    changed.
    """

    def find(
        self,
        path: str,
        find_all: bool = False,
        **_older: Any,
    ) -> Any:
        """Return where the bundle of this name lies, or all places; nothing where it is none."""
        named = (bundle for bundle in NAMES if address(bundle) == path)
        found = [str(_written(bundle)) for bundle in named]
        if find_all:
            return found
        return found[0] if found else []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Yield every bundle, with the storage that opens it."""
        storage = FileSystemStorage(location=_folder())
        for bundle in NAMES:
            _written(bundle)
            yield address(bundle), storage


def _folder() -> Path:
    return Path(settings.RUN_DIR) / "bundles"


def _written(bundle: str) -> Path:
    joined = "\n".join(file.read_text(encoding="utf-8") for file in sources(bundle))
    joined = COMMENT.sub("", joined)
    made = _folder() / address(bundle)
    if not made.exists() or made.read_text(encoding="utf-8") != joined:
        made.parent.mkdir(parents=True, exist_ok=True)
        unfinished = made.with_suffix(f".{id(joined)}")
        unfinished.write_text(joined, encoding="utf-8")
        unfinished.replace(made)
    return made
