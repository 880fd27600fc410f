"""Certificates: in whose name files are signed. The installation's own, from the environment; or one that is
made here once, which nobody else has reason to trust, and which says so.
"""

import datetime
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

SELF_MADE = "Rushes, self-made certificate (untrusted)"
_FOLDER = "c2pa"
_YEARS = datetime.timedelta(days=3650)


@dataclass(frozen=True)
class Certificate:
    """A chain of certificates and the key of its first, as PEM. `name`: in whose name."""

    name: str
    chain: bytes
    key: bytes
    algorithm: str = "es256"
    timestamp_url: str = ""

    @property
    def tag(self) -> str:
        return hashlib.sha256(self.chain).hexdigest()[:8]

    @property
    def is_self_made(self) -> bool:
        return self.name == SELF_MADE


def installed() -> Certificate:
    """Return the certificate of this installation, made now where the environment names none.

    Raises: OSError, ValueError, where the one that is named cannot be read.
    """
    chain, key = settings.C2PA_CERTIFICATE, settings.C2PA_KEY
    if chain and key:
        return _named(chain, key, settings.C2PA_ALGORITHM, settings.C2PA_TIMESTAMP_URL)
    return _self_made(str(settings.DATA_DIR))


@lru_cache(maxsize=4)
def _named(chain: str, key: str, algorithm: str, timestamp_url: str) -> Certificate:
    data = Path(chain).read_bytes()
    subject = x509.load_pem_x509_certificates(data)[0].subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value) if names else subject.rfc4514_string()
    return Certificate(name, data, Path(key).read_bytes(), algorithm, timestamp_url)


@lru_cache(maxsize=4)
def _self_made(data_dir: str) -> Certificate:
    """Return the certificate that was made here; several processes that begin at once agree on one."""
    kept = Path(data_dir) / _FOLDER / "self-made.pem"
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = kept.with_name(f"{os.getpid()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(make_chain())
        try:
            os.link(part, kept)  # whoever is first wins
        except FileExistsError:
            pass
        finally:
            part.unlink()
    data = kept.read_bytes()
    at = data.index(b"-----BEGIN CERTIFICATE-----")
    return Certificate(SELF_MADE, chain=data[at:], key=data[:at])


def make_chain() -> bytes:
    """Return a new key, its certificate, and that of the authority that signed it, as PEM.

    C2PA refuses a certificate that signs itself, so an authority is made for one signature; its key
    is kept nowhere.
    """
    now = datetime.datetime.now(datetime.UTC)
    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    issuer = _name(f"{SELF_MADE}, root")
    root = _certificate(issuer, issuer, authority, authority, now=now, is_authority=True)
    leaf = _certificate(_name(SELF_MADE), issuer, key, authority, now=now, is_authority=False)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (leaf, root))


def _name(common: str) -> x509.Name:
    said = ((NameOID.COMMON_NAME, common[:64]), (NameOID.ORGANIZATION_NAME, "Rushes"))
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in said])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signs: ec.EllipticCurvePrivateKey,
    *,
    now: datetime.datetime,
    is_authority: bool,
) -> x509.Certificate:
    public, by = key.public_key(), signs.public_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(_usage(is_authority=is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by), critical=False)
    )
    if not is_authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(purpose, critical=False)
    return made.sign(signs, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
