"""Invitations, roles, and the admin that every team keeps."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from editorapp.teams import people
from editorapp.teams.models import Invite, Member, User
from editorapp.teams.roles import GRANTS, Act, Role, may
from tests.factories import make_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()
GOOD = {"username": "grace@example.org", "display_name": "Grace", "password": "a quite long one"}


def make_invite(role=Role.REVIEWER, **options):
    admin = make_member(role=Role.ADMIN)
    return Invite.make(admin.team, role, invited_by=admin.user, now=NOW, **options)


def test_an_invited_person_joins_in_the_promised_role():
    invite, token = make_invite()

    member = people.accept(token, **GOOD, now=NOW)

    invite.refresh_from_db()
    assert (member.team, member.role, member.user.email) == (invite.team, Role.REVIEWER, "grace@example.org")
    assert member.user.check_password("a quite long one")
    assert invite.accepted_by == member.user and invite.used_at == NOW


def test_an_invitation_lets_one_person_in():
    _, token = make_invite()
    people.accept(token, **GOOD, now=NOW)

    with pytest.raises(people.InviteNotUsable):
        people.accept(token, **(GOOD | {"username": "second"}), now=NOW)
    assert not User.objects.filter(username="second").exists()


@pytest.mark.parametrize("closed", ["expired", "revoked", "made up"])
def test_a_closed_invitation_lets_nobody_in(closed):
    invite, token = make_invite()
    if closed == "revoked":
        people.revoke(invite, now=NOW)
    when = NOW + timedelta(days=8) if closed == "expired" else NOW

    with pytest.raises(people.InviteNotUsable):
        people.accept("made up" if closed == "made up" else token, **GOOD, now=when)


@pytest.mark.parametrize(
    ("field", "value"),
    [("password", "short"), ("password", "grace@example.org"), ("password", "1234567890"), ("username", "a b"),
     ("username", "TAKEN"), ("username", "")],
)  # fmt: skip
def test_a_bad_choice_is_said_by_field_and_the_invitation_stays_open(field, value):
    make_member(name="taken")
    _, token = make_invite()

    with pytest.raises(ValidationError) as caught:
        people.accept(token, **(GOOD | {field: value}), now=NOW)

    assert list(caught.value.message_dict) == [field]
    assert people.open_invite(token, now=NOW)


def test_the_last_admin_cannot_be_demoted_or_removed():
    admin = make_member(role=Role.ADMIN)
    make_member(role=Role.CREATOR, team=admin.team)
    make_member(role=Role.ADMIN)  # of another team

    with pytest.raises(people.LastAdmin):
        people.change_role(admin, Role.CREATOR)
    with pytest.raises(people.LastAdmin):
        people.remove(admin)

    admin.refresh_from_db()
    assert admin.role == Role.ADMIN


def test_with_a_second_admin_the_first_may_step_down():
    admin = make_member(role=Role.ADMIN)
    other = make_member(role=Role.CREATOR, team=admin.team)

    people.change_role(other, Role.ADMIN)
    people.change_role(admin, Role.REVIEWER)

    assert set(Member.objects.filter(team=admin.team).values_list("role", flat=True)) == {"admin", "reviewer"}


def test_a_removed_person_is_out_at_once(client):
    admin = make_member(role=Role.ADMIN)
    member = make_member(team=admin.team)
    client.force_login(member.user)

    people.remove(member)

    assert client.get("/me").status_code == 302
    assert not Member.objects.filter(user=member.user).exists()
    assert User.objects.filter(pk=member.user_id, is_active=False).exists()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", list(Act))
def test_the_table_of_roles(role, act):
    expected = {
        Role.ADMIN: {Act.SEE, Act.CREATE, Act.DECIDE, Act.SEE_ALL_COSTS, Act.STOP_FOLLOWING, Act.MANAGE},
        Role.CREATOR: {Act.SEE, Act.CREATE},
        Role.REVIEWER: {Act.SEE, Act.DECIDE},
    }

    assert may(role, act) == (act in expected[role])
    assert act.label and GRANTS[role]
