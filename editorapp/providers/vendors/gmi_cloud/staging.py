"""Staging at GMI Cloud: put a picture where it is read, with the upload helper (2.4)."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from editorapp.media import sandbox
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import Ref, Rejected, Unavailable
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import link, web_link
from editorapp.providers.vendors.gmi_cloud.models import SPEC

# 2.4: media type -> what the upload helper calls it
UPLOADS = {
    "image/jpeg": "jpeg",
    "image/png": "png",
}


async def stage(
    path: Path,
    *,
    name: str,
    media_type: str,
    purpose: str,
    session: ProviderSession,
) -> Ref:
    """Put a picture where GMI reads it, with the upload helper, and return its public address.

    Free.

    JPEG and PNG go as they are; another picture is sent as PNG, for the helper takes no WebP. A
    clip has no address
    here: it travels in the request.

    Raises: Rejected, for what is no picture; Unavailable and Throttled, when a later try may
            succeed.
    Source: section 2.4.
    """
    if not media_type.startswith("image/"):
        raise Rejected(
            f"{SPEC.name} takes no clip by address; it is sent in the request.",
            code="not_a_picture",
        )
    if media_type in UPLOADS:
        return await _uploaded(path, media_type, session)
    return await _uploaded_as_png(path, session)


async def _uploaded_as_png(path: Path, session: ProviderSession) -> Ref:
    with TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.png"
        await asyncio.to_thread(_as_png, path, picture)
        return await _uploaded(picture, "image/png", session)


async def _uploaded(path: Path, media_type: str, session: ProviderSession) -> Ref:
    place = await session.call(
        "POST",
        "/upload-url",
        body={"file_type": UPLOADS[media_type]},
    )
    upload_url, public_url = link(place.get("upload_url")), web_link(place.get("public_url"))
    if not upload_url or not public_url:
        raise Unavailable(f"{SPEC.name} gave no place for the upload.", code="upload")
    await session.upload(upload_url, path, headers={"Content-Type": media_type})
    return Ref(url=public_url, media_type=media_type)


def _as_png(path: Path, target: Path) -> None:
    """Write a picture as PNG. Raises: Rejected; Unavailable, when this machine cannot just now."""
    try:
        sandbox.run("as_png", path=str(path.resolve()), out=str(target.resolve()))
    except Refusal as refusal:
        if refusal.is_ours:
            raise Unavailable(refusal.message, code=refusal.code) from refusal
        raise Rejected(
            "This picture cannot be read. Save it as PNG, and upload it anew.", code="image"
        ) from refusal
