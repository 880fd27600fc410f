"""Stale branches: what was made from a take that was made anew since."""

import uuid

import pytest
from django.utils import timezone

from editorapp.generations.models import BranchRun, BranchStep, Generation
from editorapp.generations.stale_branches import redone, stale
from tests.factories import make_asset, make_generation, make_member


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def root(member):
    return make_generation(member, source=make_asset(member), state="succeeded")


def child(parent, member, **fields):
    fields = {"state": "succeeded", "lineage": parent.lineage} | fields
    return make_generation(member, parent=parent, **fields)


def made_again(old: Generation, new: Generation) -> None:
    run = BranchRun.objects.create(
        team=old.team,
        person=old.created_by,
        form_token=uuid.uuid4().hex,
        created_at=timezone.now(),
    )
    BranchStep.objects.create(run=run, position=0, original=old, agreed_usd=1, generation=new)


def stale_among(takes, member) -> dict[int, int]:
    """Return which of the takes are stale, with what their parent was redone as."""
    found = stale({take.pk: take.parent_id for take in takes}, redone(_parents(takes), member))
    return {pk: redo.new for pk, redo in found.items()}


def _parents(takes) -> set[int]:
    return {take.parent_id for take in takes if take.parent_id}


def test_a_branch_is_stale_once_its_parent_was_made_again(member, root):
    old = child(root, member)
    below = child(old, member)
    new = child(root, member)
    made_again(old, new)

    after = child(old, member)

    assert stale_among([old, below, new, after], member) == {below.pk: new.pk}


def test_a_branch_is_stale_once_its_draft_was_finished(member, root):
    draft = child(root, member)
    below = child(draft, member)
    finished = child(root, member, finished_from=draft)

    assert stale_among([below, finished], member) == {below.pk: finished.pk}


def test_a_branch_is_stale_once_another_version_of_its_step_was_approved(member, root):
    old = child(root, member)
    new = child(root, member, review="approved")
    below = child(old, member)  # also what was made after it

    assert stale_among([below], member) == {below.pk: new.pk}


def test_an_older_version_that_is_approved_makes_nothing_stale(member, root):
    child(root, member, review="approved")
    newer = child(root, member)
    below = child(newer, member)

    assert stale_among([below], member) == {}


@pytest.mark.parametrize("how", ["again", "finished", "approved"])
def test_nothing_below_an_approved_take_is_stale(member, root, how):
    old = child(root, member, review="approved")
    below = child(old, member)
    new = child(
        root,
        member,
        finished_from=old if how == "finished" else None,
        review="approved" if how == "approved" else "",
    )
    if how == "again":
        made_again(old, new)

    assert stale_among([below], member) == {}


@pytest.mark.parametrize("state", ["queued", "failed", "unknown"])
def test_what_is_not_done_stands_for_nothing(member, root, state):
    old = child(root, member)
    below = child(old, member)
    made_again(old, child(root, member, state=state))

    assert stale_among([below], member) == {}


def test_what_is_in_the_trash_stands_for_nothing(member, root):
    old = child(root, member)
    below = child(old, member)
    child(root, member, review="approved", trashed_at=timezone.now())

    assert stale_among([below], member) == {}


def test_first_takes_of_one_clip_stand_for_each_other_only_within_a_batch(member, root):
    batch, clip = uuid.uuid4(), root.source_asset
    old, new = (
        make_generation(member, source=clip, state="succeeded", batch=batch, review=review)
        for review in ("", "approved")
    )
    other = make_generation(member, source=clip, state="succeeded")
    below, below_other = child(old, member), child(other, member)

    assert stale_among([below, below_other], member) == {below.pk: new.pk}


def test_another_task_from_the_same_take_is_no_other_version(member, root):
    old = child(root, member)
    child(root, member, review="approved", task="reframe")
    below = child(old, member)

    assert stale_among([below], member) == {}


def test_the_number_of_queries_is_the_same_for_one_and_for_many(
    member, root, django_assert_num_queries
):
    old = child(root, member)
    takes = [child(old, member) for _ in range(5)]
    child(root, member, review="approved")

    for some in (takes[:1], takes):
        with django_assert_num_queries(1):
            assert len(stale_among(some, member)) == len(some)
