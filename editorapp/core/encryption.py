"""Encryption at rest: what is stored in the database can be read only with the installation's secret."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class KeyNotReadable(Exception):
    """A stored key cannot be read with any of the secrets of this installation.

    The message says what to do.
    """


class Encryption:
    """Locks and unlocks texts for one purpose: another purpose makes another key of the same secret."""

    def __init__(self, purpose: bytes) -> None:
        self.purpose = purpose

    def lock(self, text: str) -> str:
        """Return a text in the form in which it may be stored."""
        return self._locks().encrypt(text.encode()).decode()

    def unlock(self, stored: str) -> str:
        """Return the text that was stored.

        Raises: KeyNotReadable, when the secret that it was stored under is not among ours any more.
        """
        try:
            return self._locks().decrypt(stored.encode()).decode()
        except InvalidToken:
            raise KeyNotReadable(
                "The installation's secret has changed: enter the key again."
            ) from None

    def relock(self, stored: str) -> str:
        """Return a stored text under the secret that is first now; as it is where it is so already.

        Raises: KeyNotReadable.
        """
        try:
            self._first().decrypt(stored.encode())
        except InvalidToken:
            return self.lock(self.unlock(stored))
        return stored

    def _locks(self) -> MultiFernet:
        return _locks_of(self.purpose, _secrets())

    def _first(self) -> Fernet:
        return Fernet(_derived(self.purpose, _secrets()[0]))


def _secrets() -> tuple[str, ...]:
    """Return the secrets by which keys are read; the first also locks.

    The signing key stays the last of them, so that keys stored before RUSHES_ENCRYPTION_KEYS was
    set are not lost.
    """
    return (*settings.ENCRYPTION_KEYS, settings.SECRET_KEY)


@lru_cache(maxsize=16)
def _locks_of(purpose: bytes, secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(purpose, secret)) for secret in secrets])


def _derived(purpose: bytes, secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
