"""Passkeys: added with the password, good for one site and one challenge, let in without a code;
taken away by their person, and by who takes the second factor away.
"""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.teams.models import AuditEntry, Member, Passkey
from editorapp.teams.password_throttle import FREE_TRIES
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in
from tests.web import test_second_factor

webauthn = pytest.importorskip("webauthn")
from tests.web.soft_device import PRESENT, SoftDevice  # noqa: E402

pytestmark = pytest.mark.django_db
PASSWORD = test_second_factor.PASSWORD


@pytest.fixture
def ada(settings) -> Member:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    member = make_member(role=Role.ADMIN, name="Ada")
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


def added(member: Member, device: SoftDevice | None = None, name: str = "Laptop") -> SoftDevice:
    """Add a passkey as the person does; return the device that keeps it."""
    device, client = device or SoftDevice(), signed_in(member)
    asked = client.post("/me/passkeys/ask", {"password": PASSWORD}).json()
    answer = client.post("/me/passkeys/add", {"name": name, "credential": device.made(asked)})
    assert answer.status_code == 302, answer.content.decode()
    return device


def signs_in(device: SoftDevice, client: Client | None = None) -> Client:
    """Sign in with a device as its person does; return their browser."""
    client = client or Client()
    asked = client.post("/sign-in/passkey/ask").json()
    client.post("/sign-in/passkey", {"credential": device.shown(asked)})
    return client


def is_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_a_passkey_lets_its_person_in_and_the_log_says_so(ada) -> None:
    device = added(ada)

    client = signs_in(device)

    assert is_in(client) and "Ada" in client.get("/me").content.decode()
    assert is_in(signs_in(device))
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["person.passkey_added", "person.signed_in", "person.signed_in"]
    assert "Laptop" in signed_in(ada).get("/me/passkeys").content.decode()


def test_it_is_added_only_with_the_password_and_guessing_that_is_slowed_down(ada) -> None:
    client = signed_in(ada)

    said = [
        client.post("/me/passkeys/ask", {"password": f"guess {number}"}).status_code
        for number in range(FREE_TRIES + 1)
    ]
    late = client.post("/me/passkeys/ask", {"password": PASSWORD})

    assert said == [422] * (FREE_TRIES + 1) and late.status_code == 422
    assert "Try again in" in late.json()["message"]
    unasked = SoftDevice().made({"rp": {"id": "testserver"}, "challenge": "AAAA"})
    assert client.post("/me/passkeys/add", {"credential": unasked}).status_code == 422
    assert not Passkey.objects.exists()


def test_who_came_by_a_link_and_has_no_password_adds_one_without(ada) -> None:
    zed = make_member(team=ada.team, name="Zed")
    zed.user.set_unusable_password()
    zed.user.save()
    client, device = signed_in(zed), SoftDevice()

    asked = client.post("/me/passkeys/ask").json()
    client.post("/me/passkeys/add", {"credential": device.made(asked)})

    assert is_in(signs_in(device))


@pytest.mark.parametrize(
    ("what", "device"),
    [
        ("another site's", SoftDevice(origin="http://elsewhere.test")),
        ("one that asked for no finger", SoftDevice(flags=PRESENT)),
    ],
)
def test_a_device_that_answers_wrongly_is_not_kept(ada, what: str, device: SoftDevice) -> None:
    client = signed_in(ada)
    asked = client.post("/me/passkeys/ask", {"password": PASSWORD}).json()

    answer = client.post("/me/passkeys/add", {"credential": device.made(asked)})

    assert answer.status_code == 422 and not Passkey.objects.exists(), what


def test_an_answer_is_good_once_for_its_own_question_and_for_a_while(ada) -> None:
    device, client = added(ada), Client()
    asked = client.post("/sign-in/passkey/ask").json()
    answer = device.shown(asked)
    client.post("/sign-in/passkey", {"credential": answer})
    again, other, late = Client(), Client(), Client()

    again.post("/sign-in/passkey", {"credential": answer})
    other.post("/sign-in/passkey/ask")
    other.post("/sign-in/passkey", {"credential": answer})
    told = late.post("/sign-in/passkey/ask").json()
    session = late.session
    long_ago = timezone.now() - timedelta(minutes=6)
    session["passkey_asked"] |= {"at": long_ago.isoformat()}
    session.save()
    late.post("/sign-in/passkey", {"credential": device.shown(told)})

    assert [is_in(one) for one in (client, again, other, late)] == [True, False, False, False]


