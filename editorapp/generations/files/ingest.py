"""Links -> stored results: downloaded, verified as the video asked for, kept with poster and
filmstrip.

The money is booked, so a result is fetched for as long as its provider keeps it. What came and
cannot be used is kept
too: when the same whole video comes a second time, it is the provider's file that is wrong, and a
     person is told.
"""

import logging
import os
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.core.retry import RetryPolicy
from editorapp.generations.checks import expiring
from editorapp.generations.files import conformance, error_pages, partial, selection
from editorapp.generations.files import download as links
from editorapp.generations.models import Attempt, Overtaken
from editorapp.generations.states import State
from editorapp.media import intake, store, unreadable
from editorapp.media.models import Asset
from editorapp.media.probe import NO_LIMIT
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

PATIENCE = (
    3  # tries over which a link is waited for, where the clip can do without what it leads to
)
VIDEO_BYTES = 2_000_000_000
ARCHIVE_BYTES = 20_000_000_000
CUT = "truncated"  # the refusal of a file that says itself that it goes on

INTAKE_SECONDS, INTAKE_BYTES_PER_SECOND = (
    60.0,
    2_000_000,
)  # how long storing a result may take, for its lease

Came = tuple[Path, partial.Progress]  # where a file lies, and how it came
Run = Callable[
    [Coroutine[Any, Any, int]], int
]  # runs a transfer to its end while the row's lease is renewed
Hold = Callable[
    [float], None
]  # keeps the lease for so many seconds, for work during which nobody renews it


class UnusableResult(Exception):
    """What came is not what was paid for.

    `came` is what is kept of it, `video` what came beside it.

    `is_whole`: every byte of it came, and it is a video (or an archive), so that it can be judged
    at all.
    """

    def __init__(
        self,
        message: str,
        came: Asset,
        *,
        code: str,
        video: Asset | None = None,
        is_whole: bool = True,
    ) -> None:
        super().__init__(message)
        self.message, self.came, self.code, self.video, self.is_whole = (
            message,
            came,
            code,
            video,
            is_whole,
        )


def fetch(attempt: Attempt, *, run: Run, hold: Hold, now: Callable[[], datetime]) -> None:
    """Fetch all results of a claimed attempt and store them; on failure say on the row what happens
    next.

    Raises: Overtaken, when somebody else took the row.
    """
    try:
        taken = _take_all(attempt, run, hold)
    except links.LinkExpired as error:
        _ask_for_fresh_links(attempt, now=now(), least_seconds=error.retry_after_seconds or 0.0)
    except UnusableResult as unusable:
        _not_used(attempt, unusable, now=now())
    except links.BadLink as error:
        _try_later(attempt, _sentence(error), "fetch.bad_link", now=now())
    except links.LinkNotAllowed as error:
        _try_later(attempt, _sentence(error), "fetch.not_allowed", now=now())
    except links.CutOff as error:
        _try_later(
            attempt, _sentence(error), now=now(), least_seconds=error.retry_after_seconds or 0.0
        )
    except Refusal as error:
        _try_later(attempt, _sentence(error), now=now())
    else:
        if taken is not None:
            _keep(attempt, taken, now=now())
        else:
            _try_later(attempt, "The provider is done but names no video.", now=now())


def fault(attempt: Attempt, error: Exception, *, now: datetime) -> None:
    """Count an error of ours as a try. Only its name is told: its words may hold a link."""
    _try_later(
        attempt, f"Rushes could not take it in ({type(error).__name__}).", "fetch.fault", now=now
    )


@dataclass(frozen=True)
class Taken:
    """The files of a result.

    `notes` is what a person should know of them; `came` what came for the frames instead.
    """

    video: Asset
    exr: Asset | None = None
    came: Asset | None = None
    notes: tuple[str, ...] = ()


