"""Who is told what: over a real mail server and a real webhook, once each, again after a failure,
and of the end.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from editorapp.alerts import alerts, delivery
from editorapp.alerts.models import Alert, AlertKind
from editorapp.core.smtp_url import BadMailUrl, mail_settings
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_member

NOW = timezone.now()
SOON = NOW + alerts.GATHER


@pytest.fixture(autouse=True)
def nobody_else_is_told(settings) -> None:
    settings.EMAIL_IS_SET, settings.ALERT_EMAIL = False, []
    settings.ALERT_WEBHOOK = settings.ALERT_WEBHOOK_SECRET = ""
    settings.PUBLIC_URL = "https://rushes.example"


def admin(address: str, **more) -> Member:
    member = make_member(role=Role.ADMIN, **more)
    member.user.email = address
    member.user.save()
    return member


def raised(
    number: int = 1, *, team_id: int | None = None, at: datetime = NOW, kind: str = AlertKind.LOST
) -> Alert:
    subject = f"generation:{number}"
    alerts.open(
        kind,
        subject,
        message=f"Look at take {number}.",
        team_id=team_id,
        path=f"/takes/{number}/",
        now=at,
    )
    return Alert.objects.get(subject=subject, closed_at=None)


def test_an_admin_gets_one_mail_that_says_what_to_do_and_where(db, mailbox):
    team_id = admin("anna@example.com").team_id
    raised(7, team_id=team_id)

    delivery.tell(SOON)

    (mail,) = mailbox.mails
    assert mail["To"] == "anna@example.com"
    assert mail["Subject"] == "[Rushes] Lost at the provider (#7)"
    assert (
        "Look at take 7." in mail.get_content()
        and "https://rushes.example/takes/7/" in mail.get_content()
    )
    assert Alert.objects.get().told_at == SOON and not delivery.is_due(SOON + timedelta(days=1))


def test_sixty_at_once_are_one_mail_and_one_post(db, mailbox, hook):
    team_id = admin("anna@example.com").team_id
    for number in range(60):
        raised(number, team_id=team_id, at=NOW + timedelta(milliseconds=100 * number))

    delivery.tell(SOON)
    delivery.tell(SOON + timedelta(seconds=1))

    (mail,), (said,) = mailbox.mails, hook.said
    assert "60 things need you" in mail["Subject"] and "and 35 more" in mail.get_content()
    assert len(said["alerts"]) == 60 and "60 things need you" in said["text"]


def test_what_comes_after_a_message_waits_for_a_few_minutes(db, hook):
    raised(1)
    delivery.tell(SOON)
    later = raised(2, at=SOON + timedelta(seconds=1))

    delivery.tell(SOON + timedelta(minutes=1))
    assert len(hook.posts) == 1

    delivery.tell(SOON + delivery.PAUSE)
    assert [one["subject"] for one in hook.said[1]["alerts"]] == [later.subject]


def test_nobody_reads_of_another_team(db, mailbox):
    anna, bert = admin("anna@example.com"), admin("bert@example.com")
    raised(1, team_id=anna.team_id)
    raised(2, team_id=bert.team_id)
    raised(3)  # of the whole installation

    delivery.tell(SOON)

    by_reader = {mail["To"]: mail.get_content() for mail in mailbox.mails}
    assert {
        "take 1" in by_reader["anna@example.com"],
        "take 3" in by_reader["anna@example.com"],
    } == {True}
    assert (
        "take 2" not in by_reader["anna@example.com"]
        and "take 1" not in by_reader["bert@example.com"]
    )


def test_only_admins_who_have_an_address_are_told(db, mailbox, settings):
    settings.ALERT_EMAIL = ["ops@example.com"]
    anna, gone = (admin(f"{name}@example.com") for name in ("anna", "gone"))
    creator = make_member(role=Role.CREATOR, team=anna.team)
    creator.user.email = "creator@example.com"
    creator.user.save()
    make_member(role=Role.ADMIN)  # has no address
    gone.user.is_active = False
    gone.user.save()
    raised()

    delivery.tell(SOON)

    assert sorted(mail["To"] for mail in mailbox.mails) == ["anna@example.com", "ops@example.com"]


def test_a_mail_that_was_not_taken_is_sent_again_and_the_post_that_was_is_not(db, mailbox, hook):
    admin("anna@example.com")
    raised()
    mailbox.is_refusing = True

    delivery.tell(SOON)
    alert = Alert.objects.get()
    assert (alert.tries, alert.told_to) == (1, ["webhook"])
    assert "mail server did not take" in alert.problem
    delivery.tell(SOON + timedelta(seconds=29))
    mailbox.is_refusing = False
    delivery.tell(SOON + timedelta(seconds=30))

    assert len(mailbox.mails) == 1 and len(hook.posts) == 1
    alert.refresh_from_db()
    assert (alert.tries, alert.problem, alert.tell_at) == (0, "", None)


def test_tries_back_off_to_an_hour_and_an_open_alert_is_never_given_up(db, hook):
    hook.status = 500
    raised()
    waits, now = [], SOON
    for _ in range(20):
        delivery.tell(now)
        tell_at = Alert.objects.get().tell_at
        waits.append((tell_at - now).total_seconds())
        now = tell_at

    assert waits[:4] == [30, 60, 120, 240] and waits[-1] == 3600
    assert Alert.objects.get().problem == "The webhook answered 500."


def test_the_end_is_told_to_who_was_told_of_it_and_only_then(db, mailbox, hook):
    admin("anna@example.com")
    raised(1)
    delivery.tell(SOON)
    admin("new@example.com")  # was not told of it
    raised(2, at=SOON)  # over before anybody is told

    for number in (1, 2):
        alerts.close(AlertKind.LOST, f"generation:{number}", now=SOON + timedelta(seconds=5))
    delivery.tell(SOON + delivery.PAUSE)

    assert [mail["To"] for mail in mailbox.mails] == ["anna@example.com"] * 2
    assert "Over: Lost at the provider (1)" in mailbox.mails[1]["Subject"]
    assert [(one["event"], one["subject"]) for one in hook.said[1]["alerts"]] == [
        ("closed", "generation:1")
    ]
    assert not delivery.is_due(SOON + timedelta(days=1))


def test_what_is_closed_while_it_is_told_is_told_as_over_next(db, hook, monkeypatch):
    raised()
    send = delivery.channels.send

    def closed_meanwhile(*args, **kwargs):
        send(*args, **kwargs)
        alerts.close(AlertKind.LOST, "generation:1", now=SOON)

    monkeypatch.setattr(delivery.channels, "send", closed_meanwhile)
    delivery.tell(SOON)
    monkeypatch.undo()
    delivery.tell(SOON + delivery.PAUSE)

    assert [said["alerts"][0]["event"] for said in hook.said] == ["opened", "closed"]


def test_an_end_that_cannot_be_told_is_given_up_after_some_hours(db, hook):
    raised()
    delivery.tell(SOON)
    alerts.close(AlertKind.LOST, "generation:1", now=SOON)
    hook.status, now = 503, SOON + delivery.PAUSE
    while (tell_at := Alert.objects.get().tell_at) is not None:
        now = max(now, tell_at)
        delivery.tell(now)

    assert timedelta(hours=4) < now - SOON < timedelta(hours=12)


def test_where_nobody_can_be_told_the_alert_says_so_and_is_told_once_somebody_can(
    db, hook, settings
):
    settings.ALERT_WEBHOOK = ""
    raised()
    delivery.tell(SOON)
    assert Alert.objects.get().problem == delivery.NOBODY

    settings.ALERT_WEBHOOK = hook.url
    delivery.tell(SOON + timedelta(hours=1))

    assert len(hook.posts) == 1


def test_a_post_is_signed_so_that_a_receiver_can_check_it(db, hook):
    raised()

    delivery.tell(SOON)

    headers, body = hook.posts[0]
    stamp, given = (part.split("=")[1] for part in headers["X-Rushes-Signature"].split(","))
    wanted = hmac.new(b"shared secret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert given == wanted and int(stamp) == int(SOON.timestamp())


def test_a_webhook_on_this_machine_is_reached_past_the_environments_proxy(db, hook, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    raised()

    delivery.tell(SOON)

    assert len(hook.posts) == 1 and Alert.objects.get().problem == ""


def test_the_webhooks_address_and_the_secret_are_written_nowhere(db, settings, caplog):
    settings.ALERT_WEBHOOK = "http://127.0.0.1:9/services/T0/secret-part"
    settings.ALERT_WEBHOOK_SECRET = "shared secret"
    raised()

    with caplog.at_level("DEBUG"):
        delivery.tell(SOON)

    alert = Alert.objects.get()
    assert alert.problem == "The webhook does not answer (ConnectError)."
    assert "secret" not in caplog.text + alert.problem


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "tls", "ssl"),
    [
        ("smtp://anna:a%40b@mail.example.com", "mail.example.com", 587, "anna", True, False),
        ("smtps://anna:a%40b@mail.example.com", "mail.example.com", 465, "anna", False, True),
        ("smtp://localhost:25?tls=no", "localhost", 25, "", False, False),
    ],
)
def test_one_variable_names_the_mail_server(url, host, port, user, tls, ssl):
    found = mail_settings(url)

    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_USER"]) == (
        host,
        port,
        user,
    )
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (tls, ssl)
    assert found["EMAIL_HOST_PASSWORD"] == ("a@b" if user else "")


@pytest.mark.parametrize(
    "url", ["mail.other.com", "http://u:p-w@mail.other.com", "smtp://u:p-w/x@host:x", "smtp://"]
)
def test_a_mail_servers_address_that_cannot_be_read_is_refused_without_repeating_it(url):
    with pytest.raises(BadMailUrl) as refusal:
        mail_settings(url)

    assert "p-w" not in str(refusal.value) and "other" not in str(refusal.value)
