"""Signed copies: files with a C2PA manifest, where the extra `c2pa` is installed.

A signature covers the whole file, so a signed file cannot be spliced while it is sent: it is made when
it first leaves, and kept beside the stills of its content, bounded, the least recently used first.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from editorapp.exports.provenance.ai_mark import AiMark
from editorapp.exports.provenance.certificates import Certificate, installed
from editorapp.exports.provenance.reread import RereadFile
from editorapp.exports.provenance.splice import ReadableFile
from editorapp.media import layout, still_store, store
from editorapp.media.backends.files import OpenedFile

log = logging.getLogger(__name__)

# By what a name ends with; of others the library signs none that we send.
_FORMATS = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class SignedFile:
    """A signed copy, and in whose name. `tag` tells it from one that others signed."""

    file: ReadableFile
    signed_by: str
    tag: str


def can_sign() -> bool:
    """Is the extra installed?"""
    return find_spec("c2pa") is not None


def signed(
    file: ReadableFile,
    mark: AiMark,
    *,
    sha256: str,
    what: str,
    name: str,
) -> SignedFile | None:
    """Return the signed copy of a file that carries its mark; None where nothing is signed here, or
    this file cannot be, which is logged.

    `sha256`, `what`: what it is made of, in the store.
    """
    kind = _FORMATS.get(Path(name).suffix.lower())
    if kind is None or not can_sign():
        return None
    try:
        certificate = installed()
        kept_as = f"{layout.folder(sha256)}/c2pa-{mark.tag}-{certificate.tag}-{_short(what)}"
        found = still_store.open_file(kept_as)
        if found is None:
            found = _made(file, mark, certificate, kind=kind, name=name, kept_as=kept_as)
    except Exception as error:
        # The library raises errors of many kinds for files and certificates that it cannot use.
        log.warning("%s leaves unsigned: %s", name, error)
        return None
    return SignedFile(RereadFile(found), certificate.name, certificate.tag)


def sign(source: Path, out: Path, mark: AiMark, certificate: Certificate, **about: str) -> None:
    """Write a signed copy of a file. `about`: its `kind`, as a MIME type, and its `name`.

    Raises: c2pa.C2paError.
    """
    import c2pa

    info = c2pa.C2paSignerInfo(
        alg=certificate.algorithm.encode(),
        sign_cert=certificate.chain,
        private_key=certificate.key,
        ta_url=certificate.timestamp_url.encode() or None,
    )
    with (
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(json.dumps(_claim(mark, about["name"]))) as builder,
        source.open("rb") as read,
        out.open("w+b") as written,
    ):
        builder.sign(signer, about["kind"], read, written)


def _claim(mark: AiMark, name: str) -> dict[str, Any]:
    """Return what is signed: that a model made the file, and which."""
    action = {
        "action": "c2pa.created",
        "digitalSourceType": mark.source_type.url,
        "softwareAgent": {"name": mark.system or mark.tool},
        "description": "A simulated take: no model was asked." if mark.is_simulated else "",
    }
    return {
        "claim_generator_info": [{"name": "Rushes"}],
        "title": Path(name).name,
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{key: value for key, value in action.items() if value}]},
            }
        ],
    }


def _made(
    file: ReadableFile,
    mark: AiMark,
    certificate: Certificate,
    *,
    kind: str,
    name: str,
    kept_as: str,
) -> OpenedFile:
    with store.workspace() as folder, store.telling_full_disk():
        plain, out = folder / "plain", folder / "signed"
        with plain.open("wb") as written:
            for piece in file.pieces(0, file.size):
                written.write(piece)
        sign(plain, out, mark, certificate, kind=kind, name=name)
        return still_store.keep_file(out, kept_as)


@lru_cache(maxsize=64)
def _short(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()[:8]