def _take_all(attempt: Attempt, run: Run, hold: Hold) -> Taken | None:
    """Return the video and the EXR frames; None where the provider names no video.

    Raises: Unusable, all of `take`.

    The video first: it is of use without its frames.
    """
    chosen = selection.select(attempt)
    if not chosen.videos:
        selection.note_extras(attempt, [])
        return None
    video, used, notes = _first_video(attempt, chosen.videos, run, hold)
    selection.note_extras(attempt, [used])
    taken = Taken(video, notes=notes)
    frames = tuple(one for one in chosen.frames if one is not used)
    return _with_frames(attempt, taken, used, frames, run, hold) if frames else taken


def _first_video(
    attempt: Attempt, candidates: tuple[selection.Named, ...], run: Run, hold: Hold
) -> tuple[Asset, selection.Named, tuple[str, ...]]:
    """Return the first candidate that is the result, its link, and what was wrong with those before
    it.

    A link that does not answer is waited for; after some tries the next one will do.
    Raises: what the first candidate met, where none is of use.
    """
    first: Exception | None = None
    for place, output in enumerate(candidates):
        try:
            video = take(attempt, output, "video", run, hold, place=place)
        except (UnusableResult, links.LinkNotAllowed) as error:
            first = first or error
        except (links.CutOff, links.LinkExpired) as error:
            if place + 1 == len(candidates) or attempt.fetch_count < PATIENCE:
                if first is None:
                    raise
                raise first from error
            first = first or error
        else:
            if conformance.is_source(attempt.generation, video) and place + 1 < len(candidates):
                first = first or UnusableResult(
                    conformance.SOURCE_CAME, video, code="result_is_source"
                )
                continue
            passed_over = f"The provider named {len(candidates)} clips; this is number {place + 1}, because of the "
            passed_over += f"first: {_sentence(first)}" if first else ""
            return video, output, (passed_over,) if first else ()
    assert first is not None  # there was a candidate
    selection.note_extras(attempt, [])
    raise first


def _with_frames(
    attempt: Attempt,
    taken: Taken,
    used: selection.Named,
    candidates: tuple[selection.Named, ...],
    run: Run,
    hold: Hold,
) -> Taken:
    """Add the EXR frames.

    The clip is never lost over them: after some tries it is kept without, with a note.

    Raises: what the first of them met, while it is tried again.
    """
    output = candidates[0]
    try:
        exr = take(attempt, output, "exr", run, hold, video=taken.video)
    except (Overtaken, DatabaseError):
        raise
    except Exception as error:
        if not isinstance(error, EXPECTED):
            log.exception("Attempt %s: its frames could not be taken in", attempt.pk)
        came = error.came if isinstance(error, UnusableResult) else None
        is_certain = output["kind"] == "exr"
        came_before = came is not None and attempt.generation.came_id == came.pk
        if is_certain and not came_before and attempt.fetch_count < PATIENCE:
            raise
        note = f"The EXR frames could not be used: {_frames_words(error)}" if is_certain else ""
        return replace(taken, came=came if is_certain else None, notes=(*taken.notes, note))
    selection.note_extras(attempt, [used, output])
    return replace(taken, exr=exr)


EXPECTED = (UnusableResult, links.LinkExpired, links.CutOff, links.LinkNotAllowed, Refusal)


def _frames_words(error: Exception) -> str:
    """Say what went wrong; of an error of ours only its name, for its words may hold a link."""
    return (
        _sentence(error)
        if isinstance(error, EXPECTED)
        else f"{type(error).__name__}; the log says more."
    )


