"""Passkeys: somebody's device signs them in (WebAuthn). It asks for a finger, a face or a PIN first,
so it stands for the password and for the second factor. Needs the extra `mfa`.
"""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from editorapp.core.typed_text import wrong_in
from editorapp.teams import audit
from editorapp.teams.models import Passkey, User

MOST = 20  # of one person
LONGEST_NAME = 80
LONGEST_ANSWER = 20_000  # characters of what a device answers


class PasskeyRefused(Exception):
    """A device's answer that is not good: another challenge, another site, an unknown key."""


@dataclass(frozen=True)
class Site:
    """What a passkey is bound to: the host's name, and the address that the browser shows."""

    host: str  # "rushes.example", without a port
    origin: str  # "https://rushes.example:8443"


def is_available() -> bool:
    """Is the library there that reads what devices answer?"""
    return importlib.util.find_spec("webauthn") is not None


def ask_to_add(user: User, site: Site) -> tuple[str, bytes]:
    """Return what a browser is told (JSON) so that a device makes a key, and the challenge in it."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Rushes",
        user_id=_handle(user),
        user_name=user.username,
        user_display_name=str(user),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one))
            for one in user.passkeys.values_list("credential", flat=True)
        ],
    )
    return webauthn.options_to_json(options), options.challenge


def add(
    user: User,
    answer: str,
    *,
    name: str,
    challenge: bytes,
    site: Site,
    now: datetime,
) -> Passkey:
    """Keep the key that a device has made. Raises: PasskeyRefused, in words for the person."""
    import webauthn
    from webauthn.helpers import bytes_to_base64url

    words = " ".join(name.split()) or "Passkey"
    if wrong := wrong_in(words, most=LONGEST_NAME):
        raise PasskeyRefused(f"The name cannot be kept. {wrong}")
    if user.passkeys.count() >= MOST:
        raise PasskeyRefused(f"You have {MOST} passkeys: take one away first.")
    made = _read(
        webauthn.verify_registration_response,
        answer,
        expected_challenge=challenge,
        expected_rp_id=site.host,
        expected_origin=site.origin,
        require_user_verification=True,
    )
    row = Passkey(
        user=user,
        name=words,
        credential=bytes_to_base64url(made.credential_id),
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        made_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            audit.record_of_person("person.passkey_added", user, name=words)
    except IntegrityError as error:
        raise PasskeyRefused("This passkey is kept already.") from error
    return row


def ask_to_sign_in(site: Site) -> tuple[str, bytes]:
    """Return what a browser is told (JSON) so that a device shows whose it is, and the challenge."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options), options.challenge


def sign_in(answer: str, *, challenge: bytes, site: Site, now: datetime) -> User:
    """Return the person whose device gave this answer. Raises: PasskeyRefused, never saying why."""
    import webauthn

    kept = Passkey.objects.select_related("user").filter(credential=_credential_in(answer)).first()
    if kept is None or not kept.user.is_active:
        raise PasskeyRefused("This passkey lets nobody in here. Sign in by your password.")
    seen = _read(
        webauthn.verify_authentication_response,
        answer,
        expected_challenge=challenge,
        expected_rp_id=site.host,
        expected_origin=site.origin,
        credential_public_key=bytes(kept.public_key),
        credential_current_sign_count=kept.sign_count,
        require_user_verification=True,
    )
    with transaction.atomic():
        Passkey.objects.filter(pk=kept.pk).update(sign_count=seen.new_sign_count, used_at=now)
        audit.record_of_person("person.signed_in", kept.user, how="passkey")
    return kept.user


def remove(user: User, pk: int) -> None:
    """Take one away. Raises: PermissionDenied, for another person's."""
    with transaction.atomic():
        found = Passkey.objects.select_for_update().filter(user=user, pk=pk).first()
        if found is None:
            raise PermissionDenied("This passkey is not yours, or is gone already.")
        found.delete()
        audit.record_of_person("person.passkey_removed", user, name=found.name)


def _read(verify: Any, answer: str, **expected: Any) -> Any:
    """Return what the library reads in an answer. It trusts the answer's form further than we do."""
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return verify(credential=answer, **expected)
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PasskeyRefused("The device's answer was not the right one. Try again.") from error


def _credential_in(answer: str) -> str:
    try:
        found = json.loads(answer[:LONGEST_ANSWER])["id"]
    except (ValueError, KeyError, TypeError):
        found = ""
    return found if isinstance(found, str) and not wrong_in(found, most=1400) else ""


def _handle(user: User) -> bytes:
    """Return by which a device knows the person again: it says nothing about them."""
    return hashlib.sha256(f"rushes person {user.pk}".encode()).digest()
