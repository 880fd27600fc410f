"""Store a result: one link -> a stored asset, downloaded whole and verified as what was asked for.

What came and cannot be used is kept too, so that a person can judge it.
"""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from editorapp.core.fault_points import reached
from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.files import conformance
from editorapp.generations.files import download as links
from editorapp.generations.files import partial as parts
from editorapp.generations.files.selection import Named
from editorapp.generations.models import Attempt, Fields
from editorapp.media import intake, store, unreadable
from editorapp.media.decoding.sniff import sniff
from editorapp.media.models import Asset
from editorapp.media.probe import NO_LIMIT
from editorapp.media.refusals import Refusal

VIDEO_BYTES = 2_000_000_000
ARCHIVE_BYTES = 20_000_000_000
CUT = "truncated"  # the refusal of a file that says itself that it goes on
# How long storing a result may take, for its lease.
INTAKE_SECONDS = 60.0
INTAKE_BYTES_PER_SECOND = 2_000_000
# What came over a link is the file, a page in its place, or nothing: told by its first bytes. The
# type that a server names is asked only of what is no container: storages name a video anything.
HEAD_BYTES = 512
PAGE_TYPES = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/xml",
    "application/xhtml",
)
PAGE_STARTS = (b"<", b"{", b"[")
ARCHIVE_START = b"PK"
ARCHIVE = "exr"


@dataclass(eq=False)
class UnusableResult(Exception):
    """What came is not what was paid for.

    `came` is what is kept of it, `video` what came beside it.

    `is_whole`: every byte of it came, and it is a video (or an archive), so that it can be judged
    at all.
    """

    message: str
    came: Asset
    code: str
    video: Asset | None = None
    is_whole: bool = True

    def __str__(self) -> str:
        return self.message


def store_result(
    attempt: Attempt,
    output: Named,
    kind: str,
    carrier: Carrier,
    *,
    video: Asset | None = None,
    place: int = 0,
) -> Asset:
    """Download one link and keep it as the video or the frames.

    Raises: UnusableResult, all of `_downloaded`; Refusal.
    """
    path, progress = _downloaded(attempt, output, kind, carrier, place=place)
    reached("fetch.part_whole")
    if problem := _problem_with(path, kind=kind, media_type=progress.media_type):
        path.unlink()
        raise links.CutOff(problem)
    # Of what no length was announced nobody knows whether it is all.
    is_whole = progress.total is not None and is_container(path, kind=kind)
    carrier.hold(INTAKE_SECONDS + path.stat().st_size / INTAKE_BYTES_PER_SECOND)
    asset = _kept(attempt, path, kind, video=video, is_whole=is_whole)
    if kind != "exr" and (wrong := conformance.far_off(attempt.generation, asset)):
        raise UnusableResult(wrong, asset, code="result_length", is_whole=is_whole)
    return asset


def _problem_with(path: Path, *, kind: str, media_type: str) -> str:
    """Say that a file is plainly not the one that was linked to, as a sentence; "" where it may be.

    It is the way's or the server's fault, as a 5xx is, and says nothing of the result.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        return "The link answered with an empty file."
    if is_container(path, kind=kind):
        return ""
    named = media_type.partition(";")[0].strip().lower()
    if _begins_as_page(head) or named.startswith(PAGE_TYPES):
        return f"The link answered with a page{f' ({named})' if named else ''}, not with the file."
    return ""


def _begins_as_page(head: bytes) -> bool:
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return not words or words.startswith(PAGE_STARTS)


def is_container(path: Path, *, kind: str) -> bool:
    """Does a file begin as the kind of result does: a video, or an archive of frames?"""
    if kind == ARCHIVE:
        return _is_archive(path)
    return sniff(path).kind in {"video", "unsupported_container"}


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ARCHIVE_START)) == ARCHIVE_START


def _downloaded(
    attempt: Attempt,
    output: Named,
    kind: str,
    carrier: Carrier,
    *,
    place: int,
) -> tuple[Path, parts.Progress]:
    """Collect a file on the disk that will keep it, so that keeping it is a rename; return where it
    lies, and how it came.

    What a cut or a killed download left is gone on with. Raises: what `download` raises, Refusal
    on a full disk.
    """
    limit = ARCHIVE_BYTES if kind == "exr" else VIDEO_BYTES
    stem = f"attempt-{attempt.pk}"
    ending = f".{kind}{place or ''}.part"
    part = parts.collect(store.incoming(), stem, ending, token=attempt.lease_token)
    access = attempt.account.access()
    try:
        with store.telling_full_disk():
            work = partial(links.download, output["url"], part, access=access, max_bytes=limit)
            carrier.run(work)
    except (links.LinkNotAllowed, Refusal):
        part.drop()  # on a full disk above all
        raise
    except BaseException:
        part.close()
        raise
    return part.finish(), part.progress


def _kept(
    attempt: Attempt,
    path: Path,
    kind: str,
    *,
    video: Asset | None,
    is_whole: bool,
) -> Asset:
    """Take a file in, which uses it up, also when it is refused.

    Raises: UnusableResult, with what came: what was paid for stays within reach; Refusal.
    """
    generation = attempt.generation
    spare = _second_name(path)
    name = f"Take {generation.pk}"
    expect, ending = ("archive", "zip") if kind == "exr" else ("video", "mp4")
    kept_as: Fields = {
        "team": generation.team,
        "user": generation.created_by,
        "is_simulated": generation.is_simulated,
    }
    try:
        # The limits on uploads are not for what was paid.
        return intake.take_in(
            path,
            name=f"{name}.{ending}",
            origin=Asset.Origin.RESULT,
            expect=expect,
            max_bytes=NO_LIMIT,
            max_seconds=NO_LIMIT,
            **kept_as,
        )
    except Refusal as refusal:
        if refusal.is_ours:
            raise
        came = unreadable.keep(spare, name=f"{name} as it came.{ending}", **kept_as)
        is_whole = is_whole and refusal.code != CUT
        raise UnusableResult(
            sentence(refusal),
            came,
            code="result_unreadable",
            video=video,
            is_whole=is_whole,
        ) from refusal
    finally:
        spare.unlink(missing_ok=True)


def _second_name(path: Path) -> Path:
    """Give a file a second name, which stays when the first is used up."""
    spare = path.with_suffix(".came")
    spare.unlink(missing_ok=True)
    try:
        spare.hardlink_to(path)
    except OSError:  # a file system without links
        shutil.copyfile(path, spare)
    return spare


def sentence(error: Exception) -> str:
    """Say what went wrong.

    What a refused upload is told to do is no advice about a result, and is left out.
    """
    message = getattr(error, "message", "") or str(error)
    return _without_advice(message) if isinstance(error, Refusal) else message


def _without_advice(message: str) -> str:
    wrong, _colon, _advice = message.rpartition(": ")
    return f"{wrong}." if wrong else message
