"""Pruning of stored results, so that the simulator's folder does not grow for ever.

EXR frames are some 5 MB each, and nothing can be made from them again: they go after a day, or
earlier, the oldest first, when there are too many. Videos stay: a later request may name their
generation as its source.
"""

from pathlib import Path

from editorapp.simulator.state import JobStore, SimulatedJob

KEPT_SECONDS = 24 * 3600.0
KEPT_BYTES = 4_000_000_000


def drop_old_frames(state: JobStore, now: float, *, safe_seconds: float) -> int:
    """Delete the EXR archives that are too old or too many, and say how many.

    `safe_seconds`: what was made within this time is kept whatever its size, for its links are
    still good.
    """
    kept_bytes, dropped = 0, 0
    for job in sorted(state.jobs.values(), key=lambda job: job.rendered_at or now, reverse=True):
        age = now - (job.rendered_at or now)
        for path in _archives(state.folder, job):
            kept_bytes += path.stat().st_size
            if age > KEPT_SECONDS or (kept_bytes > KEPT_BYTES and age > safe_seconds):
                kept_bytes -= path.stat().st_size
                path.unlink()
                dropped += 1
    return dropped


def _archives(folder: Path, job: SimulatedJob) -> list[Path]:
    paths = [folder / output["file"] for output in job.outputs if output["type"] == "exr"]
    return list(filter(Path.is_file, paths))
