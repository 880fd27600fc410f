"""Known browsers, which a person has signed in with before: strangers' wrong tries do not make them wait.

A browser keeps a signed value, for long; what it says of a person dies with the password, and with
all their sessions. It lets nobody in. It only says whose tries are counted together.
"""

import secrets
from dataclasses import dataclass, field, replace

from django.core import signing
from django.utils.crypto import constant_time_compare

from editorapp.teams.models import User

MOST_PEOPLE = 5  # who share one browser; of more, those who signed in last


@dataclass(frozen=True)
class KnownBrowser:
    """One browser: a name that nobody can guess, and the marks of who has signed in with it, by
    their number.
    """

    id: str
    marks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, kept: str) -> "KnownBrowser":
        """Return the browser that keeps this; another, which nobody has used, where it is not ours."""
        try:
            said = signing.loads(kept, salt=cls.__name__)
            return cls(said["id"], said["marks"])
        except (signing.BadSignature, ValueError, TypeError, KeyError):
            return cls(secrets.token_urlsafe(16))

    def is_of(self, user: User) -> bool:
        """Has this person signed in with it, with the password (or the lack of one) that they have
        now?
        """
        return constant_time_compare(
            self.marks.get(str(user.pk), ""), user.mark(type(self).__name__)
        )

    def used_by(self, user: User) -> str:
        """Return what it keeps from now on, when a person has signed in with it."""
        others = {pk: mark for pk, mark in self.marks.items() if pk != str(user.pk)}
        last = [*others.items(), (str(user.pk), user.mark(type(self).__name__))][-MOST_PEOPLE:]
        kept = replace(self, marks=dict(last))
        return signing.dumps({"id": kept.id, "marks": kept.marks}, salt=type(self).__name__)
