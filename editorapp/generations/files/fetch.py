"""Links -> stored results: downloaded, verified as the video asked for, kept with poster and filmstrip.

The money is booked, so a result is fetched for as long as its provider keeps it. What came and cannot be used is kept
too: when the same bytes come a second time, it is the provider's file that is wrong, and a person is told.
"""

import logging
import os
import shutil
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from editorapp.core.fault_points import reached
from editorapp.generations.engine import schedule
from editorapp.generations.files import as_asked, parts
from editorapp.generations.files import download as links
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.generations.watch import expiring
from editorapp.media import intake, store, unreadable
from editorapp.media.models import Asset
from editorapp.media.probe import NO_LIMIT

log = logging.getLogger(__name__)

TRIES = 8  # that follow one another quickly; then about once an hour, until the provider's time is over
VIDEO_BYTES = 2_000_000_000
ARCHIVE_BYTES = 20_000_000_000

INTAKE_SECONDS, INTAKE_BYTES_PER_SECOND = 60.0, 2_000_000  # how long storing a result may take, for its lease

Run = Callable[[Coroutine[Any, Any, int]], int]  # runs a transfer to its end while the row's lease is renewed
Hold = Callable[[float], None]  # keeps the lease for so many seconds, for work during which nobody renews it


class Unusable(Exception):
    """What came is whole and is not what was paid for. `came` is what is kept of it, `video` what came beside it."""

    def __init__(self, message: str, came: Asset, *, code: str, video: Asset | None = None) -> None:
        super().__init__(message)
        self.message, self.came, self.code, self.video = message, came, code, video


def fetch(attempt: Attempt, *, run: Run, hold: Hold, now: Callable[[], datetime]) -> None:
    """Fetch all results of a claimed attempt and store them; on failure say on the row what happens next.

    Raises: Overtaken, when somebody else took the row.
    """
    try:
        video, exr = _take_all(attempt, run, hold)
    except links.LinkExpired:
        _ask_for_fresh_links(attempt, now=now())
    except Unusable as unusable:
        _not_used(attempt, unusable, now=now())
    except (links.CutOff, links.NotAllowed, intake.NotTaken) as error:
        _try_later(attempt, _sentence(error), now=now())
    else:
        if video is not None:
            _keep(attempt, video, exr, now=now())
        else:
            _try_later(attempt, "The provider is done but names no video.", now=now())


def _take_all(attempt: Attempt, run: Run, hold: Hold) -> tuple[Asset | None, Asset | None]:
    """Return the video and the EXR frames, those that the provider names. Raises: Unusable and all of `_take`."""
    taken: dict[str, Asset] = {}
    # The video first: it is of use without its frames.
    for output in sorted(attempt.result_urls or [], key=lambda one: one["kind"] != "video"):
        taken[output["kind"]] = _take(attempt, output, run, hold, video=taken.get("video"))
    return taken.get("video"), taken.get("exr")


def _take(attempt: Attempt, output: dict[str, str], run: Run, hold: Hold, *, video: Asset | None) -> Asset:
    generation, kind = attempt.generation, output["kind"]
    path = _download(attempt, output, run)
    reached("fetch.part_whole")
    hold(INTAKE_SECONDS + path.stat().st_size / INTAKE_BYTES_PER_SECOND)
    # Taking a file in uses it up, also when it is refused; what was paid for stays within reach.
    spare = _second_name(path)
    kept_as: dict[str, Any] = {
        "team": generation.team, "user": generation.created_by, "is_simulated": generation.is_simulated,
    }  # fmt: skip
    try:
        asset = _take_in(path, kind, name=f"Take {generation.pk}", origin=Asset.Origin.RESULT, **kept_as)
    except intake.NotTaken as refusal:
        if refusal.is_ours:
            raise
        ending = "zip" if kind == "exr" else "mp4"
        came = unreadable.keep(spare, name=f"Take {generation.pk} as it came.{ending}", **kept_as)
        raise Unusable(_sentence(refusal), came, code="result_unreadable", video=video) from refusal
    finally:
        spare.unlink(missing_ok=True)
    if kind != "exr" and (wrong := as_asked.far_off(generation, asset)):
        raise Unusable(wrong, asset, code="result_length")
    return asset


def _download(attempt: Attempt, output: dict[str, str], run: Run) -> Path:
    """Collect a file on the disk that will keep it, so that keeping it is a rename; return where it lies.

    What a cut or a killed download left is gone on with. Raises: what `download` raises, NotTaken on a full disk.
    """
    kind = output["kind"]
    limit = ARCHIVE_BYTES if kind == "exr" else VIDEO_BYTES
    part = parts.collect(store.incoming(), f"attempt-{attempt.pk}", f".{kind}.part", token=attempt.lease_token)
    try:
        with store.telling_full_disk():
            run(links.download(output["url"], part, access=attempt.account.access(), max_bytes=limit))
    except (links.NotAllowed, intake.NotTaken):
        part.drop()  # on a full disk above all
        raise
    except BaseException:
        part.close()
        raise
    return part.finish()


def _second_name(path: Path) -> Path:
    """Give a file a second name, which stays when the first is used up."""
    spare = path.with_suffix(".came")
    spare.unlink(missing_ok=True)
    try:
        os.link(path, spare)
    except OSError:  # a file system without links
        shutil.copyfile(path, spare)
    return spare


