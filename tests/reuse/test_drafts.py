"""Saved drafts: one a person and source, and nothing that a page had not seen is overwritten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.reuse import drafts
from editorapp.reuse.drafts import DraftPlace
from editorapp.reuse.models import SavedDraft
from tests.factories import make_member

pytestmark = pytest.mark.django_db
CLIP = DraftPlace("", "asset:12", "bunny.mp4")


def words(text: str) -> list[tuple[str, str]]:
    return [("task", "edit"), ("prompt", text)]


def save(member, text: str, *, based_on: int = 0, page: str = "a", place=CLIP, later: int = 0):
    now = timezone.now() + timedelta(seconds=later)
    return drafts.save(member, place, words(text), based_on=based_on, page=page, now=now)


def test_a_page_goes_on_from_what_it_has_saved():
    member = make_member()

    first = save(member, "Snow")
    second = save(member, "Snow at dusk", based_on=first.revision)

    assert (second.pk, second.revision, second.words) == (first.pk, 2, "Snow at dusk")
    assert drafts.of(member).count() == 1


def test_the_same_page_is_never_in_its_own_way():
    """The answer to its last save may be lost, or still on its way when it is left."""
    member = make_member()
    save(member, "Snow", page="a")

    again = save(member, "Snow at dusk", based_on=0, page="a")

    assert (again.aside, again.words) == ("", "Snow at dusk")


def test_what_another_page_has_not_seen_is_kept_aside_and_counts_once_it_is_chosen():
    member = make_member()
    save(member, "Snow", page="a")

    other = save(member, "Rain", based_on=0, page="b")
    once_more = save(member, "Rain at noon", based_on=0, page="b", later=1)

    assert other.aside == "b" and once_more.pk == other.pk
    current = drafts.of(member).get(aside="")
    assert current.words == "Snow"
    now = timezone.now()
    chosen = drafts.save_over(member, CLIP, words("Rain at noon"), page="b", now=now)
    assert (chosen.aside, chosen.words) == ("", "Rain at noon")
    assert chosen.revision > current.revision
    assert "Snow" in [one.words for one in drafts.of(member).exclude(aside="")]
    assert save(member, "Snow at dusk", based_on=current.revision, page="a").aside == "a"


def test_the_same_words_from_two_pages_are_no_conflict():
    member = make_member()
    save(member, "Snow", page="a")

    assert save(member, "Snow", page="b").aside == ""


def test_a_page_opens_with_the_draft_of_its_source_and_knows_the_newest_of_all(
    django_assert_num_queries,
):
    member, other = make_member(), make_member()
    save(member, "Snow")
    save(member, "Rain", place=DraftPlace("", "asset:13", "frog.webm"), later=1)
    save(other, "Nobody else's", later=2)

    with django_assert_num_queries(1):
        found = drafts.found(member, source="asset:12")

    assert [one.words for one in found] == ["Rain", "Snow"]
    assert [one.words for one in drafts.found(member)] == ["Rain"]


def test_the_oldest_are_forgotten_and_all_end_with_the_membership(monkeypatch):
    monkeypatch.setattr(drafts, "MOST", 3)
    member = make_member()

    for number in range(5):
        save(member, f"Words {number}", place=DraftPlace("", f"asset:{number}"), later=number)

    assert [one.words for one in drafts.of(member)] == ["Words 4", "Words 3", "Words 2"]
    member.delete()
    assert not SavedDraft.objects.exists()


def test_a_version_that_is_brought_back_counts_and_the_one_before_is_set_aside():
    member = make_member()
    current = save(member, "Snow", page="a")
    version = save(member, "Rain", page="b", later=1)

    draft = drafts.bring_back(version, now=timezone.now())

    assert (draft.pk, draft.words, draft.aside) == (current.pk, "Rain", "")
    assert draft.revision > current.revision
    assert [one.words for one in drafts.of(member).exclude(aside="")] == ["Snow"]


def test_the_oldest_versions_are_forgotten_before_any_draft(monkeypatch):
    monkeypatch.setattr(drafts, "MOST_ASIDE", 2)
    member = make_member()
    save(member, "Snow", page="a")
    for number in range(4):
        now = timezone.now() + timedelta(seconds=number + 1)
        drafts.set_aside(member, CLIP, words(f"Rain {number}"), now=now)

    assert [one.words for one in drafts.of(member)] == ["Rain 3", "Rain 2", "Snow"]