def take(
    attempt: Attempt,
    output: selection.Named,
    kind: str,
    run: Run,
    hold: Hold,
    *,
    video: Asset | None = None,
    place: int = 0,
) -> Asset:
    """Download one link and keep it as the video or the frames.

    Raises: Unusable, all of `_download`; Refusal.
    """
    generation = attempt.generation
    path, progress = _download(attempt, output, kind, run, place=place)
    reached("fetch.part_whole")
    if problem := error_pages.problem_with(path, kind=kind, media_type=progress.media_type):
        path.unlink()
        raise links.CutOff(problem)
    # Of what no length was announced nobody knows whether it is all.
    is_whole = progress.total is not None and error_pages.is_container(path, kind=kind)
    hold(INTAKE_SECONDS + path.stat().st_size / INTAKE_BYTES_PER_SECOND)
    # Taking a file in uses it up, also when it is refused; what was paid for stays within reach.
    spare = _second_name(path)
    kept_as: dict[str, Any] = {
        "team": generation.team,
        "user": generation.created_by,
        "is_simulated": generation.is_simulated,
    }
    try:
        asset = _take_in(
            path, kind, name=f"Take {generation.pk}", origin=Asset.Origin.RESULT, **kept_as
        )
    except Refusal as refusal:
        if refusal.is_ours:
            raise
        ending = "zip" if kind == "exr" else "mp4"
        came = unreadable.keep(spare, name=f"Take {generation.pk} as it came.{ending}", **kept_as)
        is_whole = is_whole and refusal.code != CUT
        raise UnusableResult(
            _sentence(refusal), came, code="result_unreadable", video=video, is_whole=is_whole
        ) from refusal
    finally:
        spare.unlink(missing_ok=True)
    if kind != "exr" and (wrong := conformance.far_off(generation, asset)):
        raise UnusableResult(wrong, asset, code="result_length", is_whole=is_whole)
    return asset


def _download(
    attempt: Attempt, output: dict[str, str], kind: str, run: Run, *, place: int
) -> tuple[Path, partial.Progress]:
    """Collect a file on the disk that will keep it, so that keeping it is a rename; return where it
    lies, and how it came.

    What a cut or a killed download left is gone on with. Raises: what `download` raises, Refusal
    on a full disk.
    """
    limit = ARCHIVE_BYTES if kind == "exr" else VIDEO_BYTES
    part = partial.collect(
        store.incoming(),
        f"attempt-{attempt.pk}",
        f".{kind}{place or ''}.part",
        token=attempt.lease_token,
    )
    try:
        with store.telling_full_disk():
            run(
                links.download(
                    output["url"], part, access=attempt.account.access(), max_bytes=limit
                )
            )
    except (links.LinkNotAllowed, Refusal):
        part.drop()  # on a full disk above all
        raise
    except BaseException:
        part.close()
        raise
    return part.finish(), part.progress


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
    return intake.take_in(
        path,
        name=f"{name}.mp4",
        expect="video",
        max_bytes=NO_LIMIT,
        max_seconds=NO_LIMIT,
        **kept_as,
    )


def _keep(attempt: Attempt, taken: Taken, *, now: datetime) -> None:
    reached("fetch.kept")
    generation, video, exr = attempt.generation, taken.video, taken.exr
    # The first is about its price: see engine/outcomes.py.
    notes = [generation.warning, *taken.notes, conformance.odd(generation, video, exr)]
    with transaction.atomic():
        attempt.move(
            State.SUCCEEDED,
            now=now,
            lease_token=None,
            result_urls=None,
            result_expires_at=None,
            last_error="",
            shown={
                "result": video,
                "exr": exr,
                "came": taken.came,
                "warning": " ".join(note for note in notes if note),
                "failure_code": "",
                "failure_message": "",
            },
        )
        if generation.failure_code == expiring.CODE:
            expiring.over(generation, now=now)
    reached("fetch.recorded")


def _ask_for_fresh_links(attempt: Attempt, *, now: datetime, least_seconds: float = 0.0) -> None:
    """Have the provider make fresh links: soon the first times, then more and more slowly."""
    row = retry.policy("fetch.expired")
    if _is_over(attempt, row, now=now):
        _give_up(
            attempt, "The provider's links expired each time before they could be used.", now=now
        )
        return
    at = now + timedelta(seconds=row.pause_seconds(attempt.fetch_count + 1, least=least_seconds))
    _run_again(attempt, "The link expired; asking for a fresh one.", at=at, now=now)


