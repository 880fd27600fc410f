"""What goes wrong with a take is told to its people, once for each attempt, and nobody else."""

import pytest
from django.utils import timezone

from editorapp.generations import trouble
from editorapp.generations.engine import post_outcomes
from editorapp.generations.models import newest
from editorapp.generations.states import State
from editorapp.inbox.models import Notice
from editorapp.providers.contract import ProviderError
from editorapp.review import answers, comments
from editorapp.review.comments import CommentText
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, make_reserved

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def creator():
    return make_member(role=Role.CREATOR, name="Cleo")


def told() -> list[tuple[str, str, str]]:
    rows = Notice.objects.order_by("user__display_name").select_related("user")
    return [(one.user.display_name, one.kind, one.words) for one in rows]


def test_a_refused_take_tells_who_made_it_and_who_answers_for_it(creator):
    heir = make_member(role=Role.CREATOR, team=creator.team, name="Hal")
    make_member(role=Role.ADMIN, team=creator.team, name="Ada")
    take = make_reserved(creator, state=State.SUBMITTING, assignee=heir.user)

    post_outcomes.refused(newest(take), ProviderError("No such model."), now=NOW)

    words = f"#{take.pk} failed. No such model."
    assert told() == [("Cleo", "trouble", words), ("Hal", "trouble", words)]
    assert {one.path for one in Notice.objects.all()} == {f"/takes/{take.pk}"}


def test_an_unknown_outcome_says_that_money_may_be_spent(creator):
    take = make_reserved(creator, state=State.SUBMITTING)

    post_outcomes.unknown(newest(take), ProviderError("No answer."), now=NOW)

    [(_who, kind, words)] = told()
    assert kind == "trouble" and "may have been sent and paid" in words and "No answer." in words


def test_what_goes_well_or_goes_on_troubles_nobody(creator):
    take = make_generation(creator, state=State.FETCHING, result=make_asset(creator))
    newest(take).move(State.SUCCEEDED, now=NOW)
    queued = make_reserved(creator)
    newest(queued).move(State.CANCELED, now=NOW)

    assert told() == []


def test_the_author_of_a_note_is_told_once_the_take_that_answers_it_is_done(creator):
    mia = make_member(role=Role.REVIEWER, team=creator.team, name="Mia")
    asked = make_generation(creator, state=State.SUCCEEDED, result=make_asset(creator))
    says = CommentText("Redder", (90, 90))
    note = comments.add(asked, says, by=mia, form_token="1", now=NOW)
    Notice.objects.all().delete()
    made = make_generation(creator, state=State.FETCHING, parent=asked)
    answers.answer(made, note)
    assert told() == []

    newest(made).move(State.SUCCEEDED, now=NOW)

    words = f"#{made.pk} answers your note on frame 90 of #{asked.pk}. Does it do what you asked?"
    assert told() == [("Mia", "answer", words)]
    assert Notice.objects.get().path == f"/takes/{made.pk}#answers"


def test_what_became_of_a_paid_call_is_kept_though_nobody_can_be_told(creator, monkeypatch):
    def fails(*_args, **_more):
        Notice.objects.create()  # breaks a constraint of the database

    monkeypatch.setattr(trouble, "notify", fails)
    take = make_reserved(creator, state=State.SUBMITTING)

    post_outcomes.unknown(newest(take), ProviderError("No answer."), now=NOW)

    take.refresh_from_db()
    assert take.state == State.UNKNOWN and told() == []
