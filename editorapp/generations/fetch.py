"""Links -> stored results: downloaded, verified as a video, kept with poster and filmstrip. The money is booked."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from editorapp.core.fault_points import reached
from editorapp.generations import download as links
from editorapp.generations import schedule
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.media import intake, store
from editorapp.media.models import Asset
from editorapp.media.probe import NO_LIMIT
from editorapp.providers.contract import Task

log = logging.getLogger(__name__)

TRIES = 8
VIDEO_BYTES = 2_000_000_000
ARCHIVE_BYTES = 20_000_000_000

INTAKE_SECONDS, INTAKE_BYTES_PER_SECOND = 60.0, 2_000_000  # how long storing a result may take, for its lease

Run = Callable[[Coroutine[Any, Any, int]], int]  # runs a transfer to its end while the row's lease is renewed
Hold = Callable[[float], None]  # keeps the lease for so many seconds, for work during which nobody renews it


def fetch(attempt: Attempt, *, run: Run, hold: Hold, now: Callable[[], datetime]) -> None:
    """Fetch all results of a claimed attempt and store them; on failure say on the row what happens next.

    Raises: Overtaken, when somebody else took the row.
    """
    try:
        assets = {output["kind"]: _take(attempt, output, run, hold) for output in attempt.result_urls or []}
    except links.LinkExpired:
        _ask_for_fresh_links(attempt, now=now())
    except (links.CutOff, links.NotAllowed, intake.NotTaken) as error:
        _try_later(attempt, _sentence(error), now=now())
    else:
        if "video" in assets:
            _keep(attempt, assets["video"], assets.get("exr"), now=now())
        else:
            _try_later(attempt, "The provider is done but names no video.", now=now())


def _take(attempt: Attempt, output: dict[str, str], run: Run, hold: Hold) -> Asset:
    generation, kind = attempt.generation, output["kind"]
    is_archive = kind == "exr"
    path = _part(attempt, kind)
    limit = ARCHIVE_BYTES if is_archive else VIDEO_BYTES
    try:
        with store.telling_full_disk():
            size = run(links.download(output["url"], path, access=attempt.account.access(), max_bytes=limit))
    except BaseException:
        path.unlink(missing_ok=True)  # on a full disk above all
        raise
    reached("fetch.part_whole")
    hold(INTAKE_SECONDS + size / INTAKE_BYTES_PER_SECOND)
    kept_as: dict[str, Any] = {
        "team": generation.team, "user": generation.created_by, "origin": Asset.Origin.RESULT,
        "is_simulated": generation.is_simulated,
    }  # fmt: skip
    if is_archive:
        return intake.take_in_archive(path, name=f"Take {generation.pk}.zip", **kept_as)
    # The limits on uploads are not for what was paid.
    return intake.take_in(
        path, name=f"Take {generation.pk}.mp4", expect="video", max_bytes=NO_LIMIT, max_seconds=NO_LIMIT, **kept_as
    )


def _part(attempt: Attempt, kind: str) -> Path:
    """Return where to collect a result, on the disk that will keep it, so that keeping it is a rename.

    The name is of this lease alone: a lane that was taken for dead must not read what another writes. What a killed
    one left behind goes.
    """
    for left in store.incoming().glob(f"attempt-{attempt.pk}-*.{kind}.part"):
        left.unlink(missing_ok=True)
    return store.incoming() / f"attempt-{attempt.pk}-{attempt.lease_token}.{kind}.part"


def _keep(attempt: Attempt, video: Asset, exr: Asset | None, *, now: datetime) -> None:
    reached("fetch.kept")
    generation = attempt.generation
    notes = [generation.warning, odd(generation, video, exr)]  # the first is about its price, see outcomes.py
    attempt.move(
        State.SUCCEEDED, now=now, lease_token=None, result_urls=None, result_expires_at=None, last_error="",
        shown={
            "result": video, "exr": exr, "warning": " ".join(note for note in notes if note),
            "failure_code": "", "failure_message": "",
        },
    )  # fmt: skip
    reached("fetch.recorded")


def odd(generation: Generation, video: Asset, exr: Asset | None) -> str:
    """Say what about a result is not as it was asked for; it is kept all the same, because it is paid."""
    found = []
    source = generation.source_asset
    if generation.task != Task.GENERATE and source is not None and source.fps:
        off = abs(video.duration_seconds - source.duration_seconds)
        frame = 1 / float(source.fps)
        if float(off) > 1.5 * frame:
            found.append(
                f"The result lasts {video.duration_seconds:.2f} s and its source {source.duration_seconds:.2f} s."
            )
        elif video.fps == source.fps and abs(video.frame_count - source.frame_count) > 1:
            found.append(f"The result has {video.frame_count} frames and its source {source.frame_count}.")
    if generation.request.get("exr") and exr is None:
        found.append("EXR frames were asked for, and the provider sent none.")
    if generation.request.get("hdr") and not video.hdr:
        found.append("HDR was asked for, and the result is not HDR.")
    return " ".join(found)


def _ask_for_fresh_links(attempt: Attempt, *, now: datetime) -> None:
    if attempt.fetch_count + 1 >= TRIES:
        _give_up(attempt, "The provider's links expired each time before they could be used.", now=now)
        return
    attempt.move(
        State.RUNNING, now=now, next_action_at=now, lease_token=None, result_urls=None, result_expires_at=None,
        fetch_count=attempt.fetch_count + 1, last_error="The link expired; asking for a fresh one.",
    )  # fmt: skip


def _try_later(attempt: Attempt, message: str, *, now: datetime) -> None:
    """Fetch again after a pause. Fresh links every second time: the fault may lie with the link."""
    log.warning("Attempt %s: %s", attempt.pk, message)
    tries = attempt.fetch_count + 1
    if tries >= TRIES:
        _give_up(attempt, message, now=now)
        return
    at = now + timedelta(seconds=schedule.after_error_seconds(attempt.fetch_count))
    changes: dict[str, Any] = {"fetch_count": tries, "last_error": message, "next_action_at": at, "lease_token": None}
    if tries % 2 == 0:
        attempt.move(State.RUNNING, now=now, result_urls=None, result_expires_at=None, **changes)
        return
    rows = Attempt.objects.filter(pk=attempt.pk, state=State.FETCHING, lease_token=attempt.lease_token)
    rows.update(**changes)


def _give_up(attempt: Attempt, message: str, *, now: datetime) -> None:
    sentence = f"{message} The result is paid and may still lie with the provider: fetch it again."
    with transaction.atomic():
        attempt.move(
            State.FETCH_FAILED, now=now, lease_token=None, last_error=message, result_urls=None, result_expires_at=None,
            shown={"failure_code": "fetch_failed", "failure_message": sentence},
        )  # fmt: skip


def _sentence(error: Exception) -> str:
    """Say what went wrong. What a refused upload is told to do is no advice about a result, and is left out."""
    message = getattr(error, "message", "") or str(error)
    if isinstance(error, intake.NotTaken):
        wrong, _colon, _advice = message.rpartition(": ")
        return f"{wrong}." if wrong else message
    return message
