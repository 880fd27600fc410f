"""Owners: the data migration that makes them, and who may give which role."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.teams import invitations, people
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import Invite, Member
from editorapp.teams.roles import GRANTS, Act, Role, assignable_by
from tests.factories import make_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_the_oldest_admin_who_can_sign_in_becomes_the_owner_of_each_team() -> None:
    make_owners = import_module("editorapp.teams.migrations.0007_owners").make_owners
    gone = make_member(role=Role.ADMIN)
    people_of = [make_member(role=role, team=gone.team) for role in ("creator", "admin", "admin")]
    off = make_member(role=Role.ADMIN)
    type(off.user).objects.filter(pk=off.user_id).update(is_active=False)
    Member.objects.filter(pk=gone.pk).update(disabled_at=NOW)
    owned = make_member(role=Role.OWNER)
    second = make_member(role=Role.ADMIN, team=owned.team)

    make_owners(apps, None)
    make_owners(apps, None)  # once more changes nothing

    roles = dict(Member.objects.values_list("pk", "role"))
    assert [roles[one.pk] for one in people_of] == ["creator", "owner", "admin"]
    assert (roles[gone.pk], roles[off.pk]) == ("admin", "admin")
    assert (roles[owned.pk], roles[second.pk]) == ("owner", "admin")


def test_a_first_run_makes_an_owner_and_a_second_one_finds_them() -> None:
    made = ensure_owner()

    assert made.role == Role.OWNER and made.may(Act.OWN)
    assert ensure_owner() == made and Member.objects.count() == 1


def test_nobody_gives_a_role_that_may_more_than_their_own() -> None:
    for role in Role:
        given = assignable_by(role)
        assert all(GRANTS[one] <= GRANTS[role] for one in given)
        assert bool(given) == (Act.MANAGE in GRANTS[role])
    assert Role.OWNER not in assignable_by(Role.ADMIN)
    assert set(assignable_by(Role.OWNER)) == set(Role)


def test_an_admin_gives_no_role_of_an_owner_in_any_way() -> None:
    admin, owner = make_member(role=Role.ADMIN), make_member(role=Role.OWNER)
    owner.team = admin.team
    owner.save()
    other = make_member(team=admin.team)

    for act in (
        lambda: people.change_role(other, Role.OWNER, by=admin, now=NOW),
        lambda: people.change_role(owner, Role.CREATOR, by=owner, now=NOW),
        lambda: invitations.invite(admin, Role.OWNER, now=NOW),
        lambda: people.bring_back(other, Role.OWNER, by=admin),
    ):
        with pytest.raises((PermissionDenied, people.LastAdmin)):
            act()

    assert not Invite.objects.exists() and Member.objects.get(pk=other.pk).role == "creator"


def test_who_is_demoted_from_owner_to_admin_keeps_the_invitations_that_they_may_still_make() -> (
    None
):
    owner, heir = make_member(role=Role.OWNER), make_member(role=Role.OWNER)
    heir.team = owner.team
    heir.save()
    _kept, kept = invitations.invite(owner, Role.ADMIN, now=NOW)
    _ended, ended = invitations.invite(owner, Role.OWNER, now=NOW)

    people.change_role(owner, Role.ADMIN, by=heir, now=NOW)

    assert invitations.open_invite(kept, now=NOW).role == Role.ADMIN
    with pytest.raises(invitations.InviteNotUsable):
        invitations.open_invite(ended, now=NOW)
