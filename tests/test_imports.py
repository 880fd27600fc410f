"""The rooms and the direction of their imports."""

import ast
from pathlib import Path

import pytest

ROOMS = (
    "core",
    "teams",
    "alerts",
    "media",
    "providers",
    "costs",
    "generations",
    "review",
    "web",
    "simulator",
)
ROOT = Path(__file__).resolve().parent.parent / "editorapp"
FILES = sorted(ROOT.rglob("*.py"))


def _rooms_imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written out whole"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names]
    return {
        part[1] for part in parts if part[0] == "editorapp" and len(part) > 1 and part[1] in ROOMS
    }


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_stands_to_its_left(room: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room) + 1])

    for file in (ROOT / room).rglob("*.py"):
        assert _rooms_imported(file) <= allowed, f"{file.relative_to(ROOT)} looks to the right"


def test_nobody_imports_the_simulator() -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] != "simulator":
            assert "simulator" not in _rooms_imported(file), file


def test_every_room_says_what_it_owns() -> None:
    for room in ROOMS:
        assert ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text())), (
            f"{room} has no docstring"
        )
