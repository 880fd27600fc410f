"""Keys at rest: what is stored in the database can be read only with the installation's secret."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = (
    b"rushes: keys of provider accounts, 1"  # another purpose makes another key of the same secret
)


class KeyNotReadable(Exception):
    """A stored key cannot be read with any of the secrets of this installation.

    The message says what to do.
    """


def lock(key: str) -> str:
    """Return a key in the form in which it may be stored."""
    return _locks().encrypt(key.encode()).decode()


def unlock(stored: str) -> str:
    """Return the key that was stored.

    Raises: NotReadable, when the secret that it was stored under is not among ours any more.
    """
    try:
        return _locks().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise KeyNotReadable(
            "The installation's secret has changed: enter the key again."
        ) from None


def relock(stored: str) -> str:
    """Return a stored key under the secret that is first now; the same text where it is so already.

    Raises: NotReadable.
    """
    try:
        Fernet(_derived(_secrets()[0])).decrypt(stored.encode())
    except InvalidToken:
        return lock(unlock(stored))
    return stored


def _secrets() -> tuple[str, ...]:
    """Return the secrets by which keys are read; the first also locks.

    The signing key stays the last of them, so that keys stored before RUSHES_ENCRYPTION_KEYS was
    set are not lost.
    """
    return (*settings.ENCRYPTION_KEYS, settings.SECRET_KEY)


def _locks() -> MultiFernet:
    return _locks_of(_secrets())


@lru_cache(maxsize=8)
def _locks_of(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
