"""EXR frames, fetched by themselves: the clip is here and done, and a person asks for its frames
once more. Free.

The take stays done whatever comes of it: no state moves, no money, and its clip is not touched.
"""

import asyncio
import logging
from datetime import datetime

from django.utils import timezone

from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.files import ingest, selection
from editorapp.generations.files.download import LinkNotAllowed
from editorapp.generations.files.store_result import UnusableResult, store_result
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.provider_calls import call
from editorapp.media.models import Asset
from editorapp.providers.contract import ProviderError

log = logging.getLogger(__name__)


def fetch_frames(generation_id: int, *, now: datetime) -> None:
    """Ask the provider for fresh links and fetch a take's EXR frames; say on the take what came of
    it.
    """
    attempt = _last_sent(generation_id)
    if attempt is None or not attempt.generation.can_fetch_frames:
        return
    take = attempt.generation
    frames = came = None
    says = "were fetched."
    with attempt.named():
        try:
            frames = _frames(attempt)
        except (ProviderError, *ingest.EXPECTED) as error:
            log.warning("EXR frames were not fetched: %s", error)
            came = error.came if isinstance(error, UnusableResult) else take.came
            says = f"could not be fetched: {getattr(error, 'message', '') or error}"
    warning = f"{take.warning} On {now.day} {now:%b, %H:%M} UTC the EXR frames {says}".strip()
    rows = Generation.objects.filter(pk=take.pk, exr=None)
    rows.update(warning=warning, came=came, exr=frames)


def _last_sent(generation_id: int) -> Attempt | None:
    rows = Attempt.objects.filter(generation_id=generation_id, provider_job_id__isnull=False)
    rows = rows.select_related("generation__team", "generation__created_by", "account")
    return rows.order_by("-number").first()


def _frames(attempt: Attempt) -> Asset:
    """Return the frames.

    Raises: ProviderError, LinkNotAllowed where none are named, and what fetching raises.
    """
    job = call(attempt.account.access(), "poll", attempt.provider_job_id)
    attempt.result_urls = [one.to_json() for one in job.outputs]
    _videos, candidates = selection.select(attempt)
    if not candidates:
        raise LinkNotAllowed("The provider names none.")
    carrier = Carrier(lambda work: asyncio.run(work()), timezone.now)
    return store_result(attempt, candidates[0], "exr", carrier)
