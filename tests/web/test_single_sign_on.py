"""Single sign-on by OpenID Connect, against a provider on loopback: linked while signed in, joined by
an invitation, good for signing in; and nothing that the provider does not sign for us lets anybody in.
"""

from collections.abc import Iterator

import pytest
import requests
from django.test import Client
from django.utils import timezone

from editorapp.teams import invitations
from editorapp.teams.models import AuditEntry, Member, OutsideIdentity
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in
from tests.web import test_second_factor

pytest.importorskip("authlib")
from joserfc.jwk import RSAKey  # noqa: E402

from tests.openid_provider import Provider, provider  # noqa: E402

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(settings) -> Iterator[Provider]:
    with provider() as there:
        settings.OIDC_ISSUER = there.issuer
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "rushes", "secret"
        settings.OIDC_NAME = "Acme"
        yield there


@pytest.fixture
def ada() -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


def comes_back(client: Client, address: str = "/sign-in/oidc") -> str:
    """Go to the provider and come back; return where one is led then."""
    away = client.get(address)
    answer = requests.get(away["Location"], allow_redirects=False, timeout=10)
    back = answer.headers["Location"].replace("http://testserver", "")
    return client.get(back)["Location"]


def linked(member: Member) -> None:
    client = signed_in(member)
    assert comes_back(client) == "/me/oidc"
    client.post("/me/oidc")


def is_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_a_linked_account_signs_in_and_leads_where_one_wanted_to_go(acme, ada) -> None:
    acme.person |= {"email": "ada@acme.test"}
    linked(ada)
    client = Client()

    assert "Sign in with Acme" in client.get("/sign-in?next=/costs/").content.decode()
    assert comes_back(client, "/sign-in/oidc?next=/costs/") == "/costs/"

    assert is_in(client) and "Ada" in client.get("/me").content.decode()
    assert "ada@acme.test" in client.get("/me/oidc").content.decode()
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["person.identity_linked", "person.signed_in"]


def test_nothing_is_linked_before_the_button_is_pressed(acme, ada) -> None:
    client = signed_in(ada)

    comes_back(client)

    assert "will sign in as Ada" in client.get("/me/oidc").content.decode()
    assert not OutsideIdentity.objects.exists()


def test_an_account_that_nobody_has_linked_lets_nobody_in_whatever_its_address(acme, ada) -> None:
    ada.user.email = "ada@acme.test"
    ada.user.save()
    acme.person |= {"email": "ada@acme.test", "email_verified": True}
    client = Client()

    assert comes_back(client) == "/sign-in"

    assert not is_in(client)
    assert "linked with nobody here" in client.get("/sign-in").content.decode()


@pytest.mark.parametrize(
    "lies",
    [
        {"aud": "another client"},
        {"iss": "http://127.0.0.1:1"},
        {"nonce": "of another question"},
        {"exp": 1},
        {"sub": ""},
        {"sub": "x" * 256},
    ],
    ids=lambda lies: next(iter(lies)),
)
def test_what_is_not_vouched_for_us_lets_nobody_in(acme, ada, lies) -> None:
    linked(ada)
    acme.lies = lies
    client = Client()

    assert comes_back(client) == "/sign-in" and not is_in(client)


def test_another_key_signs_for_nobody(acme, ada) -> None:
    linked(ada)
    acme.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    client = Client()

    assert comes_back(client) == "/sign-in" and not is_in(client)


def test_an_answer_that_was_not_asked_for_lets_nobody_in(acme, ada) -> None:
    linked(ada)
    asking, other = Client(), Client()
    away = asking.get("/sign-in/oidc")["Location"]
    back = requests.get(away, allow_redirects=False, timeout=10).headers["Location"]

    answer = other.get(back.replace("http://testserver", ""))

    assert answer["Location"] == "/sign-in" and not is_in(other)


def test_a_provider_that_is_down_is_said_and_nothing_breaks(acme, ada) -> None:
    acme.is_down = True
    client = Client()

    assert client.get("/sign-in/oidc")["Location"] == "/sign-in"
    assert "could not be asked" in client.get("/sign-in").content.decode()


def test_an_invited_person_joins_with_it_and_signs_in_with_it_later(acme, ada) -> None:
    acme.person = {"sub": "zed-1", "name": "Zed", "email": "zed@acme.test"}
    token = invitations.invite(ada, Role.CREATOR, note="Zed", now=timezone.now())[1]
    client = Client()
    assert "Join with Acme" in client.get(f"/invite/{token}").content.decode()

    assert comes_back(client, f"/sign-in/oidc?invite={token}") == f"/invite/{token}/oidc"
    page = client.get(f"/invite/{token}/oidc").content.decode()
    client.post(f"/invite/{token}/oidc", {"display_name": "Zed Zander"})

    zed = Member.objects.get(user__username="zed@acme.test")
    assert "zed@acme.test" in page and is_in(client)
    assert (zed.role, str(zed.user)) == (Role.CREATOR, "Zed Zander")
    assert not zed.user.has_usable_password()
    later = Client()
    comes_back(later)
    assert is_in(later)


def test_nobody_joins_by_an_address_of_the_page_alone(acme, ada) -> None:
    token = invitations.invite(ada, Role.CREATOR, note="Zed", now=timezone.now())[1]

    answer = Client().post(f"/invite/{token}/oidc", {"display_name": "Mallory"})

    assert answer["Location"] == f"/invite/{token}" and Member.objects.count() == 1


def test_an_account_is_one_persons(acme, ada) -> None:
    linked(ada)
    zed = make_member(team=ada.team, name="Zed")
    client = signed_in(zed)
    comes_back(client)

    client.post("/me/oidc")

    assert OutsideIdentity.objects.get().user == ada.user
    assert "linked with somebody else" in client.get("/me/oidc").content.decode()
    row = OutsideIdentity.objects.get()
    assert client.post(f"/me/oidc/{row.pk}/unlink").status_code == 404


def test_the_only_way_in_is_not_taken_away(acme, ada) -> None:
    linked(ada)
    row, client = OutsideIdentity.objects.get(), signed_in(ada)
    ada.user.set_unusable_password()
    ada.user.save()
    client = signed_in(ada)

    client.post(f"/me/oidc/{row.pk}/unlink")
    assert OutsideIdentity.objects.exists()
    ada.user.set_password("correct horse battery")
    ada.user.save()
    signed_in(ada).post(f"/me/oidc/{row.pk}/unlink")

    assert not OutsideIdentity.objects.exists()
    outside = Client()
    comes_back(outside)
    assert not is_in(outside)


def test_a_code_is_asked_for_after_it_where_the_person_has_one(acme, ada) -> None:
    pytest.importorskip("pyotp")
    linked(ada)
    test_second_factor.set_up(ada)
    client = Client()

    assert comes_back(client) == "/sign-in/code" and not is_in(client)
    client.post("/sign-in/code", {"code": test_second_factor.code_of(ada)})
    assert is_in(client)


def test_who_is_disabled_is_not_let_in(acme, ada) -> None:
    linked(ada)
    ada.user.is_active = False
    ada.user.save()
    client = Client()

    assert comes_back(client) == "/sign-in" and not is_in(client)


def test_without_a_provider_there_is_no_such_page(ada) -> None:
    client = signed_in(ada)

    for address in ("/sign-in/oidc", "/sign-in/oidc/back", "/me/oidc"):
        assert client.get(address).status_code == 404, address
    assert "single sign-on" not in Client().get("/sign-in").content.decode()