@pytest.mark.parametrize("flags, origin", [(PRESENT, ""), (None, "http://elsewhere.test")])
def test_a_sign_in_needs_the_person_and_this_site(ada, flags, origin: str) -> None:
    device = added(ada)
    device.flags, device.origin = flags or device.flags, origin or device.origin

    assert not is_in(signs_in(device))


def test_a_copied_key_that_counts_backwards_lets_nobody_in(ada) -> None:
    device = added(ada)
    signs_in(device), signs_in(device)
    device.count = 0

    assert not is_in(signs_in(device))


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"id": 7}', '{"id": "\\u0000"}', "x" * 9]
)
def test_what_no_device_answers_is_refused(ada, answer: str) -> None:
    added(ada)
    client = Client()
    client.post("/sign-in/passkey/ask")

    said = client.post("/sign-in/passkey", {"credential": answer})

    assert said["Location"] == "/sign-in" and not is_in(client)
    mine = signed_in(ada)
    mine.post("/me/passkeys/ask", {"password": PASSWORD})
    assert mine.post("/me/passkeys/add", {"credential": answer}).status_code == 422


def test_it_stands_for_the_code_of_a_phone_and_leads_where_one_wanted_to_go(ada) -> None:
    pytest.importorskip("pyotp")
    test_second_factor.set_up(ada)
    device, client = added(ada), Client()
    client.post("/sign-in", {"username": "ada", "password": PASSWORD, "next": "/costs/"})
    assert "Sign in with a passkey" in client.get("/sign-in/code").content.decode()
    asked = client.post("/sign-in/passkey/ask").json()

    answer = client.post("/sign-in/passkey", {"credential": device.shown(asked)})

    assert answer["Location"] == "/costs/" and is_in(client)


@pytest.mark.parametrize("wanted", ["https://elsewhere.test/", "//elsewhere.test", "studio:page"])
def test_signing_in_leads_to_no_other_site(ada, wanted: str) -> None:
    device, client = added(ada), Client()
    asked = client.post("/sign-in/passkey/ask").json()

    sent = {"credential": device.shown(asked), "next": wanted}
    assert client.post("/sign-in/passkey", sent)["Location"] == "/studio/"


def test_a_key_is_one_persons_and_taken_away_by_them_alone(ada) -> None:
    device, zed = added(ada), make_member(team=ada.team, name="Zed")
    key = Passkey.objects.get()
    zed.user.set_password(PASSWORD)
    zed.user.save()
    client = signed_in(zed)
    asked = client.post("/me/passkeys/ask", {"password": PASSWORD}).json()

    taken = client.post("/me/passkeys/add", {"credential": device.made(asked)})

    assert taken.status_code == 422
    assert client.post(f"/me/passkeys/{key.pk}/remove").status_code == 404
    signed_in(ada).post(f"/me/passkeys/{key.pk}/remove")
    assert not is_in(signs_in(device))


def test_who_is_disabled_or_lost_the_device_is_not_let_in_by_it(ada) -> None:
    zed = make_member(team=ada.team, name="Zed")
    zed.user.set_password(PASSWORD)
    zed.user.save()
    device = added(zed)
    signed_in(ada).post(f"/people/{zed.pk}/factor")
    assert not is_in(signs_in(device)) and not Passkey.objects.exists()

    device = added(zed)
    zed.user.is_active = False
    zed.user.save()

    assert not is_in(signs_in(device))


def test_the_question_names_the_keys_that_a_person_has_already(ada) -> None:
    added(ada)

    asked = signed_in(ada).post("/me/passkeys/ask", {"password": PASSWORD}).json()

    assert [one["id"] for one in asked["excludeCredentials"]] == [Passkey.objects.get().credential]
    assert json.dumps(asked).count("Ada") == 1
