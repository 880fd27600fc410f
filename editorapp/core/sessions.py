"""Sessions: Django's own, in the database, read by a compiled query: every request begins with it."""

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from editorapp.core.compiled_query import CompiledQuery


class SessionStore(db.SessionStore):
    """A browser's session: see Django's own store."""

    def _get_session_from_db(self) -> Session | None:
        for session in _kept(self.session_key or "", timezone.now()):
            return session
        self._session_key = None
        return None


@CompiledQuery
def _kept(key: str, now: datetime) -> "QuerySet[Session]":
    return Session.objects.filter(session_key=key, expire_date__gt=now)
