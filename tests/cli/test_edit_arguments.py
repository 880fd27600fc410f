"""What `manage.py edit` finds wrong with its arguments is told with code 2, before anything is
reserved or sent.
"""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone

from editorapp.costs.models import Entry, PriceQuote
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams import people
from editorapp.teams.first_run import ensure_owner
from tests.environment import installation
from tests.factories import make_asset, make_generation, make_member
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db


def edit(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        call_command("edit", *map(str, words), "--json")
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--provider", "nope"], "no provider 'nope'"),
        (["--as", "stranger"], "nobody called stranger"),
        (["--control", "depth=nan"], "not a number from 0 to 1"),
        (["--control", "smell=1"], "no control smell"),
        (["--control", "face=0.5"], "only on or off"),
        (["--keyframe=-1=still.png"], "INDEX=PICTURE"),
        (["--keyframe", "3=missing.png"], "no file missing.png"),
        (["--guide", __file__], "text file"),
        (["--parent", "9" * 30], "no take"),
        (["--output", "/no/such/folder/new.mp4"], "no folder"),
        (["--output", "/proc/new.mp4"], "cannot be written"),
        (["--output", "/"], "this is a folder"),
        (["--prompt", "half a character \udcff"], "half a character"),
        (["--account", "Nobody's"], "there is no such account"),
        (
            ["--provider", "gmi-cloud", "--account", "Luma Agents (simulated)"],
            "GMI Cloud (simulated)",
        ),
        (
            ["--provider", "luma-agents", "--task", "modify"],
            "Luma Agents does not do this. There is: Scenario",
        ),
        (["--model", "ray-9"], "it has ray-3.2"),
        (["--position", "0,0,1"], "four numbers"),
        (["--position", "0,0,1,nan"], "four numbers"),
        (["--duration", "long"], "whole seconds"),
        (["--backward"], "name the take"),
        (["--first", "a.png", "--guide", "b.png"], "--guide and --first are the same frame"),
        (["--last", "a.png", "--extend", "x", "--backward"], "the same frame"),
        (["--extend", "9" * 12], "no take"),
        (["--first", "missing.png"], "no file missing.png"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_costs_nothing(
    capsys: pytest.CaptureFixture[str], small_clip: Path, words: list[str], told: str
) -> None:
    code, said = edit(capsys, small_clip, "--prompt", "Fog", *words)

    assert code == 2
    assert said["accepted"] is False
    assert told in said["message"]
    assert not Generation.objects.exists()
    assert not Entry.objects.exists()


# contracts/cross-provider.md, section 8: one edit, three bodies.
COMPOSITION = (
    "--prompt",
    "Rainy neon evening",
    "--resolution",
    "1080p",
    "--strength",
    "flex_2",
    "--control",
    "pose=coarse",
    "--control",
    "depth=0.25",
    "--control",
    "face=on",
    "--hdr",
    "--dry-run",
)
BY_URL = "https://media.example.org/guide.jpg"
BODIES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "luma-agents": (
        "generation:6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21",
        BY_URL,
        "/generations",
        {
            "model": "ray-3.2",
            "type": "video_edit",
            "prompt": "Rainy neon evening",
            "source": {"generation_id": "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"},
            "video": {
                "resolution": "1080p",
                "hdr": True,
                "start_frame": {"url": BY_URL},
                "edit": {
                    "strength": "flex_2",
                    "controls": {
                        "pose": {"enabled": True, "strength": "coarse"},
                        "depth": {"enabled": True, "blur": 0.25},
                        "face": {"enabled": True},
                    },
                },
            },
        },
    ),
    "gmi-cloud": (
        "generation:3f1f9d0e-52f7-4a0a-8a0e-1f3d2c4b5a69",
        BY_URL,
        "/requests",
        {
            "model": "luma-ray-3-2-edit",
            "payload": {
                "prompt": "Rainy neon evening",
                "source_generation_id": "3f1f9d0e-52f7-4a0a-8a0e-1f3d2c4b5a69",
                "resolution": "1080p",
                "hdr": True,
                "start_frame_url": BY_URL,
                "edit_strength": "flex_2",
                "pose_strength": "coarse",
                "depth_blur": 0.25,
                "face_enabled": True,
            },
        },
    ),
    "scenario": (
        "file:asset_src01",
        "file:asset_guide01",
        "/generate/custom/model_luma-ray-3-2-edit",
        {
            "prompt": "Rainy neon evening",
            "video": "asset_src01",
            "resolution": "1080p",
            "hdr": True,
            "startFrame": "asset_guide01",
            "editStrength": "flex_2",
            "poseControlEnabled": True,
            "poseControlStrength": "coarse",
            "depthControlEnabled": True,
            "depthControlBlur": 0.25,
            "faceControlEnabled": True,
        },
    ),
}


@pytest.mark.parametrize("provider", BODIES)
def test_one_composition_has_three_bodies(
    capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    source, guide, path, body = BODIES[provider]

    code, said = edit(capsys, source, "--provider", provider, "--guide", guide, *COMPOSITION)

    assert code == 0, said
    assert said["body"] == body
    assert f"/{provider}/" in said["url"]
    assert said["url"].endswith(path)
    assert not Generation.objects.exists()


def test_a_dry_run_says_what_must_be_asked_instead_of_a_price(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, guide, _path, body = BODIES["scenario"]
    with pytest.raises(SystemExit) as ended:
        call_command("edit", source, "--provider", "scenario", "--guide", guide, *COMPOSITION)

    said = capsys.readouterr().out

    assert ended.value.code == 0
    assert "Scenario publishes no price for this: it is asked before anything is sent" in said
    assert json.loads(said[said.index("{") :]) == body
    assert not PriceQuote.objects.exists()


def test_what_a_provider_has_no_word_for_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], small_clip: Path
) -> None:
    code, said = edit(
        capsys,
        small_clip,
        "--prompt",
        "Fog",
        "--provider",
        "gmi-cloud",
        "--loop",
        "--concept",
        "pan_left",
        "--dry-run",
    )

    assert code == 2
    assert {row["field"] for row in said["broken"] if row["level"] == "refuse"} >= {
        "loop",
        "concepts",
    }


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (
            ["--task", "generate", "--duration", "10", "--aspect", "21:9"],
            {
                "model": "ray-3.2",
                "type": "video",
                "prompt": "Fog",
                "aspect_ratio": "21:9",
                "video": {"duration": "10s"},
            },
        ),
        (
            [
                "--task",
                "generate",
                "--extend",
                "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21",
                "--backward",
            ],
            {
                "model": "ray-3.2",
                "type": "video",
                "prompt": "Fog",
                "video": {"end_frame": {"generation_id": "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"}},
            },
        ),
        (
            ["--task", "generate", "--loop", "--first", BY_URL],
            {
                "model": "ray-3.2",
                "type": "video",
                "prompt": "Fog",
                "video": {"loop": True, "start_frame": {"url": BY_URL}},
            },
        ),
        (
            [
                "generation:6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21",
                "--task",
                "reframe",
                "--aspect",
                "9:16",
                "--position",
                "0,0.25,1,0.5",
            ],
            {
                "model": "ray-3.2",
                "type": "video_reframe",
                "prompt": "Fog",
                "aspect_ratio": "9:16",
                "source": {"generation_id": "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"},
                "video": {
                    "source_position": {"x_norm": 0.0, "y_norm": 0.25, "w_norm": 1.0, "h_norm": 0.5}
                },
            },
        ),
        (
            [
                "--provider",
                "scenario",
                "--task",
                "generate",
                "--model",
                "ray-flash-2-540p",
                "--duration",
                "9",
                "--concept",
                "pan_left",
            ],
            {"prompt": "Fog", "duration": 9, "concepts": ["pan_left"]},
        ),
        (
            [
                "file:asset_src01",
                "--provider",
                "scenario",
                "--task",
                "modify",
                "--strength",
                "adhere_2",
            ],
            {"prompt": "Fog", "video": "asset_src01", "mode": "adhere_2"},
        ),
    ],
    ids=[
        "generate",
        "extend backward",
        "loop from a picture",
        "reframe on a canvas",
        "flash",
        "modify",
    ],
)
def test_every_task_has_its_body(
    capsys: pytest.CaptureFixture[str], words: list[str], body: dict[str, Any]
) -> None:
    code, said = edit(capsys, *words, "--prompt", "Fog", "--dry-run")

    assert code == 0, said
    assert said["body"] == body


