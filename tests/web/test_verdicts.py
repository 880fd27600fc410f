"""Verdicts on the take page: who decides, who is asked, what stands, and the team's rule."""

import re
from functools import partial

import pytest

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.inbox.models import Notice
from editorapp.review import approval
from editorapp.review.models import Decision, ReviewRequest
from editorapp.review.standing import Kind, rule_of
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member, signed_in
from tests.queries import queries_of
from tests.racing import race
from tests.web.take_pages import NOW, make_done, text

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def creator() -> Member:
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator) -> Member:
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def second(creator) -> Member:
    return make_member(role=Role.REVIEWER, name="Sam", team=creator.team)


@pytest.fixture
def admin(creator) -> Member:
    return make_member(role=Role.ADMIN, name="Ada", team=creator.team)


@pytest.fixture
def take(creator) -> Generation:
    return make_done(creator)


def decide(client, take, verdict, note="", **more):
    said = {"verdict": verdict, "note": note}
    return client.post(f"/review/{take.pk}/decide", said, **more)


def test_a_reviewer_approves_and_the_creator_sees_who_and_is_told(creator, reviewer, take):
    answer = decide(signed_in(reviewer), take, "approved", "Lovely.")

    assert answer["Location"] == f"/takes/{take.pk}#verdicts"
    words = text(signed_in(creator), take)
    assert "Approved by Rae." in words and "Lovely." in words
    assert Notice.objects.get(kind="verdict").user == creator.user


def test_changes_are_asked_for_with_a_note_or_without(reviewer, second, take):
    decide(signed_in(reviewer), take, "needs_changes")
    assert "Needs changes, says Rae." in text(signed_in(reviewer), take)

    decide(signed_in(second), take, "needs_changes", "The sky is too dark.")

    assert "The sky is too dark." in text(signed_in(reviewer), take)


def test_one_changes_ones_mind_and_what_was_said_before_is_kept(reviewer, take):
    client = signed_in(reviewer)
    decide(client, take, "needs_changes", "The sky is too dark.")
    decide(client, take, "approved")

    words = text(client, take)
    assert "Approved by Rae." in words and "Earlier verdicts (1)" in words
    assert "You said: approved. Another verdict takes its place." in words
    take.refresh_from_db()
    assert take.review == "approved" and Decision.objects.count() == 2


def test_htmx_gets_the_panel_anew_with_the_badge_at_the_head(reviewer, take):
    answer = decide(signed_in(reviewer), take, "approved", headers=HTMX)

    part = answer.content.decode()
    assert part.lstrip().startswith('<section class="panel') and "<html" not in part
    assert 'id="review-badge" hx-swap-oob="true"' in part and "Approved by Rae." in part


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_note_that_cannot_be_kept_stands_in_its_field_with_the_reason(reviewer, take, headers):
    answer = decide(signed_in(reviewer), take, "approved", "Fine\x1b", headers=headers)

    assert answer.status_code == 422 and "control character" in answer.content.decode()
    assert ">Fine" in answer.content.decode()
    assert not Decision.objects.exists()


def test_an_unknown_verdict_and_an_unfinished_take_are_told(creator, reviewer, take):
    client, running = signed_in(reviewer), make_generation(creator, state=State.RUNNING)

    assert b"Choose: approve" in decide(client, take, "rejected", follow=True).content
    assert decide(client, take, "", headers=HTMX).status_code == 422
    assert b"Only a finished take" in decide(client, running, "approved", follow=True).content
    assert "verdicts-head" not in client.get(f"/takes/{running.pk}").content.decode()
    assert client.get(f"/review/{running.pk}/verdicts").status_code == 200
    assert not Decision.objects.exists()


