"""Ingest: the links of a finished job -> its stored result, with poster and filmstrip, or what
happens next.

The video comes first: it is of use without its frames.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from editorapp.core.fault_points import reached
from editorapp.generations import alerting, comparison
from editorapp.generations.coordination import wake
from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.files import conformance, refetch, selection
from editorapp.generations.files import download as links
from editorapp.generations.files.selection import Named
from editorapp.generations.files.store_result import UnusableResult, sentence, store_result
from editorapp.generations.models import NOTHING_WRONG, Attempt, Generation, Overtaken
from editorapp.generations.provider_calls import call
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import ProviderError

log = logging.getLogger(__name__)

# Tries over which a link is waited for, where the clip can do without what it leads to.
PATIENCE = 3
EXPECTED = (
    UnusableResult,
    links.LinkExpired,
    links.CutOff,
    links.LinkNotAllowed,
    Refusal,
)

# Of the links that are tried later; any other as one that was cut.
POLICIES: dict[type[Exception], str] = {
    links.BadLink: "fetch.bad_link",
    links.LinkNotAllowed: "fetch.not_allowed",
}


@dataclass(frozen=True)
class Taken:
    """The files of a result.

    `notes` is what a person should know of them; `came` what came for the frames instead.
    """

    video: Asset
    exr: Asset | None = None
    came: Asset | None = None
    notes: tuple[str, ...] = ()


def fetch(attempt: Attempt, carrier: Carrier) -> None:
    """Fetch all results of a claimed attempt and store them; on failure say on the row what happens
    next.

    Raises: Overtaken, when somebody else took the row.
    """
    try:
        taken = _take_all(attempt, carrier)
    except EXPECTED as error:
        _not_fetched(attempt, error, now=carrier.clock())
    else:
        _keep_or_ask_again(attempt, taken, carrier)


def _keep_or_ask_again(attempt: Attempt, taken: Taken | None, carrier: Carrier) -> None:
    if taken:
        _keep(attempt, taken, now=carrier.clock())
    else:
        refetch.try_later(
            attempt,
            "The provider is done but names no video.",
            "fetch.cut",
            now=carrier.clock(),
        )


def _not_fetched(attempt: Attempt, error: Exception, *, now: datetime) -> None:
    wait = getattr(error, "retry_after_seconds", None) or 0.0
    if isinstance(error, links.LinkExpired):
        says = "The link expired; asking for a fresh one."
        refetch.try_later(attempt, says, "fetch.expired", now=now, least_seconds=wait)
    elif isinstance(error, UnusableResult):
        refetch.not_used(attempt, error, now=now)
    else:
        policy = POLICIES.get(type(error), "fetch.cut")
        refetch.try_later(attempt, sentence(error), policy, now=now, least_seconds=wait)


def _take_all(attempt: Attempt, carrier: Carrier) -> Taken | None:
    """Return the video and the EXR frames; None where the provider names no video.

    Raises: UnusableResult, all of `store_result`.
    """
    videos, named_frames = selection.select(attempt)
    if not videos:
        selection.note_extras(attempt, [])
        return None
    video, used, notes = _first_video(attempt, videos, carrier)
    selection.note_extras(attempt, [used])
    taken = Taken(video, notes=notes)
    frames = [one for one in named_frames if one is not used]
    return _with_frames(attempt, taken, used, frames[0], carrier) if frames else taken


def _first_video(
    attempt: Attempt,
    candidates: list[Named],
    carrier: Carrier,
) -> tuple[Asset, Named, tuple[str, ...]]:
    """Return the first candidate that is the result, its link, and what was wrong with those before
    it.

    A link that does not answer is waited for; after some tries the next one will do.
    Raises: what the first candidate met, where none is of use.
    """
    first: Exception | None = None
    for place, output in enumerate(candidates, 1):
        is_last = place == len(candidates)
        try:
            video = store_result(attempt, output, "video", carrier, place=place - 1)
            if not is_last and conformance.is_source(attempt.generation, video):
                raise UnusableResult(conformance.SOURCE_CAME, video, code="result_is_source")
        except (UnusableResult, links.LinkNotAllowed) as error:
            first = first or error
        except (links.CutOff, links.LinkExpired) as error:
            if is_last or attempt.fetch_count < PATIENCE:
                if first is None:
                    raise
                raise first from error
            first = first or error
        else:
            if first is None:
                return video, output, ()
            note = (
                f"The provider named {len(candidates)} clips; this is number {place}, because of "
                f"the first: {sentence(first)}"
            )
            return video, output, (note,)
    assert first is not None  # there was a candidate
    selection.note_extras(attempt, [])
    raise first


def _with_frames(
    attempt: Attempt,
    taken: Taken,
    used: Named,
    output: Named,
    carrier: Carrier,
) -> Taken:
    """Add the EXR frames.

    The clip is never lost over them: after some tries it is kept without, with a note.

    Raises: what they met, while it is tried again.
    """
    try:
        exr = store_result(attempt, output, "exr", carrier, video=taken.video)
    except (Overtaken, DatabaseError):
        raise
    except Exception as error:
        words = sentence(error)
        if not isinstance(error, EXPECTED):
            log.exception("Attempt %s: its frames could not be taken in", attempt.pk)
            # of an error of ours only its name, for its words may hold a link
            words = f"{type(error).__name__}; the log says more."
        if output["kind"] != "exr":  # nobody said that these are frames
            return taken
        came = error.came if isinstance(error, UnusableResult) else None
        came_before = came and attempt.generation.came_id == came.pk
        if not came_before and attempt.fetch_count < PATIENCE:
            raise
        note = f"The EXR frames could not be used: {words}"
        return replace(taken, came=came, notes=(*taken.notes, note))
    selection.note_extras(attempt, [used, output])
    return replace(taken, exr=exr)


def _keep(attempt: Attempt, taken: Taken, *, now: datetime) -> None:
    reached("fetch.kept")
    generation = attempt.generation
    odd = conformance.odd(generation, taken.video, taken.exr)
    shown = NOTHING_WRONG | {
        "result": taken.video,
        "exr": taken.exr,
        "came": taken.came,
        # The first is about its price: see engine/charging.py.
        "warning": " ".join(filter(None, (generation.warning, *taken.notes, odd))),
    }
    with transaction.atomic():
        attempt.move(
            State.SUCCEEDED,
            now=now,
            last_error="",
            shown=shown,
            **refetch.NO_LINKS,
        )
        if generation.failure_code == Generation.EXPIRING:
            alerting.result_is_safe(generation, now=now)
        wake.branches(generation.pk)
    reached("fetch.recorded")
    comparison.begin(generation, taken.video)


def fetch_frames(generation_id: int, *, now: datetime) -> None:
    """Ask the provider for fresh links and fetch a take's EXR frames; say on the take what came of
    it.

    It stays done whatever comes of it: no state moves, no money, and its clip is not touched.
    """
    sent = Attempt.objects.filter(generation_id=generation_id, provider_job_id__isnull=False)
    sent = sent.select_related("generation__team", "generation__created_by", "account")
    attempt = sent.order_by("-number").first()
    if attempt is None or not attempt.generation.can_fetch_frames:
        return
    take = attempt.generation
    frames = came = None
    says = "were fetched."
    with attempt.named():
        try:
            frames = _frames(attempt)
        except (ProviderError, *EXPECTED) as error:
            log.warning("EXR frames were not fetched: %s", error)
            came = error.came if isinstance(error, UnusableResult) else take.came
            says = f"could not be fetched: {getattr(error, 'message', '') or error}"
    warning = f"{take.warning} On {now.day} {now:%b, %H:%M} UTC the EXR frames {says}".strip()
    rows = Generation.objects.filter(pk=take.pk, exr=None)
    rows.update(warning=warning, came=came, exr=frames)


def _frames(attempt: Attempt) -> Asset:
    """Return the frames.

    Raises: ProviderError, links.LinkNotAllowed where none are named, and what fetching raises.
    """
    job = call(attempt.account.access(), "poll", attempt.provider_job_id)
    attempt.result_urls = [one.to_json() for one in job.outputs]
    _videos, candidates = selection.select(attempt)
    if not candidates:
        raise links.LinkNotAllowed("The provider names none.")
    carrier = Carrier(lambda work: asyncio.run(work()), timezone.now)
    return store_result(attempt, candidates[0], "exr", carrier)
