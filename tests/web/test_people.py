"""Signing in and out, one's own account, invitations and the people page, as each role and as a
stranger.
"""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.core.client_address import address_of
from editorapp.costs import ledger
from editorapp.generations.states import State
from editorapp.teams.models import Invite, Member, Team, User
from editorapp.teams.password_throttle import FREE_TRIES
from editorapp.teams.roles import Role
from editorapp.teams.sign_in import make_link
from tests.factories import make_member, make_reserved, signed_in
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def words_of(answer) -> str:
    """Return a page's words, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def answer_to_link(token: str):
    """Return the answer to somebody who presses the button of a link."""
    return Client().post(f"/in/{token}")


def is_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_name_and_password_lead_to_the_page_that_was_asked_for(client, admin):
    admin.user.set_password(PASSWORD)
    admin.user.save()

    answer = client.post(
        "/sign-in?next=/people/", {"username": "ada", "password": PASSWORD, "next": "/people/"}
    )

    assert answer["Location"] == "/people/" and is_in(client)


def test_sign_in_never_leads_to_another_site(client, admin):
    admin.user.set_password(PASSWORD)
    admin.user.save()

    answer = client.post(
        "/sign-in", {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    )

    assert answer["Location"] == "/studio/"


def test_a_wrong_password_is_said_on_the_page_and_the_name_stays(client, admin):
    answer = client.post("/sign-in", {"username": "ada", "password": "wrong"})

    html = answer.content.decode()
    assert answer.status_code == 422 and "did not let you in" in html and 'value="ada"' in html
    assert not is_in(client)


def test_a_one_time_link_signs_in_and_lets_the_first_password_be_set(client, admin):
    admin.user.set_unusable_password()
    admin.user.save()
    token = make_link(admin.user, now=timezone.now())

    assert client.post(f"/in/{token}")["Location"] == "/studio/"
    answer = client.post("/me", {"new_password1": PASSWORD, "new_password2": PASSWORD})

    assert answer.status_code == 302 and is_in(client)
    assert User.objects.get(pk=admin.user_id).check_password(PASSWORD)


def test_a_used_link_says_how_to_get_another(client, admin):
    token = make_link(admin.user, now=timezone.now())
    Client().post(f"/in/{token}")

    for answer in (client.get(f"/in/{token}"), client.post(f"/in/{token}")):
        assert answer.status_code == 410 and "python manage.py studio" in answer.content.decode()
    assert not is_in(client)


def test_the_same_link_opened_twice_in_one_browser_just_goes_on(client, admin):
    token = make_link(admin.user, now=timezone.now())
    client.post(f"/in/{token}")

    assert [client.get(f"/in/{token}")["Location"], client.post(f"/in/{token}")["Location"]] == [
        "/studio/"
    ] * 2


@pytest.mark.parametrize("how", ["get", "head", "options"])
def test_to_open_a_link_uses_nothing_up_and_signs_nobody_in(client, admin, how):
    token = make_link(admin.user, now=timezone.now())

    for _ in range(2):
        getattr(client, how)(f"/in/{token}")
        assert not is_in(client)

    page = client.get(f"/in/{token}").content.decode()
    assert (
        page.count("<button") == 1 and 'method="post"' in page and "as <strong>Ada</strong>" in page
    )
    assert client.post(f"/in/{token}")["Location"] == "/studio/" and is_in(client)


def test_a_link_is_used_by_our_own_page_alone(admin):
    client = Client(enforce_csrf_checks=True)
    token = make_link(admin.user, now=timezone.now())

    assert client.post(f"/in/{token}").status_code == 403
    assert client.get(f"/in/{token}").status_code == 200


def test_another_password_ends_other_sessions_and_open_links_but_not_this_session(admin):
    here, elsewhere = signed_in(admin), signed_in(admin)
    token = make_link(admin.user, now=timezone.now())

    here.post("/me", {"new_password1": PASSWORD, "new_password2": PASSWORD})

    assert is_in(here) and not is_in(elsewhere)
    assert answer_to_link(token).status_code == 410


def test_signing_out_everywhere_else_leaves_this_session_alone(admin):
    here, elsewhere = signed_in(admin), signed_in(admin)
    token = make_link(admin.user, now=timezone.now())

    assert here.get("/sign-out-elsewhere").status_code == 405
    answer = here.post("/sign-out-elsewhere", follow=True)

    assert "signed out everywhere else" in words_of(answer) and is_in(here) and not is_in(elsewhere)
    assert answer_to_link(token).status_code == 410


def test_an_admin_who_steps_down_stays_in_here_and_nowhere_else(admin):
    make_member(role=Role.ADMIN, team=admin.team)
    here, elsewhere = signed_in(admin), signed_in(admin)

    here.post(f"/people/{admin.pk}/role", {"role": Role.REVIEWER})

    assert is_in(here) and not is_in(elsewhere)
    assert here.get("/people/").status_code == 403


def test_who_gets_a_smaller_role_signs_in_again_and_the_admin_is_told(admin):
    other = make_member(team=admin.team, name="Bo")
    theirs = signed_in(other)

    answer = signed_in(admin).post(f"/people/{other.pk}/role", {"role": Role.REVIEWER}, follow=True)

    assert "Bo is now reviewer. They sign in again wherever they were." in words_of(
        answer
    ) and not is_in(theirs)


def wrong(client, *, times: int = 1, **headers: str):
    for _ in range(times):
        answer = client.post("/sign-in", {"username": "ada", "password": "wrong"}, headers=headers)
    return answer


def test_after_several_wrong_tries_the_page_says_how_long_to_wait(client, admin):
    last = wrong(client, times=FREE_TRIES)
    assert last.status_code == 422 and "The next try can be made in 5 seconds." in words_of(last)

    answer = wrong(client)

    assert answer.status_code == 429 and 1 <= int(answer["Retry-After"]) <= 5
    assert "Sign-in with this name waits after several wrong tries. Try again in" in words_of(
        answer
    )
    assert 'value="ada"' in answer.content.decode()


@pytest.mark.parametrize("by", ["password", "link", "invitation"])
def test_a_browser_in_which_somebody_has_signed_in_does_not_wait_for_strangers(
    client, admin, by, settings
):
    admin.user.set_password(PASSWORD)
    admin.user.save()
    person = "ada"
    if by == "password":
        client.post("/sign-in", {"username": "ada", "password": PASSWORD})
    elif by == "link":
        client.post(f"/in/{make_link(admin.user, now=timezone.now())}")
    else:
        person = "grace"
        _made, token = Invite.make(
            admin.team, Role.REVIEWER, invited_by=admin.user, now=timezone.now()
        )
        client.post(
            f"/invite/{token}", {"username": "grace", "display_name": "Grace", "password": PASSWORD}
        )
    assert is_in(client)
    client.post("/sign-out")
    stranger, right = Client(), {"username": person, "password": PASSWORD}
    for _ in range(FREE_TRIES):
        stranger.post("/sign-in", right | {"password": "wrong"})

    assert stranger.post("/sign-in", right).status_code == 429
    assert client.post("/sign-in", right).status_code == 302 and is_in(client)
    kept = client.cookies[settings.KNOWN_BROWSER_COOKIE_NAME]
    assert kept["httponly"] and kept["samesite"] == "Lax" and kept["max-age"] > 300 * 24 * 60 * 60


@pytest.mark.parametrize("how", ["password", "everywhere"])
def test_a_browser_stays_known_where_its_person_changes_the_password_or_ends_all_other_sessions(
    client, admin, how
):
    client.post(f"/in/{make_link(admin.user, now=timezone.now())}")
    client.post("/me", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    if how == "everywhere":
        client.post("/sign-out-elsewhere")
    client.post("/sign-out")
    wrong(Client(), times=FREE_TRIES)

    assert client.post("/sign-in", {"username": "ada", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("origins", "forwarded", "address"),
    [
        ([], "203.0.113.9", "192.0.2.1"),  # no proxy is set: anybody could write it
        (
            ["https://r.example"],
            "10.0.0.1, 203.0.113.9",
            "203.0.113.9",
        ),  # the last is what our own proxy saw
        (["https://r.example"], "", "192.0.2.1"),
        (["https://r.example"], "unknown", "192.0.2.1"),
        (["https://r.example"], "x" * 5000, "192.0.2.1"),
    ],
)
def test_where_a_request_comes_from_is_what_the_nearest_proxy_saw(
    rf, settings, origins, forwarded, address
):
    settings.CSRF_TRUSTED_ORIGINS = origins
    request = rf.post("/sign-in", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="192.0.2.1")

    assert address_of(request) == address


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
    html = (
        signed_in(admin)
        .post("/people/invites", {"role": "reviewer", "note": "Grace", "days": "7"})
        .content.decode()
    )
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

    answer = client.post(
        f"/invite/{token}", {"username": "Ada", "display_name": "Other", "password": PASSWORD}
    )

    html = answer.content.decode()
    assert answer.status_code == 422 and "already has this name" in html and 'value="Other"' in html


def test_a_closed_invitation_says_so(admin, client):
    invite, token = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now())
    signed_in(admin).post(f"/people/invites/{invite.pk}/revoke")

    answer = client.get(f"/invite/{token}")

    assert answer.status_code == 410 and "closed" in answer.content.decode()


def test_somebody_of_the_team_does_not_use_up_an_invitation_to_it(admin):
    _, token = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now())

    answer = signed_in(admin).post(
        f"/invite/{token}", {"username": "x", "display_name": "x", "password": PASSWORD}
    )

    assert answer["Location"] == "/me" and Invite.objects.get().used_at is None
    assert not User.objects.filter(username="x").exists()


def test_an_admin_changes_a_role_disables_somebody_and_brings_them_back(admin):
    other = make_member(team=admin.team, name="Bo")
    client = signed_in(admin)

    client.post(f"/people/{other.pk}/role", {"role": "reviewer"})
    assert Member.objects.get(pk=other.pk).role == Role.REVIEWER
    assert (
        "Nothing of theirs waits to be sent."
        in client.get(f"/people/{other.pk}/disable").content.decode()
    )
    said = client.post(f"/people/{other.pk}/disable", follow=True).content.decode()
    assert "Bo is disabled, and signed out everywhere." in said and "Former members" in said
    assert not Member.objects.get(pk=other.pk).is_active
    said = client.post(
        f"/people/{other.pk}/bring-back", {"role": "creator"}, follow=True
    ).content.decode()
    assert "Bo is back as creator" in said and "Former members" not in said
    assert Member.objects.get(pk=other.pk).role == Role.CREATOR


def test_before_somebody_is_disabled_the_page_asks_what_becomes_of_their_takes(admin):
    other = make_member(team=admin.team, name="Zed")
    waits, real = make_reserved(other), make_reserved(other, is_simulated=False)
    make_reserved(other, state=State.UNKNOWN)
    make_reserved(other, state=State.RUNNING)
    client = signed_in(admin)

    asked = words_of(client.get(f"/people/{other.pk}/disable"))
    assert "2 takes of Zed wait to be sent , holding $1.08 and $1.08 simulated." in asked
    assert (
        "1 take of theirs is at a provider already" in asked
        and "Of 1 nobody knows the outcome" in asked
    )
    said = client.post(f"/people/{other.pk}/disable", {"choice": ""}, follow=True).content.decode()

    assert "2 takes of theirs are paused, with their money held." in said
    assert "2 takes wait for your decision" in said
    for take in (waits, real):
        take.refresh_from_db()
        assert (take.held_by, take.state) == (admin.user, State.QUEUED) and ledger.held_usd(
            take.pk
        ) > 0
    assert "Ada paused it when Zed was disabled." in words_of(client.get("/queue/"))


@pytest.mark.parametrize("choice", ["hold", "cancel", "hand_over", "keep"])
def test_each_choice_does_what_it_says_and_says_what_it_did(admin, choice):
    other, heir = make_member(team=admin.team, name="Zed"), make_member(team=admin.team, name="Bo")
    take = make_reserved(other)

    given = {"choice": choice, "to": heir.pk}
    said = signed_in(admin).post(f"/people/{other.pk}/disable", given, follow=True).content.decode()

    take.refresh_from_db()
    words, held, state = {
        "hold": ("1 take of theirs is paused, with", True, State.QUEUED),
        "cancel": ("1 take of theirs is canceled, and", False, State.CANCELED),
        "hand_over": ("1 take of theirs is Bo’s to answer for", False, State.QUEUED),
        "keep": ("1 take of theirs is sent when", False, State.QUEUED),
    }[choice]
    assert words in said and (take.held_at is not None, take.state) == (held, state)


def test_nobody_is_disabled_while_the_choice_is_not_whole(admin):
    other, heir = (
        make_member(team=admin.team, name="Zed"),
        make_member(team=admin.team, role=Role.REVIEWER),
    )
    make_reserved(other)
    client = signed_in(admin)

    for given in (
        {"choice": "hand_over"},
        {"choice": "hand_over", "to": heir.pk},
        {"choice": "give away"},
    ):
        assert client.post(f"/people/{other.pk}/disable", given).status_code == 422
    assert Member.objects.get(pk=other.pk).is_active


def test_a_role_that_may_not_create_asks_first_too(admin):
    other = make_member(team=admin.team, name="Zed")
    take = make_reserved(other)
    client = signed_in(admin)

    asked = words_of(client.post(f"/people/{other.pk}/role", {"role": "reviewer"}))
    assert "Make Zed a reviewer?" in asked and "1 take of Zed waits to be sent" in asked
    assert Member.objects.get(pk=other.pk).role == Role.CREATOR
    client.post(f"/people/{other.pk}/role", {"role": "reviewer", "choice": "cancel"})

    take.refresh_from_db()
    assert Member.objects.get(pk=other.pk).role == Role.REVIEWER and take.state == State.CANCELED


def test_what_was_held_is_decided_later_and_only_of_who_may_not_send_it(admin):
    other = make_member(team=admin.team, name="Zed")
    take, client = make_reserved(other), signed_in(admin)
    assert client.get(f"/people/{other.pk}/takes")["Location"] == "/people/"
    client.post(f"/people/{other.pk}/disable")

    assert "1 take of Zed waits to be sent" in words_of(client.get(f"/people/{other.pk}/takes"))
    client.post(f"/people/{other.pk}/takes", {"choice": "keep"})

    take.refresh_from_db()
    assert (take.held_at, take.responsible) == (None, admin.user)


def test_somebody_who_was_disabled_is_not_invited_anew(admin):
    other, client = make_member(team=admin.team, name="Zed"), signed_in(admin)
    client.post(f"/people/{other.pk}/disable")

    answer = client.post("/people/invites", {"role": "creator", "note": "zed", "days": "7"})

    assert (
        answer.status_code == 422
        and "Bring them back" in answer.content.decode()
        and not Invite.objects.exists()
    )


def test_the_last_admin_is_told_why_not(admin):
    client = signed_in(admin)

    for path, data in [("role", {"role": "creator"}), ("disable", {})]:
        html = client.post(f"/people/{admin.pk}/{path}", data, follow=True).content.decode()
        assert "only admin" in html
    assert Member.objects.get(pk=admin.pk).role == Role.ADMIN


def test_a_role_that_does_not_exist_is_refused(admin):
    other = make_member(team=admin.team)

    signed_in(admin).post(f"/people/{other.pk}/role", {"role": "emperor"})

    assert Member.objects.get(pk=other.pk).role == Role.CREATOR


def test_an_admin_neither_makes_nor_ends_an_owner_by_any_form_of_the_page(admin):
    client, owner = signed_in(admin), make_member(role=Role.OWNER, team=admin.team)
    other = make_member(role=Role.CREATOR, team=admin.team)
    gone = make_member(role=Role.OWNER, team=admin.team)
    Member.objects.filter(pk=gone.pk).update(disabled_at=timezone.now())

    for pk, role in ((other.pk, "owner"), (owner.pk, "creator"), (admin.pk, "owner")):
        client.post(f"/people/{pk}/role", {"role": role, "choice": "hold"})
    client.post(f"/people/{owner.pk}/disable", {"choice": "hold"})
    client.post(f"/people/{gone.pk}/bring-back", {"role": "creator"})
    refused = client.post("/people/invites", {"role": "owner", "days": "7"})

    assert refused.status_code == 422 and not Invite.objects.exists()
    kept = {one.pk: (one.role, one.is_active) for one in Member.objects.all()}
    assert kept == {
        admin.pk: ("admin", True),
        owner.pk: ("owner", True),
        other.pk: ("creator", True),
        gone.pk: ("owner", False),
    }
    html = client.get("/people/").content.decode()
    assert 'value="owner"' not in html
    assert 'value="owner"' in signed_in(owner).get("/people/").content.decode()


def test_an_owner_hands_the_team_on_and_is_then_demoted_by_the_new_one(admin):
    owner = make_member(role=Role.OWNER, team=admin.team, name="Olga")
    client = signed_in(owner)

    client.post(f"/people/{owner.pk}/role", {"role": "admin"})
    assert Member.objects.get(pk=owner.pk).role == Role.OWNER  # the only one
    assert "only owner" in words_of(client.get("/people/"))
    client.post(f"/people/{admin.pk}/role", {"role": "owner"})
    signed_in(admin).post(f"/people/{owner.pk}/role", {"role": "billing"})

    assert Member.objects.get(pk=owner.pk).role == Role.BILLING


def test_an_admin_sets_the_name(admin):
    client = signed_in(admin)

    client.post("/people/team", {"name": "Night shift"})
    refused = client.post("/people/team", {"name": " "})

    team = Team.objects.get(pk=admin.team_id)
    assert (team.name, refused.status_code) == ("Night shift", 422)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.BILLING])
def test_who_keeps_the_budget_sets_the_limit_on_the_page_of_costs(admin, role):
    keeper = make_member(role=role, team=admin.team, name="Ben")
    client = signed_in(keeper)

    without = client.post("/costs/limit", {"monthly_limit_usd": "50"})
    assert without.status_code == 422 and "Say why the limit changes" in without.content.decode()
    client.post("/costs/limit", {"monthly_limit_usd": "50", "limit_note": "The pilot"})
    page = words_of(client.get("/costs/"))
    assert "of $50.00" in page and "Ben set $50.00 instead of none. The pilot" in page
    refused = client.post("/costs/limit", {"monthly_limit_usd": "-1"})

    team = Team.objects.get(pk=admin.team_id)
    assert (team.monthly_limit_usd, refused.status_code) == (50, 422)
    creator = signed_in(make_member(team=admin.team))
    assert creator.post("/costs/limit", {"monthly_limit_usd": "9"}).status_code == 403
    assert "Save limit" not in creator.get("/costs/").content.decode()


@pytest.mark.parametrize("role", [Role.CREATOR, Role.REVIEWER])
def test_only_admins_manage_people(admin, role):
    client = signed_in(make_member(role=role, team=admin.team))
    invite, _ = Invite.make(admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now())

    answers = [client.get("/people/").status_code]
    own = [f"{admin.pk}/{act}" for act in ("role", "disable", "takes", "bring-back")]
    for path in [*own, "team", "invites", f"invites/{invite.pk}/revoke"]:
        answers.append(client.post(f"/people/{path}", {"role": "admin"}).status_code)

    assert answers == [403] * 8
    assert Invite.objects.get().used_at is None


def test_another_teams_people_and_invitations_are_not_there(admin):
    other = make_member(role=Role.ADMIN)
    make_member(role=Role.ADMIN, team=other.team)
    invite, _ = Invite.make(
        other.team, Role.CREATOR, invited_by=other.user, now=timezone.now(), note="secret guest"
    )
    client = signed_in(admin)

    answers = [
        client.post(f"/people/{other.pk}/role", {"role": "creator"}).status_code,
        *(
            client.post(f"/people/{other.pk}/{act}").status_code
            for act in ("disable", "takes", "bring-back")
        ),
        client.post(f"/people/invites/{invite.pk}/revoke").status_code,
    ]

    assert answers == [404] * 5 and "secret guest" not in client.get("/people/").content.decode()


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
        admin.team,
        Role.CREATOR,
        invited_by=admin.user,
        now=timezone.now() - timedelta(days=30),
        note="long ago",
    )

    assert "long ago" not in signed_in(admin).get("/people/").content.decode()


def test_the_people_page_asks_the_same_number_of_queries_for_any_number_of_people(admin):
    client = signed_in(admin)
    few = queries_of(client, "/people/")
    for number in range(12):
        make_member(team=admin.team)
        Invite.make(
            admin.team, Role.CREATOR, invited_by=admin.user, now=timezone.now(), note=str(number)
        )

    assert queries_of(client, "/people/") == few <= 14


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
