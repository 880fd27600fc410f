"""Clip jobs: have the sandbox make a file of a stored clip and of the index of its frames."""

from pathlib import Path
from typing import Any

from editorapp.media import layout, sandbox, store
from editorapp.media.models import Asset


def run(
    job: str,
    asset: Asset,
    out: Path,
    *,
    limits: sandbox.SandboxLimits,
    **arguments: Any,
) -> Path:
    """Return the file at `out`, made by a job of decoding/jobs.py.

    Raises: Refusal, as `sandbox.run`; store.Gone, when the clip is not kept any more.
    """
    with store.held(asset.sha256, store.ORIGINAL, layout.FRAMES) as (original, frames):
        sandbox.run(job, limits=limits, path=original, frames=frames, out=out, **arguments)
    return out