def _run_again(
    attempt: Attempt, message: str, *, at: datetime, now: datetime, **shown: Any
) -> None:
    attempt.move(
        State.RUNNING,
        now=now,
        next_action_at=at,
        lease_token=None,
        result_urls=None,
        result_expires_at=None,
        fetch_count=attempt.fetch_count + 1,
        last_error=message,
        shown=shown,
    )


def _try_later(
    attempt: Attempt,
    message: str,
    policy: str = "fetch.cut",
    *,
    now: datetime,
    least_seconds: float = 0.0,
) -> None:
    """Fetch again after a pause.

    Fresh links every second time: the fault may lie with the link; a bad one is one.
    """
    log.warning("Attempt %s: %s", attempt.pk, message)
    row, tries = retry.policy(policy), attempt.fetch_count + 1
    if _is_over(attempt, row, now=now):
        _give_up(attempt, message, now=now)
        return
    at = now + timedelta(seconds=row.pause_seconds(tries, least=least_seconds))
    if tries % 2 == 0 or policy == "fetch.bad_link":
        _run_again(attempt, message, at=at, now=now)
        return
    rows = Attempt.objects.filter(
        pk=attempt.pk, state=State.FETCHING, lease_token=attempt.lease_token
    )
    rows.update(fetch_count=tries, last_error=message, next_action_at=at, lease_token=None)


def _is_over(attempt: Attempt, row: RetryPolicy, *, now: datetime) -> bool:
    """Has it been tried often enough, and for as long as the provider is counted on to keep the
    result?
    """
    done_at = attempt.provider_done_at or now
    kept = (expiring.kept_until(attempt, now=now) - done_at).total_seconds()
    return row.is_over(attempt.fetch_count + 1, (now - done_at).total_seconds(), lasts_seconds=kept)


def _not_used(attempt: Attempt, unusable: UnusableResult, *, now: datetime) -> None:
    """Fetch anew, over a fresh link, what came and cannot be used.

    The same bytes again are the provider's own.

    That is said of what is whole only: of a cut file or of noise the same bytes can come for as
    long as a cache lasts.
    """
    log.warning("Attempt %s: %s", attempt.pk, unusable.message)
    came, row = unusable.came, retry.policy("fetch.unusable" if unusable.is_whole else "fetch.cut")
    is_same = unusable.is_whole and attempt.generation.came_id == came.pk
    if not is_same and not _is_over(attempt, retry.policy("fetch.cut"), now=now):
        at = now + timedelta(seconds=row.pause_seconds(attempt.fetch_count + 1))
        _run_again(
            attempt,
            unusable.message,
            at=at,
            now=now,
            **({"came": came} if unusable.is_whole else {}),
        )
        return
    advice = "What came is kept. Ask the provider about this job and fetch it again"
    advice += ", or take it as it is." if came.is_video or unusable.video else "."
    advice = f"The same file came twice. {advice}" if is_same else advice
    shown = {"came": came, "result": unusable.video}
    _end(attempt, unusable.message, advice, code=unusable.code, now=now, **shown)


def _give_up(attempt: Attempt, message: str, *, now: datetime) -> None:
    advice = "The result is paid and may still lie with the provider: fetch it again."
    _end(attempt, message, advice, code="fetch_failed", now=now)


def _end(
    attempt: Attempt, message: str, advice: str, *, code: str, now: datetime, **shown: Any
) -> None:
    """Stop fetching until a person says what next."""
    sentence = f"{message} {advice}"
    with transaction.atomic():
        attempt.move(
            State.FETCH_FAILED,
            now=now,
            lease_token=None,
            last_error=message,
            result_urls=None,
            result_expires_at=None,
            shown={"failure_code": code, "failure_message": sentence, **shown},
        )
        expiring.failed(attempt.generation, sentence, now=now)


def _sentence(error: Exception) -> str:
    """Say what went wrong.

    What a refused upload is told to do is no advice about a result, and is left out.
    """
    message = getattr(error, "message", "") or str(error)
    if isinstance(error, Refusal):
        wrong, _colon, _advice = message.rpartition(": ")
        return f"{wrong}." if wrong else message
    return message
