"""Keys of accounts at rest: what is stored in the database can be read only with the installation's
secret.
"""

from editorapp.core.encryption import Encryption, KeyNotReadable

_keys = Encryption(b"rushes: keys of provider accounts, 1")
__all__ = ["KeyNotReadable", "lock", "relock", "unlock"]
lock, unlock, relock = _keys.lock, _keys.unlock, _keys.relock
