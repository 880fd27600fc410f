"""The audit log: one line an act, in its transaction, kept when people go."""

import threading
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from editorapp.core.append_only import NeverChanged
from editorapp.teams import audit, audit_origin, invitations
from editorapp.teams.models import AuditEntry, Team, User
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def acts() -> list[str]:
    return [entry.act for entry in AuditEntry.objects.order_by("pk")]


def test_a_line_says_who_did_what_to_what_from_where_and_why() -> None:
    member = make_member(name="Ada")

    with audit_origin.coming_from(audit_origin.ActOrigin("203.0.113.7", lambda: member)):
        audit.record("take.canceled", "take:12", about="A quiet harbor", why="Too dark", usd="1.08")

    line = AuditEntry.objects.get()
    assert (line.team_id, line.actor_id, line.actor_name) == (
        member.team_id,
        member.user_id,
        "Ada",
    )
    assert (line.act, line.subject, line.about) == ("take.canceled", "take:12", "A quiet harbor")
    assert (line.address, line.why, line.facts) == ("203.0.113.7", "Too dark", {"usd": "1.08"})


def test_what_is_taken_back_is_not_in_the_log() -> None:
    member = make_member()

    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record("take.canceled", "take:12", by=member)
        raise RuntimeError

    assert acts() == []


def test_only_acts_of_the_table_are_recorded_and_only_in_a_team() -> None:
    with pytest.raises(audit.NotAnAct):
        audit.record("take.admired", "take:12", by=make_member())
    with pytest.raises(audit.NotAnAct):
        audit.record("take.canceled", "take:12")


def test_lines_are_never_changed_and_stay_when_everybody_is_gone() -> None:
    member = make_member(name="Zed")
    line = audit.record("take.canceled", "take:12", by=member)

    for change in (line.save, line.delete, AuditEntry.objects.all().delete):
        with pytest.raises(NeverChanged):
            change()
    User.objects.all().delete()
    Team.objects.all().delete()

    assert AuditEntry.objects.get().actor_name == "Zed"


def test_a_worker_is_the_engine_and_each_request_has_its_own_address() -> None:
    seen: dict[str, str] = {}
    together = threading.Barrier(2)

    def view(request) -> HttpResponse:
        together.wait(10)
        seen[request.META["REMOTE_ADDR"]] = audit_origin.current().address
        return HttpResponse()

    def ask(address: str) -> None:
        request = RequestFactory().get("/", REMOTE_ADDR=address)
        request.user = SimpleNamespace(is_authenticated=False)
        audit_origin.AuditOrigin(view)(request)

    threads = [threading.Thread(target=ask, args=(f"10.0.0.{one}",)) for one in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"10.0.0.1": "10.0.0.1", "10.0.0.2": "10.0.0.2"}

    assert audit_origin.current().address == "command line"
    with audit_origin.this_process_is(audit_origin.ENGINE):
        line = audit.record("take.canceled", "take:12", team=make_member().team)
        assert (line.actor_id, line.actor_name, line.address) == (None, "engine", "engine")
    assert audit_origin.current().address == "command line"


def test_people_roles_and_invitations_are_in_the_log_with_what_changed(client) -> None:
    admin = make_member(role=Role.ADMIN, name="Ada")
    browser = signed_in(admin)
    browser.post("/people/invites", {"role": "creator", "days": "7", "note": "Zed"})
    _invite, token = invitations.invite(admin, Role.REVIEWER, now=NOW, note="Yan")
    joining = {"username": "yan", "display_name": "Yan", "password": "a good long password"}
    client.post(f"/invite/{token}", joining)
    joined = admin.team.members.exclude(pk=admin.pk).get()

    browser.post(f"/people/{joined.pk}/role", {"role": "creator"})
    browser.post(f"/people/{joined.pk}/disable", {"choice": "hold"})
    browser.post(f"/people/{joined.pk}/bring-back", {"role": "billing"})
    browser.post("/people/team", {"name": "Night shift"})

    assert acts() == [
        "invite.made",
        "invite.made",
        "invite.accepted",
        "member.role_changed",
        "member.disabled",
        "member.brought_back",
        "team.renamed",
    ]
    changed = AuditEntry.objects.get(act="member.role_changed")
    assert changed.facts == {"role": ["reviewer", "creator"]}
    assert (changed.actor_name, changed.about, changed.address) == ("Ada", "Yan", "127.0.0.1")
    assert AuditEntry.objects.get(act="invite.accepted").actor_name == "Yan"


def test_signing_in_and_out_is_in_the_log_and_no_password_is(client) -> None:
    member = make_member(name="Ada")
    member.user.set_password("correct horse battery")
    member.user.save()

    client.post("/sign-in", {"username": "ada", "password": "wrong"})
    client.post("/sign-in", {"username": "ada", "password": "correct horse battery"})
    client.post("/sign-out-elsewhere")
    client.post(
        "/me",
        {
            "old_password": "correct horse battery",
            "new_password1": "another good long one",
            "new_password2": "another good long one",
        },
    )
    client.post("/sign-out")

    assert acts() == [
        "person.signed_in",
        "person.signed_out_everywhere",
        "person.password_changed",
        "person.signed_out",
    ]
    kept = str(list(AuditEntry.objects.values()))
    assert "horse" not in kept and "another good" not in kept
