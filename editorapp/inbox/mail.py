"""Mail: what a person was told and has not read, in one message when it is due.

A message may arrive twice (the worker was killed after sending it), never not at all, until it is
given up, which its notice says.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage

from editorapp.core import retry
from editorapp.inbox.models import Notice

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
AT_ONCE = 500
LISTED = 25
SETTINGS_PATH = "/inbox/settings/"


def is_due(now: datetime) -> bool:
    """Is there a mail to send?"""
    return Notice.objects.filter(mail_at__lte=now).exists()


def send_due(now: datetime) -> None:
    """Send what is due, one message to each person.

    Takes as long as the mail server takes: not inside a transaction.
    """
    token, claimed = _claim(now)
    for notices in _by_person(claimed).values():
        problem = _send(notices)
        ids = [one.pk for one in notices]
        rows = Notice.objects.filter(pk__in=ids, lease_token=token)
        if not problem:
            rows.update(mail_at=None, lease_token=None, mail_problem="")
            continue
        log.warning("Notices could not be mailed: %s", problem)
        for one in notices:
            rows.filter(pk=one.pk).update(**_failed(one, problem, now=now))


def _claim(now: datetime) -> tuple[uuid.UUID, list[Notice]]:
    """Take what is due, with all else that is on its way to the same people; of several workers each
    row has one.
    """
    token = uuid.uuid4()
    due = Notice.objects.filter(mail_at__lte=now)
    people = list(due.order_by("mail_at").values_list("user_id", flat=True)[:AT_ONCE])
    theirs = due.filter(user_id__in=set(people))
    theirs.update(mail_at=now + LEASE, lease_token=token)
    claimed = Notice.objects.filter(lease_token=token, read_at=None, mail_at=now + LEASE)
    return token, list(claimed.select_related("user", "team").order_by("pk"))


def _by_person(notices: Sequence[Notice]) -> dict[int, list[Notice]]:
    found: dict[int, list[Notice]] = defaultdict(list)
    for one in notices:
        found[one.user_id].append(one)
    return found


def _send(notices: Sequence[Notice]) -> str:
    """Send one person all of it. Return what went wrong; "" where nothing did."""
    user = notices[0].user
    if not user.is_active or not user.email:
        return ""
    try:
        _written(user.email, notices).send()
    except OSError as error:  # each SMTPException is one
        return f"The mail server did not take the mail ({type(error).__name__})."
    return ""


def _written(to: str, notices: Sequence[Notice]) -> EmailMessage:
    lines = [_line(one) for one in notices[:LISTED]]
    if len(notices) > LISTED:
        lines.append(f"- and {len(notices) - LISTED} more: {settings.PUBLIC_URL}/inbox/")
    how = f"To get less of this, or once a day: {settings.PUBLIC_URL}{SETTINGS_PATH}"
    text = "\n\n".join([*lines, how]) + "\n"
    return EmailMessage(f"[Rushes] {_subject(notices)}", text, settings.EMAIL_FROM, [to])


def _subject(notices: Sequence[Notice]) -> str:
    """Return one line, without a line break."""
    if len(notices) == 1:
        return _said(notices[0])
    return f"{len(notices)} notices for you"


def _line(notice: Notice) -> str:
    return f"- {_said(notice)}\n  {notice.url}"


def _said(notice: Notice) -> str:
    by = f"{notice.actor_name}: " if notice.actor_name else ""
    return " ".join(f"{by}{notice.words}".split())


def _failed(notice: Notice, problem: str, *, now: datetime) -> dict[str, object]:
    """Return what is written down of a mail that did not go out, with when it is tried again."""
    policy, tries = retry.policy("notice.mail"), notice.mail_tries + 1
    is_over = policy.is_over(tries, (now - notice.at).total_seconds())
    again = None if is_over else now + timedelta(seconds=policy.pause_seconds(tries))
    return {
        "mail_tries": tries,
        "mail_problem": problem,
        "mail_at": again,
        "lease_token": None,
    }
