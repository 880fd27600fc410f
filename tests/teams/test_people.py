"""Invitations, roles, and the admin that every team keeps."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from editorapp.alerts import channels
from editorapp.core.notes import NoteNeeded
from editorapp.teams import invitations, people, sign_in
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.known_browsers import KnownBrowser
from editorapp.teams.models import Invite, LimitChange, Member, Team, User
from editorapp.teams.roles import GRANTS, Act, Role, may, who_may
from editorapp.teams.sign_in import make_link
from tests.factories import make_member

pytestmark = pytest.mark.django_db
BROWSER = KnownBrowser("new")
NOW = timezone.now()
GOOD = {"username": "grace@example.org", "display_name": "Grace", "password": "a quite long one"}


def make_invite(role=Role.REVIEWER, **options):
    admin = make_member(role=Role.ADMIN)
    return Invite.make(admin.team, role, invited_by=admin.user, now=NOW, **options)


def test_an_invited_person_joins_in_the_promised_role():
    invite, token = make_invite()

    member = invitations.accept(token, **GOOD, now=NOW)

    invite.refresh_from_db()
    assert (member.team, member.role, member.user.email) == (
        invite.team,
        Role.REVIEWER,
        "grace@example.org",
    )
    assert member.user.check_password("a quite long one")
    assert invite.accepted_by == member.user and invite.used_at == NOW


def test_an_invitation_lets_one_person_in():
    _, token = make_invite()
    invitations.accept(token, **GOOD, now=NOW)

    with pytest.raises(invitations.InviteNotUsable):
        invitations.accept(token, **(GOOD | {"username": "second"}), now=NOW)
    assert not User.objects.filter(username="second").exists()


@pytest.mark.parametrize("closed", ["expired", "revoked", "made up"])
def test_a_closed_invitation_lets_nobody_in(closed):
    invite, token = make_invite()
    if closed == "revoked":
        invitations.revoke(invite, now=NOW)
    when = NOW + timedelta(days=8) if closed == "expired" else NOW

    with pytest.raises(invitations.InviteNotUsable):
        invitations.accept("made up" if closed == "made up" else token, **GOOD, now=when)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "grace@example.org"),
        ("password", "1234567890"),
        ("username", "a b"),
        ("username", "TAKEN"),
        ("username", ""),
    ],
)
def test_a_bad_choice_is_said_by_field_and_the_invitation_stays_open(field, value):
    make_member(name="taken")
    _, token = make_invite()

    with pytest.raises(ValidationError) as caught:
        invitations.accept(token, **(GOOD | {field: value}), now=NOW)

    assert list(caught.value.message_dict) == [field]
    assert invitations.open_invite(token, now=NOW)


def test_the_last_admin_cannot_be_demoted_or_removed():
    admin = make_member(role=Role.ADMIN)
    make_member(role=Role.CREATOR, team=admin.team)
    make_member(role=Role.ADMIN)  # of another team

    with pytest.raises(people.LastAdmin):
        people.change_role(admin, Role.CREATOR, now=NOW)
    with pytest.raises(people.LastAdmin):
        people.disable(admin, by=admin.user, now=NOW)

    admin.refresh_from_db()
    assert admin.role == Role.ADMIN


def test_with_a_second_admin_the_first_may_step_down():
    admin = make_member(role=Role.ADMIN)
    other = make_member(role=Role.CREATOR, team=admin.team)

    people.change_role(other, Role.ADMIN, now=NOW)
    people.change_role(admin, Role.REVIEWER, now=NOW)

    assert set(Member.objects.filter(team=admin.team).values_list("role", flat=True)) == {
        "admin",
        "reviewer",
    }


def links_of(member):
    return [make_link(member.user, now=NOW), make_link(member.user, now=NOW)]


def test_a_disabled_person_is_out_at_once_by_every_way_in(client):
    admin = make_member(role=Role.ADMIN)
    member = make_member(team=admin.team, role=Role.ADMIN)
    member.user.set_password("a quite long one")
    member.user.save()
    client.force_login(member.user)
    links = links_of(member)
    _, theirs = Invite.make(admin.team, Role.ADMIN, invited_by=member.user, now=NOW)
    _, others = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=NOW)

    people.disable(member, by=admin.user, now=NOW)

    assert client.get("/me").status_code == 302
    for token in links:
        with pytest.raises(sign_in.LinkNotUsable):
            sign_in.follow(token, now=NOW)
    with pytest.raises(sign_in.NotSignedIn):
        sign_in.sign_in(
            member.user.username, "a quite long one", address="127.0.0.1", browser=BROWSER, now=NOW
        )
    with pytest.raises(invitations.InviteNotUsable):
        invitations.open_invite(theirs, now=NOW)
    assert invitations.open_invite(others, now=NOW)
    assert (member.disabled_at, member.disabled_by) == (NOW, admin.user) and not any(
        map(member.may, Act)
    )


def test_who_is_brought_back_has_the_same_name_and_password_and_no_session_from_before(client):
    admin = make_member(role=Role.ADMIN)
    member = make_member(team=admin.team)
    member.user.set_password("a quite long one")
    member.user.save()
    client.force_login(member.user)
    before = links_of(member)
    people.disable(member, by=admin.user, now=NOW)

    people.bring_back(member, Role.REVIEWER)

    assert client.get("/me").status_code == 302  # the cookie on a lost laptop
    with pytest.raises(sign_in.LinkNotUsable):
        sign_in.follow(before[0], now=NOW)
    found = sign_in.sign_in(
        member.user.username, "a quite long one", address="127.0.0.1", browser=BROWSER, now=NOW
    )
    assert found == member.user and Member.objects.get(user=found).role == Role.REVIEWER
    client.force_login(found)
    assert client.get("/me").status_code == 200


def test_who_is_disabled_in_one_team_goes_on_in_another(client):
    admin, elsewhere = make_member(role=Role.ADMIN), make_member()
    member = Member.objects.create(team=admin.team, user=elsewhere.user, role=Role.CREATOR)

    people.disable(member, by=admin.user, now=NOW)
    client.force_login(User.objects.get(pk=elsewhere.user_id))

    assert client.get("/gallery/").wsgi_request.member == elsewhere


def test_a_disabled_admin_is_no_admin_that_the_team_keeps_and_is_told_of_no_alert(settings):
    settings.EMAIL_IS_SET, settings.ALERT_WEBHOOK, settings.ALERT_EMAIL = True, "", []
    admin = make_member(role=Role.ADMIN)
    other = make_member(role=Role.ADMIN, team=admin.team)
    User.objects.filter(pk=other.user_id).update(email="gone@example.org")
    assert channels.Readers().anybody == {"gone@example.org"}

    people.disable(other, by=admin.user, now=NOW)
    User.objects.filter(pk=other.user_id).update(is_active=True)  # in another team, say

    assert channels.Readers().anybody == set()
    with pytest.raises(people.LastAdmin):
        people.disable(admin, by=admin.user, now=NOW)
    assert ensure_owner() == admin


def test_a_name_that_is_disabled_cannot_be_invited_anew_but_brought_back():
    _, token = make_invite()
    team = Invite.objects.get().team
    left = make_member(team=team, name="Grace")
    people.disable(left, by=None, now=NOW)

    with pytest.raises(ValidationError, match="bring you back"):
        invitations.accept(token, **(GOOD | {"username": "GRACE"}), now=NOW)

    assert people.disabled_named(team, " grace ") == left
    assert people.disabled_named(make_member().team, "grace") is None
    people.bring_back(left, Role.CREATOR)
    assert people.disabled_named(team, "grace") is None


@pytest.mark.parametrize("note", ["", "  \n ", "-", "x" * 201])
def test_a_limit_is_not_changed_without_a_note(note):
    admin = make_member(role=Role.ADMIN)

    with pytest.raises(NoteNeeded):
        people.change_limit(admin.team, Decimal(50), by=admin, note=note, now=NOW)

    assert Team.objects.get().monthly_limit_usd is None and not LimitChange.objects.exists()


def test_who_changed_a_limit_when_and_why_is_kept():
    admin = make_member(role=Role.ADMIN)

    people.change_limit(admin.team, Decimal(50), by=admin, note="The pilot's budget", now=NOW)
    people.change_limit(admin.team, Decimal(50), by=admin, note="", now=NOW)  # nothing changes
    with pytest.raises(PermissionDenied):
        people.change_limit(admin.team, None, by=make_member(team=admin.team), note="More", now=NOW)
    with pytest.raises(PermissionDenied):
        people.change_limit(admin.team, None, by=make_member(role=Role.ADMIN), note="More", now=NOW)

    kept = LimitChange.objects.get()
    assert (kept.person, kept.at, kept.before_usd, kept.after_usd) == (
        admin.user,
        NOW,
        None,
        Decimal(50),
    )
    assert (
        kept.note == "The pilot's budget"
        and Team.objects.get(pk=admin.team_id).monthly_limit_usd == 50
    )


LOOKS = {Act.SEE, Act.SEE_TEAM, Act.COMMENT}
WORKS = LOOKS | {Act.ORGANISE, Act.SHARE, Act.EXPORT, Act.STUDIO}
PAYS = {Act.SEE_COSTS, Act.SEE_ALL_COSTS, Act.SET_BUDGET, Act.SEE_AUDIT}
MAKES = {Act.CREATE, Act.CANCEL, Act.TRASH, Act.ANSWER, Act.SEE_COSTS}
RUNS = {Act.SEE_PRIVATE, Act.TRASH_FOR_ALL, Act.ANSWER_FOR_ALL, Act.STOP_FOLLOWING, Act.MANAGE}
EXPECTED = {
    Role.OWNER: WORKS | PAYS | MAKES | RUNS | {Act.DECIDE, Act.OWN},
    Role.ADMIN: WORKS | PAYS | MAKES | RUNS | {Act.DECIDE},
    Role.BILLING: LOOKS | PAYS | {Act.SEE_PRIVATE, Act.EXPORT},
    Role.CREATOR: WORKS | MAKES,
    Role.REVIEWER: WORKS | {Act.DECIDE},
    Role.GUEST: {Act.SEE, Act.COMMENT},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", list(Act))
def test_the_table_of_roles(role, act):
    assert may(role, act) == (act in EXPECTED[role]) == (role in who_may(act))
    assert act.label and GRANTS[role]
