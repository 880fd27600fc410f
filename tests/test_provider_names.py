"""Nobody but a provider's own module knows it by name: that is what makes another one a single
module.

Only code is held to this. Comments and docstrings may give examples, the registry has the order in
which people see them, and the simulator speaks their protocols.
"""

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest
from tests.environment import ROOT

PACKAGE = ROOT / "editorapp"
APART = (
    PACKAGE / "providers" / "vendors",
    PACKAGE / "simulator",
    PACKAGE / "providers" / "registry.py",
)
CODE = [
    file
    for file in sorted(PACKAGE.rglob("*.py"))
    if not any(file.is_relative_to(place) for place in APART)
]
PAGES = [
    file
    for folder in ("templates", "static")
    for file in sorted((ROOT / folder).rglob("*.*"))
    if file.suffix in {".html", ".js", ".css"}
]
OURS = {field.name for field in fields(GenerationRequest)}


@cache
def names() -> frozenset[str]:
    """Return the words by which a provider can be told from the others."""
    found: set[str] = set()
    for slug in registry.slugs():
        spec = registry.get(slug).SPEC
        found |= {
            slug,
            slug.replace("-", "_"),
            spec.name,
            spec.base_url_name,
            *spec.credentials,
            spec.simulated_key,
        }
        found |= {model.model_id for model in spec.models} - {model.name for model in spec.models}
    return frozenset(found - {""})


@cache
def wires() -> frozenset[str]:
    """Return the places in bodies that no field of ours is called like."""
    found: set[str] = set()
    for slug in registry.slugs():
        spec = registry.get(slug).SPEC
        places = {path for row in spec.parameters for path in row.paths}
        found |= {
            wire
            for wire in places
            if wire not in OURS and (any(map(str.isupper, wire)) or "." in wire)
        }
    return frozenset(found)


def said_in(tree: ast.AST) -> Iterator[str]:
    """Yield every string of the code that is no docstring."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_the_words_that_are_looked_for_are_there() -> None:
    assert {"luma-agents", "GMI Cloud", "model_luma-ray-3-2-edit", "LUMA_AGENTS_API_KEY"} <= names()
    assert {"video.edit.controls.depth.blur", "editStrength", "payload.depth_blur"} <= wires()
    assert list(said_in(ast.parse('"""luma-agents"""\nx = "luma-agents"'))) == ["luma-agents"]


@pytest.mark.parametrize(
    "folder", sorted({file.parent.relative_to(ROOT) for file in CODE}, key=str), ids=str
)
def test_no_code_outside_its_module_knows_a_provider(folder: Path) -> None:
    for file in CODE:
        if file.parent == ROOT / folder:
            said = set(said_in(ast.parse(file.read_text())))
            found = {name for name in names() | wires() for one in said if _has(one, name)}
            assert not found, f"{file.relative_to(ROOT)} knows {', '.join(sorted(found))}"


def test_no_page_knows_a_provider() -> None:
    for file in PAGES:
        text = file.read_text()
        found = {
            name for name in names() if name in text and not _is_a_word(name)
        }  # video.loop is a player's too
        assert not found, f"{file.relative_to(ROOT)} knows {', '.join(sorted(found))}"


def _has(said: str, name: str) -> bool:
    """A plain word ("scenario") counts where it is the whole string; anything else wherever it
    stands.
    """
    return said == name if _is_a_word(name) else name in said


def _is_a_word(name: str) -> bool:
    return name.isalpha() and name.islower()