def test_a_take_is_named_as_the_chosen_account_can_read_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    member = ensure_owner()
    take = make_generation(
        member, state=State.SUCCEEDED, chain_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
    )
    take.result = make_asset(member, origin="result")
    take.save()
    words = ("--parent", take.pk, "--prompt", "Fog", "--dry-run")

    _code, there = edit(capsys, *words, "--provider", "luma-agents")
    code, elsewhere = edit(capsys, *words, "--provider", "scenario")

    assert there["body"]["source"] == {"generation_id": take.chain_id}
    assert code == 0, elsewhere
    assert take.chain_id not in json.dumps(elsewhere["body"])


def test_a_take_continued_elsewhere_is_refused_with_the_account_that_can(
    capsys: pytest.CaptureFixture[str],
) -> None:
    member = ensure_owner()
    take = make_generation(
        member, state=State.SUCCEEDED, chain_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
    )
    take.result = make_asset(member, origin="result")
    take.save()

    code, said = edit(
        capsys,
        "--task",
        "generate",
        "--extend",
        take.pk,
        "--prompt",
        "Fog",
        "--provider",
        "gmi-cloud",
        "--dry-run",
    )

    assert code == 2
    assert any(
        f"Only Luma Agents (simulated) can continue #{take.pk}" in row["message"]
        for row in said["broken"]
    )


