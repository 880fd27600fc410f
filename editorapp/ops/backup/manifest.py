"""Manifest: what a backup says of itself, in `backup.json`."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "backup.json"
FORMAT = 1
LIST = "media.sha256"  # as `sha256sum --check` reads it
SECRET = "secret.key"  # noqa: S105 (the name of a file)


class BackupRefused(Exception):
    """A backup or a restore cannot be made. The message says what to do."""


@dataclass(frozen=True)
class Manifest:
    """`media` is "files", or names the bucket, whose files are not in the backup.

    `database` is Django's vendor.
    """

    made_at: str
    database: str
    media: str
    media_files: int
    media_bytes: int
    # A fingerprint of the signing key, which stored keys of providers are encrypted with.
    secret: str
    encryption: tuple[str, ...]  # and of RUSHES_ENCRYPTION_KEYS
    engine_ran: bool
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        (folder / NAME).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Return what a backup says of itself. Raises: BackupRefused."""
        try:
            said = json.loads((folder / NAME).read_text())
        except (OSError, ValueError) as error:
            raise BackupRefused(
                f"{folder} holds no whole backup: there is no {NAME} that can be read."
            ) from error
        if said.get("format") != FORMAT:
            raise BackupRefused(
                f"{folder} was made by another version of Rushes (format {said.get('format')})."
            )
        return cls(**{**said, "encryption": tuple(said["encryption"])})


def fingerprint(secret: str) -> str:
    """Return what a secret can be recognised by and not be guessed from."""
    salt = b"rushes: fingerprint of a secret"
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, 200_000).hex()[:16]
