"""Names and sizes: each class has a name of its own, each document that is cited is there, no file
is too long to be read in one sitting.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = [
    file for file in sorted((ROOT / "editorapp").rglob("*.py")) if "migrations" not in file.parts
]
# Django's own names, one a model, one a command, one an app.
OF_DJANGO = {"Meta", "Command"}
# The choices of a model are named with it (`Entry.Kind`), so the same short word tells them apart.
TWICE = {
    "Colour": "choices of what is kept of takes, and of Project",
    "Kind": "choices of Entry, of Asset and of EditRecipe",
    "State": "a generation's, and choices of PriceQuote and of Verification",
    "Verdict": "a check's, and choices of Decision and of Settlement",
}


def test_no_class_name_stands_twice() -> None:
    places = defaultdict(list)
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in OF_DJANGO:
                places[node.name].append(str(file.relative_to(ROOT)))
    twice = {name: where for name, where in places.items() if len(where) > 1}

    assert set(twice) == set(TWICE), twice


def test_no_file_is_longer_than_a_sitting() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in FILES}

    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_the_formatter_lays_out_every_line() -> None:
    """What looks bad as it lays it out is too dense. A table of numbers may be kept from it."""
    kept = [file for file in FILES if re.search(r"# fmt: (skip|off)", file.read_text())]

    assert kept == []


def test_documents_that_code_cites_are_in_the_repository() -> None:
    cited = re.compile(r"\b((?:docs|contracts|shared)/[\w/.-]+\.(?:md|json))")
    missing = {
        str(file.relative_to(ROOT)): gone
        for file in FILES
        if (
            gone := [name for name in cited.findall(file.read_text()) if not (ROOT / name).exists()]
        )
    }

    assert missing == {}


def test_files_that_documents_name_are_there() -> None:
    """A document that leads a reader to a file leads to one that exists."""
    missing = {
        document.name: gone
        for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        if (gone := [name for name in _files_named_in(document.read_text()) if not _is_there(name)])
    }

    assert missing == {}


def _files_named_in(text: str) -> set[str]:
    return {
        name.rstrip("/")
        for name in re.findall(r"`([\w./-]+/[\w.-]*)`", text)
        if re.match(
            r"(editorapp|tests|docs|deploy|static|templates|core|teams|alerts|media"
            r"|providers|costs|generations|reuse|review|ops|web|cli|simulator)/",
            name,
        )
    }


def _is_there(name: str) -> bool:
    return (ROOT / name).exists() or (ROOT / "editorapp" / name).exists()
