"""Object storage: presigned URLs and the bytes behind them, as a provider has it.

A link carries its own expiry and an HMAC over method, path and expiry: no key is needed, and none
helps after it.
"""

import hashlib
import hmac
import math
import os
import re
import secrets
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from django.utils.crypto import constant_time_compare

from editorapp.core.request_values import as_whole
from editorapp.simulator.faults import Fault
from editorapp.simulator.http import EarlyAnswer, Request, Response, TooLarge

PREFIX = "/_storage/"
_TYPES = {
    ".mp4": "video/mp4",
    ".zip": "application/zip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_PUBLIC_NAME = re.compile(r"[0-9A-Za-z-]{1,80}\.[0-9a-z]{1,8}")


class Signer:
    """Makes and checks links. The secret is kept in the state folder: links outlive a restart."""

    def __init__(self, folder: Path) -> None:
        kept = folder / "signing.key"
        if not kept.exists():
            _make_key(kept)
        self._secret = kept.read_text().encode()

    def link(self, base_url: str, method: str, name: str, expires_at: float) -> str:
        """Return a link for `method` to the stored object `name` ("outputs/<id>/video.mp4")."""
        expires = math.ceil(expires_at)
        nonce = secrets.token_hex(4)  # as everywhere, each minting gives another link
        path = PREFIX + quote(name)
        return f"{base_url}{path}?expires={expires}&n={nonce}&signature={self._sign(method, path, expires, nonce)}"

    def refusal(self, request: Request, now: float) -> Response | None:
        """Return the storage's 403, when a link is forged or too old; else None."""
        expires, nonce = request.query.get("expires", ""), request.query.get("n", "")
        if (until := as_whole(expires)) is None:
            return denied("Missing signature")
        if not self._is_signed(request, until, nonce):
            return denied("The signature does not match", code="SignatureDoesNotMatch")
        return denied("Request has expired") if now >= until else None

    def _is_signed(self, request: Request, until: int, nonce: str) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        good = self._sign(method, quote(request.path), until, nonce)
        return constant_time_compare(good, request.query.get("signature", ""))

    def seal(self, text: str) -> str:
        """Return a signature over any text, for links that follow another form."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def _sign(self, method: str, path: str, expires: int, nonce: str) -> str:
        return self.seal(f"{method}\n{path}\n{expires}\n{nonce}")


class PublicFiles:
    """Uploads that anybody may read who knows their address, which nobody can guess."""

    FOLDER = "public"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, origin: str, name: str) -> str:
        return f"{origin}{PREFIX}{self.FOLDER}/{quote(name)}"

    def path(self, name: str) -> Path:
        """Return where the file of this name lies: nowhere, for a name that is none of ours."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / (name if _PUBLIC_NAME.fullmatch(name) else "none")

    def find(self, url: str) -> Path | None:
        """Return the file behind one of these addresses; None for any other."""
        folder, slash, name = _path_in(url).partition(f"{PREFIX}{self.FOLDER}/")
        if folder or not slash:
            return None
        path = self.path(name)
        return path if path.is_file() else None


def _path_in(url: str) -> str:
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""


def denied(
    message: str,
    *,
    code: str = "AccessDenied",
    status: int = 403,
) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body.encode(), {"Content-Type": "application/xml"})


def no_such_key() -> Response:
    return denied("The specified key does not exist.", code="NoSuchKey", status=404)


def refused(fault: Fault) -> Response:
    """Return the storage's answer of a status that was asked for."""
    return denied(
        fault.detail or "Refused on demand",
        code="SimulatedFault",
        status=fault.status,
    )


def check_content_type(request: Request, signed: str | None) -> None:
    """Raise the storage's 403, when the header that the link is signed for is not sent as given."""
    if request.header("content-type") != signed:
        says = "A signed header was not sent as given: Content-Type"
        raise EarlyAnswer(denied(says, code="SignatureDoesNotMatch"))


def download(path: Path, request: Request, fault: Fault | None) -> Response:
    """Return a stored file, whole or the range asked for, with the fault that strikes this
    download.
    """
    if not path.is_file():
        return no_such_key()
    size, headers = path.stat().st_size, _headers(path)
    match fault.kind if fault else "":
        case "empty":
            return Response(200, b"", headers)
        case "corrupt":
            return Response(200, scrambled(path.read_bytes()), headers)
        case "truncated":
            return Response(200, headers=headers, file=path, length=size // 2)
    answer = _part(path, request, headers, size)
    if fault is not None and fault.kind == "cut":
        answer.cut_at = answer.length // 2
    if fault is not None and fault.kind == "trickle":
        answer.spread_seconds = fault.seconds
    return answer


def _headers(path: Path) -> dict[str, str]:
    return {
        "Content-Type": _TYPES.get(path.suffix, "application/octet-stream"),
        "Accept-Ranges": "bytes",
        "ETag": _etag(path),
    }


def _part(
    path: Path,
    request: Request,
    headers: dict[str, str],
    size: int,
) -> Response:
    """Return the range that was asked for; all of it, if the asker's own part is of another file."""
    is_same = request.headers.get("if-range", headers["ETag"]) == headers["ETag"]
    start, end = _range(request.header("range") if is_same else "", size)
    if start >= end and size:
        return Response(416, headers={"Content-Range": f"bytes */{size}"})
    whole = (start, end) == (0, size)
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(
        200 if whole else 206,
        headers=headers,
        file=path,
        start=start,
        length=end - start,
    )


def _make_key(kept: Path) -> None:
    kept.write_text(secrets.token_hex(32))
    kept.chmod(0o600)


def _etag(path: Path) -> str:
    """Return a name of these very bytes, the same for every link to them."""
    digest = hashlib.sha256(_version_of(path).encode()).hexdigest()
    return f'"{digest[:32]}"'


def _version_of(path: Path) -> str:
    about = path.stat()
    return f"{path}:{about.st_size}:{about.st_mtime_ns}"


def scrambled(data: bytes) -> bytes:
    """Return bytes of the same length that no decoder reads as the same file."""
    head, rest = data[:4096], max(0, len(data) - 4096)
    return bytes(255 - byte for byte in head) + hashlib.shake_128(data).digest(rest)


def _range(header: str, size: int) -> tuple[int, int]:
    """Return start and end (exclusive) of the one range asked for; all of it when none can be read."""
    unit, _equals, spec = header.partition("=")
    first, dash, last = spec.partition("-")
    if unit.strip() != "bytes" or not dash or "," in spec:
        return 0, size
    start, end = as_whole(first), as_whole(last)
    if not first:
        return (0, size) if end is None else (max(0, size - end), size)
    if start is None:
        return 0, size
    return start, size if end is None else min(size, end + 1)


async def store(
    request: Request,
    path: Path,
    limit: int,
    *,
    too_large: str,
    **headers: str,
) -> Response:
    """Write the body to `path`; return the storage's answer, a refusal when it is longer than
    `limit` bytes.

    Nothing half-made stays behind: the file appears under its name only when whole.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        await _write(request, part, limit)
        os.replace(part, path)
    except TooLarge:
        return denied(too_large, code="EntityTooLarge", status=400)
    finally:
        part.unlink(missing_ok=True)
    return Response(200, b"", headers)


async def _write(request: Request, path: Path, limit: int) -> None:
    with path.open("wb") as file:
        async for piece in request.chunks_within(limit):
            file.write(piece)