def test_who_made_a_take_is_offered_no_verdict_on_it(admin):
    own, client = make_done(admin), signed_in(admin)

    assert "somebody else approves it" in text(client, own)
    assert 'name="verdict"' not in client.get(f"/takes/{own.pk}").content.decode()
    assert b"Somebody else approves" in decide(client, own, "approved", follow=True).content
    assert Generation.objects.get(pk=own.pk).review == ""


@pytest.mark.parametrize("role", list(Role))
def test_those_decide_whose_role_allows_it_and_those_ask_who_organise(creator, take, role):
    member = make_member(role=role, team=creator.team)
    board = projects.make(creator, ProjectFields("Pilot"))
    projects.add(board, member, creator)
    Generation.objects.filter(pk=take.pk).update(project=board)
    client = signed_in(member)

    decided = decide(client, take, "approved").status_code
    asked = client.post(f"/review/{take.pk}/ask").status_code

    deciders = {Role.OWNER, Role.ADMIN, Role.REVIEWER}
    assert decided == (302 if role in deciders else 403)
    assert asked == (302 if role in deciders | {Role.CREATOR} else 403)
    assert client.get(f"/review/{take.pk}/verdicts").status_code == 200


def test_people_are_asked_and_it_is_said_of_whom_a_verdict_is_missing(
    creator, reviewer, second, admin, take
):
    approval.set_rule(take.team, Kind.ALL_ASKED, None, by=admin)
    client = signed_in(creator)

    answer = client.post(
        f"/review/{take.pk}/ask", {"reviewer": [reviewer.pk, second.pk]}, headers=HTMX
    )

    assert "Rae and Sam are asked." in answer.content.decode()
    assert {one.user for one in Notice.objects.all()} == {reviewer.user, second.user}
    decide(signed_in(reviewer), take, "approved")
    words = text(client, take)
    assert "Approved by 1 of 2 asked." in words and "Asked Sam by Cleo" in words
    again = client.post(f"/review/{take.pk}/ask", {"reviewer": reviewer.pk}, follow=True)
    assert "Rae is asked." in again.content.decode()


def test_nobody_is_asked_who_is_not_named_or_of_another_team(creator, take):
    stranger = make_member(role=Role.REVIEWER)
    client = signed_in(creator)

    for named in ([], [stranger.pk], [creator.pk], [2**62]):
        answer = client.post(f"/review/{take.pk}/ask", {"reviewer": named}, follow=True)
        assert "Nobody was asked" in answer.content.decode()
    assert client.post(f"/review/{take.pk}/ask", {"reviewer": "x"}).status_code == 400
    assert not ReviewRequest.objects.exists()


def test_another_team_finds_no_take_to_decide_about(take):
    client = signed_in(make_member(role=Role.ADMIN))

    assert decide(client, take, "approved").status_code == 404
    assert client.post(f"/review/{take.pk}/ask").status_code == 404
    assert client.get(f"/review/{take.pk}/verdicts").status_code == 404
    assert not Decision.objects.exists()


def test_in_a_private_project_those_who_are_not_in_it_neither_decide_nor_are_offered(
    creator, reviewer, second, admin, take
):
    board = projects.make(admin, ProjectFields("Pitch", is_private=True))
    for member in (creator, reviewer):
        projects.add(board, member, admin)
    Generation.objects.filter(pk=take.pk).update(project=board)

    assert decide(signed_in(second), take, "approved").status_code == 404
    html = signed_in(creator).get(f"/takes/{take.pk}").content.decode()
    offered = set(re.findall(r'name="reviewer" value="(\d+)"', html))
    assert offered == {str(reviewer.pk), str(admin.pk)}
    assert decide(signed_in(reviewer), take, "approved").status_code == 302


def test_the_line_of_the_studio_says_it_and_approves_in_place(creator, reviewer, take):
    client, address = signed_in(reviewer), f"/review/{take.pk}/verdicts?in_form=1"

    assert "Nobody has decided yet" in client.get(address, headers=HTMX).content.decode()
    said = {"verdict": "approved", "in_form": "1"}
    part = client.post(f"/review/{take.pk}/decide", said, headers=HTMX).content.decode()

    assert "data-verdict-line" in part and "Approved by Rae." in part and "<button" not in part
    shown = signed_in(creator).get(address, headers=HTMX).content.decode()
    assert "Approved by Rae." in shown and "<button" not in shown


