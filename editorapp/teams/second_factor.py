"""Second factor: codes that a person's phone makes every half minute (TOTP, RFC 6238), asked for after
the password. Needs the extra `mfa`.
"""

import base64
import hashlib
import hmac
import importlib.util
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.teams import audit, password_throttle
from editorapp.teams.models import Member, Passkey, RecoveryCode, SecondFactor, User, hash_token
from editorapp.teams.standing_in import may_stand_in

STEP = timedelta(seconds=30)
CODES = 10  # recovery codes that are made at once
ISSUER = "Rushes"


class WrongCode(Exception):
    """A code that is not (or no more) of this phone, and no recovery code either."""

    def __init__(self) -> None:
        super().__init__(
            "That code is not right, or was used. Wait for the next one and try again."
        )


def is_available() -> bool:
    """Is the library there that makes the codes?"""
    return importlib.util.find_spec("pyotp") is not None


def is_asked_of(user: User) -> bool:
    """Must this person show a code when they sign in?"""
    return SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).exists()


def begin(user: User) -> SecondFactor:
    """Make a phone's secret anew; it is asked for once a code of it was confirmed.

    Raises: PermissionDenied, while another one is asked for: that is taken away first.
    """
    if is_asked_of(user):
        raise PermissionDenied("Take the present one away first.")
    nonce = secrets.token_urlsafe(32)
    fresh = {"nonce": nonce, "confirmed_at": None, "last_step": 0}
    return SecondFactor.objects.update_or_create(user=user, defaults=fresh)[0]


def secret_of(factor: SecondFactor) -> str:
    """Return what the phone is told, as 32 letters and digits."""
    return _secrets(factor)[0]


def address_of(factor: SecondFactor) -> str:
    """Return the same as an address that a phone opens: otpauth://totp/..."""
    import pyotp

    totp = pyotp.TOTP(secret_of(factor))
    address: str = totp.provisioning_uri(name=factor.user.username, issuer_name=ISSUER)
    return address


def confirm(user: User, code: str, *, now: datetime) -> list[str]:
    """Have the phone asked for from now on, after a code of it; return the recovery codes, which are
    kept nowhere.

    Raises: WrongCode.
    """
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at=None)
        found = factor.first()
        if found is None or not _is_of_phone(found, code, now=now):
            raise WrongCode
        SecondFactor.objects.filter(pk=found.pk).update(confirmed_at=now)
        audit.record_of_person("person.factor_set", user)
        return _new_codes(user)


def check(user: User, code: str, *, now: datetime) -> None:
    """See that a code is the person's: of their phone, or one of their recovery codes. None is good
    twice.

    Raises: password_throttle.TooSoon; WrongCode.
    """
    # Who guesses has the password already: tries count together, from wherever they come.
    turn = password_throttle.take_turn(f"\0code of {user.pk}", "", None, now=now)
    if not _is_theirs(user, code, now=now):
        raise WrongCode
    turn.forget()


def remove(user: User) -> None:
    """Ask for no code any more, because the person wants so."""
    with transaction.atomic():
        if _taken_away(user):
            audit.record_of_person("person.factor_removed", user)


def remove_of(member: Member, *, by: Member) -> None:
    """Ask somebody for no code any more, because they lost phone and codes; their passkeys, which lay
    on the same devices, sign in nobody any more.

    Raises: PermissionDenied, unless who asks may take away each role that the person has anywhere.
    """
    may_stand_in(by, member)
    with transaction.atomic():
        keys = Passkey.objects.filter(user=member.user).delete()[0]
        if _taken_away(member.user) or keys:
            subject = f"person:{member.user_id}"
            audit.record("member.factor_removed", subject, by=by, about=member.user)


def codes_left(user: User) -> int:
    """Count the recovery codes that are not used."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def _taken_away(user: User) -> bool:
    RecoveryCode.objects.filter(user=user).delete()
    gone = SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).delete()[0]
    SecondFactor.objects.filter(user=user).delete()
    return bool(gone)


def _is_theirs(user: User, code: str, *, now: datetime) -> bool:
    factor = SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).first()
    if factor is None:
        return False
    if _is_of_phone(factor, code, now=now):
        return True
    kept = RecoveryCode.objects.filter(user=user, code_sha256=_hash(code), used_at=None)
    return bool(kept.update(used_at=now))


def _is_of_phone(factor: SecondFactor, code: str, *, now: datetime) -> bool:
    """Is this the code of now, of half a minute ago or ahead, and later than the last one?"""
    import pyotp

    typed = code.replace(" ", "")
    here = int(now.timestamp() // STEP.total_seconds())
    for secret in _secrets(factor):
        for step in (here - 1, here, here + 1):
            made = pyotp.TOTP(secret).generate_otp(step)
            if hmac.compare_digest(made.encode(), typed.encode()):
                later = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
                return bool(later.update(last_step=step))
    return False


def _secrets(factor: SecondFactor) -> list[str]:
    """Return the phone's secret under each secret of the installation, the one in use first."""
    keys = (*settings.ENCRYPTION_KEYS, settings.SECRET_KEY)
    said = f"rushes: second factor, 1:{factor.user_id}:{factor.nonce}".encode()
    made = (hmac.new(key.encode(), said, hashlib.sha256).digest()[:20] for key in keys)
    return [base64.b32encode(one).decode() for one in made]


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    made = [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(CODES)]
    rows = [RecoveryCode(user=user, code_sha256=_hash(one)) for one in made]
    RecoveryCode.objects.bulk_create(rows)
    return made


def _hash(code: str) -> str:
    """Return what is kept of a recovery code: 64 bits by chance, so that no hash needs to be slow."""
    return hash_token(code.strip().lower().replace(" ", ""))
