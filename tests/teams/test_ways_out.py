"""Who may not come in any more is out at once, and what lets one person in lets nobody else in."""

from functools import partial

import pytest
from django.utils import timezone

from editorapp.ops.backup import restore
from editorapp.teams import invitations, people
from editorapp.teams.models import Invite, Member, User
from editorapp.teams.roles import Role
from editorapp.teams.sign_in import make_link
from tests.factories import make_member
from tests.racing import race

NOW = timezone.now()
GRACE = {"username": "grace@example.org", "display_name": "Grace", "password": "a quite long one"}


@pytest.mark.parametrize("role", list(Role))
def test_somebody_whose_account_is_switched_off_is_out_at_once_with_every_session(
    db, client, role: str
) -> None:
    member = make_member(role=role)
    client.force_login(member.user)
    assert client.get("/me").status_code == 200

    User.objects.filter(pk=member.user_id).update(is_active=False)

    assert [
        client.get(page).status_code for page in ("/me", "/studio/", "/gallery/", "/queue/")
    ] == [302] * 4
    assert client.post("/studio/queue", {"prompt": "A harbor"}).status_code == 302


def test_of_two_who_accept_an_invitation_in_the_same_moment_one_joins(db, monkeypatch) -> None:
    admin = make_member(role=Role.ADMIN)
    _invite, token = Invite.make(admin.team, Role.ADMIN, invited_by=admin.user, now=NOW)
    seen = invitations.open_invite(token, now=NOW)
    monkeypatch.setattr(
        invitations, "open_invite", lambda token, *, now: seen
    )  # both looked before either wrote
    invitations.accept(token, **GRACE, now=NOW)

    with pytest.raises(invitations.InviteNotUsable):
        invitations.accept(token, **(GRACE | {"username": "second"}), now=NOW)

    assert Member.objects.filter(team=admin.team).count() == 2
    assert not User.objects.filter(username="second").exists()


def test_of_two_admins_who_take_the_role_from_each_other_at_once_one_stays(
    transactional_db,
) -> None:
    for _ in range(4):
        first = make_member(role=Role.ADMIN)
        second = make_member(role=Role.ADMIN, team=first.team)

        ended = race(
            [partial(people.change_role, one, Role.CREATOR, now=NOW) for one in (first, second)]
        )

        assert sorted(type(one).__name__ for one in ended) == ["LastAdmin", "NoneType"]
        assert Member.objects.filter(team=first.team, role=Role.ADMIN).count() == 1


def test_after_a_restore_no_link_and_no_invitation_of_before_lets_anybody_in(db, client) -> None:
    admin = make_member(role=Role.ADMIN)
    link = make_link(admin.user, now=NOW)
    _invite, invitation = Invite.make(admin.team, Role.ADMIN, invited_by=admin.user, now=NOW)
    client.force_login(admin.user)

    restore._end_sign_ins(timezone.now())

    assert client.get("/me").status_code == 302
    with pytest.raises(invitations.InviteNotUsable):
        invitations.open_invite(invitation, now=timezone.now())
    assert "studio" not in client.post(f"/in/{link}").headers.get("Location", "")