def test_another_teams_result_is_no_source(capsys: pytest.CaptureFixture[str]) -> None:
    ensure_owner()
    theirs = make_generation(
        make_member(), state=State.SUCCEEDED, chain_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
    )

    code, said = edit(capsys, f"generation:{theirs.chain_id}", "--prompt", "Fog", "--dry-run")

    assert code == 2
    assert "another team" in said["message"]


def test_a_source_is_never_overwritten_by_its_own_edit(
    capsys: pytest.CaptureFixture[str], small_clip: Path
) -> None:
    before = small_clip.read_bytes()

    code, said = edit(capsys, small_clip, "--prompt", "Fog", "--output", small_clip)

    assert code == 2
    assert "the file that is edited" in said["message"]
    assert small_clip.read_bytes() == before


def test_a_source_larger_than_the_limit_is_refused_without_copying_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(10**12)  # a hole: nothing of it lies on the disk

    code, said = edit(capsys, huge, "--prompt", "Fog")

    assert code == 2
    assert "the limit is 200 MB" in said["message"]


def test_several_first_commands_at_once_prepare_one_database(
    tmp_path: Path, small_clip: Path
) -> None:
    environment = installation(tmp_path / "data")
    command = [
        sys.executable,
        "manage.py",
        "edit",
        str(small_clip),
        "--prompt",
        "Fog",
        "--dry-run",
        "--json",
    ]
    running = [
        subprocess.Popen(
            command,
            cwd=django_settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    said = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in running]

    assert [process.returncode for process in running] == [0, 0, 0]
    assert all(json.loads(text)["accepted"] for text in said)


def test_several_sources_and_takes_make_one_batch(
    capsys: pytest.CaptureFixture[str], real_media: Path
) -> None:
    clips = [real_media / name for name in ("bunny_720p_5s.mp4", "vertical_4s.mp4")]

    code, said = edit(capsys, *clips, "--prompt", "Fog", "--resolution", "360p", "--takes", 2)

    made = list(Generation.objects.order_by("pk"))
    assert code == 0 and [one["generation"] for one in said["takes"]] == [one.pk for one in made]
    assert len({one.batch for one in made}) == 1 and str(made[0].batch) == said["batch"]
    assert [one.source_asset.name for one in made] == ["bunny_720p_5s.mp4"] * 2 + [
        "vertical_4s.mp4"
    ] * 2
    assert Decimal(said["total_high_usd"]) == sum(one.estimate_high_usd for one in made)


def test_a_dry_run_of_several_adds_up_what_they_cost(
    capsys: pytest.CaptureFixture[str], small_clip: Path
) -> None:
    code, one = edit(capsys, small_clip, "--prompt", "Fog", "--dry-run")
    several, said = edit(capsys, small_clip, "--prompt", "Fog", "--takes", 3, "--dry-run")

    assert code == several == 0 and not Generation.objects.exists()
    assert said["takes"] == 3 and [row["takes"] for row in said["requests"]] == [3]
    assert Decimal(said["total_high_usd"]) == 3 * Decimal(one["estimate"]["high_usd"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--takes", "0"], "1 to 60 takes"),
        (["--takes", "61"], "1 to 60 takes"),
        (["--takes", "2", "--output", "new.mp4"], "need a folder"),
    ],
)
def test_several_that_make_no_sense_cost_nothing(
    capsys: pytest.CaptureFixture[str], small_clip: Path, words: list[str], told: str
) -> None:
    code, said = edit(capsys, small_clip, "--prompt", "Fog", *words)

    assert code == 2 and told in said["message"] and not Generation.objects.exists()


def test_several_that_the_budget_has_no_room_for_are_refused_together(
    capsys: pytest.CaptureFixture[str], small_clip: Path
) -> None:
    member = ensure_owner()
    type(member.team).objects.update(monthly_limit_usd=Decimal("2.50"))

    code, said = edit(capsys, small_clip, "--prompt", "Fog", "--resolution", "720p", "--takes", 3)

    assert (
        code == 2
        and "This needs $3.24 and $2.50" in said["message"]
        and not Generation.objects.exists()
    )


def test_a_key_that_failed_its_test_is_said_and_the_simulator_answers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account = ProviderAccount(
        provider="luma-agents", name="Ours", tested_at=timezone.now(), test_message="Refused."
    )
    account.set_key("luma-api-mistyped")
    account.save()

    with pytest.raises(SystemExit):
        call_command("edit", "--task", "generate", "--prompt", "Fog", "--dry-run")

    assert (
        "The simulator answers: The last test of Ours failed. Refused." in capsys.readouterr().err
    )


def test_who_was_disabled_pays_for_nothing_from_a_script_either(
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner = ensure_owner()
    left = make_member(team=owner.team, name="Zed")
    people.disable(left, by=owner.user, now=timezone.now())

    code, said = edit(capsys, "--task", "generate", "--prompt", "Fog", "--as", left.user.username)

    assert code == 2 and "nobody called zed" in said["message"]
