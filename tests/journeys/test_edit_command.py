"""`manage.py edit`, the same way as the page, on real clips."""

import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from editorapp.providers import registry
from tests.environment import installation
from tests.studio_process import StudioProcess
from tests.video import write_clip

MADE_WITH_AI = b"digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
# width and height at 360p (the short side), frames, seconds, sound: from the facts measured beside
# the clips.
CLIPS = {
    "bunny_720p_5s.mp4": (640, 360, 132, 5.280, Fraction(25), True),
    "crystal_9s.mp4": (540, 360, 288, 9.600, Fraction(30), True),
    "vertical_4s.mp4": (360, 640, 127, 4.238, Fraction(30000, 1001), True),
    "frog_vp9_8s.webm": (540, 360, 248, 8.266, Fraction(30), True),
    "pig_rotated_6s.mov": (540, 360, 196, 6.533, Fraction(30), True),
}


def edit(studio: StudioProcess, *words: str) -> tuple[int, dict[str, Any]]:
    """Run the command and return its exit code and its JSON."""
    done = studio.manage("edit", *words, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


class Desks:
    """Some people at one studio, who run the command at the same time: most of what a command does
    is wait.

    A test that counts what was sent asks for `desks.empty()` first.
    """

    def __init__(self, studio: StudioProcess) -> None:
        self.studio = studio
        self.people = ThreadPoolExecutor(3)
        self.asked: dict[str, Future[tuple[int, dict[str, Any]]]] = {}

    def ask(self, name: str, *words: str) -> None:
        self.asked[name] = self.people.submit(edit, self.studio, *words)

    def answer(self, name: str) -> tuple[int, dict[str, Any]]:
        return self.asked[name].result()

    def empty(self) -> None:
        wait(self.asked.values())


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="module")
def desks(
    studio: StudioProcess, real_media: Path, small_clip: Path, outputs: Path
) -> Iterator[Desks]:
    """Everything that is asked for in a table below, under way."""
    desks = Desks(studio)
    for name in CLIPS:
        desks.ask(
            name,
            str(real_media / name),
            "--prompt",
            "Rainy neon evening",
            "--strength",
            "flex_2",
            "--resolution",
            "360p",
            "--wait",
            "--output",
            str(outputs / f"{name}.mp4"),
        )
    for provider in registry.slugs():
        desks.ask(
            provider,
            str(small_clip),
            "--provider",
            provider,
            "--prompt",
            "Rainy neon evening",
            "--strength",
            "flex_2",
            "--resolution",
            "540p",
            "--guide",
            str(real_media / "rocket.jpg"),
            "--output",
            str(outputs / f"{provider}.mp4"),
        )
    places = {"SOURCE": str(small_clip), "rocket.jpg": str(real_media / "rocket.jpg")}
    for name, (words, _facts) in TASKS.items():
        sized = {"modify", "ray-flash-2-540p", "360p"}  # a fixed size, or one of its own
        size = () if sized & set(words) else ("--resolution", "540p")
        said = [places.get(word, word) for word in (*words, "--prompt", "A quiet street", *size)]
        desks.ask(name, *said, "--output", str(outputs / f"{name}.mp4"))
    yield desks
    desks.people.shutdown()


def submits(studio: StudioProcess) -> int:
    url = (studio.folder / "run" / "simulator.url").read_text().strip()
    return httpx.get(f"{url}/_simulator/requests").json()["accepted"]


@pytest.mark.parametrize("name", CLIPS)
def test_an_edit_of_a_real_clip_keeps_its_time_and_gets_its_size(
    desks: Desks, outputs: Path, name: str
) -> None:
    width, height, frames, seconds, fps, has_audio = CLIPS[name]

    code, said = desks.answer(name)

    assert code == 0, said
    assert said["simulated"] is True
    assert (said["facts"]["width"], said["facts"]["height"]) == (width, height)
    assert said["facts"]["frame_count"] == frames
    assert abs(said["facts"]["duration_seconds"] - seconds) <= 1 / float(fps)
    assert said["facts"]["has_audio"] is has_audio
    assert (outputs / f"{name}.mp4").stat().st_size > 10_000


