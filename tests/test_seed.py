"""The seed writes what the product would have written."""

import pytest
from django.db import connection

from editorapp.generations.checks import books
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library import index, search
from editorapp.library.models import TakeText
from tests.seed.installation import InUse, seed
from tests.seed.words import ABSENT, COMMON, RARE

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 600


def test_a_seeded_installation_is_whole():
    team = seed(COUNT)

    assert Generation.objects.count() == COUNT
    assert books.differences() == []
    assert {*Generation.objects.values_list("state", flat=True)} == {*State.values}
    connection.check_constraints()
    found = {word: search.found(team.pk, word, most=COUNT) for word in (COMMON, RARE, ABSENT)}
    assert len(found[COMMON]) > len(found[RARE]) > len(found[ABSENT]) == 0


def test_its_takes_are_found_by_the_words_that_the_index_would_write():
    seed(COUNT)
    before = _words()

    index.write_all()

    assert _words() == before


def test_what_people_made_is_not_written_over():
    seed(10)

    with pytest.raises(InUse):
        seed(10)


def _words() -> dict[int, set[str]]:
    return {text.pk: {*text.words.split()} for text in TakeText.objects.all()}
