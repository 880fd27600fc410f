"""The two ways in: wrong guesses are slowed down, links work once."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.core import signing
from django.utils import timezone

from editorapp.teams import invitations, password_throttle, people
from editorapp.teams.known_browsers import KnownBrowser
from editorapp.teams.models import Invite, SignInLink, SignInTries, User
from editorapp.teams.password_throttle import FREE_TRIES, TooSoon
from editorapp.teams.roles import Role
from editorapp.teams.sign_in import (
    LinkNotUsable,
    NotSignedIn,
    follow,
    make_link,
    open_link,
    sign_in,
)
from tests.factories import make_member
from tests.racing import race

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PASSWORD = "correct horse battery"
STRANGE = KnownBrowser("a browser that nobody has used")


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make_person(name="ada@example.org", password=PASSWORD):
    user = make_member(name=name).user
    user.set_password(password)
    user.save()
    return user


def fail(name, *, times, address="192.0.2.1", now=NOW, browser=STRANGE):
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            sign_in(name, "wrong", address=address, browser=browser, now=now)


def test_the_right_password_lets_in_whatever_the_case_of_the_name():
    user = make_person()

    assert (
        sign_in(" Ada@Example.org", PASSWORD, address="192.0.2.1", browser=STRANGE, now=NOW) == user
    )


def test_every_failure_says_the_same():
    make_person()
    gone = make_person(name="gone")
    gone.is_active = False
    gone.save()

    said = set()
    for name, password in [("ada@example.org", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD)]:
        with pytest.raises(NotSignedIn) as caught:
            sign_in(name, password, address="192.0.2.1", browser=STRANGE, now=NOW)
        said.add(str(caught.value))

    assert len(said) == 1


def wait_of(name, *, address="192.0.2.1", now=NOW, browser=STRANGE):
    """Return how many seconds a try would have to wait."""
    with pytest.raises(TooSoon) as caught:
        sign_in(name, PASSWORD, address=address, browser=browser, now=now)
    return caught.value.seconds


def test_after_some_wrong_tries_a_name_waits_longer_and_longer_but_only_where_they_came_from():
    user = make_person()
    fail("ADA@example.org", times=FREE_TRIES)

    assert wait_of("ada@example.org ") == 5
    assert (
        sign_in("ada@example.org", PASSWORD, address="198.51.100.7", browser=STRANGE, now=NOW)
        == user
    )

    at, waits = NOW, []
    for _ in range(12):
        waits.append(wait_of("ada@example.org", now=at))
        at += timedelta(seconds=waits[-1])
        fail("ada@example.org", times=1, now=at)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]


def test_a_pause_ends_when_it_was_said_to_however_often_it_is_tried_meanwhile():
    user = make_person()
    fail("ada@example.org", times=FREE_TRIES)

    for seconds in range(5):
        assert wait_of("ada@example.org", now=NOW + timedelta(seconds=seconds)) == 5 - seconds

    later = NOW + timedelta(seconds=5)
    assert (
        sign_in("ada@example.org", PASSWORD, address="192.0.2.1", browser=STRANGE, now=later)
        == user
    )
    assert not SignInTries.objects.exists()


def test_no_number_of_names_tried_from_one_address_shuts_it_and_no_number_of_addresses_shuts_a_name():
    user = make_person()
    for number in range(80):
        fail(f"guess-{number}", times=1)
        fail("ada@example.org", times=1, address=f"198.51.100.{number}")

    assert (
        sign_in("ada@example.org", PASSWORD, address="192.0.2.1", browser=STRANGE, now=NOW) == user
    )


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("not an address", "", True),
    ],
)
def test_one_place_is_an_address_or_the_part_of_an_ipv6_one_that_a_line_has_for_itself(
    one, other, is_same
):
    make_person()
    fail("ada@example.org", times=FREE_TRIES, address=one)

    if is_same:
        assert wait_of("ada@example.org", address=other) == 5
    else:
        assert sign_in("ada@example.org", PASSWORD, address=other, browser=STRANGE, now=NOW)


def test_a_browser_that_the_person_has_used_does_not_wait_for_strangers_at_the_same_address():
    user = make_person()
    known = KnownBrowser.read(STRANGE.used_by(user))
    fail("ada@example.org", times=FREE_TRIES)
    wait_of("ada@example.org")

    assert sign_in("ada@example.org", PASSWORD, address="192.0.2.1", browser=known, now=NOW) == user
    # It is no way to guess without a pause either.
    fail("ada@example.org", times=FREE_TRIES, browser=known)
    assert wait_of("ada@example.org", browser=known, address="203.0.113.9") == 5


@pytest.mark.parametrize(
    "what", ["password", "sessions", "another person", "another key", "nothing"]
)
def test_a_browser_is_known_until_the_password_changes_and_for_nobody_else(what, settings):
    user = make_person()
    kept = STRANGE.used_by(user)
    if what == "password":
        user.set_password("another long one")
        user.save()
    elif what == "sessions":
        people.sign_out_everywhere(user)
    elif what == "another person":
        user = make_person("bo@example.org")
    elif what == "another key":
        settings.SECRET_KEY = "x" * 50

    assert KnownBrowser.read(kept).is_of(user) == (what == "nothing")


@pytest.mark.parametrize("said", [None, "x", [], {}, {"id": "x"}], ids=str)
def test_a_browser_that_keeps_nothing_of_ours_is_a_new_one(said):
    for kept in ("", "x", "a:b:c", signing.dumps(said), signing.dumps(said, salt="KnownBrowser")):
        assert KnownBrowser.read(kept).marks == {} and KnownBrowser.read(kept) != KnownBrowser.read(
            kept
        )


def test_a_browser_of_many_people_knows_those_who_came_last():
    everybody = [make_person(f"person-{number}") for number in range(7)]
    browser = STRANGE
    for user in [*everybody, everybody[2]]:
        browser = KnownBrowser.read(browser.used_by(user))

    assert [number for number, user in enumerate(everybody) if browser.is_of(user)] == [
        2,
        3,
        4,
        5,
        6,
    ]


def test_there_is_one_row_for_a_name_and_a_place_and_none_says_what_was_typed():
    fail("my-password-by-mistake", times=FREE_TRIES, now=NOW)
    for _ in range(20):
        wait_of("my-password-by-mistake")

    kept = SignInTries.objects.get()
    assert kept.count == FREE_TRIES and "my-password" not in kept.pair


def test_what_is_a_day_old_is_forgotten_and_there_are_never_more_rows_than_the_most(monkeypatch):
    monkeypatch.setattr(password_throttle, "MOST_PAIRS", 5)
    fail("long ago", times=FREE_TRIES, now=NOW - timedelta(days=2))
    for number in range(9):
        fail(f"guess-{number}", times=1, now=NOW + timedelta(seconds=number))

    assert SignInTries.objects.count() == 5
    assert set(SignInTries.objects.values_list("last_at", flat=True)) == {
        NOW + timedelta(seconds=number) for number in range(4, 9)
    }


def test_of_many_tries_in_one_moment_no_more_are_looked_at_than_one_after_another(transactional_db):
    """Each in a process or on a machine of its own: they share only the database."""
    user = make_person()
    guess = partial(
        sign_in, "ada@example.org", "wrong", address="192.0.2.1", browser=STRANGE, now=NOW
    )

    ended = race([guess] * 12)

    counts = Counter(type(one).__name__ for one in ended)
    assert counts == {"NotSignedIn": FREE_TRIES, "TooSoon": 12 - FREE_TRIES}
    assert SignInTries.objects.get().count == FREE_TRIES
    assert (
        sign_in("ada@example.org", PASSWORD, address="198.51.100.7", browser=STRANGE, now=NOW)
        == user
    )


def test_a_link_works_once():
    user = make_member().user
    token = make_link(user, now=NOW)

    assert follow(token, now=NOW) == user
    with pytest.raises(LinkNotUsable):
        follow(token, now=NOW)


def test_a_link_that_is_old_or_made_up_or_of_somebody_who_left_signs_nobody_in():
    user = make_member().user
    old = make_link(user, now=NOW - timedelta(hours=23))
    user_who_left = make_member().user
    left = make_link(user_who_left, now=NOW)
    user_who_left.is_active = False
    user_who_left.save()

    for token, now in [(old, NOW + timedelta(hours=2)), ("made-up", NOW), (left, NOW)]:
        with pytest.raises(LinkNotUsable):
            follow(token, now=now)


def test_to_look_at_a_link_uses_nothing_up():
    user = make_member().user
    token = make_link(user, now=NOW)

    assert [open_link(token, now=NOW).user for _ in range(3)] == [user] * 3
    assert follow(token, now=NOW) == user


def test_of_two_who_press_the_button_in_the_same_moment_one_gets_in(monkeypatch):
    token = make_link(make_member().user, now=NOW)
    seen = open_link(token, now=NOW)
    # Both looked before either wrote.
    monkeypatch.setattr("editorapp.teams.sign_in.open_link", lambda token, *, now: seen)
    follow(token, now=NOW)

    with pytest.raises(LinkNotUsable):
        follow(token, now=NOW)


def new_password(user: User) -> None:
    user.set_password("another long one")
    user.save()


ENDS = {
    "another password": lambda member: new_password(member.user),
    "signed out everywhere": lambda member: people.sign_out_everywhere(member.user),
    "a role that allows less": lambda member: people.change_role(member, Role.REVIEWER, now=NOW),
    "another role that allows less": lambda member: people.change_role(
        member, Role.CREATOR, now=NOW
    ),
    "disabled": lambda member: people.disable(member, by=None, now=NOW),
    "disabled and back": lambda member: (
        people.disable(member, by=None, now=NOW),
        people.bring_back(member, Role.ADMIN),
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_whatever_ends_the_trust_in_a_person_ends_every_way_in_that_is_open(how, client):
    member = make_member(role=Role.ADMIN)
    make_member(role=Role.ADMIN, team=member.team)
    tokens = [make_link(member.user, now=NOW) for _ in range(2)]
    kept = STRANGE.used_by(member.user)
    client.force_login(member.user)

    ENDS[how](member)

    for token in tokens:
        with pytest.raises(LinkNotUsable):
            open_link(token, now=NOW)
        with pytest.raises(LinkNotUsable):
            follow(token, now=NOW)
    user = User.objects.get(pk=member.user_id)
    assert not KnownBrowser.read(kept).is_of(user)
    assert client.get("/me").status_code == 302
    if user.is_active:
        assert follow(make_link(user, now=NOW), now=NOW) == user


def test_a_role_that_allows_more_ends_nothing(client):
    member = make_member(role=Role.CREATOR)
    token = make_link(member.user, now=NOW)
    client.force_login(member.user)

    people.change_role(member, Role.ADMIN, now=NOW)

    assert client.get("/me").status_code == 200 and follow(token, now=NOW) == member.user


def test_who_is_no_admin_any_more_comes_back_by_no_invitation_of_their_own():
    member = make_member(role=Role.ADMIN)
    other = make_member(role=Role.ADMIN, team=member.team)
    _invite, theirs = Invite.make(member.team, Role.ADMIN, invited_by=member.user, now=NOW)
    _invite, others = Invite.make(member.team, Role.ADMIN, invited_by=other.user, now=NOW)

    people.change_role(member, Role.CREATOR, now=NOW)

    with pytest.raises(invitations.InviteNotUsable):
        invitations.open_invite(theirs, now=NOW)
    assert invitations.open_invite(others, now=NOW)


def test_the_token_itself_is_kept_nowhere():
    token = make_link(make_member().user, now=NOW)

    assert token not in SignInLink.objects.values_list("token_sha256", flat=True)
