"""The README says what the code does."""

from tests.readme_blocks import README, rewritten


def test_the_tables_of_the_readme_are_those_of_the_code() -> None:
    text = README.read_text()

    assert text == rewritten(text), "run `python -m tests.readme_blocks`"


def test_the_readme_names_the_two_commands() -> None:
    text = README.read_text()

    assert "make run" in text and "make test" in text
