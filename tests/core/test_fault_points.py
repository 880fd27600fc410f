"""Named places to die at: each exists in the code, each call names one, and without a plan nothing
happens there.
"""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from editorapp.core import fault_points
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS

PASS = "from editorapp.core.fault_points import reached; [reached('submit.answered') for _ in range(3)]; print('lived')"


def _calls(tree: ast.AST) -> list[ast.Call]:
    """Every call of `reached`, however it was imported."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call
        for call in found
        if getattr(call.func, "id", getattr(call.func, "attr", "")) == "reached"
    ]


def _handed_on(tree: ast.AST, name: str) -> set[str]:
    """The points that callers hand to a function which comes past whatever its `name` says."""
    words = [one for one in ast.walk(tree) if isinstance(one, ast.keyword) and one.arg == name]
    return {str(one.value.value) for one in words if isinstance(one.value, ast.Constant)}


def _named(call: ast.Call, tree: ast.AST) -> set[str]:
    """The point or points that a call names: a literal, a choice between two, or what callers hand
    on.
    """
    (argument,) = call.args
    if isinstance(argument, ast.Name):
        return _handed_on(tree, argument.id)
    choices = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
    assert all(isinstance(one, ast.Constant) for one in choices), ast.unparse(call)
    return {str(one.value) for one in choices if isinstance(one, ast.Constant)}


def _named_in_the_code() -> dict[str, list[Path]]:
    named: dict[str, list[Path]] = {}
    for file in sorted((ROOT / "editorapp").rglob("*.py")):
        text = file.read_text()
        if "fault_points" in text:
            tree = ast.parse(text)
            for call in _calls(tree):
                for name in _named(call, tree):
                    named.setdefault(name, []).append(file)
    return named


def test_every_point_of_the_list_stands_in_the_code_and_every_call_names_one_of_the_list() -> None:
    assert set(_named_in_the_code()) == set(fault_points.POINTS)


def _run(plan: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "RUSHES_KILL_AT"}
    if plan is not None:
        environment["RUSHES_KILL_AT"] = plan
    return subprocess.run(
        [sys.executable, "-c", PASS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


@pytest.mark.parametrize("plan", [None, "", "submit.answered:4", "submit.recorded", "submit.*~0"])
def test_a_process_lives_where_nothing_strikes_it(plan: str | None) -> None:
    assert _run(plan).stdout == "lived\n"


@pytest.mark.parametrize("plan", ["submit.answered", "fetch.kept,submit.answered:3", "submit.*~1"])
def test_a_process_dies_where_the_plan_says_without_a_last_word(plan: str) -> None:
    ended = _run(plan)

    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == ""


def test_an_armed_point_kills_one_process_and_says_whom(tmp_path: Path) -> None:
    (tmp_path / "submit.answered").touch()

    first, second = _run(f"@{tmp_path}"), _run(f"@{tmp_path}")

    assert (first.returncode, second.stdout) == (-signal.SIGKILL, "lived\n")
    (killed,) = tmp_path.iterdir()
    assert killed.name.startswith("submit.answered.killed.")
    assert killed.read_text() == "-c"
