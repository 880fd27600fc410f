"""Second factor: set up on one's own page, asked for after the password and after a link, good once;
recovery codes, and an admin who takes it away.
"""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.teams import second_factor
from editorapp.teams.models import AuditEntry, Member, RecoveryCode, SecondFactor
from editorapp.teams.password_throttle import FREE_TRIES
from editorapp.teams.roles import Role
from editorapp.teams.sign_in import make_link
from tests.factories import make_member, signed_in

pyotp = pytest.importorskip("pyotp")
pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def ada(settings) -> Member:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    member = make_member(role=Role.ADMIN, name="Ada")
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


def code_of(member: Member, *, later: int = 0) -> str:
    """Return the code that the person's phone shows now, or so many half minutes later."""
    factor = SecondFactor.objects.get(user=member.user)
    at = timezone.now() + later * timedelta(seconds=30)
    return pyotp.TOTP(second_factor.secret_of(factor)).at(at)


def set_up(member: Member) -> list[str]:
    """Set the factor up as the person does; return the recovery codes."""
    client = signed_in(member)
    client.post("/me/second-factor", {"verb": "begin"})
    sent = {"verb": "confirm", "code": code_of(member, later=-1)}
    page = client.post("/me/second-factor", sent).content.decode()
    return re.findall(r"\b[0-9a-f]{8}-[0-9a-f]{8}\b", page)


def is_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def with_password(password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/sign-in", {"username": "ada", "password": password})
    return client


def test_a_password_alone_lets_nobody_in_whose_phone_is_asked_for(ada) -> None:
    codes = set_up(ada)
    client = with_password()

    assert len(codes) == 10 and not is_in(client)
    assert client.post("/sign-in/code", {"code": "000000"}).status_code == 422
    assert not is_in(client)
    answer = client.post("/sign-in/code", {"code": code_of(ada)})
    assert answer["Location"] == "/studio/" and is_in(client)
    assert not is_in(with_password("wrong"))
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["person.factor_set", "person.signed_in"]


def test_a_code_is_good_once_and_a_late_one_not_at_all(ada) -> None:
    set_up(ada)
    code = code_of(ada)
    first, second, late = with_password(), with_password(), with_password()

    first.post("/sign-in/code", {"code": code})
    second.post("/sign-in/code", {"code": code})
    late.post("/sign-in/code", {"code": code_of(ada, later=-4)})

    assert (is_in(first), is_in(second), is_in(late)) == (True, False, False)


def test_a_recovery_code_stands_for_the_phone_once(ada) -> None:
    codes = set_up(ada)

    first, second = with_password(), with_password()
    first.post("/sign-in/code", {"code": f" {codes[0].upper()} "})
    second.post("/sign-in/code", {"code": codes[0]})

    assert (is_in(first), is_in(second)) == (True, False)
    assert RecoveryCode.objects.filter(used_at=None).count() == 9
    assert codes[1] not in str(list(RecoveryCode.objects.values()))


def test_guessing_codes_is_slowed_down(ada) -> None:
    set_up(ada)
    client, elsewhere = with_password(), with_password()
    elsewhere.defaults["REMOTE_ADDR"] = "203.0.113.7"

    said = [client.post("/sign-in/code", {"code": "000000"}).status_code for _ in range(7)]

    assert said == [422] * FREE_TRIES + [429] * 2
    assert elsewhere.post("/sign-in/code", {"code": code_of(ada)}).status_code == 429


def test_a_link_asks_for_the_code_but_one_made_on_the_machine_does_not(ada) -> None:
    set_up(ada)
    by_mail, on_machine = Client(), Client()

    by_mail.post(f"/in/{make_link(ada.user, now=timezone.now())}")
    on_machine.post(f"/in/{make_link(ada.user, now=timezone.now(), passes_factor=True)}")

    assert (is_in(by_mail), is_in(on_machine)) == (False, True)
    by_mail.post("/sign-in/code", {"code": code_of(ada)})
    assert is_in(by_mail)


def test_the_half_of_a_sign_in_ends_with_the_password_and_with_time(ada, monkeypatch) -> None:
    set_up(ada)
    client, slow = with_password(), with_password()
    session = slow.session
    session["half_in"] |= {"at": (timezone.now() - timedelta(minutes=11)).isoformat()}
    session.save()
    assert slow.post("/sign-in/code", {"code": code_of(ada)})["Location"] == "/sign-in"

    ada.user.set_password("another good long one")
    ada.user.save()

    assert client.post("/sign-in/code", {"code": code_of(ada)})["Location"] == "/sign-in"
    assert not is_in(client) and Client().get("/sign-in/code").status_code == 302


def test_the_factor_is_taken_away_only_with_a_code_of_it(ada) -> None:
    set_up(ada)
    client = signed_in(ada)

    assert client.post("/me/second-factor", {"verb": "remove", "code": "1"}).status_code == 422
    client.post("/me/second-factor", {"verb": "begin"})  # changes nothing while it is on
    assert second_factor.is_asked_of(ada.user)
    client.post("/me/second-factor", {"verb": "remove", "code": code_of(ada)})

    assert not second_factor.is_asked_of(ada.user) and not RecoveryCode.objects.exists()
    assert is_in(with_password())


def test_an_admin_takes_it_away_from_who_lost_phone_and_codes_but_not_from_an_owner(ada) -> None:
    client = signed_in(ada)
    zed = make_member(team=ada.team, name="Zed")
    owner = make_member(role=Role.OWNER, team=ada.team, name="Olga")
    set_up(zed), set_up(owner)

    for member in (zed, owner):
        client.post(f"/people/{member.pk}/factor")

    assert not second_factor.is_asked_of(zed.user)
    assert second_factor.is_asked_of(owner.user)
    assert AuditEntry.objects.get(act="member.factor_removed").about == "Zed"


def test_the_database_alone_makes_no_code(ada, settings) -> None:
    set_up(ada)
    kept = second_factor.secret_of(SecondFactor.objects.get())
    assert kept not in str(list(SecondFactor.objects.values()))

    settings.ENCRYPTION_KEYS = ("a new secret",)

    assert second_factor.secret_of(SecondFactor.objects.get()) != kept
    client = with_password()  # what was set up under the secret of before is good still
    client.post("/sign-in/code", {"code": pyotp.TOTP(kept).now()})
    assert is_in(client)
