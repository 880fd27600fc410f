"""EXR frames fetched by themselves: the clip is here and done, and a person asks for its frames
once more. Free.

The take stays done whatever comes of it: no state moves, no money, and its clip is not touched.
"""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from editorapp.generations.files import download as links
from editorapp.generations.files import ingest, selection
from editorapp.generations.models import Attempt, Generation
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers import registry
from editorapp.providers.contract import Job, ProviderError
from editorapp.providers.http.session import ProviderSession

log = logging.getLogger(__name__)


def fetch_frames(generation_id: int, *, now: datetime) -> None:
    """Ask the provider for fresh links and fetch a take's EXR frames; say on the take what came of
    it.
    """
    attempt = (
        Attempt.objects.select_related("generation__team", "generation__created_by", "account")
        .filter(generation_id=generation_id, provider_job_id__isnull=False)
        .order_by("-number")
        .first()
    )
    if attempt is None or not attempt.generation.can_fetch_frames:
        return
    with attempt.named():
        try:
            frames = _frames(attempt)
        except (
            ProviderError,
            ingest.UnusableResult,
            links.CutOff,
            links.LinkExpired,
            links.LinkNotAllowed,
            Refusal,
        ) as error:
            log.warning("EXR frames were not fetched: %s", error)
            came = (
                error.came if isinstance(error, ingest.UnusableResult) else attempt.generation.came
            )
            _note(attempt, now=now, came=came, says=f"could not be fetched: {_why(error)}")
        else:
            _note(attempt, now=now, exr=frames, came=None, says="were fetched.")


def _why(error: Exception) -> str:
    return getattr(error, "message", "") or str(error)


def _frames(attempt: Attempt) -> Asset:
    """Return the frames.

    Raises: ProviderError, links.NotAllowed where none are named, and what fetching raises.
    """
    attempt.result_urls = [one.to_json() for one in _run(_asked(attempt)).outputs]
    candidates = selection.select(attempt).frames
    if not candidates:
        raise links.LinkNotAllowed("The provider names none.")
    return ingest.take(attempt, candidates[0], "exr", _run, lambda _seconds: None)


async def _asked(attempt: Attempt) -> Job:
    async with ProviderSession(attempt.account.access()) as wire:
        job: Job = await registry.get(attempt.account.provider).poll(
            attempt.provider_job_id, wire=wire
        )
        return job


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner() as runner:
        return runner.run(work)


def _note(
    attempt: Attempt, *, now: datetime, came: Asset | None, says: str, exr: Asset | None = None
) -> None:
    generation = attempt.generation
    warning = f"{generation.warning} On {now.day} {now:%b, %H:%M} UTC the EXR frames {says}".strip()
    found = {"exr": exr} if exr is not None else {}
    Generation.objects.filter(pk=generation.pk, exr=None).update(
        warning=warning, came=came, **found
    )
