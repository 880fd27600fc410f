"""Signing in and out, one's own account, invitations and the people page, as each role and as a stranger."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.teams.models import Invite, Member, SignInLink, Team, User
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin():
    return make_member(role=Role.ADMIN, name="Ada")


def signed_in(member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def is_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_name_and_password_lead_to_the_page_that_was_asked_for(client, admin):
    admin.user.set_password(PASSWORD)
    admin.user.save()

    answer = client.post("/sign-in?next=/people/", {"username": "ada", "password": PASSWORD, "next": "/people/"})

    assert answer["Location"] == "/people/" and is_in(client)


def test_sign_in_never_leads_to_another_site(client, admin):
    admin.user.set_password(PASSWORD)
    admin.user.save()

    answer = client.post("/sign-in", {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"})

    assert answer["Location"] == "/studio/"


def test_a_wrong_password_is_said_on_the_page_and_the_name_stays(client, admin):
    answer = client.post("/sign-in", {"username": "ada", "password": "wrong"})

    html = answer.content.decode()
    assert answer.status_code == 422 and "did not let you in" in html and 'value="ada"' in html
    assert not is_in(client)


def test_a_one_time_link_signs_in_and_lets_the_first_password_be_set(client, admin):
    admin.user.set_unusable_password()
    admin.user.save()
    token = SignInLink.make(admin.user, now=timezone.now())

    assert client.get(f"/in/{token}")["Location"] == "/studio/"
    answer = client.post("/me", {"new_password1": PASSWORD, "new_password2": PASSWORD})

    assert answer.status_code == 302 and is_in(client)
    assert User.objects.get(pk=admin.user_id).check_password(PASSWORD)


def test_a_used_link_says_how_to_get_another(client, admin):
    token = SignInLink.make(admin.user, now=timezone.now())
    Client().get(f"/in/{token}")

    answer = client.get(f"/in/{token}")

    assert answer.status_code == 410 and "python manage.py studio" in answer.content.decode()
    assert not is_in(client)


def test_the_same_link_opened_twice_in_one_browser_just_goes_on(client, admin):
    token = SignInLink.make(admin.user, now=timezone.now())
    client.get(f"/in/{token}")

    assert client.get(f"/in/{token}")["Location"] == "/studio/"


@pytest.mark.parametrize("how", ["head", "prefetch"])
def test_a_preview_does_not_use_a_link_up(client, admin, how):
    token = SignInLink.make(admin.user, now=timezone.now())

    if how == "head":
        client.head(f"/in/{token}")
    else:
        client.get(f"/in/{token}", headers={"Sec-Purpose": "prefetch;prerender"})

    assert client.get(f"/in/{token}")["Location"] == "/studio/" and is_in(client)


def test_signing_out_takes_a_post(admin):
    client = signed_in(admin)

    assert client.get("/sign-out").status_code == 405 and is_in(client)
    client.post("/sign-out")
    assert not is_in(client)


def test_changing_a_password_takes_the_old_one(admin):
    admin.user.set_password(PASSWORD)
    admin.user.save()
    client = signed_in(admin)
    new = {"new_password1": "another long one", "new_password2": "another long one"}

    refused = client.post("/me", new | {"old_password": "wrong"})
    taken = client.post("/me", new | {"old_password": PASSWORD})

    assert (refused.status_code, taken.status_code) == (422, 302)
    assert is_in(client) and User.objects.get(pk=admin.user_id).check_password("another long one")


def test_one_changes_the_name_that_others_see(admin):
    signed_in(admin).post("/me", {"display_name": "Ada L."})

    assert User.objects.get(pk=admin.user_id).display_name == "Ada L."


def test_an_admin_invites_and_the_guest_joins_as_what_was_promised(admin, client):
    html = signed_in(admin).post("/people/invites", {"role": "reviewer", "note": "Grace", "days": "7"}).content.decode()
    link = html.split('<code id="fresh-link">')[1].split("</code>")[0]
    path = link.removeprefix("http://testserver")

    page = client.get(path).content.decode()
    answer = client.post(path, {"username": "grace", "display_name": "Grace", "password": PASSWORD})

    assert "Join" in page and "approve a take" in page
    assert answer["Location"] == "/gallery/" and is_in(client)
    assert Member.objects.get(user__username="grace").role == Role.REVIEWER


def test_a_link_is_shown_once(admin):
    client = signed_in(admin)
    client.post("/people/invites", {"role": "creator", "days": "7", "note": "Grace"})

    html = client.get("/people/").content.decode()

    assert "fresh-link" not in html and "Grace" in html


def test_a_bad_choice_keeps_what_was_typed(admin, client):
    _, token = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now())

    answer = client.post(f"/invite/{token}", {"username": "Ada", "display_name": "Other", "password": PASSWORD})

    html = answer.content.decode()
    assert answer.status_code == 422 and "already has this name" in html and 'value="Other"' in html


def test_a_closed_invitation_says_so(admin, client):
    invite, token = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now())
    signed_in(admin).post(f"/people/invites/{invite.pk}/revoke")

    answer = client.get(f"/invite/{token}")

    assert answer.status_code == 410 and "closed" in answer.content.decode()


def test_somebody_signed_in_does_not_use_up_an_invitation(admin):
    _, token = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now())

    answer = signed_in(admin).post(f"/invite/{token}", {"username": "x", "display_name": "x", "password": PASSWORD})

    assert answer.status_code == 200 and Invite.objects.get().used_at is None


def test_an_admin_changes_a_role_and_removes_somebody(admin):
    other = make_member(team=admin.team, name="Bo")
    client = signed_in(admin)

    client.post(f"/people/{other.pk}/role", {"role": "reviewer"})
    assert Member.objects.get(pk=other.pk).role == Role.REVIEWER
    client.post(f"/people/{other.pk}/remove")
    assert not Member.objects.filter(pk=other.pk).exists()


def test_the_last_admin_is_told_why_not(admin):
    client = signed_in(admin)

    for path, data in [("role", {"role": "creator"}), ("remove", {})]:
        html = client.post(f"/people/{admin.pk}/{path}", data, follow=True).content.decode()
        assert "only admin" in html
    assert Member.objects.get(pk=admin.pk).role == Role.ADMIN


def test_a_role_that_does_not_exist_is_refused(admin):
    other = make_member(team=admin.team)

    signed_in(admin).post(f"/people/{other.pk}/role", {"role": "owner"})

    assert Member.objects.get(pk=other.pk).role == Role.CREATOR


def test_an_admin_sets_the_name_and_the_limit(admin):
    client = signed_in(admin)

    client.post("/people/team", {"name": "Night shift", "monthly_limit_usd": "50"})
    assert "of $50.00" in client.get("/people/").content.decode()
    refused = client.post("/people/team", {"name": "Night shift", "monthly_limit_usd": "-1"})

    team = Team.objects.get(pk=admin.team_id)
    assert (team.name, team.monthly_limit_usd, refused.status_code) == ("Night shift", 50, 422)


@pytest.mark.parametrize("role", [Role.CREATOR, Role.REVIEWER])
def test_only_admins_manage_people(admin, role):
    client = signed_in(make_member(role=role, team=admin.team))
    invite, _ = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now())

    answers = [client.get("/people/").status_code]
    for path in [f"{admin.pk}/role", f"{admin.pk}/remove", "team", "invites", f"invites/{invite.pk}/revoke"]:
        answers.append(client.post(f"/people/{path}", {"role": "admin"}).status_code)

    assert answers == [403] * 6
    assert Invite.objects.get().used_at is None


def test_another_teams_people_and_invitations_are_not_there(admin):
    other = make_member(role=Role.ADMIN)
    make_member(role=Role.ADMIN, team=other.team)
    invite, _ = Invite.make(other.team, Role.CREATOR, invited_by=other.user, now=timezone.now(), note="secret guest")
    client = signed_in(admin)

    answers = [
        client.post(f"/people/{other.pk}/role", {"role": "creator"}).status_code,
        client.post(f"/people/{other.pk}/remove").status_code,
        client.post(f"/people/invites/{invite.pk}/revoke").status_code,
    ]

    assert answers == [404] * 3 and "secret guest" not in client.get("/people/").content.decode()


def test_strangers_are_sent_to_sign_in(client):
    for path in ["/people/", "/me"]:
        assert client.get(path)["Location"] == f"/sign-in?next={path}"


def test_somebody_of_no_team_reaches_only_their_account():
    user = User.objects.create_user("loner")
    client = Client()
    client.force_login(user)

    assert client.get("/me").status_code == 200
    refused = client.get("/people/")
    assert refused.status_code == 403 and "You are in no team" in refused.content.decode()


def test_an_expired_invitation_is_not_listed(admin):
    Invite.make(
        admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now() - timedelta(days=30), note="long ago"
    )

    assert "long ago" not in signed_in(admin).get("/people/").content.decode()


def test_the_people_page_asks_the_same_number_of_queries_for_any_number_of_people(admin):
    client = signed_in(admin)
    few = queries_of(client, "/people/")
    for number in range(12):
        make_member(team=admin.team)
        Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now(), note=str(number))

    assert queries_of(client, "/people/") == few <= 9


def test_an_admin_says_where_alerts_are_sent_and_can_have_none(admin):
    browser = signed_in(admin)
    assert "No mail server is set" in browser.get("/me").content.decode()

    assert browser.post("/me", {"email": "ada@example"}).status_code == 422
    browser.post("/me", {"email": "ada@example.com"})
    admin.user.refresh_from_db()
    assert admin.user.email == "ada@example.com"

    browser.post("/me", {"email": ""})
    admin.user.refresh_from_db()
    assert admin.user.email == ""


def test_who_manages_nothing_is_not_asked_where_alerts_go(admin):
    browser = signed_in(make_member(team=admin.team))

    assert "E-mail for alerts" not in browser.get("/me").content.decode()
    assert browser.post("/me", {"email": "me@example.com"}).status_code == 422
