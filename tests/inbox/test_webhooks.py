"""Webhooks: kept without sending anything, posted signed, tried again, and each try in a log."""

import json
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
from django.core.exceptions import PermissionDenied

from editorapp.alerts.channels import SIGNATURE, signature
from editorapp.inbox import webhooks
from editorapp.inbox.models import Delivery, Webhook
from editorapp.inbox.notify import notify
from editorapp.inbox.webhooks import Wanted, WebhookRefused
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.inbox.conftest import NOW, event, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def trusted(hook, settings):
    """The receiver's address, which the owner of the machine has named."""
    settings.WEBHOOK_HOSTS = frozenset({httpx.URL(hook.url).netloc.decode()})
    return hook.url


@pytest.fixture
def kept(admin, trusted):
    return webhooks.make(Wanted("Chat", trusted, ["comment", "mention"]), by=admin, now=NOW)


def tell(member, number=12, kind="comment"):
    notify(event(number, kind), [member], team_id=member.team_id, now=NOW)


def deliver(now):
    if webhooks.is_due(now):
        webhooks.deliver_due(now)


def test_what_happens_is_posted_signed_and_logged(kept, creator, hook):
    webhook, secret = kept
    tell(creator)
    tell(creator)
    tell(creator, kind="verdict")

    deliver(NOW)

    [(headers, body)] = hook.posts
    said = json.loads(body)
    assert said["kind"] == "comment" and said["for"] == ["Cleo"] and said["by"] == "Rae"
    assert said["text"].startswith("Rae: Too dark at frame 90\nhttp")
    stamp = headers[SIGNATURE].partition(",")[0].removeprefix("t=")
    at = datetime.fromtimestamp(int(stamp), tz=UTC)
    assert headers[SIGNATURE] == signature(body, secret=secret, at=at)
    [logged] = webhooks.deliveries(webhook)
    assert (logged.status, logged.tries, logged.problem) == (200, 1, "")
    assert logged.delivered_at == NOW and not webhooks.is_due(later(days=9))


def test_neither_address_nor_secret_is_kept_readable(kept, trusted, hook):
    webhook, secret = kept
    row = json.dumps(Webhook.objects.values().get(), default=str)

    assert trusted not in row and "secret-part" not in row and secret not in row
    assert webhooks.shown_address(webhook).endswith("/…")
    assert "secret-part" not in webhooks.shown_address(webhook)


def test_saving_an_address_sends_nothing(kept, admin, hook):
    webhook, _secret = kept
    webhooks.change(webhook, Wanted("Other", "", ["verdict"]), by=admin)
    webhooks.switch(webhook, False, by=admin)

    deliver(later(days=1))

    assert hook.posts == [] and not Delivery.objects.exists()
    assert (webhook.name, webhook.kinds, webhook.is_enabled) == ("Other", ["verdict"], False)


def test_a_test_is_posted_when_somebody_asks_for_one(kept, admin, hook):
    webhooks.ask_test(kept[0], by=admin, now=NOW)
    deliver(NOW)

    assert hook.said[0]["kind"] == "test" and "asked for by Ada" in hook.said[0]["text"]


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_what_is_not_taken_is_tried_again_ever_later_and_then_given_up(kept, creator, hook, status):
    hook.status = status
    tell(creator)
    pauses, now = [], NOW
    while (one := Delivery.objects.get()).next_at is not None:
        pauses.append((one.next_at - now).total_seconds())
        now = one.next_at
        deliver(now)

    assert one.problem == f"It answered {status}." and one.delivered_at is None
    assert one.tries == len(hook.posts) >= 8 and pauses == sorted(pauses)
    assert (now - NOW).total_seconds() >= 24 * 3600


def test_what_was_given_up_can_be_sent_again_and_what_arrived_cannot(kept, admin, creator, hook):
    tell(creator)
    given_up = Delivery.objects.get()
    Delivery.objects.update(next_at=None, tries=9, problem="It answered 500.")

    assert webhooks.send_again(given_up, by=admin, now=later(days=2))
    deliver(later(days=2))

    assert len(hook.posts) == 1
    assert not webhooks.send_again(given_up, by=admin, now=later(days=2))


def test_one_that_does_not_answer_holds_up_no_other(kept, admin, creator, hook, settings):
    settings.WEBHOOK_HOSTS |= {"127.0.0.1:1"}
    webhooks.make(Wanted("Dead", "http://127.0.0.1:1/x", ["comment"]), by=admin, now=NOW)
    tell(creator)

    deliver(NOW)

    assert len(hook.posts) == 1
    dead = Delivery.objects.get(webhook__name="Dead")
    assert dead.problem == "It does not answer (ConnectError)." and "127" not in dead.problem


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "http://example.com/hook",
        "https://user:password@example.com/",
        "https://localhost/",
        "file:///etc/passwd",
        "not an address",
        "https://[::1]/",
    ],
)
def test_an_address_on_a_private_network_is_refused_before_it_is_kept(admin, address):
    with pytest.raises(WebhookRefused, match="RUSHES_WEBHOOK_HOSTS"):
        webhooks.make(Wanted("Chat", address, []), by=admin, now=NOW)
    assert not Webhook.objects.exists()


def test_one_that_is_trusted_no_more_is_not_posted_to(kept, creator, hook, settings):
    settings.WEBHOOK_HOSTS = frozenset()
    tell(creator)

    deliver(NOW)

    assert hook.posts == [] and "https only" in Delivery.objects.get().problem


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b"])
def test_a_webhook_has_a_name_that_can_be_kept(admin, trusted, name):
    with pytest.raises(WebhookRefused, match="Give it a name"):
        webhooks.make(Wanted(name, trusted, []), by=admin, now=NOW)


def test_only_who_manages_the_team_keeps_its_webhooks(kept, admin, trusted, creator):
    webhook, wanted = kept[0], Wanted("Mine", trusted, [])
    tell(creator)
    delivery = Delivery.objects.get()
    for by in (creator, make_member(role=Role.ADMIN)):
        for act in (
            partial(webhooks.change, webhook, wanted),
            partial(webhooks.delete, webhook),
            partial(webhooks.ask_test, webhook, now=NOW),
            partial(webhooks.send_again, delivery, now=NOW),
        ):
            with pytest.raises(PermissionDenied):
                act(by=by)
    with pytest.raises(PermissionDenied):
        webhooks.make(wanted, by=creator, now=NOW)
    webhooks.delete(webhook, by=admin)
    assert not Webhook.objects.exists()


def test_another_teams_webhook_hears_nothing(kept, hook):
    tell(make_member(role=Role.CREATOR))

    deliver(NOW)

    assert hook.posts == []


def test_a_worker_that_was_killed_leaves_the_post_to_another(kept, creator, hook):
    tell(creator)
    webhooks._claim(NOW)

    deliver(later(seconds=1))
    assert hook.posts == []
    deliver(NOW + webhooks.LEASE)

    assert len(hook.posts) == 1


def test_the_log_forgets_what_is_over_and_never_what_is_still_to_be_sent(kept, creator):
    for number in (1, 2):
        tell(creator, number)
    Delivery.objects.filter(event="comment comment:1").update(next_at=None)

    webhooks.sweep(later(days=31))

    assert [one.event for one in Delivery.objects.all()] == ["comment comment:2"]
