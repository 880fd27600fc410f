"""Search: what is found by which words, in which order, and never beyond the team."""

import pytest
from django.utils import timezone

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library import index, organise, search
from editorapp.library.folding import (
    MARKER,
    SearchedWords,
    fold,
    number_word,
    person_word,
    searched,
    team_word,
)
from editorapp.library.models import TakeText
from editorapp.library.search import TakeSearch
from editorapp.review import comments
from editorapp.review.comments import CommentText
from editorapp.review.decide import decide
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def creator():
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator):
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


def made(creator, prompt: str, **fields) -> int:
    return make_generation(creator, prompt=prompt, **fields).pk


def found(creator, text: str, *, most: int = 50, before: int | None = None) -> list[int]:
    return search.found(creator.team_id, text, most=most, before=before)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Café au LAIT", ["cafe", "au", "lait"]),
        ("Straße, İstanbul", ["strasse", "istanbul"]),
        ("naïve\u0301 Å", ["naive", "a"]),
        ("red-umbrella_2x", ["red", "umbrella", "2x"]),
        ("ﬁne ①", ["fine", "1"]),
        ("東京の夜", ["東", "京", "の", "夜"]),
        ("서울의 밤", ["서울의", "밤"]),
        ('"a" OR (b* NOT c)', ["a", "or", "b", "not", "c"]),
        ("#123", ["123"]),
        ("  ", []),
    ],
)
def test_words_are_compared_without_accents_case_and_signs(text, words):
    assert fold(text) == words


def test_a_search_asks_for_each_word_once_and_for_so_many():
    assert searched("Rain rain RAIN") == SearchedWords(("rain",), is_begun=True)
    assert len(searched(" ".join(map(str, range(40)))).words) == 12
    assert searched("rain #12 rain") == SearchedWords((number_word(12), "rain"), is_begun=True)
    assert not searched("rain #12").is_begun


@pytest.mark.parametrize(
    "text", ["umbrella red", "RED umbrella", "umbr", "red umb", "cafe", "Café", "CAFÉ umbrella"]
)
def test_words_are_found_in_any_order_case_and_accent(creator, text):
    take = made(creator, "A red umbrella before the café")
    made(creator, "A blue parasol")

    assert found(creator, text) == [take]


@pytest.mark.parametrize("text", ["umbrella blue", "mbrella", "redd", "umb red", MARKER, "t1"])
def test_every_word_must_be_there_and_only_the_last_may_be_begun(creator, text):
    made(creator, "A red umbrella")

    assert found(creator, text) == []


@pytest.mark.parametrize(
    "text", ["", "  ", "***", '"', "a AND", "NEAR(", "'); DROP TABLE", "x:y", "-a", "^a", "\x00"]
)
def test_whatever_is_typed_is_words_and_nothing_else(creator, text):
    made(creator, "Rain")

    assert found(creator, text) == []


def test_a_part_of_a_sentence_without_spaces_is_found(creator):
    take = made(creator, "東京の夜に雨が降る")

    assert found(creator, "夜") == [take]


def test_takes_are_found_by_number_clip_note_comment_and_tag(creator, reviewer):
    clip = make_asset(creator, name="Balloon_flight.mp4")
    result = make_asset(creator, origin="result")
    take = make_generation(
        creator, prompt="Rain", source=clip, result=result, state=State.SUCCEEDED
    )
    comment = comments.add(take, CommentText("Zephyr blows"), by=reviewer, form_token="1", now=NOW)
    decide(take, "needs_changes", member=reviewer, note="Quieter please", now=NOW)
    organise.tag([take.pk], "Hero shot", by=reviewer)

    for text in (f"#{take.pk}", "balloon", "zephyr", "quieter", "hero shot rain"):
        assert found(creator, text) == [take.pk], text
    comments.edit(comment, CommentText("Mistral blows"), by=reviewer, now=NOW)
    assert (found(creator, "zephyr"), found(creator, "mistral")) == ([], [take.pk])
    comments.delete(comment, by=reviewer, now=NOW)
    assert found(creator, "mistral") == []


def test_the_newest_come_first_and_a_bound_goes_on_below_them(creator):
    takes = [made(creator, f"Rain {number}") for number in range(7)]

    first = found(creator, "rain", most=3)
    second = found(creator, "rain", most=3, before=first[-1])

    assert first + second == takes[:0:-1]
    assert found(creator, "rain", most=3, before=second[-1]) == takes[:1]


def test_another_team_finds_nothing_whatever_it_types(creator):
    made(creator, "Rain")
    stranger = make_member(role=Role.ADMIN)

    marks = (team_word(creator.team_id), person_word(creator.user_id))
    for text in ("rain", "cleo", "#1", *marks, f"{marks[0]} rain"):
        assert found(stranger, text) == []


def test_a_number_is_one_takes_number_and_not_the_beginning_of_another(creator):
    first = made(creator, "Rain")
    others = [made(creator, f"Rain for {first} people") for _ in range(12)]

    assert found(creator, f"#{first}") == [first]
    assert found(creator, f"#{others[-1]} rain") == found(creator, f"Rain #{others[-1]} ")
    assert found(creator, f"#{others[-1]}, rain") == others[-1:]
    assert found(creator, str(first))[-1] == first and len(found(creator, str(first))) == 13


def test_takes_are_found_by_who_made_them_under_the_name_of_today(creator, reviewer):
    take = made(creator, "A red umbrella")
    other = made(reviewer, "Nothing of Cleo's")

    assert found(creator, "cleo") == [other, take]
    assert found(creator, "umbrella cle") == [take] == found(creator, "cleo umb")
    creator.user.display_name = "Zoë"
    creator.user.save()
    assert found(creator, "zoe") == [take] and found(creator, "cleo") == [other]


@pytest.mark.parametrize(
    "text", ["rain", "umbrella red", "cleo red", "red umb", "#2", "nothing", "r"]
)
def test_takes_are_told_apart_one_by_one_as_the_index_does(creator, reviewer, text):
    takes = [
        made(creator, "A red umbrella"),
        made(reviewer, "A red umbrella in the rain"),
        made(make_member(role=Role.CREATOR, name="Cleo Lee"), "A red umbrella in the rain"),
    ]
    search = TakeSearch.read(creator.team_id, text)

    assert search.among(takes) == set(search.newest(most=50))


def test_what_is_deleted_is_found_no_more(creator):
    take = made(creator, "Rain")
    TakeText.objects.filter(generation=take).delete()

    assert found(creator, "rain") == []


def test_all_words_can_be_written_anew(creator, reviewer):
    takes = [made(creator, f"Rain {number}") for number in range(5)]
    TakeText.objects.all().delete()
    Generation.objects.filter(pk=takes[0]).update(prompt="Snow")

    assert index.write_all() == 5

    assert found(creator, "rain") == takes[:0:-1] and found(creator, "snow") == takes[:1]
    assert index.write_all() == 5 and TakeText.objects.count() == 5


def test_words_of_many_takes_are_written_in_few_queries(creator, django_assert_max_num_queries):
    takes = [made(creator, f"Rain {number}") for number in range(30)]

    with django_assert_max_num_queries(8):
        assert index.write(takes) == 30
