"""EXR archives go in time, videos stay."""

from pathlib import Path

import pytest

from editorapp.simulator import prune
from editorapp.simulator.state import JobStore, SimulatedJob

HOUR = 3600.0
NOW = 1_800_000_000.0


def job_of(state: JobStore, name: str, *, age: float, size: int = 1000) -> tuple[Path, Path]:
    """Keep a finished job with a video and an archive; return both files."""
    folder = state.folder / "outputs" / name
    folder.mkdir(parents=True)
    video, frames = folder / "video.mp4", folder / "frames.zip"
    video.write_bytes(b"v" * size)
    frames.write_bytes(b"e" * size)
    made = [
        {"type": "video", "file": f"outputs/{name}/video.mp4"},
        {"type": "exr", "file": f"outputs/{name}/frames.zip"},
    ]
    state.save(
        SimulatedJob(
            id=name,
            client="c",
            wire="luma-agents",
            kind="video_edit",
            model="ray-3.2",
            created_at=NOW - age,
            queue_seconds=0,
            render_seconds=0,
            rendered_at=NOW - age,
            outputs=made,
        )
    )
    return video, frames


def test_archives_go_after_a_day_and_videos_stay(tmp_path: Path) -> None:
    state = JobStore(tmp_path)
    old_video, old_frames = job_of(state, "old", age=25 * HOUR)
    _video, young_frames = job_of(state, "young", age=23 * HOUR)

    assert prune.drop_old_frames(state, NOW, safe_seconds=HOUR) == 1

    assert not old_frames.exists()
    assert old_video.exists()
    assert young_frames.exists()
    assert prune.drop_old_frames(state, NOW, safe_seconds=HOUR) == 0


def test_too_many_bytes_drop_the_oldest_whose_links_have_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "KEPT_BYTES", 2500)
    state = JobStore(tmp_path)
    made = {hours: job_of(state, f"made-{hours}", age=hours * HOUR)[1] for hours in (5, 4, 3, 2)}

    assert prune.drop_old_frames(state, NOW, safe_seconds=2.5 * HOUR) == 2

    assert [hours for hours, frames in made.items() if frames.exists()] == [3, 2]


def test_what_may_still_be_fetched_is_kept_whatever_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "KEPT_BYTES", 1)
    state = JobStore(tmp_path)
    _video, frames = job_of(state, "new", age=0.5 * HOUR)

    assert prune.drop_old_frames(state, NOW, safe_seconds=HOUR) == 0
    assert frames.exists()