def test_the_whole_way_with_everything_switched_on(
    studio: StudioProcess, real_media: Path, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "short.mp4", frames=24, fps=24, size=(320, 180))
    output = tmp_path / "hdr.mp4"

    code, said = edit(
        studio,
        str(clip),
        "--prompt",
        "Golden hour",
        "--strength",
        "reimagine_1",
        "--control",
        "pose=coarse",
        "--control",
        "depth=0.2",
        "--control",
        "face=on",
        "--keyframe",
        f"0={real_media / 'rocket.jpg'}",
        "--keyframe",
        f"12={real_media / 'coffee.png'}",
        "--hdr",
        "--exr",
        "--output",
        str(output),
    )

    assert code == 0, said
    assert said["facts"]["hdr"] is True
    assert said["facts"]["frame_count"] == 24
    assert Decimal(said["cost_usd"]) == Decimal("3.24")  # 720p, HDR and EXR, one block of 5 s
    with zipfile.ZipFile(output.with_suffix(".exr.zip")) as frames:
        assert all(MADE_WITH_AI in frames.read(name) for name in frames.namelist())
    assert MADE_WITH_AI in output.read_bytes()


def test_a_result_is_edited_again_by_its_generation_id(
    studio: StudioProcess, tmp_path: Path, small_clip: Path
) -> None:
    first = tmp_path / "first.mp4"
    code, one = edit(
        studio, str(small_clip), "--prompt", "Fog", "--resolution", "360p", "--output", str(first)
    )
    assert code == 0, one

    code, two = edit(
        studio, str(first), "--prompt", "Snow", "--parent", str(one["generation"]), "--dry-run"
    )

    assert code == 0, two
    assert two["body"]["source"] == {"generation_id": one["provider_generation_id"]}


def test_a_dry_run_prints_the_body_and_sends_nothing(studio: StudioProcess, desks: Desks) -> None:
    desks.empty()
    before = submits(studio)

    code, said = edit(
        studio,
        "generation:6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21",
        "--prompt",
        "Rainy neon evening",
        "--strength",
        "flex_2",
        "--resolution",
        "1080p",
        "--hdr",
        "--control",
        "pose=coarse",
        "--control",
        "depth=0.25",
        "--control",
        "face=on",
        "--dry-run",
    )

    assert code == 0, said
    assert said["body"] == {
        "model": "ray-3.2",
        "type": "video_edit",
        "prompt": "Rainy neon evening",
        "source": {"generation_id": "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"},
        "video": {
            "resolution": "1080p",
            "hdr": True,
            "edit": {
                "strength": "flex_2",
                "controls": {
                    "pose": {"enabled": True, "strength": "coarse"},
                    "depth": {"enabled": True, "blur": 0.25},
                    "face": {"enabled": True},
                },
            },
        },
    }
    assert submits(studio) == before


@pytest.mark.parametrize("provider", registry.slugs())
def test_an_edit_is_made_at_every_provider(desks: Desks, outputs: Path, provider: str) -> None:
    code, said = desks.answer(provider)

    assert code == 0, said
    assert (said["provider"], said["simulated"], said["task"]) == (provider, True, "edit")
    assert said["facts"]["frame_count"] == 24
    assert said["facts"]["height"] == 540
    assert Decimal(said["cost_usd"]) > 0
    assert (outputs / f"{provider}.mp4").stat().st_size > 10_000


