"""The README and the document of the models say what the code does."""

from tests.models_document import DOCUMENT, document
from tests.readme_blocks import README, rewritten


def test_the_tables_of_the_readme_are_those_of_the_code() -> None:
    text = README.read_text()

    assert text == rewritten(text), "run `python -m tests.readme_blocks`"


def test_the_document_of_the_models_is_what_the_rows_say() -> None:
    assert DOCUMENT.read_text() == document(), "run `python -m tests.readme_blocks`"


def test_the_readme_names_the_two_commands() -> None:
    text = README.read_text()

    assert "make run" in text and "make test" in text