def test_cards_show_what_a_take_counts_as_and_whose_note_it_is(creator, reviewer, admin, take):
    approval.set_rule(take.team, Kind.PERSON, reviewer, by=admin)
    decide(signed_in(reviewer), take, "needs_changes", "The sky is too dark.")
    decide(signed_in(admin), take, "approved", "I like it.")

    card = signed_in(creator).get("/gallery/").content.decode()

    assert "Needs changes" in card and "The sky is too dark." in card and "I like it." not in card


def test_the_rule_is_set_on_the_people_page_and_written_down(admin, reviewer, take):
    client = signed_in(admin)

    said = {"kind": "person", "approver": reviewer.pk}
    answer = client.post("/people/rule", said, follow=True)

    page = answer.content.decode()
    assert "once Rae approves it" in page
    assert re.search(rf'value="{reviewer.pk}" selected', page)
    assert AuditEntry.objects.get(act="team.rule_changed").actor_name == "Ada"
    assert "Waits for Rae, who decides for the team." in text(client, take)


@pytest.mark.parametrize(
    "said", [{}, {"kind": "all"}, {"kind": "person"}, {"kind": "person", "approver": "7"}]
)
def test_a_rule_that_cannot_be_is_refused_in_words(admin, creator, said):
    answer = signed_in(admin).post("/people/rule", said, follow=True)

    assert "Choose how many approve" in answer.content.decode()
    assert rule_of(admin.team).kind == Kind.ONE and not AuditEntry.objects.exists()


@pytest.mark.parametrize("role", [Role.CREATOR, Role.REVIEWER, Role.BILLING, Role.GUEST])
def test_nobody_else_sets_the_rule(creator, role):
    member = make_member(role=role, team=creator.team)

    assert signed_in(member).post("/people/rule", {"kind": "all_asked"}).status_code == 403
    assert rule_of(creator.team).kind == Kind.ONE


def test_a_named_person_who_may_not_decide_any_more_is_told_of(admin, reviewer, take):
    approval.set_rule(take.team, Kind.PERSON, reviewer, by=admin)
    Member.objects.filter(pk=reviewer.pk).update(role=Role.CREATOR)

    assert "Rae may not decide any more" in signed_in(admin).get("/people/").content.decode()
    assert "one reviewer is enough" in text(signed_in(admin), take)


def test_the_number_of_queries_does_not_grow_with_verdicts_and_reviewers(creator, reviewer, take):
    decide(signed_in(reviewer), take, "approved")
    few = queries_of(signed_in(creator), f"/review/{take.pk}/verdicts")
    for number in range(8):
        other = make_member(role=Role.REVIEWER, team=creator.team, name=f"R{number}")
        approval.ask(take, [other], by=creator, now=NOW)
        decide(signed_in(other), take, "needs_changes", "No")

    assert queries_of(signed_in(creator), f"/review/{take.pk}/verdicts") == few


@pytest.mark.django_db(transaction=True)
def test_two_decide_at_once_on_their_pages_a_hundred_times_and_nothing_is_lost(
    reviewer, second, take
):
    clients = {one: signed_in(one) for one in (reviewer, second)}
    for number in range(100):
        verdict = ("approved", "needs_changes")[number % 2]
        calls = [partial(decide, clients[one], take, verdict, f"{number}") for one in clients]
        assert [answer.status_code for answer in race(calls)] == [302, 302]

    kept = Decision.objects.filter(generation=take)
    assert kept.count() == kept.values("decided_by", "note").distinct().count() == 200
    take.refresh_from_db()
    assert take.review == "needs_changes"
