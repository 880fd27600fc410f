"""The list of single changes does not rot: each fits the code still, and names tests that are
there.
"""

import ast
from functools import cache

from tests.environment import ROOT
from tests.sabotage.changes import CHANGES


@cache
def names_in(file: str) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef)
    }


def test_each_change_still_fits_the_code_and_leaves_it_readable() -> None:
    assert {change.says: problem for change in CHANGES if (problem := change.problem())} == {}
    for change in CHANGES:
        ast.parse(change.changed((ROOT / change.file).read_text()))


def test_every_change_says_something_of_its_own_and_names_tests_that_are_there() -> None:
    assert len({change.says for change in CHANGES}) == len(CHANGES)
    for change in CHANGES:
        assert change.tests
        for named in change.tests:
            file, _, test = named.partition("::")
            assert (ROOT / file).is_file() and (
                not test or test.partition("[")[0] in names_in(file)
            ), named
