"""Mail: one message for a burst, once a day for who wants it so, and again after a failure."""

from datetime import timedelta

import pytest

from editorapp.core import retry
from editorapp.inbox import mail, reading
from editorapp.inbox.models import MailPreference, Notice, NoticeKind
from editorapp.inbox.notify import next_hour, notify
from tests.inbox.conftest import NOW, event, later

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def has_mail(mailbox) -> None:
    """Every installation here has a mail server."""


def tell(*members, number=12, kind="comment", now=NOW):
    notify(event(number, kind), members, team_id=members[0].team_id, now=now)


def want(member, **how):
    MailPreference.objects.update_or_create(user=member.user, defaults=how)


def send(now):
    if mail.is_due(now):
        mail.send_due(now)


def test_what_comes_in_a_burst_is_one_message_to_each(creator, reviewer, mailbox):
    for number in range(3):
        tell(creator, number=number)
    tell(reviewer, number=9)

    send(later(seconds=30))
    assert mailbox.mails == []
    send(later(seconds=61))
    send(later(seconds=90))

    found = {one["To"]: one for one in mailbox.mails}
    assert sorted(found) == ["cleo@example.org", "rae@example.org"] and len(mailbox.mails) == 2
    assert found["cleo@example.org"]["Subject"] == "[Rushes] 3 notices for you"
    assert found["rae@example.org"]["Subject"] == "[Rushes] Rae: Too dark at frame 90"
    text = found["cleo@example.org"].get_content()
    assert text.count("Rae: Too dark at frame 90") == 3
    assert "/takes/0\r\n" in text and "/inbox/settings" in text


def test_what_was_read_meanwhile_is_not_mailed(creator, mailbox):
    tell(creator)
    reading.mark_read(creator, now=later(seconds=10))

    send(later(seconds=61))

    assert mailbox.mails == []


def test_who_wants_it_once_a_day_gets_one_message_at_their_hour(creator, mailbox):
    want(creator, by_kind={"comment": "daily"}, hour=7)
    tell(creator, number=1)
    tell(creator, number=2, now=later(minutes=5))
    due = next_hour(7, NOW)

    send(due - timedelta(minutes=1))
    assert mailbox.mails == []
    send(due)

    assert [one["Subject"] for one in mailbox.mails] == ["[Rushes] 2 notices for you"]


def test_who_wants_none_or_none_of_a_kind_gets_none(creator, reviewer, admin, mailbox):
    want(creator, by_kind=dict.fromkeys(NoticeKind.values, "never"))
    want(reviewer, by_kind={"comment": "never"})
    for kind in ("comment", "mention"):
        tell(creator, reviewer, admin, kind=kind)

    send(later(seconds=61))

    assert [one["To"] for one in mailbox.mails] == ["rae@example.org"]
    assert Notice.objects.count() == 6


def test_without_a_mail_server_nothing_is_due(creator, settings):
    settings.EMAIL_IS_SET = False
    tell(creator)

    assert not mail.is_due(later(days=2))


def test_a_mail_that_was_refused_goes_out_later(creator, mailbox):
    tell(creator)
    mailbox.is_refusing = True
    send(later(seconds=61))
    notice = Notice.objects.get()
    assert "did not take the mail" in notice.mail_problem and notice.mail_at > later(seconds=61)

    mailbox.is_refusing = False
    send(notice.mail_at)

    assert len(mailbox.mails) == 1 and Notice.objects.get().mail_at is None


def test_a_mail_that_nobody_takes_is_given_up_and_its_notice_stays_unread(creator, mailbox):
    tell(creator)
    mailbox.is_refusing = True
    while (notice := Notice.objects.get()).mail_at is not None:
        send(notice.mail_at)

    policy = retry.policy("notice.mail")
    assert notice.mail_tries >= policy.tries and notice.mail_problem
    assert reading.unread_count(creator) == 1


def test_of_a_person_who_may_not_sign_in_no_mail_is_sent(creator, mailbox):
    tell(creator)
    creator.user.is_active = False
    creator.user.save()

    send(later(seconds=61))

    assert mailbox.mails == [] and Notice.objects.get().mail_at is None


def test_a_worker_that_was_killed_leaves_the_mail_to_another(creator, mailbox):
    tell(creator)
    mail._claim(later(seconds=61))

    send(later(seconds=62))
    assert mailbox.mails == []
    send(later(seconds=62) + mail.LEASE)

    assert len(mailbox.mails) == 1


def test_a_long_list_is_cut_and_counted(creator, mailbox):
    for number in range(mail.LISTED + 5):
        tell(creator, number=number)

    send(later(seconds=61))

    assert "- and 5 more: " in mailbox.mails[0].get_content()