# A task, what is said, and what the result's facts show.
TASKS = {
    "a loop from a picture": (
        ("--task", "generate", "--loop", "--first", "rocket.jpg", "--resolution", "360p"),
        {"frame_count": 120},
    ),
    "generate, priced by asking": (
        ("--task", "generate", "--provider", "gmi-cloud", "--aspect", "1:1"),
        {"width": 540},
    ),
    "flash with a camera move": (
        (
            "--task",
            "generate",
            "--provider",
            "scenario",
            "--model",
            "ray-flash-2-540p",
            "--concept",
            "pan_left",
        ),
        {"height": 540},
    ),
    "reframe, placed by hand": (
        ("SOURCE", "--task", "reframe", "--aspect", "9:16", "--position", "0.1,0.2,0.8,0.3"),
        {"width": 540, "height": 960},
    ),
    "modify": (
        ("SOURCE", "--task", "modify", "--provider", "scenario", "--strength", "flex_1"),
        {"frame_count": 24},
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_done_from_the_command_line(desks: Desks, outputs: Path, name: str) -> None:
    _words, facts = TASKS[name]

    code, said = desks.answer(name)

    assert code == 0, said
    assert {key: said["facts"][key] for key in facts} == facts
    assert Decimal(said["cost_usd"]) > 0
    assert (outputs / f"{name}.mp4").stat().st_size > 5_000


def test_a_take_is_continued_and_not_where_it_is_unknown(
    studio: StudioProcess, tmp_path: Path
) -> None:
    words = ("--task", "generate", "--prompt", "A paper boat")
    code, first = edit(studio, *words, "--resolution", "360p", "--wait")
    assert code == 0, first
    extend = ("--resolution", "540p", "--extend", str(first["generation"]))

    code, elsewhere = edit(studio, *words, *extend, "--provider", "gmi-cloud", "--wait")
    assert code == 2
    assert any("Only Luma Agents" in row["message"] for row in elsewhere["broken"])

    code, second = edit(studio, *words, *extend, "--backward", "--wait")
    assert code == 0, second
    assert second["facts"]["frame_count"] == 120


def test_17_9_seconds_are_taken_and_18_1_are_refused_before_anything_is_sent(
    studio: StudioProcess, desks: Desks, tmp_path: Path
) -> None:
    desks.empty()
    short = write_clip(tmp_path / "short.mp4", frames=179, fps=10, size=(192, 108))
    long = write_clip(tmp_path / "long.mp4", frames=181, fps=10, size=(192, 108))
    before = submits(studio)

    code, said = edit(studio, str(long), "--prompt", "Fog", "--output", str(tmp_path / "no.mp4"))

    assert code == 2
    assert any("18" in row["message"] and "18.1" in row["message"] for row in said["broken"])
    assert submits(studio) == before
    assert not (tmp_path / "no.mp4").exists()

    code, said = edit(
        studio,
        str(short),
        "--prompt",
        "Fog",
        "--resolution",
        "360p",
        "--output",
        str(tmp_path / "y.mp4"),
    )

    assert code == 0, said
    assert abs(said["facts"]["duration_seconds"] - 17.9) <= 0.1
    assert submits(studio) == before + 1


def test_a_failure_at_the_provider_ends_with_1_and_its_reason(
    studio: StudioProcess, small_clip: Path
) -> None:
    code, said = edit(
        studio, str(small_clip), "--prompt", "Fog [[fail:content_moderated]]", "--wait"
    )

    assert code == 1
    assert said["state"] == "failed"
    assert said["message"]
    assert said["cost_usd"] in {None, "0"}


def test_an_unknown_outcome_ends_with_3_and_is_not_sent_again(
    studio: StudioProcess, desks: Desks, small_clip: Path
) -> None:
    desks.empty()
    before = submits(studio)

    code, said = edit(studio, str(small_clip), "--prompt", "Fog [[status:502]]", "--wait")

    assert code == 3
    assert said["state"] == "unknown"
    assert submits(studio) <= before + 1


def test_without_a_studio_the_command_starts_what_it_needs(
    tmp_path: Path, small_clip: Path
) -> None:
    folder = tmp_path / "data"  # a data folder, and no studio
    alone = StudioProcess(folder, 0, None, installation(folder))  # type: ignore[arg-type]
    output = tmp_path / "new.mp4"

    code, said = edit(
        alone,
        str(small_clip),
        "--prompt",
        "Sepia",
        "--resolution",
        "360p",
        "--wait",
        "--output",
        str(output),
    )

    assert code == 0, said
    assert output.exists()


def test_a_file_that_is_no_clip_is_refused_in_a_sentence(
    studio: StudioProcess, tmp_path: Path
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("these are only words\n" * 50)

    code, said = edit(studio, str(text), "--prompt", "Fog", "--wait")

    assert code == 2
    assert said["message"].endswith(".")