def _take_in(path: Path, kind: str, *, name: str, **kept_as: Any) -> Asset:
    if kind == "exr":
        return intake.take_in_archive(path, name=f"{name}.zip", **kept_as)
    # The limits on uploads are not for what was paid.
    return intake.take_in(path, name=f"{name}.mp4", expect="video", max_bytes=NO_LIMIT, max_seconds=NO_LIMIT, **kept_as)


def _keep(attempt: Attempt, video: Asset, exr: Asset | None, *, now: datetime) -> None:
    reached("fetch.kept")
    generation = attempt.generation
    # The first is about its price: see engine/outcomes.py.
    notes = [generation.warning, as_asked.odd(generation, video, exr)]
    with transaction.atomic():
        attempt.move(
            State.SUCCEEDED, now=now, lease_token=None, result_urls=None, result_expires_at=None, last_error="",
            shown={
                "result": video, "exr": exr, "came": None, "warning": " ".join(note for note in notes if note),
                "failure_code": "", "failure_message": "",
            },
        )  # fmt: skip
        if generation.failure_code == expiring.CODE:
            expiring.over(generation, now=now)
    reached("fetch.recorded")


def _ask_for_fresh_links(attempt: Attempt, *, now: datetime) -> None:
    """Have the provider make fresh links: at once the first times, then more and more slowly."""
    tries, message = attempt.fetch_count + 1, "The link expired; asking for a fresh one."
    if _is_over(attempt, tries, now=now):
        _give_up(attempt, "The provider's links expired each time before they could be used.", now=now)
        return
    pause = schedule.after_fetch_seconds(tries - TRIES) if tries > TRIES else 0.0
    _run_again(attempt, message, at=now + timedelta(seconds=pause), now=now)


def _run_again(attempt: Attempt, message: str, *, at: datetime, now: datetime, **shown: Any) -> None:
    attempt.move(
        State.RUNNING, now=now, next_action_at=at, lease_token=None, result_urls=None, result_expires_at=None,
        fetch_count=attempt.fetch_count + 1, last_error=message, shown=shown,
    )  # fmt: skip


def _try_later(attempt: Attempt, message: str, *, now: datetime) -> None:
    """Fetch again after a pause. Fresh links every second time: the fault may lie with the link."""
    log.warning("Attempt %s: %s", attempt.pk, message)
    tries = attempt.fetch_count + 1
    if _is_over(attempt, tries, now=now):
        _give_up(attempt, message, now=now)
        return
    at = now + timedelta(seconds=schedule.after_fetch_seconds(attempt.fetch_count))
    if tries % 2 == 0:
        _run_again(attempt, message, at=at, now=now)
        return
    rows = Attempt.objects.filter(pk=attempt.pk, state=State.FETCHING, lease_token=attempt.lease_token)
    rows.update(fetch_count=tries, last_error=message, next_action_at=at, lease_token=None)


def _is_over(attempt: Attempt, tries: int, *, now: datetime) -> bool:
    """Has it been tried often enough, and for as long as the provider is counted on to keep the result?"""
    return tries >= TRIES and now >= expiring.kept_until(attempt, now=now)


def _not_used(attempt: Attempt, unusable: Unusable, *, now: datetime) -> None:
    """Fetch anew, over a fresh link, what came and cannot be used. The same bytes again are the provider's own."""
    log.warning("Attempt %s: %s", attempt.pk, unusable.message)
    is_same, came = attempt.generation.came_id == unusable.came.pk, unusable.came
    if not is_same and not _is_over(attempt, attempt.fetch_count + 1, now=now):
        at = now + timedelta(seconds=schedule.after_fetch_seconds(attempt.fetch_count))
        _run_again(attempt, unusable.message, at=at, now=now, came=came)
        return
    advice = "What came is kept. Ask the provider about this job and fetch it again"
    advice += ", or take it as it is." if came.is_video or unusable.video else "."
    advice = f"The same file came twice. {advice}" if is_same else advice
    shown = {"came": came, "result": unusable.video}
    _end(attempt, unusable.message, advice, code=unusable.code, now=now, **shown)


def _give_up(attempt: Attempt, message: str, *, now: datetime) -> None:
    advice = "The result is paid and may still lie with the provider: fetch it again."
    _end(attempt, message, advice, code="fetch_failed", now=now)


def _end(attempt: Attempt, message: str, advice: str, *, code: str, now: datetime, **shown: Any) -> None:
    """Stop fetching until a person says what next."""
    sentence = f"{message} {advice}"
    with transaction.atomic():
        attempt.move(
            State.FETCH_FAILED, now=now, lease_token=None, last_error=message, result_urls=None, result_expires_at=None,
            shown={"failure_code": code, "failure_message": sentence, **shown},
        )  # fmt: skip
        expiring.failed(attempt.generation, sentence, now=now)


def _sentence(error: Exception) -> str:
    """Say what went wrong. What a refused upload is told to do is no advice about a result, and is left out."""
    message = getattr(error, "message", "") or str(error)
    if isinstance(error, intake.NotTaken):
        wrong, _colon, _advice = message.rpartition(": ")
        return f"{wrong}." if wrong else message
    return message
