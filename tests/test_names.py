"""Names: each class has one of its own, each module says first what it is, each document cited is
there.
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
    "Kind": "choices of Entry and of Asset",
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
            r"|providers|costs|generations|review|ops|web|cli|simulator)/",
            name,
        )
    }


def _is_there(name: str) -> bool:
    return (ROOT / name).exists() or (ROOT / "editorapp" / name).exists()
