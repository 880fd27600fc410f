"""Single sign-on: accounts of one OpenID provider sign people in (OpenID Connect). Needs the extra
`oidc`, and an installation that names its provider.

Nobody is found by an e-mail address, which others may write into their own account: who has an
account here links the two while signed in, and who has none comes by an invitation.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.typed_text import without
from editorapp.teams import audit
from editorapp.teams.invitations import join_without_password
from editorapp.teams.models import Member, OutsideIdentity, User

LONGEST_SUBJECT = 255
LONGEST_LABEL = 254
LONGEST_NAME = 80


class IdentityNotUsable(Exception):
    """An outside account that signs nobody in, or cannot be linked; says what to do."""


@dataclass(frozen=True)
class Identity:
    """An outside account, as its provider has just vouched for it."""

    issuer: str
    subject: str
    label: str  # an e-mail address or a name
    name: str  # of the person, "" where the provider says none

    @classmethod
    def from_claims(cls, claims: dict[str, object]) -> "Identity":
        """Read an ID token's claims. Raises: IdentityNotUsable, without an issuer and a subject."""
        issuer, subject = (str(claims.get(key) or "") for key in ("iss", "sub"))
        if not issuer or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise IdentityNotUsable("The sign-on service did not say who you are.")
        name = _line(claims.get("name"))[:LONGEST_NAME]
        said = _line(claims.get("email")) or _line(claims.get("preferred_username")) or name
        return cls(issuer, subject, (said or subject)[:LONGEST_LABEL], name)


def is_available() -> bool:
    """Has this installation a provider?"""
    return bool(settings.OIDC_ISSUER)


def name() -> str:
    """Return what people call the provider; "" without one."""
    return str(settings.OIDC_NAME) if is_available() else ""


def person_of(identity: Identity) -> User:
    """Return whom an outside account signs in. Raises: IdentityNotUsable."""
    rows = OutsideIdentity.objects.filter(issuer=identity.issuer, subject=identity.subject)
    found = rows.select_related("user").first()
    if found is None:
        raise IdentityNotUsable(
            f"{identity.label} is linked with nobody here. If you have an account, sign in another way "
            "and link them under your name, top right. Else ask an admin for an invitation."
        )
    if not found.user.is_active:
        raise IdentityNotUsable("This account may not sign in any more. Ask an admin of your team.")
    return found.user


@transaction.atomic
def link(user: User, identity: Identity, *, now: datetime) -> OutsideIdentity:
    """Have an outside account sign a person in. Raises: IdentityNotUsable."""
    made, is_new = OutsideIdentity.objects.get_or_create(
        issuer=identity.issuer,
        subject=identity.subject,
        defaults={"user": user, "label": identity.label, "linked_at": now},
    )
    if made.user_id != user.pk:
        raise IdentityNotUsable(f"{identity.label} is linked with somebody else here.")
    if is_new:
        audit.record_of_person("person.identity_linked", user, label=identity.label)
    return made


@transaction.atomic
def unlink(user: User, pk: int) -> None:
    """Have it sign the person in no more.

    Raises: PermissionDenied, for another person's; IdentityNotUsable, where it is the only way in.
    """
    found = OutsideIdentity.objects.select_for_update().filter(user=user, pk=pk).first()
    if found is None:
        raise PermissionDenied("This account is not linked with yours.")
    others = user.outside_identities.exclude(pk=pk)
    if not (user.has_usable_password() or user.passkeys.exists() or others.exists()):
        raise IdentityNotUsable("It is your only way in: set a password or add a passkey first.")
    found.delete()
    audit.record_of_person("person.identity_unlinked", user, label=found.label)


@transaction.atomic
def join(token: str, identity: Identity, display_name: str, *, now: datetime) -> Member:
    """Accept an invitation with an outside account.

    Raises: invitations.InviteNotUsable; IdentityNotUsable; ValidationError by field, and then the
    invitation stays open.
    """
    rows = OutsideIdentity.objects.filter(issuer=identity.issuer, subject=identity.subject)
    if rows.exists():
        raise IdentityNotUsable(
            f"{identity.label} has an account here: sign in, then open the invitation again."
        )
    member = join_without_password(token, identity.label, display_name, now=now)
    link(member.user, identity, now=now)
    return member


def _line(value: object) -> str:
    return " ".join(without(value).split()) if isinstance(value, str) else ""
