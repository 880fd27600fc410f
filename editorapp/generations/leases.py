"""Who may do what only one may do at a time, and until when."""

import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from editorapp.generations.models import Lease


def take(name: str, holder: uuid.UUID, *, now: datetime, seconds: float) -> bool:
    """Take a lease that is free or lapsed, or renew one's own. Say whether it is held now."""
    until = now + timedelta(seconds=seconds)
    rows = Lease.objects.filter(name=name)
    if rows.filter(holder=holder).update(until=until) or rows.filter(until__lte=now).update(holder=holder, until=until):
        return True
    if rows.exists():
        return False
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, holder=holder, until=until)
    except IntegrityError:  # somebody made it between the two looks
        return False
    return True


def give_back(name: str, holder: uuid.UUID, *, now: datetime) -> None:
    """Free a lease, if it is still one's own."""
    Lease.objects.filter(name=name, holder=holder).update(holder=None, until=now)


def is_live(name: str, *, now: datetime) -> bool:
    """Does somebody hold this lease now?"""
    return Lease.objects.filter(name=name, until__gt=now).exists()


def free(name: str, *, now: datetime) -> None:
    """End a lease, whoever holds it."""
    Lease.objects.filter(name=name, until__gt=now).update(holder=None, until=now)
