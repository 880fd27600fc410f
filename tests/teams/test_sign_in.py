"""The two ways in: wrong guesses are slowed down, links work once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.teams.models import FailedSignIn, SignInLink
from editorapp.teams.sign_in import TRIES_PER_ADDRESS, TRIES_PER_NAME, LinkNotUsable, NotSignedIn, follow, sign_in
from tests.factories import make_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make_person(name="ada@example.org", password="correct horse battery"):
    user = make_member(name=name).user
    user.set_password(password)
    user.save()
    return user


def fail(name, *, times, address="192.0.2.1", now=NOW):
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            sign_in(name, "wrong", address=address, now=now)


def test_the_right_password_lets_in_whatever_the_case_of_the_name():
    user = make_person()

    assert sign_in(" Ada@Example.org", "correct horse battery", address="192.0.2.1", now=NOW) == user


def test_every_failure_says_the_same():
    make_person()
    gone = make_person(name="gone")
    gone.is_active = False
    gone.save()

    said = set()
    for name, password in [("ada@example.org", "wrong"), ("nobody", "wrong"), ("gone", "correct horse battery")]:
        with pytest.raises(NotSignedIn) as caught:
            sign_in(name, password, address="192.0.2.1", now=NOW)
        said.add(str(caught.value))

    assert len(said) == 1


def test_after_several_wrong_tries_even_the_right_password_waits():
    user = make_person()
    fail("ADA@example.org", times=TRIES_PER_NAME)

    fail_now = pytest.raises(NotSignedIn)
    with fail_now:
        sign_in("ada@example.org", "correct horse battery", address="198.51.100.7", now=NOW)

    later = NOW + timedelta(minutes=16)
    assert sign_in("ada@example.org", "correct horse battery", address="192.0.2.1", now=later) == user
    assert not FailedSignIn.objects.exists()


def test_one_address_cannot_go_through_many_names():
    make_person()
    for number in range(TRIES_PER_ADDRESS):
        fail(f"guess-{number}", times=1)

    with pytest.raises(NotSignedIn):
        sign_in("ada@example.org", "correct horse battery", address="192.0.2.1", now=NOW)
    assert sign_in("ada@example.org", "correct horse battery", address="198.51.100.7", now=NOW)


def test_old_failures_are_swept_away_and_names_are_never_kept_as_typed():
    fail("my-password-by-mistake", times=2, now=NOW - timedelta(hours=1))
    fail("somebody", times=1)

    kept = FailedSignIn.objects.get()
    assert "somebody" not in kept.name_sha256


def test_a_link_works_once():
    user = make_member().user
    token = SignInLink.make(user, now=NOW)

    assert follow(token, now=NOW) == user
    with pytest.raises(LinkNotUsable):
        follow(token, now=NOW)


def test_a_link_that_is_old_or_made_up_or_of_somebody_who_left_signs_nobody_in():
    user = make_member().user
    old = SignInLink.make(user, now=NOW, hours=1)
    user_who_left = make_member().user
    left = SignInLink.make(user_who_left, now=NOW)
    user_who_left.is_active = False
    user_who_left.save()

    for token, now in [(old, NOW + timedelta(hours=2)), ("made-up", NOW), (left, NOW)]:
        with pytest.raises(LinkNotUsable):
            follow(token, now=now)


def test_the_token_itself_is_kept_nowhere():
    token = SignInLink.make(make_member().user, now=NOW)

    assert token not in SignInLink.objects.values_list("token_sha256", flat=True)
