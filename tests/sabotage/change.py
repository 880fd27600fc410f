"""One change of the code, and a copy of the tree in which it is made."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.environment import ROOT

# What a copy does without: it is large, or another's.
LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv",
    "data",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    "node_modules",
)

# A string, a name or number, or one sign: what the formatter never cuts.
PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*"|\w+|[^\w\s]')


def anyhow_laid_out(text: str) -> re.Pattern[str]:
    """Return what finds a piece of code however the formatter breaks its lines.

    Between two pieces stands any white space, and before what closes also a last comma.
    """
    found, before = [], ""
    for piece in PIECE.findall(text):
        joint = r"\s+" if re.match(r"\w", piece) and re.match(r"\w", before[-1:]) else r"\s*"
        closes = piece in ")]}" and before != ","
        found.append((r",?\s*" if closes else joint if found else "") + re.escape(piece))
        before = piece
    return re.compile("".join(found))


@dataclass(frozen=True)
class Change:
    """A safety line left out, or turned round.

    `says` is what the code does then. In `file`, below the project's folder, `old` stands exactly
    once, however its lines are broken, and becomes `new`. At least one of `tests` (files, or single
    tests as pytest names them) fails on it. `on_servers`: it shows on PostgreSQL and Redis only.
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
        if (count := len(anyhow_laid_out(self.old).findall(path.read_text()))) != 1:
            return f"the text stands {count} times in {self.file}"
        return "" if self.old != self.new else "nothing is changed"

    def make(self, root: Path) -> None:
        """Make the change under `root`. Raises: ValueError, where it does not fit."""
        if problem := self.problem(root):
            raise ValueError(f"{self.says}: {problem}")
        path = root / self.file
        path.write_text(self.changed(path.read_text()))

    def changed(self, source: str) -> str:
        """Return the text of the file with the change made."""
        return anyhow_laid_out(self.old).sub(lambda _: self.new.lstrip(), source)

    def undo(self, root: Path) -> None:
        """Bring the file back as the tree has it."""
        shutil.copyfile(ROOT / self.file, root / self.file)


def copy_of_the_tree(folder: Path) -> Path:
    """Copy the project below a folder; return where the copy lies."""
    return Path(shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT))
