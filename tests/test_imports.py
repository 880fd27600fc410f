"""The rooms and the direction of their imports, outside and inside."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.rooms import ORDER, ROOMS

ROOT = Path(__file__).resolve().parent.parent / "editorapp"
FILES = [file for file in sorted(ROOT.rglob("*.py")) if "migrations" not in file.parts]
PACKAGES = sorted({file.parent for file in FILES} - {ROOT})


@cache
def _imported(file: Path) -> frozenset[str]:
    """Return all dotted names that a file imports, each as far as it is written out."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written out whole"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _dotted(folder: Path) -> str:
    return ".".join(folder.relative_to(ROOT.parent).parts)


def _unit(folder: Path, name: str) -> str | None:
    """Return which folder or module of a package a dotted name leads into; None: into none.

    What only the package itself can mean (`from package import name`) leads into `__init__`.
    """
    prefix = _dotted(folder) + "."
    if not name.startswith(prefix):
        return None
    first = name.removeprefix(prefix).split(".")[0]
    there = (folder / first).is_dir() or (folder / f"{first}.py").exists()
    return first if there else "__init__"


def _arrows(folder: Path) -> dict[str, set[str]]:
    """Return what each folder or module of a package imports of its siblings."""
    arrows: dict[str, set[str]] = {}
    for file in FILES:
        if folder not in file.parents:
            continue
        inside = file.relative_to(folder)
        here = inside.parts[0] if len(inside.parts) > 1 else inside.stem
        found = {_unit(folder, name) for name in _imported(file)} - {None, here}
        arrows.setdefault(here, set()).update(unit for unit in found if unit)
    return arrows


def _circle(arrows: dict[str, set[str]]) -> list[str]:
    """Return the units of one circle, in the order in which they import each other."""

    def visit(unit: str, path: tuple[str, ...]) -> list[str]:
        if unit in path:
            return [*path[path.index(unit) :], unit]
        if unit in clear:
            return []
        for other in sorted(arrows.get(unit, ())):
            if found := visit(other, (*path, unit)):
                return found
        clear.add(unit)
        return []

    clear: set[str] = set()
    return next((found for unit in sorted(arrows) if (found := visit(unit, ()))), [])


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_stands_to_its_left(room: str) -> None:
    allowed = {*ROOMS[: ROOMS.index(room) + 1]}

    for file in (ROOT / room).rglob("*.py"):
        parts = [name.split(".") for name in _imported(file)]
        rooms = {part[1] for part in parts if part[0] == "editorapp" and len(part) > 1}
        assert rooms & {*ROOMS} <= allowed, f"{file.relative_to(ROOT)} looks to the right"


@pytest.mark.parametrize("folder", PACKAGES, ids=_dotted)
def test_no_folder_or_module_of_a_package_imports_in_a_circle(folder: Path) -> None:
    circle = _circle(_arrows(folder))

    assert not circle, " -> ".join(circle)


@pytest.mark.parametrize("place", ORDER)
def test_folders_of_a_room_import_only_what_stands_to_their_left(place: str) -> None:
    folder, order = ROOT / place, ORDER[place]
    arrows = _arrows(folder)

    for unit in order:
        to_the_right = arrows.get(unit, set()) & {*order[order.index(unit) + 1 :]}
        assert not to_the_right, f"{place}/{unit} looks to the right, at {to_the_right}"


def test_every_package_with_folders_declares_the_order_of_all_of_them() -> None:
    for folder in PACKAGES:
        place = str(folder.relative_to(ROOT))
        folders = {each.name for each in PACKAGES if each.parent == folder}
        if folders and not place.endswith(("management", "vendors")):
            missing = folders - {*ORDER.get(place, ())} - {"management"}
            assert not missing, f"tests/rooms.py does not say where {missing} of {place} stand"
        for unit in ORDER.get(place, ()):
            there = (folder / unit).is_dir() or (folder / f"{unit}.py").exists()
            assert there, f"{place} has no {unit}"


def test_nobody_imports_the_simulator() -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] != "simulator":
            assert not any(n.startswith("editorapp.simulator") for n in _imported(file)), file


def test_every_room_says_what_it_owns() -> None:
    for room in ROOMS:
        said = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text()))
        assert said, f"{room} has no docstring"
