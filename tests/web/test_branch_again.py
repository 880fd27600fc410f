"""Run this branch again, as a form: quoted whole, begun once, followed and stopped."""

import re

import pytest

from editorapp.generations.models import BranchRun, Generation
from editorapp.generations.states import State
from editorapp.teams.models import AuditEntry, Team
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in
from tests.generations.test_branches import end, finish, made, make_step, queued, tick
from tests.web.test_lineage import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(creator) -> list[Generation]:
    takes: list[Generation] = []
    for prompt in ("Rain", "Neon", "Fog"):
        takes.append(make_step(creator, takes[-1] if takes else None, prompt))
    return takes


def fields(html: str) -> dict[str, str]:
    """Return what the form that begins a run would send."""
    form = html[html.index('class="stack branch-quote"') :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_the_whole_chain_is_quoted_before_anything_is_sent(creator, line):
    Team.objects.update(monthly_limit_usd=20)

    html = signed_in(creator).get(f"/takes/{line[2].pk}/branch").content.decode()

    said = words(html)
    assert "3 steps in all $3.24" in said
    assert "Run 3 steps for $3.24" in said
    assert "made from the result of step 1" in said and "made from the result of step 2" in said
    assert "$16.76 of this month's simulated budget is free" in said.replace("&#x27;", "'")
    assert queued() == 0


def test_pressed_twice_it_begins_once_and_goes_on_step_by_step(creator, line):
    client = signed_in(creator)
    html = client.get(f"/takes/{line[2].pk}/branch?start={line[1].pk}").content.decode()
    form = fields(html)

    answers = [client.post(f"/takes/{line[2].pk}/branch/run", form) for _ in range(2)]

    run = BranchRun.objects.get()
    first = made(run)[0]
    assert {answer["Location"] for answer in answers} == {f"/takes/{first.pk}/lineage/"}
    assert queued() == 1 and first.parent == line[0]
    shown = words(client.get(f"/takes/{first.pk}/lineage/").content.decode())
    assert "Waits for the step before" in shown
    assert (
        'hx-trigger="load delay:3s"' in client.get(f"/takes/{first.pk}/lineage/").content.decode()
    )

    finish(first)
    tick()
    finish(made(run)[1])
    tick()
    after = client.get(f"/takes/{first.pk}/lineage/runs").content.decode()
    assert "hx-trigger" not in after and "Waits" not in after


def test_a_failed_step_says_that_nothing_followed(creator, line):
    client = signed_in(creator)
    form = fields(client.get(f"/takes/{line[2].pk}/branch").content.decode())
    client.post(f"/takes/{line[2].pk}/branch/run", form)
    run = BranchRun.objects.get()
    end(made(run)[0], State.FAILED)
    tick()

    said = words(client.get(f"/takes/{line[2].pk}/lineage/").content.decode())

    assert "failed, so what follows it was not sent. Nothing was charged for that." in said
    assert said.count("Not sent") == 2


def test_a_budget_without_room_is_said_before_and_holds_at_the_press(creator, line):
    client = signed_in(creator)
    form = fields(client.get(f"/takes/{line[2].pk}/branch").content.decode())
    Team.objects.update(monthly_limit_usd=5)

    html = client.get(f"/takes/{line[2].pk}/branch").content.decode()
    answer = client.post(f"/takes/{line[2].pk}/branch/run", form)

    assert "Ask an admin to raise it, or run fewer steps" in html and "disabled" in html
    assert answer.status_code == 422 and "whole branch may cost" in answer.content.decode()
    assert queued() == 0 and not BranchRun.objects.exists()


@pytest.mark.parametrize("agreed", ["3.23", "", "nonsense", "-1"])
def test_it_is_not_begun_for_more_than_was_shown(creator, line, agreed):
    client = signed_in(creator)
    form = fields(client.get(f"/takes/{line[2].pk}/branch").content.decode())

    answer = client.post(f"/takes/{line[2].pk}/branch/run", form | {"agreed_usd": agreed})

    assert answer.status_code == 422 and queued() == 0


def test_without_a_quote_nothing_is_begun(creator, line):
    answer = signed_in(creator).post(f"/takes/{line[2].pk}/branch/run")

    assert answer.status_code == 422 and queued() == 0


def test_a_step_that_is_not_in_the_branch_is_said(creator, line):
    other = make_step(creator, None, "Other")

    answer = signed_in(creator).get(f"/takes/{line[2].pk}/branch?start={other.pk}")

    assert answer.status_code == 422
    assert f"was not made from #{other.pk}" in answer.content.decode()


def test_who_may_not_create_and_another_team_find_no_way_in(creator, line):
    reviewer = signed_in(make_member(team=creator.team, role=Role.REVIEWER))
    stranger = signed_in(make_member())
    theirs = make_step(make_member(), None, "Theirs")

    for client, status in ((reviewer, 403), (stranger, 404)):
        assert client.get(f"/takes/{line[2].pk}/branch").status_code == status
        assert client.post(f"/takes/{line[2].pk}/branch/run").status_code == status
        assert client.post(f"/takes/{line[2].pk}/branch/ask").status_code == status
    own = signed_in(creator)
    asked = f"/takes/{line[2].pk}/branch?start={line[1].pk}&onto={theirs.pk}"
    assert own.get(asked).status_code == 404
    assert "branch" not in words(reviewer.get(f"/takes/{line[2].pk}/lineage/").content.decode())


def test_a_run_is_stopped_by_its_own_person_and_not_by_others(creator, line):
    client = signed_in(creator)
    form = fields(client.get(f"/takes/{line[2].pk}/branch").content.decode())
    client.post(f"/takes/{line[2].pk}/branch/run", form)
    run = BranchRun.objects.get()

    other = signed_in(make_member(team=creator.team))
    assert other.post(f"/takes/branches/{run.pk}/stop").status_code == 403
    assert signed_in(make_member()).post(f"/takes/branches/{run.pk}/stop").status_code == 404
    assert client.post(f"/takes/branches/{run.pk}/stop").status_code == 302

    run.refresh_from_db()
    assert run.state == BranchRun.State.STOPPED
    assert AuditEntry.objects.filter(act="branch.stopped").count() == 1


def test_the_price_of_a_step_that_publishes_none_is_asked_for(creator, line):
    answer = signed_in(creator).post(f"/takes/{line[2].pk}/branch/ask", {"start": line[1].pk})

    assert answer.status_code == 302  # all of these publish theirs: nothing was to be asked
    assert answer["Location"] == f"/takes/{line[2].pk}/branch?start={line[1].pk}"
