"""Webhooks page: only for who manages the team; nothing is sent by saving; each act in the audit log."""

import re

import httpx
import pytest
from django.utils import timezone

from editorapp.inbox import webhooks
from editorapp.inbox.models import Delivery, NoticeKind, Webhook
from editorapp.inbox.notify import Event, notify
from editorapp.teams.models import AuditEntry
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in
from tests.queries import queries_of
from tests.receivers import hook as hook

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SENT = {"name": "Chat", "kinds": ["comment", "verdict"]}


@pytest.fixture
def admin():
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def address(hook, settings):
    settings.WEBHOOK_HOSTS = frozenset({httpx.URL(hook.url).netloc.decode()})
    return hook.url


@pytest.fixture
def made(admin, address):
    return webhooks.make(webhooks.Wanted("Chat", address, ["comment"]), by=admin, now=NOW)[0]


def acts() -> list[str]:
    return [one.act for one in AuditEntry.objects.order_by("pk")]


def happen(member, number=1):
    event = Event(NoticeKind.COMMENT, f"comment:{number}", "/takes/1", "Too dark", "Mia")
    notify(event, [member], team_id=member.team_id, now=NOW)


def test_the_secret_is_shown_once_and_nothing_is_sent(admin, address, hook):
    client = signed_in(admin)

    answer = client.post("/inbox/webhooks/new", SENT | {"address": address})

    webhook = Webhook.objects.get()
    [secret] = re.findall(r'id="hook-secret">([^<]+)<', answer.content.decode())
    assert len(secret) > 30 and "no-store" in answer["Cache-Control"]
    again = client.get(f"/inbox/webhooks/{webhook.pk}/").content.decode()
    assert secret not in again and "secret-part" not in again
    webhooks.deliver_due(NOW)
    assert hook.posts == [] and not Delivery.objects.exists()
    assert acts() == ["webhook.made"]
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_bad_address_is_refused_beside_its_field_with_what_was_typed(admin):
    sent = SENT | {"address": "http://169.254.169.254/latest"}

    answer = signed_in(admin).post("/inbox/webhooks/new", sent)

    assert answer.status_code == 422 and not Webhook.objects.exists()
    html = answer.content.decode()
    assert "RUSHES_WEBHOOK_HOSTS" in html and 'value="Chat"' in html


def test_it_is_changed_switched_signed_anew_and_deleted_and_each_is_written_down(admin, made, hook):
    client, at = signed_in(admin), f"/inbox/webhooks/{made.pk}"

    client.post(f"{at}/", {"name": "Room", "address": "", "kinds": ["trouble"]})
    client.post(f"{at}/switch", {"on": "0"})
    client.post(f"{at}/switch", {"on": "0"})  # it is off already
    happen(admin)
    client.post(f"{at}/switch", {"on": "1"})
    before = Webhook.objects.get().secret_locked
    shown = client.post(f"{at}/rotate").content.decode()

    changed = Webhook.objects.get()
    assert (changed.name, changed.kinds, changed.is_enabled) == ("Room", ["trouble"], True)
    assert changed.secret_locked != before and 'id="hook-secret"' in shown
    client.post(f"{at}/delete")
    assert not Webhook.objects.exists() and hook.posts == []
    assert acts() == [
        "webhook.made",
        "webhook.changed",
        "webhook.switched_off",
        "webhook.switched_on",
        "webhook.secret_rotated",
        "webhook.deleted",
    ]
    fact = AuditEntry.objects.get(act="webhook.changed").facts
    assert fact == {"name": ["Chat", "Room"], "posts": ["comment", "trouble"]}


def test_a_test_is_sent_by_its_button_alone_and_the_log_shows_it(admin, made, hook):
    client, at = signed_in(admin), f"/inbox/webhooks/{made.pk}"

    client.post(f"{at}/test")
    assert "On its way" in client.get(f"{at}/").content.decode()
    webhooks.deliver_due(timezone.now())

    html = client.get(f"{at}/").content.decode()
    assert "Delivered" in html and "A test of Chat, asked for by Ada." in html
    assert len(hook.posts) == 1 and "webhook.tested" in acts()


def test_no_test_goes_to_one_that_is_off(admin, made, hook):
    webhooks.switch(made, False, by=admin)

    html = signed_in(admin).post(f"/inbox/webhooks/{made.pk}/test", follow=True).content.decode()

    assert "Switch it on first" in html and not Delivery.objects.exists()


def test_the_log_says_tries_answer_and_next_try_and_what_was_given_up_is_sent_again(
    admin, made, hook
):
    hook.status = 503
    happen(make_member(team=admin.team))
    webhooks.deliver_due(NOW)
    client, at = signed_in(admin), f"/inbox/webhooks/{made.pk}/"

    waiting = client.get(at).content.decode()
    assert (
        "It answered 503." in waiting and "Tries again" in waiting and "Send again" not in waiting
    )
    Delivery.objects.update(next_at=None)
    assert "Send again" in client.get(at).content.decode()
    hook.status = 200
    one = Delivery.objects.get()
    client.post(f"/inbox/webhooks/deliveries/{one.pk}/again")
    webhooks.deliver_due(timezone.now())

    one.refresh_from_db()
    assert one.delivered_at is not None and "webhook.sent_again" in acts()
    assert "Send again" not in client.get(at).content.decode()


def test_the_log_comes_a_page_at_a_time_at_the_same_cost(admin, made):
    client, at = signed_in(admin), f"/inbox/webhooks/{made.pk}/"
    person = make_member(team=admin.team)
    happen(person, 0)
    one = queries_of(client, at)
    for number in range(1, 50):
        happen(person, number)

    assert queries_of(client, at) == one
    older = client.get(at).content.decode().partition("before=")[2].partition('"')[0]
    more = client.get(f"{at}?before={older}", headers={"HX-Request": "true"}).content.decode()
    assert more.count("Too dark") == 10 and "<html" not in more


@pytest.mark.parametrize("role", [Role.CREATOR, Role.REVIEWER, Role.BILLING, Role.GUEST])
def test_who_does_not_manage_the_team_neither_sees_nor_changes_them(admin, made, role):
    client = signed_in(make_member(role=role, team=admin.team))

    assert client.get("/inbox/webhooks/").status_code == 403
    for act in ("", "switch", "rotate", "delete", "test"):
        assert client.post(f"/inbox/webhooks/{made.pk}/{act}").status_code == 403
    assert "Webhooks" not in client.get("/inbox/").content.decode()


def test_another_teams_admin_finds_nothing(admin, made):
    happen(make_member(team=admin.team))
    client = signed_in(make_member(role=Role.ADMIN))

    assert "Chat" not in client.get("/inbox/webhooks/").content.decode()
    assert client.get(f"/inbox/webhooks/{made.pk}/").status_code == 404
    for act in ("", "switch", "rotate", "delete", "test"):
        assert client.post(f"/inbox/webhooks/{made.pk}/{act}").status_code == 404
    delivery = Delivery.objects.get()
    assert client.post(f"/inbox/webhooks/deliveries/{delivery.pk}/again").status_code == 404
