"""Several teams on one installation: made by an owner, joined with the account that one has, and gone
over to; and a sign-in link that an admin makes for who cannot sign in.
"""

import re

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.teams import invitations, people
from editorapp.teams.models import AuditEntry, Invite, Member, Team
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def is_in(member: Member) -> Team:
    found = Member.objects.of_user(member.user_id)
    assert found is not None
    return found.team


def test_an_owner_makes_a_team_goes_over_to_it_and_back() -> None:
    owner = make_member(role=Role.OWNER, name="Olga")
    client, take = signed_in(owner), make_generation(owner)

    made = client.post("/me/teams", {"team_name": "Night shift"})
    there = Team.objects.get(name="Night shift")

    assert made.status_code == 302 and is_in(owner) == there
    assert client.get(f"/takes/{take.pk}").status_code == 404  # of the other team
    assert "Go over to another team" in client.get("/gallery/").content.decode()
    client.post("/me/team", {"team": owner.team_id})
    assert is_in(owner) == owner.team
    assert client.get(f"/takes/{take.pk}").status_code == 200
    assert [line.act for line in AuditEntry.objects.order_by("pk")] == [
        "team.made",
        "team.made",
        "person.switched_team",
        "person.switched_team",
    ]


@pytest.mark.parametrize("role", [one for one in Role if one != Role.OWNER])
def test_nobody_else_makes_a_team(role) -> None:
    client = signed_in(make_member(role=role))

    assert client.post("/me/teams", {"team_name": "Night shift"}).status_code == 403
    assert "Make another team" not in client.get("/me").content.decode()
    assert Team.objects.count() == 1


def test_who_has_an_account_joins_another_team_with_it_once() -> None:
    cleo, other = make_member(name="Cleo"), make_member(role=Role.ADMIN, name="Ada")
    _invite, token = invitations.invite(other, Role.REVIEWER, now=NOW)
    client = signed_in(cleo)

    assert "can join with this account" in client.get(f"/invite/{token}").content.decode()
    client.post(f"/invite/{token}")

    assert is_in(cleo) == other.team
    assert Member.objects.get(user=cleo.user, team=other.team).role == Role.REVIEWER
    assert client.post(f"/invite/{token}").status_code == 410
    _second, again = invitations.invite(other, Role.ADMIN, now=NOW)
    client.post(f"/invite/{again}")  # already in it: no way to a higher role
    assert Member.objects.get(user=cleo.user, team=other.team).role == Role.REVIEWER
    assert Invite.objects.filter(used_at=None).count() == 1


def test_nobody_goes_over_to_a_team_that_they_are_not_in_or_not_any_more() -> None:
    cleo, other = make_member(name="Cleo"), make_member(role=Role.ADMIN)
    client = signed_in(cleo)

    assert client.post("/me/team", {"team": other.team_id}).status_code == 403
    assert client.post("/me/team", {"team": 999_999}).status_code == 404
    second = Member.objects.create(team=other.team, user=cleo.user, role=Role.CREATOR)
    client.post("/me/team", {"team": other.team_id})
    assert is_in(cleo) == other.team
    people.disable(second, by=other.user, now=NOW)

    assert is_in(cleo) == cleo.team


def link_on(page: str) -> str:
    found = re.search(r"/in/[\w-]+", page)
    assert found
    return found[0]


def test_an_admin_makes_a_link_with_which_somebody_sets_another_password(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    admin, zed = make_member(role=Role.ADMIN, name="Ada"), make_member(name="Zed")
    Member.objects.filter(pk=zed.pk).update(team=admin.team)
    zed.user.set_password("what I forgot")
    zed.user.save()

    page = signed_in(admin).post(f"/people/{zed.pk}/link")
    browser = Client()
    browser.post(link_on(page.content.decode()))
    new = "a good long password"
    browser.post("/me", {"new_password1": new, "new_password2": new})

    assert page.status_code == 201
    zed.user.refresh_from_db()
    assert zed.user.check_password(new)
    line = AuditEntry.objects.get(act="member.link_made")
    assert (line.actor_name, line.about) == ("Ada", "Zed")
    assert link_on(page.content.decode()).rpartition("/")[2] not in str(
        list(AuditEntry.objects.values())
    )


def test_no_admin_becomes_an_owner_or_somebody_of_another_team_by_such_a_link() -> None:
    admin = make_member(role=Role.ADMIN)
    owner = make_member(role=Role.OWNER, team=admin.team)
    both, other = make_member(team=admin.team), make_member(role=Role.ADMIN)
    Member.objects.create(team=other.team, user=both.user, role=Role.ADMIN)
    client = signed_in(admin)

    for member in (owner, both):
        answer = client.post(f"/people/{member.pk}/link", follow=True)
        assert "/in/" not in answer.content.decode()
    assert client.post(f"/people/{other.pk}/link").status_code == 404
    assert not AuditEntry.objects.filter(act="member.link_made").exists()
