"""One change of the code, and a copy of the tree in which it is made."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.environment import ROOT

# What a copy does without: it is large, or another's.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "data", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "node_modules"
)


@dataclass(frozen=True)
class Change:
    """A safety line left out, or turned round.

    `says` is what the code does then. In `file`, below the project's folder, `old` stands exactly once and becomes
    `new`. At least one of `tests` (files, or single tests as pytest names them) fails on it. `on_servers`: it shows on
    PostgreSQL and Redis only.
    """

    says: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    on_servers: bool = False

    def problem(self, root: Path = ROOT) -> str:
        """Say why this does not fit the code under `root`; "" where it does."""
        path = root / self.file
        if not path.exists():
            return f"{self.file} does not exist"
        if (count := path.read_text().count(self.old)) != 1:
            return f"the text stands {count} times in {self.file}"
        return "" if self.old != self.new else "nothing is changed"

    def make(self, root: Path) -> None:
        """Make the change under `root`. Raises: ValueError, where it does not fit."""
        if problem := self.problem(root):
            raise ValueError(f"{self.says}: {problem}")
        path = root / self.file
        path.write_text(path.read_text().replace(self.old, self.new))

    def undo(self, root: Path) -> None:
        """Bring the file back as the tree has it."""
        shutil.copyfile(ROOT / self.file, root / self.file)


def copy_of_the_tree(folder: Path) -> Path:
    """Copy the project below a folder; return where the copy lies."""
    return Path(shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT))
